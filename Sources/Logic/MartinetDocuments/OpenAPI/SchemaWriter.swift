import MartinetSchema

/// OpenAPI's two forms. They differ in where schemas lie, in how a reference is decorated and in what may be said.
enum OpenAPIDialect: Sendable { case v2, v3 }

/// Writes the schemas that the operations name, and those that these name in turn.
struct SchemaWriter {
    let dialect: OpenAPIDialect
    let names: SchemaNames
    /// The group-versions under which `DeleteOptions` and `WatchEvent` are known too.
    let everywhere: [(group: String, version: String)]
    /// The schemas of custom kinds, as their definitions have them.
    let defined: [Kind: Value]
    private(set) var schemas: [String: JSONTree] = [:]
    private var waiting: [(String, ObjectType)] = []

    init(
        dialect: OpenAPIDialect, names: SchemaNames, everywhere: [(group: String, version: String)],
        defined: [Kind: Value] = [:]
    ) {
        self.dialect = dialect
        self.names = names
        self.everywhere = everywhere
        self.defined = defined
    }

    /// A reference to the schema of a type, which is written as well.
    mutating func reference(to type: ObjectType) -> JSONTree {
        let name = names.name(of: type)
        if schemas[name] == nil {
            schemas[name] = .object([])
            waiting.append((name, type))
        }
        return reference(name)
    }

    mutating func reference(to scalar: Scalar) -> JSONTree? {
        guard let name = SchemaNames.wellKnown[scalar] else { return nil }
        schemas[name] = wellKnown(scalar)
        return reference(name)
    }

    /// The body of a patch, of which nothing can be said.
    mutating func referenceToPatch() -> JSONTree {
        schemas[SchemaNames.patch] = .object([
            "description": .string(CommonDescriptions.patch), "type": .string("object"),
        ])
        return reference(SchemaNames.patch)
    }

    private func reference(_ name: String) -> JSONTree {
        .object(["$ref": .string((dialect == .v3 ? "#/components/schemas/" : "#/definitions/") + name)])
    }

    /// Writes everything that has been referred to, and returns it in the order of the names.
    mutating func finish() -> JSONTree {
        while let (name, type) = waiting.popLast() { schemas[name] = schema(of: type) }
        return .object(schemas.sorted { $0.key.precedes($1.key) }.map { .init($0.key, $0.value) })
    }

    private func wellKnown(_ scalar: Scalar) -> JSONTree {
        let form = form(of: scalar)
        guard let text = CommonDescriptions.scalars[scalar], case .object(let members) = form else { return form }
        return .object([.init("description", .string(text))] + members)
    }

    private func form(of scalar: Scalar) -> JSONTree {
        func either(_ a: String, _ b: String) -> JSONTree {
            .list([.object(["type": .string(a)]), .object(["type": .string(b)])])
        }
        switch scalar {
        case .quantity:
            return dialect == .v3
                ? .object(["oneOf": either("string", "number")]) : .object(["type": .string("string")])
        case .intorstring:
            let format = JSONTree.string("int-or-string")
            return dialect == .v3
                ? .object(["format": format, "oneOf": either("integer", "string")])
                : .object(["type": .string("string"), "format": format])
        case .time, .microtime: return .object(["type": .string("string"), "format": .string("date-time")])
        case .duration: return .object(["type": .string("string")])
        case .raw, .fieldsv1: return .object(["type": .string("object")])
        default: return .object([])
        }
    }

    // MARK: - Types

    /// Types whose JSON is one of two forms, of which OpenAPI says nothing.
    private static let anything: TypeFlags = [.propsOrBool, .propsOrArray, .propsOrStrings]

    private mutating func schema(of type: ObjectType) -> JSONTree {
        let description = type.documentation.isEmpty ? nil : JSONTree.string(type.documentation)
        guard type.flags.isDisjoint(with: Self.anything) else { return .object(["description": description]) }
        if let custom = definedSchema(of: type) { return custom }
        var properties: [(name: String, schema: JSONTree)] = []
        for field in type.fields {
            properties.append((field.name, property(field, documentation: type.documentation(of: field))))
        }
        if type.flags.contains(.root) {
            for (name, text) in CommonDescriptions.typeMeta where type.field(named: name) == nil {
                properties.append((name, .object(["description": .string(text), "type": .string("string")])))
            }
        }
        properties.sort { $0.name.precedes($1.name) }
        var required = type.fields.filter { $0.flags.contains(.required) }.map(\.name)
        // Of a list kind nothing is written down but what it is a list of.
        if required.isEmpty, type.kind?.name.hasSuffix("List") == true, type.field(named: "items") != nil {
            required = ["items"]
        }
        var additional: JSONTree?
        if let field = type.additional { additional = property(field, documentation: type.documentation(of: field)) }
        return .object([
            "description": description, "type": .string("object"),
            "required": required.isEmpty ? nil : .strings(required),
            "properties": properties.isEmpty ? nil : .object(properties.map { .init($0.name, $0.schema) }),
            "additionalProperties": additional,
            "x-kubernetes-group-version-kind": groupVersionKinds(type),
            "x-kubernetes-map-type": type.flags.contains(.atomic) ? .string("atomic") : nil,
            "x-kubernetes-preserve-unknown-fields": type.flags.contains(.preserveUnknown) ? .bool(true) : nil,
            "x-kubernetes-unions": unions(type),
        ])
    }

