import MartinetAPI
import MartinetBase
package import MartinetClient
import MartinetReconcile
import MartinetSchema

/// Watches the nodes' leases by its own clock and feeds the planner with their silence.
package struct NodeLifecycleController: Reconciler {
    private struct Heard {
        var renewed: Timestamp?
        var heartbeat: Timestamp?
        var at: Duration
    }

    private static let leases = "kube-node-lease"

    // What a lease says of time is the node's clock; only that it moved counts, and when that was seen.
    private var heard: [String: Heard] = [:]

    package init() {}

    package var name: String { "node-controller" }
    package var watches: [WatchedResource] {
        [WatchedResource(Node.self), WatchedResource(Lease.self), WatchedResource(Pod.self)]
    }

    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] { cache.list(Node.self).map(\.metadata.key) }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        if change.isOf(Node.self) { return [change.key] }
        guard change.isOf(Lease.self), change.key.namespace == NodeLifecycleController.leases else { return [] }
        return [ObjectKey(namespace: "", name: change.key.name)]
    }

    package mutating func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        guard let node = context.cache.get(Node.self, key) else {
            heard[key.name] = nil
            return Plan()
        }
        let leaseKey = ObjectKey(namespace: NodeLifecycleController.leases, name: key.name)
        let renewed = context.cache.get(Lease.self, leaseKey)?.spec.renewTime
        let heartbeat = node.status.conditions.first { $0.type == "Ready" }?.lastHeartbeatTime
        if heard[key.name].map({ $0.renewed != renewed || $0.heartbeat != heartbeat }) ?? true {
            heard[key.name] = Heard(renewed: renewed, heartbeat: heartbeat, at: context.monotonic)
        }
        let silence = context.monotonic - (heard[key.name]?.at ?? context.monotonic)
        let isReady = node.status.conditions.contains { $0.type == "Ready" && $0.status == "True" }
        let isLost = !isReady || silence >= NodeLifecyclePlanner.gracePeriod
        let pods = isLost ? context.cache.list(Pod.self).filter { $0.spec.nodeName == key.name } : []
        return NodeLifecyclePlanner(node: node, pods: pods, silence: silence, now: context.now).plan()
    }
}
