import MartinetAPI
package import MartinetClient
import MartinetReconcile
import MartinetBase
import MartinetSchema

/// Feeds the ReplicaSet planner.
package struct ReplicaSetController: Reconciler {
    package init() {}
    package var name: String { "replicaset-controller" }
    package var watches: [WatchedResource] { [WatchedResource(ReplicaSet.self), WatchedResource(Pod.self)] }

    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] { cache.list(ReplicaSet.self).map(\.metadata.key) }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        guard change.isOf(Pod.self) else { return [change.key] }
        var keys: Set<ObjectKey> = []
        for pod in [change.old(Pod.self), change.new(Pod.self)].compactMap({ $0 }) {
            if let owner = pod.metadata.controllerReference {
                guard owner.kind == "ReplicaSet" else { continue }
                keys.insert(ObjectKey(namespace: pod.metadata.namespace, name: owner.name))
            } else {
                // A free pod may be adopted by a set that selects it.
                for set in cache.list(ReplicaSet.self, namespace: pod.metadata.namespace)
                where set.spec.selector?.matches(pod.metadata.labels) == true {
                    keys.insert(set.metadata.key)
                }
            }
        }
        return keys.sorted()
    }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        guard let set = context.cache.get(ReplicaSet.self, key) else { return Plan() }
        var related: [Pod] = []
        if let owner = set.metadata.controllerReference {
            for sibling in context.cache.list(ReplicaSet.self, ownedBy: owner.uid) {
                related += context.cache.list(Pod.self, ownedBy: sibling.metadata.uid)
            }
        } else {
            related = context.cache.list(Pod.self, ownedBy: set.metadata.uid)
        }
        let planner = ReplicaSetPlanner(
            set: set,
            candidates: context.cache.candidates(
                Pod.self, ownerUID: set.metadata.uid, namespace: key.namespace),
            related: related, failure: failure, now: context.now)
        return planner.plan { context.runtime.nameSuffix() }
    }
}