    /// What is published of a custom kind or of the list of it; nil for types that come with the schema's tables.
    private mutating func definedSchema(of type: ObjectType) -> JSONTree? {
        guard let kind = type.kind, kind.protobufPackage.isEmpty, let identity = groupVersionKinds(type) else {
            return nil
        }
        func metadata(_ name: String) -> JSONTree {
            Schema.builtin.type(named: "meta/v1.\(name)").map { reference(to: $0) } ?? .object([])
        }
        if let schema = defined[kind] {
            return DefinedSchema(schema: schema, kind: kind, dialect: dialect)
                .tree(metadata: metadata("ObjectMeta"), identity: identity)
        }
        guard let item = type.field(named: "items")?.type, let kind = item.kind, let schema = defined[kind] else {
            return nil
        }
        return DefinedSchema(schema: schema, kind: kind, dialect: dialect)
            .list(item: reference(to: item), metadata: metadata("ListMeta"), identity: identity)
    }

    private func groupVersionKinds(_ type: ObjectType) -> JSONTree? {
        func entry(_ group: String, _ version: String, _ kind: String) -> JSONTree {
            .object(["group": .string(group), "kind": .string(kind), "version": .string(version)])
        }
        if type.name == "meta/v1.WatchEvent" || type.name == "meta/v1.DeleteOptions" {
            let name = String(type.name.dropFirst(8))
            return .list([entry("", "v1", name)] + everywhere.map { entry($0.group, $0.version, name) })
        }
        return type.kind.map { .list([entry($0.group, $0.version, $0.name)]) }
    }

    /// Unions as upstream publishes them: the switch, where there is one, and the value for which each member is meant.
    private func unions(_ type: ObjectType) -> JSONTree? {
        var members: [String: [Field]] = [:]
        for field in type.fields {
            for rule in field.rules where rule.hasPrefix("union(") { members[rule, default: []].append(field) }
        }
        let published = members.filter { _, fields in
            // Upstream publishes those with a switch, and else few.
            fields.contains { $0.rules.contains("published") } || switching(fields) != nil
        }
        guard !published.isEmpty else { return nil }
        let unions = published.sorted { $0.key.precedes($1.key) }.map { _, fields in
            let discriminator = switching(fields)
            let rest = fields.filter { $0.name != discriminator?.name }.sorted { $0.name.precedes($1.name) }
            return JSONTree.object([
                "discriminator": (discriminator?.name).map(JSONTree.string),
                "fields-to-discriminateBy": .object(
                    rest.map { .init($0.name, .string($0.name.prefix(1).uppercased() + $0.name.dropFirst())) }),
            ])
        }
        return .list(unions)
    }

    private func switching(_ fields: [Field]) -> Field? {
        fields.first {
            !$0.flags.contains(.pointer) && (!$0.enumeration.isEmpty || $0.name == "type" || $0.name == "kind")
        }
    }

    // MARK: - Fields

    private mutating func property(_ field: Field, documentation text: String) -> JSONTree {
        var members: [JSONTree.Member] = []
        func add(_ key: String, _ value: JSONTree?) { if let value { members.append(.init(key, value)) } }
        let documentation = text.isEmpty ? nil : JSONTree.string(text)
        switch field.container {
        case .single:
            let single = element(field)
            if single["$ref"] != nil {
                // Beside a bare reference nothing counts (JSON Reference), a description neither.
                let isBare = dialect == .v3 && field.rules.contains("bare")
                if !isBare { add("description", documentation) }
                if dialect == .v3, !isBare, field.type?.flags.isDisjoint(with: Self.anything) ?? true {
                    add("default", defaultValue(field))
                    add("allOf", .list([single]))
                } else {
                    add("$ref", single["$ref"])
                }
            } else {
                if case .object(let inner) = single { members = inner }
                add("description", documentation)
                if dialect == .v3 { add("default", defaultValue(field)) }
            }
        case .list, .nested:
            add("type", .string("array"))
            add("description", documentation)
            let item = element(field)
            add("items", field.container == .nested ? .object(["type": .string("array"), "items": item]) : item)
        case .map:
            add("type", .string("object"))
            add("description", documentation)
            add("additionalProperties", element(field))
        }
        for (key, value) in extensions(field) { members.append(.init(key, value)) }
        return .object(members)
    }

