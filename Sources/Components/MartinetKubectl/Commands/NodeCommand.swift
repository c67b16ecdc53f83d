import MartinetBase
import MartinetCommandLine
import MartinetYAML

/// `kubectl cordon`, `uncordon` and `drain`.
struct NodeCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    private func nodes() async throws -> [Target] {
        guard !context.arguments.isEmpty || !context.selector.isEmpty else {
            throw KubectlError(
                "USAGE: \(context.line.path.name) NODE [flags]\nSee '\(context.line.path.name) -h' for help and examples"
            )
        }
        // `nodes/a` and `a` are both names here.
        let names = context.arguments.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
        return try await context.selected(["nodes"] + names)
    }

    func cordon(_ unschedulable: Bool) async throws {
        for node in try await nodes() { try await mark(node, unschedulable) }
    }

    private func mark(_ node: Target, _ unschedulable: Bool) async throws {
        guard let name = node.name else { return }
        let word = unschedulable ? "cordoned" : "uncordoned"
        let isMarked = node.object?.at("spec", "unschedulable")?.bool ?? false
        guard isMarked != unschedulable else {
            return context.out("node/\(name) already \(word)\(context.dryRunSuffix)\n")
        }
        if context.dryRun != .client {
            let patch: YAMLNode = .map(["spec": .map(["unschedulable": unschedulable ? true : YAMLNode(.null)])])
            _ = try await context.patch(node.resource, nil, name, patch, .strategic, manager: "kubectl-cordon")
        }
        context.out("node/\(name) \(word)\(context.dryRunSuffix)\n")
    }

    // MARK: Drain

    private struct Victim {
        let namespace: String
        let name: String
        let uid: String
    }

    func drain() async throws {
        let nodes = try await nodes()
        for node in nodes { try await mark(node, true) }
        for node in nodes {
            guard let name = node.name else { continue }
            let victims = try await victims(of: name)
            let timeout = context.flags.duration("timeout")
            let deadline = timeout > .zero ? context.runtime.monotonic() + timeout : nil
            for victim in victims { try await evict(victim, deadline) }
            if context.dryRun == .none {
                for victim in victims { try await awaitEnd(victim, deadline) }
            }
            context.out("node/\(name) drained\(context.dryRunSuffix)\n")
        }
    }

    /// The pods to evict; what stands in the way is told, all at once.
    private func victims(of node: String) async throws -> [Victim] {
        let pods = try await context.discovery.resource("pods")
        var victims: [Victim] = []
        var errors: [String: [String]] = [:]
        var warnings: [String: [String]] = [:]
        for pod in try await context.list(
            pods, nil, labels: context.flags.string("pod-selector"), fields: "spec.nodeName=\(node)")
        {
            let shown = "\(pod.metaNamespace)/\(pod.metaName)"
            let isOver = ["Succeeded", "Failed"].contains(pod.text("status", "phase"))
            if pod.at("metadata", "annotations", "kubernetes.io/config.mirror") != nil { continue }
            let owner = pod.items("metadata", "ownerReferences").first { $0["controller"]?.bool == true }
            if owner?.text("kind") == "DaemonSet", !isOver {
                if context.flags.bool("ignore-daemonsets") {
                    warnings["ignoring DaemonSet-managed Pods", default: []].append(shown)
                } else {
                    errors["cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)", default: []]
                        .append(shown)
                }
                continue
            }
            let keepsData = pod.items("spec", "volumes").contains { $0["emptyDir"] != nil } && !isOver
            let dropsData = context.flags.bool("delete-emptydir-data") || context.flags.bool("delete-local-data")
            if keepsData, !dropsData {
                errors["cannot delete Pods with local storage (use --delete-emptydir-data to override)", default: []]
                    .append(shown)
                continue
            }
            if owner == nil, !isOver {
                guard context.flags.bool("force") else {
                    errors["cannot delete Pods that declare no controller (use --force to override)", default: []]
                        .append(shown)
                    continue
                }
                warnings["deleting Pods that declare no controller", default: []].append(shown)
            }
            victims.append(Victim(namespace: pod.metaNamespace, name: pod.metaName, uid: pod.text("metadata", "uid")))
        }
        func list(_ groups: [String: [String]]) -> String {
            groups.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.joined(separator: ", "))" }.joined(
                separator: "; ")
        }
        if !warnings.isEmpty { context.say("Warning: \(list(warnings))") }
        guard errors.isEmpty else {
            throw KubectlError(
                "unable to drain node \"\(node)\" due to error: \(list(errors)), continuing command...\nThere are pending nodes to be drained:\n \(node)\n\(list(errors))"
            )
        }
        return victims
    }

    private func evict(_ victim: Victim, _ deadline: Duration?) async throws {
        context.out("evicting pod \(victim.namespace)/\(victim.name)\(context.dryRunSuffix)\n")
        guard context.dryRun != .client else { return }
        let pods = try await context.discovery.resource("pods")
        var options: YAMLNode = .map([:])
        let grace = context.flags.int("grace-period")
        if context.flags.isSet("grace-period"), grace >= 0 {
            options["gracePeriodSeconds"] = YAMLNode(.int(Int64(grace)))
        }
        if context.flags.bool("disable-eviction") {
            _ = try await context.delete(pods, victim.namespace, victim.name, options)
            return
        }
        let eviction: YAMLNode = .map([
            "apiVersion": "policy/v1", "kind": "Eviction", "deleteOptions": options,
            "metadata": .map([
                "name": YAMLNode(.string(victim.name)), "namespace": YAMLNode(.string(victim.namespace)),
            ]),
        ])
        while true {
            do {
                _ = try await context.post(
                    pods.path(namespace: victim.namespace, name: victim.name, subresource: "eviction"), eviction)
                return
            } catch let error as StatusError where error.isNotFound {
                return
            } catch let error as StatusError where error.code == 429 {
                // A disruption budget forbids it for now.
                if let deadline, context.runtime.monotonic() >= deadline { throw error }
                context.say(
                    "error when evicting pods/\"\(victim.name)\" -n \"\(victim.namespace)\" (will retry after 5s): \(error.message)"
                )
                await context.sleep(.seconds(5))
            }
        }
    }

    private func awaitEnd(_ victim: Victim, _ deadline: Duration?) async throws {
        let pods = try await context.discovery.resource("pods")
        let left = deadline.map { max($0 - context.runtime.monotonic(), .milliseconds(1)) }
        let gone = try await context.follow(pods, victim.namespace, victim.name, timeout: left) { pod in
            pod == nil || pod?.text("metadata", "uid") != victim.uid
        }
        guard gone else {
            throw KubectlError(
                "error when waiting for pod \"\(victim.name)\" in namespace \"\(victim.namespace)\" to terminate: global timeout reached"
            )
        }
        context.out("pod/\(victim.name) evicted\n")
    }
}
