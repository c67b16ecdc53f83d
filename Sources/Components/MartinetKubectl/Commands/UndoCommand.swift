import MartinetCommandLine
import MartinetToolPorts
import MartinetYAML

/// `kubectl undo`: a deleted object comes back, with what it owned, as they were before. A Martinet server's alone.
///
/// Leaves come first and without owners, so that controllers adopt them instead of making new ones; what nobody has adopted
/// is given the owners' new uids afterwards. Nothing that is there is changed but for those references.
struct UndoCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    static let manager = "kubectl-undo"

    func run() async throws {
        let target = try await context.oneTarget()
        let (resource, name) = (target.resource, target.name ?? "")
        let past = try Past(context.flags)
        try await context.requirePast(resource, target.namespace, name)
        if let there = try await context.existing(resource, target.namespace, name) {
            let state = there.text("metadata", "deletionTimestamp").isEmpty ? "is there" : "is still being deleted"
            throw KubectlError(
                "\(target.shown) \(state): undo brings back what was deleted and overwrites nothing "
                    + "(kubectl diff \(target.shown) --at=10m shows what was changed)")
        }
        let revision = try await revision(target, past)
        let then = Past(revision: revision)
        guard let root = try await context.existing(resource, target.namespace, name, past: then) else {
            throw KubectlError("\(target.shown) was not there at revision \(revision)")
        }
        let tree = try await OwnedTree(context, resource, root, at: then)
        var restoration = Restoration(context, try ObjectPrinter(context))
        try await restoration.run(tree)
    }

    private func revision(_ target: Target, _ past: Past?) async throws -> String {
        guard let past else {
            let history = try await ObjectHistory(context, target)
            guard let revision = history.lastWhole else {
                throw KubectlError("\(target.shown): no deletion of it is remembered")
            }
            return String(revision)
        }
        // One revision for all that is read: "ten minutes ago" is another one with every request.
        let page = try await context.json(
            SessionRequest(
                "GET", target.resource.path(namespace: target.namespace),
                query: past.query + [(name: "limit", value: "1")]))
        return page.text("metadata", "resourceVersion")
    }
}
