/// A type as it is declared, before it is compiled into a table.
package struct TypeDefinition: Sendable {
    /// The full name: `v1.PodSpec`, `apps/v1.Deployment`.
    package var name: String
    package var flags: TypeFlags
    package var fields: [FieldDefinition]
    /// What the values of undeclared names look like.
    package var additional: FieldDefinition?
    package var kind: KindDefinition?
    /// What such an object is, for people.
    package var documentation = ""

    package init(
        name: String, flags: TypeFlags = [], fields: [FieldDefinition], additional: FieldDefinition? = nil,
        kind: KindDefinition? = nil
    ) {
        self.name = name
        self.flags = flags
        self.fields = fields
        self.additional = additional
        self.kind = kind
    }
}

package struct FieldDefinition: Sendable {
    package var name: String
    package var number: UInt16 = 0
    package var outer: UInt16 = 0
    package var scalar: Scalar
    package var container: Multiplicity = .single
    /// The full name of the type where `scalar` is `.object`.
    package var reference = ""
    package var flags: FieldFlags = []
    package var defaultLiteral = ""
    package var mergeKey = ""
    package var listKeys: [String] = []
    package var enumeration: [String] = []
    package var rules: [String] = []
    package var documentation = ""
    package var format = ""

    package init(name: String, scalar: Scalar, container: Multiplicity = .single, reference: String = "") {
        self.name = name
        self.scalar = scalar
        self.container = container
        self.reference = reference
    }
}

package struct KindDefinition: Sendable {
    package var group = ""
    package var version = ""
    package var name = ""
    package var plural = ""
    package var singular = ""
    package var isNamespaced = true
    package var shortNames: [String] = []
    package var categories: [String] = []
    package var verbs: [String] = []
    package var subresources: [(name: String, verbs: [String], kind: String)] = []
    package var selectable: [String] = []
    package var storageHash = ""
    package var columns: [Kind.Column] = []
    package var protobufPackage = ""
    package var isServedByDefault = true
    /// Whether upstream serves it no longer: it is served where old versions are asked for.
    package var isLegacy = false
    /// Whether upstream does not even know it any more.
    package var isForgotten = false
    /// The full name of the kind that its objects are stored as, where that is another one.
    package var storedAs = ""
    /// Defaults that only this kind has, by path: a type that it shares with others does not have them there.
    package var defaults: [(path: String, literal: String)] = []
    package var groupPriority: UInt32 = 0
    package var versionPriority: UInt32 = 0
    /// Where the replicas lie, for kinds whose scale is elsewhere than the built-in ones have it.
    package var scalePaths: ScalePaths?
    package init() {}

    /// What discovery lists for a resource that can do everything.
    package static let allVerbs = [
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    ]
}

/// A schema that does not hold together.
package struct SchemaError: Error, Sendable, CustomStringConvertible {
    /// Where: a file and line, or a type and field.
    package let place: String
    package let message: String
    package init(place: String, message: String) {
        self.place = place
        self.message = message
    }
    package var description: String { "\(place): \(message)" }
}
