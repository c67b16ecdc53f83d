import MartinetAPI
package import MartinetClient
import MartinetReconcile
import MartinetBase
import MartinetSchema

/// Feeds the EndpointSlice planner.
package struct EndpointSliceController: Reconciler {
    package init() {}
    package var name: String { "endpointslice-controller" }
    package var watches: [WatchedResource] {
        [
            WatchedResource(Service.self), WatchedResource(Pod.self), WatchedResource(EndpointSlice.self),
            WatchedResource(Node.self),
        ]
    }

    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] { cache.list(Service.self).map(\.metadata.key) }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        if change.isOf(Service.self) { return [change.key] }
        if change.isOf(Pod.self) { return ServicesOfPod.keys(change, cache) }
        if change.isOf(Node.self) {
            let key = "topology.kubernetes.io/zone"
            let isMoved = change.old(Node.self)?.metadata.labels[key] != change.new(Node.self)?.metadata.labels[key]
            return isMoved ? allKeys(cache) : []
        }
        guard let slice = change.latest(EndpointSlice.self), EndpointSliceController.isOwn(slice),
            let service = slice.metadata.labels[EndpointSlicePlanner.serviceName]
        else { return [] }
        return [ObjectKey(namespace: slice.metadata.namespace, name: service)]
    }

    private static func isOwn(_ slice: EndpointSlice) -> Bool {
        slice.metadata.labels[EndpointSlicePlanner.managedBy] == EndpointSlicePlanner.manager
    }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        let cache = context.cache
        guard let service = cache.get(Service.self, key) else { return Plan() }
        let slices = cache.list(EndpointSlice.self, namespace: key.namespace).filter {
            EndpointSliceController.isOwn($0) && $0.metadata.labels[EndpointSlicePlanner.serviceName] == key.name
        }
        let planner = EndpointSlicePlanner(
            service: service, pods: cache.list(Pod.self, namespace: key.namespace), slices: slices
        ) { node in
            cache.get(Node.self, ObjectKey(namespace: "", name: node))?.metadata.labels["topology.kubernetes.io/zone"]
        }
        return planner.plan { context.runtime.nameSuffix() }
    }
}
