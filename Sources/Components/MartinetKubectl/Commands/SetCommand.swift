import MartinetCommandLine
import MartinetYAML

/// `kubectl set image` and `kubectl set env`.
struct SetCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    private func split() -> (resources: [String], pairs: [String]) {
        let words = context.arguments
        let first = words.firstIndex { $0.contains("=") || $0.hasSuffix("-") } ?? words.count
        return (Array(words[..<first]), Array(words[first...]))
    }

    static func podSpecPath(_ kind: String) throws -> [String] {
        switch kind {
        case "Pod": return ["spec"]
        case "CronJob": return ["spec", "jobTemplate", "spec", "template", "spec"]
        case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController":
            return ["spec", "template", "spec"]
        default: throw KubectlError("a \(kind) has no containers to change")
        }
    }

    func image() async throws {
        let (resources, words) = split()
        guard !words.isEmpty else { throw KubectlError("at least one image update is required") }
        let pairs = try words.map { word -> (String, String) in
            let sides = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
                throw KubectlError("expected CONTAINER=IMAGE, not \"\(word)\"")
            }
            return (sides[0], sides[1])
        }
        try await change(resources, "image updated", manager: "kubectl-set") { spec, shown in
            var lists: [(String, [YAMLNode])] = []
            var found = Set<String>()
            for list in ["initContainers", "containers"] {
                var changed: [YAMLNode] = []
                for container in spec.items(list) {
                    for (name, image) in pairs where name == "*" || name == container.text("name") {
                        found.insert(name)
                        guard container.text("image") != image else { continue }
                        changed.append(
                            .map(["image": YAMLNode(.string(image)), "name": YAMLNode(.string(container.text("name")))])
                        )
                    }
                }
                if !changed.isEmpty { lists.append((list, changed)) }
            }
            if let missing = pairs.first(where: { !found.contains($0.0) }) {
                let known = (spec.items("containers") + spec.items("initContainers")).map { $0.text("name") }
                throw KubectlError(
                    "unable to find container named \"\(missing.0)\" in \(shown); there are \(known.joined(separator: ", "))"
                )
            }
            return lists
        }
    }

    func environment() async throws {
        let (resources, words) = split()
        if context.flags.bool("list") {
            for target in try await context.selected(resources) {
                let path = try Self.podSpecPath(target.resource.kind)
                let spec = path.reduce(target.object) { node, key in node?[key] }
                for container in spec?.items("containers") ?? [] {
                    context.out(
                        "# \(target.resource.plural)/\(target.name ?? ""), container \(container.text("name"))\n")
                    for variable in container.items("env") {
                        context.out("\(variable.text("name"))=\(variable.text("value"))\n")
                    }
                }
            }
            return
        }
        let changes = words + context.flags.strings("env")
        guard !changes.isEmpty else { throw KubectlError("at least one environment variable must be provided") }
        let wanted = context.flags.string("containers")
        try await change(resources, "env updated", manager: "kubectl-set") { spec, _ in
            let changed = spec.items("containers").compactMap { container -> YAMLNode? in
                guard wanted == "*" || wanted == container.text("name") else { return nil }
                let variables = changes.map { word -> YAMLNode in
                    guard let equals = word.firstIndex(of: "=") else {
                        return .map(["$patch": "delete", "name": YAMLNode(.string(String(word.dropLast())))])
                    }
                    return .map([
                        "name": YAMLNode(.string(String(word[..<equals]))),
                        "value": YAMLNode(.string(String(word[word.index(after: equals)...]))),
                    ])
                }
                return .map(["env": YAMLNode(.list(variables)), "name": YAMLNode(.string(container.text("name")))])
            }
            return changed.isEmpty ? [] : [("containers", changed)]
        }
    }

    /// Patches the pod spec of each object with what `make` says of its containers.
    private func change(
        _ resources: [String], _ operation: String, manager: String,
        _ make: (YAMLNode, String) throws -> [(String, [YAMLNode])]
    ) async throws {
        var printer = try ObjectPrinter(context)
        for target in try await context.selected(resources) {
            guard let object = target.object, let name = target.name else { continue }
            let path = try Self.podSpecPath(target.resource.kind)
            guard let spec = path.reduce(Optional(object), { node, key in node?[key] }) else { continue }
            let lists = try make(spec, target.shown)
            // As with upstream's, what is already so is not told about.
            guard !lists.isEmpty else { continue }
            var patch: YAMLNode = .map([:])
            for (list, changed) in lists { patch = patch.setting(path + [list], YAMLNode(.list(changed))) }
            if context.flags.bool("record") {
                patch = patch.setting(
                    ["metadata", "annotations", ChangeCause.key], YAMLNode(.string(ChangeCause.text(context))))
            }
            if context.dryRun == .client || context.flags.bool("local") {
                try context.report(object, operation, &printer)
                continue
            }
            let answer = try await context.patch(
                target.resource, target.namespace, name, patch, .strategic, manager: manager)
            try context.report(answer, operation, &printer)
        }
    }
}
