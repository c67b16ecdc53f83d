import MartinetSchema

/// The schema of a custom resource as its author wrote it, in the words of either dialect.
///
/// What has been compiled into tables knows less than was written (alternatives, rules, examples), so what is published is made
/// from the definition itself. OpenAPI 2.0 has no defaults, alternatives or nulls, and of what may hold anything it says nothing,
/// as clients that check against it expect.
struct DefinedSchema {
    let schema: Value
    let kind: Kind
    let dialect: OpenAPIDialect

    /// - Parameter metadata: the reference to ObjectMeta.
    func tree(metadata: JSONTree, identity: JSONTree) -> JSONTree {
        var members: [String: JSONTree] = [:]
        var properties: [String: JSONTree] = [:]
        if case .map(let map) = schema {
            for entry in map.entries where entry.key != "properties" { members[entry.key] = JSONTree(entry.value) }
            if case .map(let declared)? = map["properties"] {
                for entry in declared.entries { properties[entry.key] = node(entry.value, metadata, depth: 1) }
            }
        }
        members["type"] = .string("object")
        for field in ["apiVersion", "kind"] { properties[field] = CommonDescriptions.described(field) }
        properties["metadata"] = objectMetadata(metadata)
        if dialect == .v3 || members["x-kubernetes-preserve-unknown-fields"] == nil {
            members["properties"] = DefinedSchema.object(properties)
        } else {
            members["x-kubernetes-preserve-unknown-fields"] = nil
        }
        if dialect == .v2 { for key in DefinedSchema.beyondV2 { members[key] = nil } }
        return head(members, identity)
    }

    /// The list of it.
    func list(item: JSONTree, metadata: JSONTree, identity: JSONTree) -> JSONTree {
        let properties: [String: JSONTree] = [
            "apiVersion": CommonDescriptions.described("apiVersion"), "kind": CommonDescriptions.described("kind"),
            "metadata": reference(metadata),
            "items": .object(["type": .string("array"), "items": item]),
        ]
        return head(
            [
                "type": .string("object"), "required": .strings(["items"]),
                "properties": DefinedSchema.object(properties),
            ], identity)
    }

    private func head(_ members: [String: JSONTree], _ identity: JSONTree) -> JSONTree {
        var members = members
        members["x-kubernetes-group-version-kind"] = identity
        let selectable = kind.selectable.filter { !$0.hasPrefix("metadata.") }
        if !selectable.isEmpty {
            members["x-kubernetes-selectable-fields"] = .list(
                selectable.map { .object(["fieldPath": .string($0)]) })
        }
        return DefinedSchema.object(members)
    }

    private func reference(_ target: JSONTree) -> JSONTree {
        dialect == .v3 ? .object(["allOf": .list([target])]) : target
    }

    private func objectMetadata(_ target: JSONTree) -> JSONTree {
        guard case .object(let members) = reference(target) else { return target }
        return .object(members + [JSONTree.Member("description", .string(CommonDescriptions.metadata))])
    }

    private static let beyondV2 = ["default", "oneOf", "anyOf", "allOf", "not", "nullable"]
    private static let depthMax = 128

    private func node(_ value: Value, _ metadata: JSONTree, depth: Int) -> JSONTree {
        guard case .map(let map) = value, depth < DefinedSchema.depthMax else { return JSONTree(value) }
        func isSet(_ key: String) -> Bool { map[key] == .bool(true) }
        let isAnything = dialect == .v2 && (isSet("nullable") || isSet("x-kubernetes-preserve-unknown-fields"))
        var members: [String: JSONTree] = [:]
        for entry in map.entries {
            if dialect == .v2, DefinedSchema.beyondV2.contains(entry.key) { continue }
            if isAnything, entry.key != "description", !entry.key.hasPrefix("x-kubernetes-") { continue }
            switch (entry.key, entry.value) {
            case ("properties", .map(let properties)):
                var trees: [String: JSONTree] = [:]
                for property in properties.entries {
                    trees[property.key] = node(property.value, metadata, depth: depth + 1)
                }
                members[entry.key] = DefinedSchema.object(trees)
            case ("items", .map), ("additionalProperties", .map):
                members[entry.key] = node(entry.value, metadata, depth: depth + 1)
            default: members[entry.key] = JSONTree(entry.value)
            }
        }
        if isSet("x-kubernetes-int-or-string") {
            if dialect == .v2 {
                members["type"] = nil
            } else if members["anyOf"] == nil {
                members["anyOf"] = .list(["integer", "string"].map { .object(["type": .string($0)]) })
            }
        }
        if isSet("x-kubernetes-embedded-resource"), !isAnything { embed(&members, metadata) }
        return DefinedSchema.object(members)
    }

    /// An object inside another one has its own apiVersion, kind and metadata.
    private func embed(_ members: inout [String: JSONTree], _ metadata: JSONTree) {
        var required = ["kind", "apiVersion"]
        if case .list(let own)? = members["required"] {
            required += own.compactMap {
                if case .string(let name) = $0, !required.contains(name) { name } else { nil }
            }
        }
        members["required"] = .strings(required)
        var properties: [String: JSONTree] = [:]
        if case .object(let own)? = members["properties"] {
            for member in own { properties[member.key] = member.value }
        }
        for field in ["apiVersion", "kind"] { properties[field] = CommonDescriptions.described(field) }
        properties["metadata"] = objectMetadata(metadata)
        members["properties"] = DefinedSchema.object(properties)
    }

    private static func object(_ members: [String: JSONTree]) -> JSONTree {
        .object(members.sorted { $0.key.precedes($1.key) }.map { JSONTree.Member($0.key, $0.value) })
    }
}

extension JSONTree {
    init(_ value: Value) {
        switch value {
        case .bool(let flag): self = .bool(flag)
        case .string(let text): self = .string(text)
        case .list(let values): self = .list(values.map { JSONTree($0) })
        case .map(let map): self = .object(map.entries.map { Member($0.key, JSONTree($0.value)) })
        default: self = .raw(String(decoding: JSONEncoder.encode(value), as: UTF8.self))
        }
    }
}
