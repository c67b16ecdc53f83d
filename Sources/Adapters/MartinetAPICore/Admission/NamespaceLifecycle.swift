import MartinetAPI
import MartinetSchema
import MartinetClient

/// Nothing is created in a namespace that does not exist or is going, and the first namespaces stay.
struct NamespaceLifecycle: AdmissionPlugin {
    let name = "NamespaceLifecycle"
    private static let immortal: Set<String> = ["default", "kube-system", "kube-public"]

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        if attributes.kind.name == "Namespace", attributes.kind.group.isEmpty {
            guard attributes.verb == .delete, NamespaceLifecycle.immortal.contains(attributes.resource.name ?? "")
            else {
                return
            }
            throw APIError.about(
                attributes.resource, code: 403, reason: "Forbidden", "is forbidden: this namespace may not be deleted")
        }
        guard attributes.verb == .create, attributes.kind.isNamespaced, let namespace = attributes.resource.namespace
        else { return }
        let namespaces = ResourceName(version: "v1", plural: "namespaces", name: namespace)
        guard let resource = registry.served[namespaces],
            let found = resource.cache.get(resource.key(namespace: nil, name: namespace))
        else { throw APIError.notFound(namespaces) }
        guard found.object.metadata.deletionTimestamp != nil else { return }
        var target = attributes.resource
        target.name = attributes.object.metadata.name
        let why = "namespace \(namespace) is being terminated"
        var error = APIError.about(
            target, code: 403, reason: "Forbidden",
            "is forbidden: unable to create new content in namespace \(namespace) because it is being terminated")
        error.causes = [.init(reason: "NamespaceTerminating", field: "metadata.namespace", message: why)]
        throw error
    }
}
