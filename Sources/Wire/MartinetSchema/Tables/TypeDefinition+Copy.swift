extension TypeDefinition {
    /// The definition that a compiled type came from, without its kind, so that another table can hold the same type.
    /// Slots, numbers and names are the same: views of the original work on objects of the copy.
    package init(copying type: ObjectType) {
        self.init(
            name: type.name, flags: type.flags, fields: type.fields.map { FieldDefinition(copying: $0) },
            additional: type.additional.map { FieldDefinition(copying: $0) })
    }

    /// The definition without the texts that only people read, which lie apart from the built-in table
    /// (`Documentation`).
    package var undocumented: TypeDefinition {
        var copy = self
        copy.documentation = ""
        for slot in copy.fields.indices { copy.fields[slot].documentation = "" }
        return copy
    }

    /// The type and all that its fields refer to, each once.
    package static func copies(of root: ObjectType) -> [TypeDefinition] {
        var copies: [TypeDefinition] = []
        var seen: Set<String> = []
        var queue = [root]
        while let type = queue.popLast() {
            guard seen.insert(type.name).inserted else { continue }
            copies.append(TypeDefinition(copying: type))
            queue += type.fields.compactMap(\.type)
            if let type = type.additional?.type { queue.append(type) }
        }
        return copies
    }
}

extension FieldDefinition {
    init(copying field: Field) {
        self.init(
            name: field.name, scalar: field.scalar, container: field.container, reference: field.type?.name ?? "")
        number = field.number
        outer = field.outer
        flags = field.flags
        defaultLiteral = field.defaultLiteral
        mergeKey = field.mergeKey
        listKeys = field.listKeys
        enumeration = field.enumeration
        rules = field.rules
        documentation = field.ownDocumentation
        format = field.format
    }
}
