import MartinetSchema

/// Which object of a kind: its namespace (empty for cluster-scoped kinds) and its name.
package struct ObjectKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let namespace: String
    package let name: String

    package init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    package static func < (a: ObjectKey, b: ObjectKey) -> Bool {
        a.namespace == b.namespace ? a.name.precedes(b.name) : a.namespace.precedes(b.namespace)
    }

    package var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }
}
