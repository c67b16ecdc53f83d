import MartinetAPI
package import MartinetClient
import MartinetReconcile
import MartinetBase
import MartinetSchema

/// Feeds the Deployment planner.
package struct DeploymentController: Reconciler {
    package init() {}
    package var name: String { "deployment-controller" }
    package var watches: [WatchedResource] {
        [WatchedResource(Deployment.self), WatchedResource(ReplicaSet.self), WatchedResource(Pod.self)]
    }

    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] { cache.list(Deployment.self).map(\.metadata.key) }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        if change.isOf(Deployment.self) { return [change.key] }
        if change.isOf(ReplicaSet.self) {
            return [change.old(ReplicaSet.self), change.new(ReplicaSet.self)].compactMap { $0 }
                .flatMap { owners(of: $0, cache) }
        }
        // Only the end of a pod matters, and only to those who wait for it before they create.
        guard change.new == nil || change.new(Pod.self)?.isTerminal == true, let pod = change.latest(Pod.self),
            let owner = pod.metadata.controllerReference, owner.kind == "ReplicaSet",
            let set = cache.get(ReplicaSet.self, ObjectKey(namespace: pod.metadata.namespace, name: owner.name))
        else { return [] }
        return owners(of: set, cache).filter { cache.get(Deployment.self, $0)?.spec.strategy.type == "Recreate" }
    }

    private func owners(of set: ReplicaSet, _ cache: ObjectCache) -> [ObjectKey] {
        if let owner = set.metadata.controllerReference {
            return owner.kind == "Deployment" ? [ObjectKey(namespace: set.metadata.namespace, name: owner.name)] : []
        }
        return cache.list(Deployment.self, namespace: set.metadata.namespace)
            .filter { $0.spec.selector?.matches(set.metadata.labels) == true }.map(\.metadata.key)
    }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        guard let deployment = context.cache.get(Deployment.self, key) else { return Plan() }
        let sets = context.cache.list(ReplicaSet.self, namespace: key.namespace)
        var pods: [Pod] = []
        for set in sets where set.metadata.controllerReference?.uid == deployment.metadata.uid {
            pods += context.cache.list(Pod.self, ownedBy: set.metadata.uid)
        }
        return DeploymentPlanner(deployment: deployment, candidates: sets, pods: pods, now: context.now).plan()
    }
}
