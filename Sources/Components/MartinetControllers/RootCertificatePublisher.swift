import MartinetAPI
package import MartinetClient
import MartinetReconcile
import MartinetSchema

/// Puts the cluster's root certificate into every namespace.
package struct RootCertificatePublisher: Reconciler {
    private let pem: String

    package init(pem: String) { self.pem = pem }

    package var name: String { "root-ca-certificate-publisher-controller" }
    package var watches: [WatchedResource] { [WatchedResource(Namespace.self), WatchedResource(ConfigMap.self)] }
    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] { cache.list(Namespace.self).map(\.metadata.key) }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        if change.isOf(Namespace.self) { return [change.key] }
        let isOurs = change.key.name == NamespaceContentPlanner.rootCertificate
        return isOurs ? [ObjectKey(namespace: "", name: change.key.namespace)] : []
    }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        guard let namespace = context.cache.get(Namespace.self, key) else { return Plan() }
        let mapKey = ObjectKey(namespace: key.name, name: NamespaceContentPlanner.rootCertificate)
        return NamespaceContentPlanner.rootCertificate(
            in: namespace, pem: pem, existing: context.cache.get(ConfigMap.self, mapKey))
    }
}
