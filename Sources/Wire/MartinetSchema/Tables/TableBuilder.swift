/// Compiles definitions into the bytes of a table (`TableFormat`).
package struct TableBuilder {
    private let definitions: [TypeDefinition]
    private var out: [UInt8] = []
    private var strings: [String: Int] = [:]
    private var typePlaces: [String: Int] = [:]
    /// Where a string's distance is to be written, once the strings lie behind the records.
    private var pendingStrings: [(place: Int, text: String)] = []

    package init(_ definitions: [TypeDefinition]) {
        self.definitions = definitions.sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    }

    /// The table; the same definitions give the same bytes whatever their order.
    package func build() throws(SchemaError) -> [UInt8] {
        var builder = self
        return try builder.assemble()
    }

    private mutating func assemble() throws(SchemaError) -> [UInt8] {
        let kinds = definitions.filter { $0.kind != nil }
        let types = TableFormat.headerSize
        let kindsPlace = types + definitions.count * TableFormat.typeSize
        out = [UInt8](repeating: 0, count: kindsPlace + kinds.count * TableFormat.kindSize)
        put(TableFormat.magic, at: TableFormat.Header.magic)
        put(TableFormat.version, at: TableFormat.Header.version)
        link(TableFormat.Header.types, to: types)
        put(UInt32(definitions.count), at: TableFormat.Header.typeCount)
        link(TableFormat.Header.kinds, to: kindsPlace)
        put(UInt32(kinds.count), at: TableFormat.Header.kindCount)
        for (index, definition) in definitions.enumerated() {
            guard typePlaces.updateValue(types + index * TableFormat.typeSize, forKey: definition.name) == nil else {
                throw SchemaError(place: definition.name, message: "the type is declared twice")
            }
        }
        for definition in definitions { try writeType(definition) }
        for (index, definition) in kinds.enumerated() {
            writeKind(definition, at: kindsPlace + index * TableFormat.kindSize)
        }
        writeStrings()
        putFingerprint()
        return out
    }

    private mutating func writeType(_ definition: TypeDefinition) throws(SchemaError) {
        guard let place = typePlaces[definition.name] else { return }
        let fields = definition.fields
        guard fields.count < 4096 else {
            throw SchemaError(place: definition.name, message: "\(fields.count) fields are more than 4095")
        }
        string(definition.name, at: place + TableFormat.TypeRecord.name)
        string(definition.documentation, at: place + TableFormat.TypeRecord.documentation)
        put(UInt16(fields.count), at: place + TableFormat.TypeRecord.fieldCount)
        put(definition.flags.rawValue, at: place + TableFormat.TypeRecord.flags)
        if !fields.isEmpty {
            let first = reserve(fields.count * TableFormat.fieldSize)
            link(place + TableFormat.TypeRecord.fields, to: first)
            for (slot, field) in fields.enumerated() {
                try writeField(field, slot: slot, at: first + slot * TableFormat.fieldSize, of: definition.name)
            }
            let byName = fields.indices.sorted {
                Array(fields[$0].name.utf8).lexicographicallyPrecedes(Array(fields[$1].name.utf8))
            }
            for (a, b) in zip(byName, byName.dropFirst()) where fields[a].name == fields[b].name {
                throw SchemaError(place: "\(definition.name).\(fields[a].name)", message: "the field is declared twice")
            }
            writeIndex(byName, at: place + TableFormat.TypeRecord.byName)
            let byNumber = fields.indices.sorted {
                fields[$0].numberPath.lexicographicallyPrecedes(fields[$1].numberPath)
            }
            writeIndex(byNumber, at: place + TableFormat.TypeRecord.byNumber)
        }
        if let additional = definition.additional {
            let record = reserve(TableFormat.fieldSize)
            link(place + TableFormat.TypeRecord.additional, to: record)
            try writeField(additional, slot: 0, at: record, of: definition.name)
        }
    }

    private mutating func writeIndex(_ slots: [Int], at place: Int) {
        let index = reserve(slots.count * 2)
        link(place, to: index)
        for (position, slot) in slots.enumerated() { put(UInt16(slot), at: index + position * 2) }
    }

    private mutating func writeField(
        _ field: FieldDefinition, slot: Int, at place: Int, of owner: String
    ) throws(SchemaError) {
        string(field.name, at: place + TableFormat.FieldRecord.name)
        if field.scalar == .object {
            guard let type = typePlaces[field.reference] else {
                throw SchemaError(place: "\(owner).\(field.name)", message: "no type is called \(field.reference)")
            }
            link(place + TableFormat.FieldRecord.type, to: type)
        }
        put(field.number, at: place + TableFormat.FieldRecord.number)
        put(field.outer, at: place + TableFormat.FieldRecord.outer)
        out[place + TableFormat.FieldRecord.scalar] = field.scalar.rawValue
        out[place + TableFormat.FieldRecord.container] = field.container.rawValue
        put(field.flags.rawValue, at: place + TableFormat.FieldRecord.flags)
        guard field.defaultLiteral.utf8.count <= UInt16.max else {
            throw SchemaError(place: "\(owner).\(field.name)", message: "the default is longer than 65535 bytes")
        }
        string(field.defaultLiteral, at: place + TableFormat.FieldRecord.defaultValue)
        string(field.mergeKey, at: place + TableFormat.FieldRecord.mergeKey)
        string(field.listKeys.joined(separator: ","), at: place + TableFormat.FieldRecord.listKeys)
        string(field.enumeration.joined(separator: ","), at: place + TableFormat.FieldRecord.enumeration)
        string(field.rules.joined(separator: "\n"), at: place + TableFormat.FieldRecord.rules)
        string(field.documentation, at: place + TableFormat.FieldRecord.documentation)
        string(field.format, at: place + TableFormat.FieldRecord.format)
        put(UInt16(slot), at: place + TableFormat.FieldRecord.slot)
    }

    private mutating func writeKind(_ definition: TypeDefinition, at place: Int) {
        guard let kind = definition.kind, let type = typePlaces[definition.name] else { return }
        link(type + TableFormat.TypeRecord.kind, to: place)
        link(place + TableFormat.KindRecord.type, to: type)
        if let list = typePlaces[definition.name + "List"] { link(place + TableFormat.KindRecord.listType, to: list) }
        string(kind.group, at: place + TableFormat.KindRecord.group)
        string(kind.version, at: place + TableFormat.KindRecord.version)
        string(kind.name, at: place + TableFormat.KindRecord.name)
        string(kind.plural, at: place + TableFormat.KindRecord.plural)
        string(kind.singular, at: place + TableFormat.KindRecord.singular)
        string(kind.shortNames.joined(separator: ","), at: place + TableFormat.KindRecord.shortNames)
        string(kind.categories.joined(separator: ","), at: place + TableFormat.KindRecord.categories)
        string(kind.verbs.joined(separator: ","), at: place + TableFormat.KindRecord.verbs)
        let subresources = kind.subresources.map { "\($0.name)\t\($0.verbs.joined(separator: ","))\t\($0.kind)" }
        string(subresources.joined(separator: "\n"), at: place + TableFormat.KindRecord.subresources)
        string(kind.selectable.joined(separator: ","), at: place + TableFormat.KindRecord.selectable)
        string(kind.storageHash, at: place + TableFormat.KindRecord.storageHash)
        string(
            kind.defaults.map { "\($0.path)\t\($0.literal)" }.joined(separator: "\n"),
            at: place + TableFormat.KindRecord.defaults)
        let columns = kind.columns.map {
            "\($0.name)\t\($0.type)\t\($0.source)\t\($0.format)\t\($0.priority)\t\($0.description)"
        }
        string(columns.joined(separator: "\n"), at: place + TableFormat.KindRecord.columns)
        string(kind.scalePaths?.tableText ?? "", at: place + TableFormat.KindRecord.scale)
        string(kind.protobufPackage, at: place + TableFormat.KindRecord.proto)
        string(kind.storedAs, at: place + TableFormat.KindRecord.storedAs)
        let flags: UInt32 =
            (kind.isNamespaced ? 1 : 0) | (kind.isServedByDefault ? 0 : 2) | (kind.isLegacy ? 4 : 0)
            | (kind.isForgotten ? 8 : 0)
        put(flags, at: place + TableFormat.KindRecord.flags)
        put(kind.groupPriority, at: place + TableFormat.KindRecord.groupPriority)
        put(kind.versionPriority, at: place + TableFormat.KindRecord.versionPriority)
    }

    // MARK: - Bytes

    private mutating func reserve(_ count: Int) -> Int {
        while out.count % 8 != 0 { out.append(0) }
        let place = out.count
        out.append(contentsOf: repeatElement(0, count: count))
        return place
    }

    private mutating func put<Number: FixedWidthInteger>(_ number: Number, at place: Int) {
        withUnsafeBytes(of: number.littleEndian) { bytes in
            for (index, byte) in bytes.enumerated() { out[place + index] = byte }
        }
    }

    private mutating func link(_ place: Int, to target: Int) { put(Int32(target - place), at: place) }

    private mutating func string(_ text: String, at place: Int) {
        if !text.isEmpty { pendingStrings.append((place, text)) }
    }

    private mutating func writeStrings() {
        for (place, text) in pendingStrings {
            if let known = strings[text] {
                link(place, to: known)
                continue
            }
            if out.count % 2 != 0 { out.append(0) }
            strings[text] = out.count
            link(place, to: out.count)
            out.append(tableText: text)
        }
    }

    /// FNV-1a over everything behind it (Fowler, Noll, Vo).
    private mutating func putFingerprint() {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in out[TableFormat.headerSize...] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        put(hash, at: TableFormat.Header.fingerprint)
    }
}

extension [UInt8] {
    /// A text as tables hold it: a 16-bit length, then UTF-8. What is longer than 65535 bytes is cut.
    package mutating func append(tableText text: String) {
        let bytes = Array(text.utf8.prefix(Int(UInt16.max)))
        append(UInt8(truncatingIfNeeded: bytes.count))
        append(UInt8(truncatingIfNeeded: bytes.count >> 8))
        append(contentsOf: bytes)
    }
}

extension FieldDefinition {
    /// The numbers from the outermost message to the field itself.
    fileprivate var numberPath: [UInt16] {
        if outer == 0 { return [number] }
        return outer < 256 ? [outer, number] : [outer & 0xFF, outer >> 8, number]
    }
}
