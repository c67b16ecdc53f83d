import MartinetBase
import MartinetCommandLine
import MartinetPrinters
import MartinetYAML

/// `kubectl rollout`: what becomes of a change of a pod template.
struct RolloutCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    static let revisionKey = "deployment.kubernetes.io/revision"

    func run(_ verb: String) async throws {
        let targets = try await context.selected(context.arguments)
        var printer = try verb == "status" ? nil : ObjectPrinter(context)
        for target in targets {
            guard let name = target.name, let object = target.object else { continue }
            switch verb {
            case "status": try await status(target, name)
            case "history": try await history(target, object)
            case "pause": try await pause(target, name, object, true, &printer)
            case "resume": try await pause(target, name, object, false, &printer)
            case "restart": try await restart(target, name, object, &printer)
            case "undo": try await undo(target, name, object, &printer)
            default: throw KubectlError("\"rollout \(verb)\" is not there yet in this kubectl")
            }
        }
    }

    private func onlyDeployments(_ target: Target) throws {
        guard target.resource.kind == "Deployment" else {
            throw KubectlError(
                "rollouts of a \(target.resource.kind) are not there yet in this kubectl: \(target.shown)")
        }
    }

    // MARK: Status

    private func status(_ target: Target, _ name: String) async throws {
        let timeout = context.flags.duration("timeout")
        var last = ""
        let pinned = context.flags.int("revision")
        let done = try await context.follow(
            target.resource, target.namespace, name, timeout: timeout > .zero ? timeout : nil
        ) { object in
            guard let object else { throw KubectlError("object has been deleted", prefixed: true) }
            let (text, isDone) = try Self.progress(object, kind: target.resource.kind, pinned: pinned)
            // A watch repeats states; each is said once.
            if text != last { context.out(text) }
            last = text
            return isDone || !context.flags.bool("watch")
        }
        guard done else { throw KubectlError("timed out waiting for the condition") }
    }

    static func progress(_ object: YAMLNode, kind: String, pinned: Int) throws -> (String, Bool) {
        let name = object.metaName
        let generation = object.number("metadata", "generation") ?? 0
        guard generation <= object.number("status", "observedGeneration") ?? 0 else {
            return ("Waiting for \(kind.lowercased()) spec update to be observed...\n", false)
        }
        func status(_ key: String) -> Int64 { object.number("status", key) ?? 0 }
        switch kind {
        case "Deployment":
            if pinned > 0, let revision = object.at("metadata", "annotations", revisionKey)?.scalarText,
                revision != String(pinned)
            {
                throw KubectlError("desired revision (\(pinned)) is different from the running revision (\(revision))")
            }
            for condition in object.items("status", "conditions")
            where condition.text("type") == "Progressing" && condition.text("reason") == "ProgressDeadlineExceeded" {
                throw KubectlError("deployment \"\(name)\" exceeded its progress deadline")
            }
            let wanted = object.number("spec", "replicas") ?? 1
            let (updated, total, available) = (
                status("updatedReplicas"), status("replicas"), status("availableReplicas")
            )
            let head = "Waiting for deployment \"\(name)\" rollout to finish: "
            if updated < wanted {
                return ("\(head)\(updated) out of \(wanted) new replicas have been updated...\n", false)
            }
            if total > updated {
                return ("\(head)\(total - updated) old replicas are pending termination...\n", false)
            }
            if available < updated {
                return ("\(head)\(available) of \(updated) updated replicas are available...\n", false)
            }
            return ("deployment \"\(name)\" successfully rolled out\n", true)
        case "DaemonSet":
            let (wanted, updated, available) = (
                status("desiredNumberScheduled"), status("updatedNumberScheduled"), status("numberAvailable")
            )
            let head = "Waiting for daemon set \"\(name)\" rollout to finish: "
            if updated < wanted { return ("\(head)\(updated) out of \(wanted) new pods have been updated...\n", false) }
            if available < wanted { return ("\(head)\(available) of \(wanted) updated pods are available...\n", false) }
            return ("daemon set \"\(name)\" successfully rolled out\n", true)
        case "StatefulSet":
            let wanted = object.number("spec", "replicas") ?? 1
            if status("readyReplicas") < wanted {
                return ("Waiting for \(wanted - status("readyReplicas")) pods to be ready...\n", false)
            }
            let (current, update) = (object.text("status", "currentRevision"), object.text("status", "updateRevision"))
            if current != update {
                return (
                    "waiting for statefulset rolling update to complete \(status("updatedReplicas")) pods at revision \(update)...\n",
                    false
                )
            }
            return (
                "statefulset rolling update complete \(status("currentReplicas")) pods at revision \(current)...\n",
                true
            )
        default: throw KubectlError("no status viewer has been implemented for a \(kind)")
        }
    }

    // MARK: History

    struct Revision {
        let number: Int64
        let set: YAMLNode
    }

    private func revisions(_ deployment: YAMLNode, _ target: Target) async throws -> [Revision] {
        let sets = try await context.discovery.resource("replicasets.apps")
        let uid = deployment.text("metadata", "uid")
        var found: [Revision] = []
        for set in try await context.list(sets, target.namespace) {
            guard set.items("metadata", "ownerReferences").contains(where: { $0.text("uid") == uid }),
                let number = Int64(set.at("metadata", "annotations", Self.revisionKey)?.scalarText ?? "")
            else { continue }
            found.append(Revision(number: number, set: set))
        }
        return found.sorted { $0.number < $1.number }
    }

    private func history(_ target: Target, _ object: YAMLNode) async throws {
        try onlyDeployments(target)
        let revisions = try await revisions(object, target)
        let wanted = context.flags.int("revision")
        if wanted > 0 {
            guard let revision = revisions.first(where: { $0.number == Int64(wanted) }) else {
                throw KubectlError("unable to find the specified revision")
            }
            context.out("\(target.resource.shownName)/\(object.metaName) with revision #\(wanted)\n")
            var writer = DescribeWriter()
            PodDescriber(context).template(revision.set.at("spec", "template") ?? YAMLNode(.map([])), &writer)
            return context.out(writer.text())
        }
        var writer = TabWriter(minimum: 0, padding: 2)
        writer.line(["REVISION", "CHANGE-CAUSE"])
        for revision in revisions {
            let cause = revision.set.at("metadata", "annotations", ChangeCause.key)?.scalarText ?? ""
            writer.line([String(revision.number), cause.isEmpty ? "<none>" : cause])
        }
        context.out("\(target.resource.shownName)/\(object.metaName) \n\(writer.flush())\n")
    }

    // MARK: Changes

    private func pause(
        _ target: Target, _ name: String, _ object: YAMLNode, _ paused: Bool, _ printer: inout ObjectPrinter?
    ) async throws {
        try onlyDeployments(target)
        let isPaused = object.at("spec", "paused")?.bool ?? false
        guard isPaused != paused else {
            throw KubectlError(
                "deployments.apps \"\(name)\" \(paused ? "is already paused" : "is not paused")")
        }
        let patch: YAMLNode = .map(["spec": .map(["paused": paused ? true : YAMLNode(.null)])])
        let answer = try await context.patch(
            target.resource, target.namespace, name, patch, .strategic, manager: "kubectl-rollout")
        try context.report(answer, paused ? "paused" : "resumed", &printer)
    }

    private func restart(
        _ target: Target, _ name: String, _ object: YAMLNode, _ printer: inout ObjectPrinter?
    ) async throws {
        guard ["Deployment", "DaemonSet", "StatefulSet"].contains(target.resource.kind) else {
            throw KubectlError("\(target.resource.fullName) \"\(name)\" restarting is not supported")
        }
        if object.at("spec", "paused")?.bool == true {
            throw KubectlError("can't restart paused deployment (run rollout resume first)")
        }
        let now = YAMLNode(.string(context.runtime.now().rfc3339))
        let patch = YAMLNode(.map([])).setting(
            ["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"], now)
        let answer = try await context.patch(
            target.resource, target.namespace, name, patch, .strategic, manager: "kubectl-rollout")
        try context.report(answer, "restarted", &printer)
    }

    private func undo(
        _ target: Target, _ name: String, _ object: YAMLNode, _ printer: inout ObjectPrinter?
    ) async throws {
        try onlyDeployments(target)
        let wanted = Int64(context.flags.int("to-revision"))
        guard wanted >= 0 else { throw KubectlError("revision must be a positive integer, not \(wanted)") }
        if object.at("spec", "paused")?.bool == true {
            throw KubectlError(
                "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume deployment/\(name)' "
                    + "and try again")
        }
        let revisions = try await revisions(object, target)
        let chosen: Revision?
        if wanted > 0 {
            chosen = revisions.first { $0.number == wanted }
            guard chosen != nil else { throw KubectlError("unable to find specified revision \(wanted) in history") }
        } else {
            chosen = revisions.count >= 2 ? revisions[revisions.count - 2] : nil
        }
        guard let chosen else { throw KubectlError("no rollout history found for deployment \"\(name)\"") }
        // The hash is the controller's own label: the deployment's template does not have it.
        let template = (chosen.set.at("spec", "template") ?? YAMLNode(.map([])))
            .setting(["metadata", "labels", "pod-template-hash"], nil)
        if context.dryRun == .client {
            var writer = DescribeWriter()
            PodDescriber(context).template(template, &writer)
            return context.out("\(target.shown) \(writer.text())")
        }
        if object.at("spec", "template")?.sorted() == template.sorted() {
            context.out("\(target.shown) skipped rollback (current template already matches revision \(wanted))\n")
            return
        }
        var operations: [YAMLNode] = [
            .map(["op": "replace", "path": "/spec/template", "value": template])
        ]
        // What is told about a revision goes back with it.
        let skipped = [
            LastApplied.key, Self.revisionKey, "deployment.kubernetes.io/revision-history",
            "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas",
            "deprecated.deployment.rollback.to",
        ]
        var annotations = object.entries("metadata", "annotations").filter { skipped.contains($0.key) }
        annotations += chosen.set.entries("metadata", "annotations").filter { !skipped.contains($0.key) }
        operations.append(
            .map(["op": "add", "path": "/metadata/annotations", "value": YAMLNode(.map(annotations))]))
        let answer = try await context.patch(
            target.resource, target.namespace, name, YAMLNode(.list(operations)), .json, manager: "kubectl-rollout")
        try context.report(answer, "rolled back", &printer)
    }
}
