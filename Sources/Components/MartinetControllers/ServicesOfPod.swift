import MartinetAPI
import MartinetClient
import MartinetReconcile
import MartinetSchema

/// Which Services a change of a pod concerns: those that select it, or did.
enum ServicesOfPod {
    static func keys(_ change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        let (old, new) = (change.old(Pod.self), change.new(Pod.self))
        if let old, let new, old.status == new.status, old.metadata.labels == new.metadata.labels,
            old.metadata.deletionTimestamp == new.metadata.deletionTimestamp, old.spec == new.spec
        {
            return []
        }
        let labels = [old, new].compactMap { $0?.metadata.labels }
        return cache.list(Service.self, namespace: change.key.namespace)
            .filter { service in
                ServiceEndpoints.isManaged(service) && labels.contains { service.spec.selector.isContained(in: $0) }
            }
            .map(\.metadata.key)
    }
}
