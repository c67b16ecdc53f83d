package import MartinetSelectors

/// Which objects of a resource a list or watch is about.
package struct Selection: Sendable {
    /// Nil for all namespaces.
    package var namespace: String?
    package var labels: LabelSelector
    package var fields: FieldSelector

    package init(namespace: String? = nil, labels: LabelSelector = .everything, fields: FieldSelector = .everything) {
        self.namespace = namespace
        self.labels = labels
        self.fields = fields
    }

    /// Whether anything but the namespace is selected by.
    var isFiltered: Bool { !labels.isEmpty || !fields.isEmpty }

    func matches(_ object: CachedObject) -> Bool {
        if let namespace, object.namespace != namespace { return false }
        if !labels.isEmpty, !labels.matches(object.label) { return false }
        return fields.isEmpty || fields.matches(object.field)
    }
}
