import MartinetAPI
package import MartinetClient
import MartinetReconcile
import MartinetSchema

/// Gives every namespace its account `default`.
package struct ServiceAccountController: Reconciler {
    package init() {}
    package var name: String { "serviceaccount-controller" }
    package var watches: [WatchedResource] { [WatchedResource(Namespace.self), WatchedResource(ServiceAccount.self)] }
    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] { cache.list(Namespace.self).map(\.metadata.key) }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        if change.isOf(Namespace.self) { return [change.key] }
        return change.key.name == "default" ? [ObjectKey(namespace: "", name: change.key.namespace)] : []
    }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        guard let namespace = context.cache.get(Namespace.self, key) else { return Plan() }
        let account = context.cache.get(ServiceAccount.self, ObjectKey(namespace: key.name, name: "default"))
        return NamespaceContentPlanner.account(in: namespace, existing: account)
    }
}
