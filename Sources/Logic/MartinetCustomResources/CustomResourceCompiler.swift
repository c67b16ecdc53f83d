import MartinetImageSpec
package import MartinetAPI
import MartinetBase
package import MartinetSchema

/// Compiles the schemas of a CustomResourceDefinition into the tables that every kind has.
package struct CustomResourceCompiler {
    private let crd: CustomResourceDefinition
    private var types: [TypeDefinition] = []

    /// What every table of a custom kind holds too: the metadata of objects and of lists.
    private static let metadata = "meta/v1.ObjectMeta"
    private static let listMetadata = "meta/v1.ListMeta"

    private init(_ crd: CustomResourceDefinition) { self.crd = crd }

    /// The definitions of all versions, self-contained: ready for `Schema`.
    package static func definitions(of crd: CustomResourceDefinition) throws(SchemaError) -> [TypeDefinition] {
        var compiler = CustomResourceCompiler(crd)
        for name in [metadata, listMetadata] {
            guard let type = Schema.builtin.type(named: name) else {
                throw SchemaError(place: name, message: "the built-in schema has no such type")
            }
            for copy in TypeDefinition.copies(of: type)
            where !compiler.types.contains(where: { $0.name == copy.name }) {
                compiler.types.append(copy)
            }
        }
        for version in crd.spec.versions { try compiler.add(version) }
        return compiler.types
    }

    /// The name of a version's type in its table.
    package static func typeName(_ crd: CustomResourceDefinition, version: String) -> String {
        "\(crd.spec.group)/\(version).\(crd.spec.names.kind)"
    }

    private mutating func add(_ version: CustomResourceDefinitionVersion) throws(SchemaError) {
        let name = CustomResourceCompiler.typeName(crd, version: version.name)
        guard let schema = version.schema?.openAPIV3Schema else {
            throw SchemaError(place: name, message: "the version has no schema")
        }
        var metadata = FieldDefinition(
            name: "metadata", scalar: .object, reference: CustomResourceCompiler.metadata)
        metadata.documentation = "Name, namespace, labels, annotations and the rest of what every object carries."
        var type = try object(schema, named: name, keepsUnknown: false)
        type.fields.removeAll { ["apiVersion", "kind", "metadata"].contains($0.name) }
        type.fields.insert(metadata, at: 0)
        type.flags.insert(.root)
        type.kind = kind(version)
        types.append(type)
        types.append(list(of: name, version))
    }

    /// What discovery shows so that clients see when objects are stored as another version: upstream's own hash.
    private static func storageHash(_ crd: CustomResourceDefinition) -> String {
        guard let storage = crd.spec.versions.first(where: \.storage) else { return "" }
        var hash = SHA256()
        hash.update(Array("\(crd.spec.group)/\(storage.name)/\(crd.spec.names.kind)".utf8))
        var digits = hash.digest().hex.prefix(16)[...]
        var bytes: [UInt8] = []
        while digits.count >= 2 {
            bytes.append(UInt8(digits.prefix(2), radix: 16) ?? 0)
            digits = digits.dropFirst(2)
        }
        return Base64.encode(bytes)
    }

    private func kind(_ version: CustomResourceDefinitionVersion) -> KindDefinition {
        let names = crd.spec.names
        var kind = KindDefinition()
        kind.group = crd.spec.group
        kind.version = version.name
        kind.name = names.kind
        kind.plural = names.plural
        kind.singular = names.singular
        kind.isNamespaced = crd.spec.scope == "Namespaced"
        kind.shortNames = names.shortNames
        kind.categories = names.categories
        // Upstream lists the verbs of custom resources in an order of its own.
        kind.verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
        kind.storageHash = CustomResourceCompiler.storageHash(crd)
        kind.selectable = version.selectableFields.map { String($0.jsonPath.drop { $0 == "." }) }
        // As upstream registers the groups of custom resources.
        (kind.groupPriority, kind.versionPriority) = (1000, 100)
        let verbs = ["get", "patch", "update"]
        if version.subresources?.status != nil { kind.subresources.append(("status", verbs, "")) }
        if let scale = version.subresources?.scale {
            kind.subresources.append(("scale", verbs, "autoscaling/v1.Scale"))
            kind.scalePaths = ScalePaths(
                specReplicas: scale.specReplicasPath, statusReplicas: scale.statusReplicasPath,
                labelSelector: scale.labelSelectorPath.flatMap { $0.isEmpty ? nil : $0 })
        }
        kind.columns = columns(version)
        return kind
    }

    /// The name, then what the definition asks for; the age where it asks for nothing.
    private func columns(_ version: CustomResourceDefinitionVersion) -> [Kind.Column] {
        func flat(_ text: String) -> String {
            String(text.map { $0 == "\t" || $0.isNewline ? " " : $0 })
        }
        let name = Kind.Column(
            name: "Name", type: "string", source: ".metadata.name", format: "name",
            description: "The object's name, unique in its namespace.")
        guard !version.additionalPrinterColumns.isEmpty else {
            return [
                name,
                Kind.Column(
                    name: "Age", type: "date", source: ".metadata.creationTimestamp",
                    description: "When the object was created."),
            ]
        }
        return [name]
            + version.additionalPrinterColumns.map { column in
                Kind.Column(
                    name: flat(column.name), type: column.type, source: flat(column.jsonPath), format: column.format,
                    priority: column.priority, description: flat(column.description))
            }
    }

    private func list(of name: String, _ version: CustomResourceDefinitionVersion) -> TypeDefinition {
        var kind = KindDefinition()
        kind.group = crd.spec.group
        kind.version = version.name
        kind.name = crd.spec.names.listKind
        let metadata = FieldDefinition(
            name: "metadata", scalar: .object, reference: CustomResourceCompiler.listMetadata)
        var items = FieldDefinition(name: "items", scalar: .object, container: .list, reference: name)
        items.flags = [.always]
        return TypeDefinition(name: name + "List", flags: .root, fields: [metadata, items], kind: kind)
    }

    // MARK: - Schemas

    /// The type of the objects that a schema describes. Types inside it are added on the way.
    private mutating func object(
        _ schema: JSONSchemaProps, named name: String, keepsUnknown: Bool, depth: Int = 0
    ) throws(SchemaError) -> TypeDefinition {
        guard depth < SchemaRule.depthMax else {
            throw SchemaError(place: name, message: "the schema nests deeper than \(SchemaRule.depthMax) levels")
        }
        var type = TypeDefinition(name: name, fields: [])
        type.documentation = schema.description
        if keepsUnknown || schema.x_kubernetes_preserve_unknown_fields == true { type.flags.insert(.preserveUnknown) }
        for (property, nested) in schema.properties.sorted(by: { $0.key.precedes($1.key) }) {
            var field = try field(nested, at: "\(name).\(property)", keepsUnknown: false, depth: depth + 1)
            field.name = property
            if schema.required.contains(property) { field.flags.insert(.required) }
            type.fields.append(field)
        }
        if let additional = schema.additionalProperties {
            if let nested = additional.schema {
                type.additional = try field(nested, at: "\(name){}", keepsUnknown: false, depth: depth + 1)
            } else if additional.allows {
                type.additional = FieldDefinition(name: "", scalar: .any)
            }
        }
        if schema.x_kubernetes_embedded_resource { embed(&type) }
        return type
    }

    /// An embedded resource has metadata of its own, and keeps its apiVersion and kind as a root object does.
    private func embed(_ type: inout TypeDefinition) {
        type.flags.insert(.root)
        type.fields.removeAll { ["apiVersion", "kind", "metadata"].contains($0.name) }
        var metadata = FieldDefinition(
            name: "metadata", scalar: .object, reference: CustomResourceCompiler.metadata)
        metadata.flags = [.pointer]
        type.fields.insert(metadata, at: 0)
    }

    private mutating func field(
        _ schema: JSONSchemaProps, at path: String, keepsUnknown: Bool, depth: Int
    ) throws(SchemaError) -> FieldDefinition {
        let keeps = keepsUnknown || schema.x_kubernetes_preserve_unknown_fields == true
        var field: FieldDefinition
        if schema.type == "array" {
            field = try list(schema, at: path, keepsUnknown: keeps, depth: depth)
        } else if schema.x_kubernetes_int_or_string {
            field = FieldDefinition(name: "", scalar: .intorstring)
        } else if schema.type == "object" || !schema.properties.isEmpty || schema.additionalProperties != nil {
            types.append(try object(schema, named: path, keepsUnknown: keeps, depth: depth + 1))
            field = FieldDefinition(name: "", scalar: .object, reference: path)
            if schema.x_kubernetes_map_type == "atomic" { field.flags.insert(.atomic) }
        } else {
            let scalars: [String: Scalar] = [
                "string": .string, "integer": schema.format == "int32" ? .int32 : .int64, "number": .double,
                "boolean": .bool,
            ]
            field = FieldDefinition(name: "", scalar: scalars[schema.type] ?? .any)
        }
        // Absent, empty and zero are three things in a custom resource, and a wrong type is validation's to refuse.
        field.flags.formUnion([.pointer, .lenient])
        if schema.nullable { field.flags.insert(.nullable) }
        field.defaultLiteral = schema.default?.text ?? ""
        field.documentation = schema.description
        field.format = schema.format
        describe(schema, &field)
        return field
    }

    private mutating func list(
        _ schema: JSONSchemaProps, at path: String, keepsUnknown: Bool, depth: Int
    ) throws(SchemaError) -> FieldDefinition {
        guard let items = schema.items?.schema else {
            throw SchemaError(place: path, message: "the items of the list have no schema")
        }
        guard items.default == nil else {
            throw SchemaError(place: path, message: "a default for the items of a list is not supported yet")
        }
        var element = try self.field(items, at: "\(path)[]", keepsUnknown: keepsUnknown, depth: depth + 1)
        if element.container == .list {
            // Lists have one level in the tables: a list in a list is a type whose JSON form is a list.
            element.name = "items"
            types.append(TypeDefinition(name: "\(path)[]", flags: .listForm, fields: [element]))
            element = FieldDefinition(name: "", scalar: .object, reference: "\(path)[]")
        }
        var field = FieldDefinition(
            name: "", scalar: element.scalar, container: .list, reference: element.reference)
        switch schema.x_kubernetes_list_type {
        case "set": field.flags.insert(.listSet)
        case "map":
            field.flags.insert(.listMap)
            field.listKeys = schema.x_kubernetes_list_map_keys
        default: field.flags.insert(.atomic)
        }
        return field
    }

    /// The limits as the schema language writes them, for whoever describes the field.
    private func describe(_ schema: JSONSchemaProps, _ field: inout FieldDefinition) {
        let names = schema.enum.compactMap { value -> String? in
            guard case .string(let text) = PlainTree.plain(value), !text.contains(",") else { return nil }
            return text
        }
        if names.count == schema.enum.count { field.enumeration = names }
        func limit(_ name: String, _ value: Any?) { if let value { field.rules.append("\(name)=\(value)") } }
        limit(schema.exclusiveMinimum ? "exclusivemin" : "min", schema.minimum)
        limit(schema.exclusiveMaximum ? "exclusivemax" : "max", schema.maximum)
        limit("multipleof", schema.multipleOf)
        limit("minlen", schema.minLength)
        limit("maxlen", schema.maxLength)
        limit("minitems", schema.minItems)
        limit("maxitems", schema.maxItems)
        limit("minproperties", schema.minProperties)
        limit("maxproperties", schema.maxProperties)
        if !schema.pattern.isEmpty, !schema.pattern.contains("\n") { limit("pattern", schema.pattern) }
    }
}
