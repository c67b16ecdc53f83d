import MartinetCommandLine
import MartinetToolPorts
import MartinetYAML

/// `kubectl delete`.
struct DeleteCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func run() async throws {
        let raw = context.flags.string("raw")
        if !raw.isEmpty {
            _ = try await context.send(SessionRequest("DELETE", raw))
            return
        }
        if context.flags.bool("interactive") { throw KubectlError("delete -i is not there yet in this kubectl") }
        if context.flags.bool("force") {
            context.say(
                "Warning: Immediate deletion does not wait for confirmation that the running resource has been "
                    + "terminated. The resource may continue to run on the cluster indefinitely.")
        }
        let targets = try await targets()
        if targets.isEmpty {
            if !context.flags.bool("ignore-not-found") { context.say("No resources found") }
            return
        }
        var failed: [StatusError] = []
        var gone: [(Target, String)] = []
        for target in targets {
            do {
                try await delete(target, &gone)
            } catch let error as StatusError {
                if error.isNotFound,
                    context.flags.bool("ignore-not-found") || target.object != nil && target.file.isEmpty
                {
                    continue
                }
                var error = error
                if !target.file.isEmpty { error.doing = "error when deleting \"\(target.file)\"" }
                failed.append(error)
            }
        }
        try await waitUntilGone(gone)
        for error in failed { context.say(error.description) }
        if !failed.isEmpty { throw KubectlError.silent(1) }
    }

    private func targets() async throws -> [Target] {
        if context.hasFiles { return try await fileTargets() }
        guard !context.arguments.isEmpty else {
            throw KubectlError("You must provide one or more resources by argument or filename.", prefixed: true)
        }
        var found: [Target] = []
        for target in try await context.targets(of: context.arguments) {
            if target.name != nil {
                found.append(target)
                continue
            }
            guard !context.selector.isEmpty || !context.fieldSelector.isEmpty || context.flags.bool("all") else {
                throw KubectlError("resource(s) were provided, but no name was specified")
            }
            for item in try await context.list(
                target.resource, target.namespace, labels: context.selector, fields: context.fieldSelector)
            {
                found.append(
                    Target(
                        target.resource, namespace: item.metaNamespace.isEmpty ? nil : item.metaNamespace,
                        name: item.metaName, object: item))
            }
        }
        return found
    }

    /// Files say what to delete; whether they are right otherwise does not matter.
    private func fileTargets() async throws -> [Target] {
        try await context.fileTargets()
    }

    /// - Parameter graceDefault: seconds, where no flag says otherwise.
    func options(graceDefault: Int?) -> YAMLNode {
        var grace = graceDefault
        let flag = context.flags.isSet("grace-period") ? context.flags.int("grace-period") : -1
        if flag >= 0 { grace = flag }
        if context.flags.bool("now") { grace = 1 }
        if context.flags.bool("force"), flag < 0 { grace = 0 }
        let policy =
            switch context.flags.string("cascade") {
            case "orphan", "false": "Orphan"
            case "foreground": "Foreground"
            default: "Background"
            }
        var options: YAMLNode = .map([
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": YAMLNode(.string(policy)),
        ])
        if let grace { options["gracePeriodSeconds"] = YAMLNode(.int(Int64(grace))) }
        return options
    }

    private func delete(_ target: Target, _ gone: inout [(Target, String)]) async throws {
        guard let name = target.name else { return }
        var uid = ""
        if context.dryRun != .client {
            let answer = try await context.delete(
                target.resource, target.namespace, name, options(graceDefault: nil))
            uid = answer.text("kind") == "Status" ? answer.text("details", "uid") : answer.text("metadata", "uid")
        } else {
            _ = try await context.get(target.resource, target.namespace, name)
        }
        gone.append((target, uid))
        if context.flags.string("output") == "name" {
            context.out("\(target.resource.shownName)/\(name)\n")
            return
        }
        let verb = context.flags.bool("force") ? "force deleted" : "deleted"
        let place = target.namespace.map { " from \($0) namespace" } ?? ""
        _ = place
        context.out("\(target.resource.shownName) \"\(name)\" \(verb)\(context.dryRunSuffix)\n")
    }

    private func waitUntilGone(_ gone: [(Target, String)]) async throws {
        guard context.flags.bool("wait"), context.dryRun == .none else { return }
        if context.flags.bool("force"), !context.flags.isSet("wait") { return }
        let timeout = context.flags.duration("timeout")
        for (target, uid) in gone {
            guard let name = target.name else { continue }
            let done = try await context.follow(
                target.resource, target.namespace, name, timeout: timeout > .zero ? timeout : nil
            ) { object in
                guard let object else { return true }
                // Another one under the same name is no longer ours.
                return !uid.isEmpty && object.text("metadata", "uid") != uid
            }
            guard done else {
                throw KubectlError("timed out waiting for the condition on \(target.resource.plural)/\(name)")
            }
        }
    }
}
