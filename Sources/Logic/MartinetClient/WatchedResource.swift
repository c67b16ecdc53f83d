import MartinetAPI
package import MartinetSchema

/// What a component wants to know of: a kind, perhaps in one namespace, perhaps selected.
package struct WatchedResource: Hashable, Sendable {
    package let type: ObjectType
    package let resource: ResourceName
    package var labelSelector: String
    package var fieldSelector: String

    package init(_ kind: Kind, namespace: String? = nil, labelSelector: String = "", fieldSelector: String = "") {
        type = kind.type
        resource = ResourceName(kind, namespace: namespace)
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
    }

    package init<V: View>(
        _ view: V.Type, namespace: String? = nil, labelSelector: String = "", fieldSelector: String = ""
    ) {
        self.init(V.kind, namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector)
    }

    /// Whether it shows every object of the kind in its namespaces.
    package var isUnselected: Bool { labelSelector.isEmpty && fieldSelector.isEmpty }

    func covers(_ object: Object) -> Bool {
        guard object.type == type else { return false }
        guard let namespace = resource.namespace else { return true }
        return object.metadata.namespace == namespace
    }
}
