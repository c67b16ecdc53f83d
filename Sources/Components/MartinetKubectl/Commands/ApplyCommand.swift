import MartinetCommandLine
import MartinetPatch
import MartinetPrinters
import MartinetSchema
import MartinetToolPorts
import MartinetYAML

/// `kubectl apply`.
struct ApplyCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    private static let manager = "kubectl-client-side-apply"

    func run() async throws {
        if context.flags.bool("prune") { throw KubectlError("apply --prune is not there yet in this kubectl") }
        guard context.hasFiles else { throw KubectlError("must specify one of -f and -k") }
        var printer = try ObjectPrinter(context)
        var failed: [any Error] = []
        for target in try await context.fileTargets() {
            do {
                if context.flags.bool("server-side") {
                    try await serverSide(target, &printer)
                } else {
                    try await apply(target, &printer)
                }
            } catch var error as StatusError {
                if error.doing.isEmpty { error.doing = "error when applying \"\(target.file)\"" }
                failed.append(error)
            } catch let error as KubectlError {
                failed.append(error)
            }
        }
        for error in failed { context.say("\(error)") }
        if !failed.isEmpty { throw KubectlError.silent(1) }
    }

    private func apply(_ target: Target, _ printer: inout ObjectPrinter?) async throws {
        guard let object = target.object else { return }
        guard let name = target.name else {
            throw KubectlError(
                "from \(target.file): cannot use generate name with apply; use create, or give the object a name")
        }
        var modified = LastApplied.annotated(object)
        if context.flags.bool("record") { modified = ChangeCause.recorded(modified, context) }
        let live: YAMLNode
        do {
            live = try await context.get(target.resource, target.namespace, name)
        } catch let error as StatusError where error.isNotFound {
            if context.dryRun == .client { return try context.report(modified, "created", &printer) }
            do {
                let made = try await context.create(target.resource, target.namespace, modified, manager: Self.manager)
                return try context.report(made, "created", &printer)
            } catch var error as StatusError {
                error.doing = "error when creating \"\(target.file)\""
                throw error
            }
        }
        try await patch(target, name, modified, live, &printer)
    }

    private func patch(
        _ target: Target, _ name: String, _ modified: YAMLNode, _ live: YAMLNode, _ printer: inout ObjectPrinter?
    ) async throws {
        let original = LastApplied.original(live)
        if original == nil, context.dryRun != .client {
            context.say(
                "Warning: resource \(target.resource.plural)/\(name) is missing the "
                    + "\(LastApplied.key) annotation which is required by kubectl apply. kubectl apply should only be used "
                    + "on resources created declaratively by either kubectl create --save-config or kubectl apply. The "
                    + "missing annotation will be patched automatically.")
        }
        let type = target.resource.builtin?.type
        var current = live
        for attempt in 1... {
            let patch = YAMLNode(
                schema: .map(
                    ThreeWayMerge.patch(
                        original: (original ?? YAMLNode(.map([]))).schemaMap, modified: modified.schemaMap,
                        current: current.schemaMap, type: type)))
            guard patch.map?.isEmpty == false else { return try context.report(current, "unchanged", &printer) }
            if context.dryRun == .client { return try context.report(modified, "configured", &printer) }
            do {
                let answer = try await context.patch(
                    target.resource, target.namespace, name, patch, type == nil ? .merge : .strategic,
                    manager: Self.manager)
                let isSame = answer.text("metadata", "resourceVersion") == current.text("metadata", "resourceVersion")
                return try context.report(answer, isSame ? "unchanged" : "configured", &printer)
            } catch let error as StatusError where error.isConflict && attempt < 5 {
                current = try await context.get(target.resource, target.namespace, name)
            } catch let error as StatusError
                where (error.reason == "Invalid" || error.isConflict) && context.flags.bool("force")
            {
                return try await recreate(target, name, modified, &printer)
            } catch var error as StatusError {
                error.doing =
                    "error when applying patch:\n\(JSONText.compact(patch))\nto:\nResource: "
                    + "\"\(target.resource.fullName)\", Name: \"\(name)\"\nfor: \"\(target.file)\""
                throw error
            }
        }
    }

    /// `--force`: what cannot be changed in place is deleted and made again.
    private func recreate(
        _ target: Target, _ name: String, _ modified: YAMLNode, _ printer: inout ObjectPrinter?
    ) async throws {
        _ = try await context.delete(
            target.resource, target.namespace, name, DeleteCommand(context).options(graceDefault: nil))
        _ = try await context.follow(target.resource, target.namespace, name, timeout: .seconds(120)) { $0 == nil }
        let made = try await context.create(target.resource, target.namespace, modified, manager: Self.manager)
        try context.report(made, "configured", &printer)
    }

    private func serverSide(_ target: Target, _ printer: inout ObjectPrinter?) async throws {
        guard let object = target.object, let name = target.name else {
            throw KubectlError("from \(target.file): the object has no name")
        }
        let answer = try await context.patch(
            target.resource, target.namespace, name, object, .apply, manager: "kubectl",
            force: context.flags.bool("force-conflicts"))
        try context.report(answer, "serverside-applied", &printer)
    }

    func viewLastApplied() async throws {
        for target in try await context.selected(context.arguments, requireSelection: false) {
            guard let live = target.object, let original = LastApplied.original(live) else {
                throw KubectlError("no last-applied-configuration annotation found on resource: \(target.name ?? "")")
            }
            context.out(
                context.flags.string("output") == "json"
                    ? JSONText.indented(original) + "\n" : YAML.text(original.sorted()))
        }
    }
}
