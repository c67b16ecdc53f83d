import MartinetCommandLine
import MartinetToolPorts
import MartinetYAML

/// `kubectl patch`.
struct PatchCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func run() async throws {
        var text = context.flags.string("patch")
        let file = context.flags.string("patch-file")
        if !file.isEmpty { text = String(decoding: try context.host.readFile(file), as: UTF8.self) }
        guard !text.isEmpty else {
            throw KubectlError("must specify --patch or --patch-file containing the contents of the patch")
        }
        guard let patch = try YAML.read(text, file: file.isEmpty ? "--patch" : file).first else {
            throw KubectlError("the patch is empty")
        }
        let kind: PatchKind =
            switch context.flags.string("type") {
            case "json": .json
            case "merge": .merge
            default: .strategic
            }
        var printer = try ObjectPrinter(context)
        let subresource = context.flags.string("subresource")
        for target in try await context.selected(context.arguments) {
            guard let name = target.name, let object = target.object else { continue }
            if context.dryRun == .client || context.flags.bool("local") {
                guard kind == .merge else {
                    throw KubectlError("a dry run on the client is there for --type=merge only: use --dry-run=server")
                }
                try context.report(MergeTree.merged(patch, into: object), "patched", &printer)
                continue
            }
            // Custom resources have no merge keys: the server takes a merge patch only.
            let isCustom = target.resource.builtin == nil && kind == .strategic && !context.flags.isSet("type")
            let answer = try await context.patch(
                target.resource, target.namespace, name, patch, isCustom ? .merge : kind, manager: "kubectl-patch",
                subresource: subresource.isEmpty ? nil : subresource)
            let isSame = answer.text("metadata", "resourceVersion") == object.text("metadata", "resourceVersion")
            try context.report(answer, isSame ? "patched (no change)" : "patched", &printer)
        }
    }
}
