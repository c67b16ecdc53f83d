import MartinetAPI
import MartinetClient
import MartinetSchema

/// Where the objects of a CustomResourceDefinition are served.
enum CustomResources {
    typealias Found = (resource: ResourceName, isNamespaced: Bool)

    /// The version that is stored, if it is served, else the first that is; nil until the definition is established.
    static func resource(_ definition: CustomResourceDefinition) -> Found? {
        let spec = definition.spec
        guard definition.metadata.deletionTimestamp == nil,
            definition.status.conditions.contains(where: { $0.type == "Established" && $0.status == "True" }),
            let version = spec.versions.first(where: { $0.served && $0.storage })
                ?? spec.versions.first(where: \.served)
        else { return nil }
        return (
            ResourceName(group: spec.group, version: version.name, plural: spec.names.plural),
            spec.scope == "Namespaced"
        )
    }
}
