import MartinetAPI
package import MartinetSchema

/// What a component wants to know of: a kind, perhaps in one namespace, perhaps selected.
package struct WatchedResource: Hashable, Sendable {
    /// Nil for a resource that a CustomResourceDefinition brought: its type changes with the definition.
    package let type: ObjectType?
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

    /// All objects of a custom resource.
    package init(custom resource: ResourceName) {
        type = nil
        self.resource = resource
        labelSelector = ""
        fieldSelector = ""
    }

    /// Whether it shows every object of the kind in its namespaces.
    package var isUnselected: Bool { labelSelector.isEmpty && fieldSelector.isEmpty }

    func covers(_ object: Object) -> Bool {
        if let type {
            guard object.type == type else { return false }
        } else {
            guard let kind = object.type.kind, kind.group == resource.group, kind.plural == resource.plural else {
                return false
            }
        }
        guard let namespace = resource.namespace else { return true }
        return object.metadata.namespace == namespace
    }
}