    /// A single value of the field: a reference, or type, format and values.
    private mutating func element(_ field: Field) -> JSONTree {
        if let type = field.type { return reference(to: type) }
        if let known = reference(to: field.scalar) { return known }
        let (type, format): (String, String?) =
            switch field.scalar {
            case .bytes: ("string", "byte")
            case .bool: ("boolean", nil)
            case .int32: ("integer", "int32")
            case .int64, .uint32, .uint64: ("integer", "int64")
            case .double: ("number", "double")
            case .float: ("number", "float")
            case .strings: ("array", nil)
            case .any: ("", nil)
            default: ("string", nil)
            }
        let text = field.format.isEmpty ? format : field.format
        return .object([
            "type": type.isEmpty ? nil : .string(type), "format": text.map(JSONTree.string),
            "items": field.scalar == .strings ? .object(["type": .string("string")]) : nil,
            "enum": field.publishedEnumeration.isEmpty ? nil : .strings(field.publishedEnumeration),
        ])
    }

    /// What OpenAPI calls the default: what is marked so, and the zero value of what is always there.
    private func defaultValue(_ field: Field) -> JSONTree? {
        if field.rules.contains("published") {
            return field.defaultLiteral.isEmpty ? nil : .raw(field.defaultLiteral)
        }
        if field.flags.contains(.pointer) || field.flags.contains(.omitZero) { return nil }
        if field.scalar == .object { return .object([]) }
        guard field.flags.contains(.always) else { return nil }
        switch field.scalar {
        case .string: return .string("")
        case .bool: return .bool(false)
        case .int32, .int64, .uint32, .uint64, .double, .float: return .int(0)
        default: return nil
        }
    }

    private func extensions(_ field: Field) -> [(String, JSONTree)] {
        var found: [(String, JSONTree)] = limits(field)
        let flags = field.flags
        // Bytes are a list in the reference implementation.
        if field.container == .list || field.container == .nested || field.scalar == .bytes {
            if flags.contains(.listMap) {
                found.append(("x-kubernetes-list-map-keys", .strings(field.listKeys)))
                found.append(("x-kubernetes-list-type", .string("map")))
            } else if flags.contains(.listSet) {
                found.append(("x-kubernetes-list-type", .string("set")))
            } else if flags.contains(.atomic) {
                found.append(("x-kubernetes-list-type", .string("atomic")))
            }
        } else if flags.contains(.atomic) {
            found.append(("x-kubernetes-map-type", .string("atomic")))
        }
        if field.rules.contains("granular") { found.append(("x-kubernetes-map-type", .string("granular"))) }
        if flags.contains(.nullable) { found.append(("nullable", .bool(true))) }
        if !field.mergeKey.isEmpty { found.append(("x-kubernetes-patch-merge-key", .string(field.mergeKey))) }
        var strategies: [String] = []
        if flags.contains(.merge) { strategies.append("merge") }
        if flags.contains(.retainKeys) { strategies.append("retainKeys") }
        if field.rules.contains("replace") { strategies.append("replace") }
        if !strategies.isEmpty {
            found.append(("x-kubernetes-patch-strategy", .string(strategies.joined(separator: ","))))
        }
        return found
    }

    /// Of a type with a protobuf form, which no custom resource has, upstream publishes no limits: the server checks them.
    private func limits(_ field: Field) -> [(String, JSONTree)] {
        guard field.number == 0 else { return [] }
        let keys: [String: String] = [
            "min": "minimum", "max": "maximum", "minlen": "minLength", "maxlen": "maxLength", "minitems": "minItems",
            "maxitems": "maxItems",
        ]
        return field.rules.compactMap { rule in
            guard let equals = rule.firstIndex(of: "=") else { return nil }
            let value = String(rule[rule.index(after: equals)...])
            if rule[..<equals] == "pattern" { return ("pattern", value.hasPrefix("\"") ? .raw(value) : .string(value)) }
            guard let key = keys[String(rule[..<equals])], let number = Int(value) else { return nil }
            return (key, .int(number))
        }
    }
}
