import MartinetCommandLine
import MartinetYAML

/// `kubectl diff TYPE NAME --at`: what was then beside what is now. Ends with 1 where they differ, as diff(1) does.
struct DiffCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func run() async throws {
        guard let past = try Past(context.flags), !context.hasFiles else {
            throw KubectlError(
                "\"kubectl diff\" of files is not there yet in this kubectl; "
                    + "kubectl diff TYPE NAME --at=10m shows what has changed since")
        }
        let target = try await context.oneTarget()
        let (resource, name) = (target.resource, target.name ?? "")
        try await context.requirePast(resource, target.namespace, name)
        let before = try await context.existing(resource, target.namespace, name, past: past)
        let after = try await context.existing(resource, target.namespace, name)
        guard before != nil || after != nil else { throw KubectlError("\(target.shown) was not there, and is not now") }
        let when = past.query.map { $0.name == "at" ? "at \($0.value)" : "at revision \($0.value)" }.joined()
        let text = LineDiff.unified(
            lines(before), lines(after), from: "\(target.shown) \(when)", to: "\(target.shown) now")
        context.out(text)
        if !text.isEmpty { throw KubectlError.silent(1) }
    }

    private func lines(_ object: YAMLNode?) -> [String] {
        guard var object else { return [] }
        if !context.flags.bool("show-managed-fields") { object = object.setting(["metadata", "managedFields"], nil) }
        object = object.setting(["metadata", "resourceVersion"], nil)
        return YAML.text(object.sorted()).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            .dropLast()
    }
}
