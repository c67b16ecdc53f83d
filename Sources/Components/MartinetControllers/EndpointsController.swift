import MartinetAPI
package import MartinetClient
import MartinetReconcile
import MartinetSchema

/// Feeds the Endpoints planner.
package struct EndpointsController: Reconciler {
    package init() {}
    package var name: String { "endpoints-controller" }
    package var watches: [WatchedResource] {
        [WatchedResource(Service.self), WatchedResource(Pod.self), WatchedResource(Endpoints.self)]
    }

    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] {
        Set(cache.list(Service.self).map(\.metadata.key) + cache.list(Endpoints.self).map(\.metadata.key)).sorted()
    }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        change.isOf(Pod.self) ? ServicesOfPod.keys(change, cache) : [change.key]
    }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        EndpointsPlanner.plan(
            context.cache.get(Service.self, key), pods: context.cache.list(Pod.self, namespace: key.namespace),
            endpoints: context.cache.get(Endpoints.self, key))
    }
}
