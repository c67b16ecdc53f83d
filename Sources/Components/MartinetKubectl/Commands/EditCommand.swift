import MartinetBase
import MartinetCommandLine
import MartinetManifests
import MartinetPatch
import MartinetSchema
import MartinetToolPorts
import MartinetYAML

/// `kubectl edit`.
struct EditCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func run() async throws {
        guard context.flags.string("output") != "json" else {
            throw KubectlError("edit -o json is not there yet in this kubectl")
        }
        let targets = try await context.selected(context.arguments, requireSelection: false)
        guard !targets.isEmpty else { throw KubectlError("edit cancelled, no objects found") }
        for target in targets { try await edit(target) }
    }

    private var editor: [String] {
        let choice = context.environment["KUBE_EDITOR"] ?? context.environment["EDITOR"] ?? "vi"
        return choice.split(separator: " ").map(String.init)
    }

    private static let head = """
        # Please edit the object below. Lines beginning with a '#' will be ignored,
        # and an empty file will abort the edit. If an error occurs while saving this file will be
        # reopened with the relevant failures.
        #

        """

    private func edit(_ target: Target) async throws {
        guard let live = target.object, let name = target.name else { return }
        let shown = live.setting(["metadata", "managedFields"], nil).sorted()
        let path = "\(context.environment["TMPDIR"] ?? "/tmp")/kubectl-edit-\(context.runtime.nameSuffix(8)).yaml"
        var text = Self.head + YAML.text(shown)
        // Notes are ours and written anew each time: only the rest says whether something new was tried.
        func content(_ text: String) -> [Substring] {
            text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("#") }
        }
        var last = content(text)
        while true {
            try context.host.writeFile(path, Array(text.utf8), mode: 0o600)
            let code = try await context.host.run(editor + [path])
            guard code == 0 else {
                throw KubectlError(
                    "there was a problem with the editor \"\(editor.joined(separator: " "))\": it ended with \(code)")
            }
            let edited = String(decoding: try context.host.readFile(path), as: UTF8.self)
            let content = content(edited)
            if content.allSatisfy({ $0.allSatisfy(\.isWhitespace) }) {
                context.host.removeFile(path)
                throw KubectlError("Edit cancelled, saved file was empty.", prefixed: false)
            }
            if content == last {
                // Nothing new was tried: what is wrong stays in the file.
                let isFirst = !text.contains("\n# error: ")
                if isFirst { context.host.removeFile(path) }
                throw isFirst
                    ? KubectlError("Edit cancelled, no changes made.", exitCode: 0, prefixed: false)
                    : KubectlError(
                        "Edit cancelled, no valid changes were saved; a copy of your changes is in \"\(path)\"")
            }
            last = content
            var failures: [String] = []
            let result = ManifestReader(lookup: { _, _ in .served }).read(Array(edited.utf8), file: path)
            failures += result.problems.map { "\($0)" }
            if failures.isEmpty, let changed = result.manifests.first?.node {
                if changed.sorted() == shown {
                    context.host.removeFile(path)
                    throw KubectlError("Edit cancelled, no changes made.", exitCode: 0, prefixed: false)
                }
                do {
                    try await send(target, name, shown, changed)
                    context.host.removeFile(path)
                    return
                } catch let error as StatusError {
                    failures.append(error.description)
                }
            }
            for failure in failures { context.say("error: \(failure)") }
            let notes = failures.flatMap { $0.split(separator: "\n").map { "# error: \($0)\n" } }.joined()
            text = Self.head + notes + content.joined(separator: "\n")
        }
    }

    private func send(_ target: Target, _ name: String, _ shown: YAMLNode, _ changed: YAMLNode) async throws {
        let type = target.resource.builtin?.type
        // What was read stands for both what was there and what was last applied: every removal counts.
        let patch = YAMLNode(
            schema: .map(
                ThreeWayMerge.patch(
                    original: shown.schemaMap, modified: changed.schemaMap, current: shown.schemaMap, type: type)))
        var printer: ObjectPrinter?
        let subresource = context.flags.string("subresource")
        let answer = try await context.patch(
            target.resource, target.namespace, name, patch, type == nil ? .merge : .strategic, manager: "kubectl-edit",
            subresource: subresource.isEmpty ? nil : subresource)
        try context.report(answer, "edited", &printer)
    }
}
