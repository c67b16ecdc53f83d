import MartinetAPI
package import MartinetClient
import MartinetReconcile
import MartinetBase
import MartinetSchema

/// Feeds the taint eviction planner.
package struct TaintEvictionController: Reconciler {
    package init() {}
    package var name: String { "taint-eviction-controller" }
    package var watches: [WatchedResource] { [WatchedResource(Pod.self), WatchedResource(Node.self)] }

    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] {
        let tainted = Set(cache.list(Node.self).filter(TaintEvictionController.evicts).map(\.metadata.name))
        return tainted.isEmpty
            ? [] : cache.list(Pod.self).filter { tainted.contains($0.spec.nodeName) }.map(\.metadata.key)
    }

    private static func evicts(_ node: Node) -> Bool { node.spec.taints.contains { $0.effect == "NoExecute" } }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        if let pod = change.new(Pod.self) {
            let node = cache.get(Node.self, ObjectKey(namespace: "", name: pod.spec.nodeName))
            return node.map(TaintEvictionController.evicts) == true ? [change.key] : []
        }
        guard let node = change.new(Node.self), node.spec.taints != change.old(Node.self)?.spec.taints else {
            return []
        }
        return cache.list(Pod.self).filter { $0.spec.nodeName == node.metadata.name }.map(\.metadata.key)
    }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        guard let pod = context.cache.get(Pod.self, key) else { return Plan() }
        let node = context.cache.get(Node.self, ObjectKey(namespace: "", name: pod.spec.nodeName))
        return TaintEvictionPlanner.plan(pod, node: node, now: context.now)
    }
}
