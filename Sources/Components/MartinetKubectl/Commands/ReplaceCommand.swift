import MartinetCommandLine
import MartinetYAML

/// `kubectl replace`.
struct ReplaceCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func run() async throws {
        guard context.hasFiles else { throw KubectlError("must specify one of -f and -k") }
        var printer = try ObjectPrinter(context)
        for target in try await context.fileTargets() {
            guard var object = target.object, let name = target.name else {
                throw KubectlError("from \(target.file): the object has no name")
            }
            if context.flags.bool("save-config") || LastApplied.original(object) != nil {
                object = LastApplied.annotated(object)
            }
            if context.flags.bool("record") { object = ChangeCause.recorded(object, context) }
            if context.dryRun == .client {
                try context.report(object, "replaced", &printer)
                continue
            }
            do {
                if context.flags.bool("force") { try await remove(target, name) }
                let answer =
                    context.flags.bool("force")
                    ? try await context.create(target.resource, target.namespace, object, manager: "kubectl-replace")
                    : try await context.replace(
                        target.resource, target.namespace, name, object, manager: "kubectl-replace")
                try context.report(answer, "replaced", &printer)
            } catch var error as StatusError {
                error.doing = "error when replacing \"\(target.file)\""
                throw error
            }
        }
    }

    private func remove(_ target: Target, _ name: String) async throws {
        do {
            _ = try await context.delete(
                target.resource, target.namespace, name, DeleteCommand(context).options(graceDefault: 0))
            context.out("\(target.resource.shownName) \"\(name)\" deleted\n")
        } catch let error as StatusError where error.isNotFound {
            return
        }
        _ = try await context.follow(target.resource, target.namespace, name, timeout: .seconds(300)) { $0 == nil }
    }
}
