package import MartinetSchema
package import MartinetYAML

/// One object of a manifest file, as it was written.
package struct Manifest: Sendable {
    package let file: String
    package var node: YAMLNode
    /// Nil where the kind is no built-in one: then its fields were not checked.
    package let kind: Kind?

    package init(file: String, node: YAMLNode, kind: Kind?) {
        self.file = file
        self.node = node
        self.kind = kind
    }

    package var apiVersion: String { node["apiVersion"]?.string ?? "" }
    package var kindName: String { node["kind"]?.string ?? "" }
    package var name: String { node["metadata"]?["name"]?.string ?? "" }
    package var namespace: String { node["metadata"]?["namespace"]?.string ?? "" }
}
