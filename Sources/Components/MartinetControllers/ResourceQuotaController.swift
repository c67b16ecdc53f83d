import MartinetAPI
package import MartinetClient
import MartinetReconcile
package import MartinetSchema

/// Counts what the objects of a namespace use of its quotas.
///
/// What would be too much is refused by the API server, which counts for itself: this is for whoever wants to see it.
package struct ResourceQuotaController: Reconciler {
    private let kinds: [Kind]

    /// - Parameter kinds: what the API server serves and lets list and watch; one version of each resource.
    package init(kinds: [Kind]) {
        self.kinds = kinds.filter { $0.isNamespaced && $0.name != "Event" && $0.verbs.contains("watch") }
    }

    package var name: String { "resourcequota-controller" }
    package var watches: [WatchedResource] { kinds.map { WatchedResource($0) } }
    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] { quotas(cache).map(\.metadata.key) }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        if change.latest.type.kind?.name == "ResourceQuota", change.latest.type.kind?.group.isEmpty == true {
            return [change.key]
        }
        return quotas(cache).map(\.metadata.key).filter { $0.namespace == change.key.namespace }
    }

    private func quotas(_ cache: ObjectCache) -> [Object] { cache.store(ResourceQuotaController.resource)?.all ?? [] }
    private static let resource = ResourceName(version: "v1", plural: "resourcequotas")

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        guard let quota = context.cache.store(ResourceQuotaController.resource)?[key] else { return Plan() }
        let names = Set((quota.part("spec")?.map("hard").entries ?? []).map(\.key))
        var subjects: [QuotaSubject] = []
        for kind in kinds where QuotaPlanner.counts(kind, names) {
            let objects = context.cache.store(ResourceName(kind))?.all ?? []
            subjects += objects.filter { $0.metadata.namespace == key.namespace }.map { QuotaSubject($0, kind) }
        }
        return QuotaPlanner.plan(quota, subjects, now: context.now)
    }
}
