package import MartinetSchema

/// A resource of the API: what a URL names between the host and the query.
package struct ResourceName: Hashable, Sendable, CustomStringConvertible {
    package var group: String
    package var version: String
    package var plural: String
    /// Nil for cluster-scoped resources and for all namespaces.
    package var namespace: String?
    /// Nil for the collection.
    package var name: String?
    /// `status`, `scale`, `binding`, …; empty for the resource itself.
    package var subresource: String

    package init(
        group: String = "", version: String, plural: String, namespace: String? = nil, name: String? = nil,
        subresource: String = ""
    ) {
        self.group = group
        self.version = version
        self.plural = plural
        self.namespace = namespace
        self.name = name
        self.subresource = subresource
    }

    /// The resource that serves a kind.
    package init(_ kind: Kind, namespace: String? = nil, name: String? = nil, subresource: String = "") {
        self.init(
            group: kind.group, version: kind.version, plural: kind.plural,
            namespace: kind.isNamespaced ? namespace : nil,
            name: name, subresource: subresource)
    }

    package var description: String {
        var text = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        if let namespace { text += "/namespaces/\(namespace)" }
        text += "/\(plural)"
        if let name { text += "/\(name)" }
        return subresource.isEmpty ? text : text + "/\(subresource)"
    }
}
