package import MartinetAPI
package import MartinetBase
package import MartinetClient
import MartinetSchema

/// Says of a node that has gone silent that nothing is known of it, and keeps its pods and newcomers away by taints.
package struct NodeLifecyclePlanner {
    /// How long a node may be silent.
    package static let gracePeriod = Duration.seconds(50)
    package static let notReady = "node.kubernetes.io/not-ready"
    package static let unreachable = "node.kubernetes.io/unreachable"
    private static let conditionTaints: [(condition: String, key: String)] = [
        ("MemoryPressure", "node.kubernetes.io/memory-pressure"), ("DiskPressure", "node.kubernetes.io/disk-pressure"),
        ("PIDPressure", "node.kubernetes.io/pid-pressure"),
        ("NetworkUnavailable", "node.kubernetes.io/network-unavailable"),
    ]

    let node: Node
    let pods: [Pod]
    /// Since when its lease and its status have not moved, by the observer's own clock.
    let silence: Duration
    let now: Timestamp

    package init(node: Node, pods: [Pod], silence: Duration, now: Timestamp) {
        self.node = node
        self.pods = pods
        self.silence = silence
        self.now = now
    }

    package func plan() -> Plan {
        var plan = Plan()
        guard node.metadata.deletionTimestamp == nil else { return plan }
        let isSilent = silence >= NodeLifecyclePlanner.gracePeriod
        if !isSilent { plan.requeueAfter = NodeLifecyclePlanner.gracePeriod - silence }
        var updated = node
        if isSilent { forget(&updated) }
        if updated.status != node.status {
            plan.add(Write(.update(updated, subresource: "status"), tolerates: .notFound))
            plan.events.append(
                .normal(node.object, "NodeNotReady", "Node \(node.metadata.name) status is now: NodeNotReady"))
        }
        let taints = taints(updated)
        if taints != node.spec.taints {
            var request = APIRequest.mergePatch(node, "")
            let list = taints.map { String(decoding: JSONEncoder.encode($0.object), as: UTF8.self) }
            let document =
                "{\"metadata\":{\"uid\":\(JSONText.quoted(node.metadata.uid))},\"spec\":{\"taints\":"
                + "[\(list.joined(separator: ","))]}}"
            request.patch = (.merge, Array(document.utf8))
            plan.add(Write(request, tolerates: .notFound))
        }
        let ready = updated.status.conditions.first { $0.type == "Ready" }
        if ready?.status != "True" { plan.steps.append(pods.compactMap(notReady)) }
        return plan
    }

    private func forget(_ node: inout Node) {
        for type in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
            let index = node.status.conditions.firstIndex { $0.type == type }
            guard index.map({ node.status.conditions[$0].status }) != "Unknown" else { continue }
            let condition = NodeCondition { condition in
                condition.type = type
                condition.status = "Unknown"
                condition.reason = index == nil ? "NodeStatusNeverUpdated" : "NodeStatusUnknown"
                condition.message =
                    index == nil ? "Kubelet never posted node status." : "Kubelet stopped posting node status."
                condition.lastHeartbeatTime = index.flatMap { node.status.conditions[$0].lastHeartbeatTime } ?? now
                condition.lastTransitionTime = now
            }
            if let index { node.status.conditions[index] = condition } else { node.status.conditions.append(condition) }
        }
    }

    /// The taints as the conditions want them; those of others stay as they are.
    private func taints(_ node: Node) -> ViewList<Taint> {
        let ready = node.status.conditions.first { $0.type == "Ready" }?.status ?? "Unknown"
        var wanted: [(key: String, effect: String)] = []
        if ready != "True" {
            let key = ready == "False" ? NodeLifecyclePlanner.notReady : NodeLifecyclePlanner.unreachable
            wanted += [(key, "NoSchedule"), (key, "NoExecute")]
        }
        for (condition, key) in NodeLifecyclePlanner.conditionTaints
        where node.status.conditions.contains(where: { $0.type == condition && $0.status == "True" }) {
            wanted.append((key, "NoSchedule"))
        }
        if node.spec.unschedulable { wanted.append(("node.kubernetes.io/unschedulable", "NoSchedule")) }
        let own = Set(
            NodeLifecyclePlanner.conditionTaints.map(\.key) + [
                NodeLifecyclePlanner.notReady, NodeLifecyclePlanner.unreachable, "node.kubernetes.io/unschedulable",
            ])
        var result = node.spec.taints
        result.removeAll { taint in
            own.contains(taint.key) && !wanted.contains { $0.key == taint.key && $0.effect == taint.effect }
        }
        for (key, effect) in wanted where !result.contains(where: { $0.key == key && $0.effect == effect }) {
            result.append(
                Taint { taint in
                    taint.key = key
                    taint.effect = effect
                    taint.timeAdded = now
                })
        }
        return result
    }

    /// A pod on a node that is not ready does not serve.
    private func notReady(_ pod: Pod) -> Write? {
        guard !pod.isTerminal, let index = pod.status.conditions.firstIndex(where: { $0.type == "Ready" }),
            pod.status.conditions[index].status == "True"
        else { return nil }
        var updated = pod
        updated.status.conditions[index].status = "False"
        updated.status.conditions[index].lastTransitionTime = now
        return Write(.update(updated, subresource: "status"), tolerates: [.notFound, .conflict])
    }
}
