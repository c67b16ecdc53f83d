import MartinetCommandLine
import MartinetPrinters
import MartinetYAML

/// `kubectl label` and `kubectl annotate`.
struct MetadataCommand {
    enum Part: String { case labels, annotations }

    let context: CommandContext
    let part: Part
    init(_ context: CommandContext, _ part: Part) {
        self.context = context
        self.part = part
    }

    private var done: String { part == .labels ? "labeled" : "annotated" }

    func run() async throws {
        // Words with `=`, or a `-` at their end, are changes; the first of them ends the resources.
        let words = context.arguments
        let first =
            words.firstIndex { $0.contains("=") || ($0.hasSuffix("-") && !$0.contains("/-") && $0 != "-") }
            ?? words.count
        let changes = try words[first...].map(change)
        let resources = Array(words[..<first])
        guard !changes.isEmpty || context.flags.bool("list") else {
            throw KubectlError("at least one \(part == .labels ? "label" : "annotation") update is required")
        }
        var printer = try ObjectPrinter(context)
        let targets = try await context.selected(resources)
        for target in targets {
            guard let object = target.object, let name = target.name else { continue }
            if context.flags.bool("list") {
                list(object, target, titled: targets.count > 1)
                continue
            }
            try await apply(changes, object, target, name, &printer)
        }
    }

    private func list(_ object: YAMLNode, _ target: Target, titled: Bool) {
        let indent = titled ? " " : ""
        if titled {
            context.out(
                "Listing \(part.rawValue) for \(target.resource.kind).\(target.resource.group)/\(object.metaName):\n")
        }
        for entry in object.entries("metadata", part.rawValue).sorted(by: { $0.key < $1.key }) {
            context.out("\(indent)\(entry.key)=\(entry.node.scalarText ?? "")\n")
        }
    }

    private func change(_ word: String) throws -> (key: String, value: String?) {
        if let equals = word.firstIndex(of: "=") {
            let key = String(word[..<equals])
            guard !key.isEmpty else { throw KubectlError("invalid \(part.rawValue) spec: \(word)") }
            return (key, String(word[word.index(after: equals)...]))
        }
        guard word.hasSuffix("-") else {
            throw KubectlError("all resources must be specified before \(part.rawValue) changes: \(word)")
        }
        return (String(word.dropLast()), nil)
    }

    private func apply(
        _ changes: [(key: String, value: String?)], _ object: YAMLNode, _ target: Target, _ name: String,
        _ printer: inout ObjectPrinter?
    ) async throws {
        let present = object.entries("metadata", part.rawValue)
        var patch: [YAMLNode.Entry] = []
        for change in changes {
            let old = present.first { $0.key == change.key }?.node.scalarText
            if change.value == nil, old == nil {
                context.out("\(part == .labels ? "label" : "annotation") \"\(change.key)\" not found.\n")
            }
            if let value = change.value, let old, old != value, !context.flags.bool("overwrite") {
                throw KubectlError("'\(change.key)' already has a value (\(old)), and --overwrite is false")
            }
            if change.value != old {
                patch.append(
                    .init(key: change.key, node: change.value.map { YAMLNode(.string($0)) } ?? YAMLNode(.null)))
            }
        }
        let removesOnly = changes.allSatisfy { $0.value == nil }
        guard !patch.isEmpty else {
            return try context.report(object, "not \(done)", &printer)
        }
        let body: YAMLNode = .map(["metadata": .map([:])])
            .setting(["metadata", part.rawValue], YAMLNode(.map(patch)))
        let operation = removesOnly && part == .labels ? "unlabeled" : done
        if context.dryRun == .client || context.flags.bool("local") {
            return try context.report(MergeTree.merged(body, into: object), operation, &printer)
        }
        let answer = try await context.patch(
            target.resource, target.namespace, name, body, .merge,
            manager: part == .labels ? "kubectl-label" : "kubectl-annotate")
        try context.report(answer, operation, &printer)
    }
}
