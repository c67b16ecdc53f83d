import MartinetCommandLine
import MartinetYAML

/// What a command acts on: objects named on its line, all of a kind, or those of files.
struct Target {
    let resource: ResourceInfo
    let namespace: String?
    /// Nil: all of the kind that the selectors let through.
    let name: String?
    /// The object as a file has it.
    var object: YAMLNode?
    var file = ""

    init(_ resource: ResourceInfo, namespace: String?, name: String?, object: YAMLNode? = nil, file: String = "") {
        self.resource = resource
        self.namespace = resource.isNamespaced ? namespace : nil
        self.name = name
        self.object = object
        self.file = file
    }

    /// `deployment.apps/web`, as lines that say what was done name it.
    var shown: String { "\(resource.shownName)/\(name ?? "")" }
}

extension CommandContext {
    var selector: String { flags.string("selector") }
    var fieldSelector: String { flags.string("field-selector") }
    var hasFiles: Bool { !flags.strings("filename").isEmpty || !flags.string("kustomize").isEmpty }
    private var searchNamespace: String? { allNamespaces ? nil : namespace }

    /// What the words of a command line name: `TYPE`, `TYPE,TYPE`, `TYPE NAME…`, `TYPE/NAME…`, `all`.
    func targets(of words: [String]) async throws -> [Target] {
        guard let first = words.first else { return [] }
        if words.contains(where: { $0.contains("/") }) {
            var targets: [Target] = []
            for word in words {
                let parts = word.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
                guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                    throw KubectlError(
                        parts.count == 1
                            ? "there is no need to specify a resource type as a separate argument when passing arguments "
                                + "in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of "
                                + "'kubectl get resource resource/<resource_name>'"
                            : "arguments in resource/name form must have a single resource and name, not \"\(word)\"")
                }
                guard !parts[0].contains(",") else {
                    throw KubectlError(
                        "arguments in resource/name form may not have more than one resource: \"\(word)\"")
                }
                try await targets.append(
                    Target(discovery.resource(parts[0]), namespace: searchNamespace, name: parts[1]))
            }
            return targets
        }
        let names = words.dropFirst()
        var targets: [Target] = []
        for word in first.split(separator: ",").map(String.init) {
            let resources = try await resources(word)
            for resource in resources {
                if names.isEmpty {
                    targets.append(Target(resource, namespace: searchNamespace, name: nil))
                } else {
                    targets += names.map { Target(resource, namespace: searchNamespace, name: $0) }
                }
            }
        }
        if !names.isEmpty, !selector.isEmpty {
            throw KubectlError("name cannot be provided when a selector is specified")
        }
        return targets
    }

    private func resources(_ word: String) async throws -> [ResourceInfo] {
        if word == "all" { return try await discovery.category("all").filter { $0.verbs.contains("list") } }
        do {
            return [try await discovery.resource(word)]
        } catch let error as KubectlError {
            let category = try await discovery.category(word).filter { $0.verbs.contains("list") }
            if category.isEmpty { throw error }
            return category
        }
    }

    /// The objects that the words or files of a command name, each read from the server.
    func selected(_ words: [String], requireSelection: Bool = true) async throws -> [Target] {
        let targets = hasFiles ? try await fileTargets() : try await targets(of: words)
        guard !targets.isEmpty else {
            throw KubectlError(
                "one or more resources must be specified as <resource> <name> or <resource>/<name>, or with -f")
        }
        var found: [Target] = []
        for target in targets {
            if let name = target.name {
                var target = target
                target.object = try await get(target.resource, target.namespace, name)
                found.append(target)
                continue
            }
            if requireSelection, selector.isEmpty, fieldSelector.isEmpty, !flags.bool("all") {
                throw KubectlError("resource(s) were provided, but no name was specified")
            }
            for item in try await list(target.resource, target.namespace, labels: selector, fields: fieldSelector) {
                found.append(
                    Target(
                        target.resource, namespace: item["metadata"]?["namespace"]?.string,
                        name: item["metadata"]?["name"]?.string, object: item))
            }
        }
        return found
    }
}
