/// A type of the schema: a pointer to its record in a compiled table.
///
/// `@unchecked`: tables are written once, before the first `ObjectType` of them exists, and never changed or freed.
package struct ObjectType: Hashable, @unchecked Sendable {
    let record: UnsafeRawPointer

    @inline(__always) init(record: UnsafeRawPointer) { self.record = record }

    package var name: String { record.text(TableFormat.TypeRecord.name) }
    @inline(__always) package var fieldCount: Int {
        Int(record.load(fromByteOffset: TableFormat.TypeRecord.fieldCount, as: UInt16.self))
    }
    @inline(__always) package var flags: TypeFlags {
        TypeFlags(rawValue: record.load(fromByteOffset: TableFormat.TypeRecord.flags, as: UInt16.self))
    }
    /// The kind that this is the type of; nil for what is only ever part of an object.
    package var kind: Kind? { record.follow(TableFormat.TypeRecord.kind).map(Kind.init(record:)) }
    /// How values under undeclared names look (`additionalProperties`); nil where there are none.
    package var additional: Field? { record.follow(TableFormat.TypeRecord.additional).map(Field.init(record:)) }
    /// What such an object is, for people; empty where nobody has said.
    package var documentation: String {
        let own = record.text(TableFormat.TypeRecord.documentation)
        return own.isEmpty ? Documentation.builtin.text(ofType: name) : own
    }
    /// What a field of this type means, for people; empty where nobody has said.
    package func documentation(of field: Field) -> String {
        let own = field.ownDocumentation
        return own.isEmpty ? Documentation.builtin.text(ofType: name, slot: field.slot) : own
    }

    @inline(__always) package func field(_ slot: Int) -> Field {
        precondition(slot >= 0 && slot < fieldCount, "no such slot")
        return Field(record: fieldRecords + slot * TableFormat.fieldSize)
    }

    package var fields: some RandomAccessCollection<Field> { (0..<fieldCount).lazy.map { field($0) } }

    @inline(__always) private var fieldRecords: UnsafeRawPointer {
        record.follow(TableFormat.TypeRecord.fields) ?? record
    }

    /// The field of this JSON name. `hint` is tried first: objects mostly come in the schema's own order.
    @inline(__always) func field(named name: UnsafeBufferPointer<UInt8>, hint: Int) -> Field? {
        let count = fieldCount
        if hint < count {
            let field = Field(record: fieldRecords + hint * TableFormat.fieldSize)
            if field.nameBytes.isEqual(to: name) { return field }
        }
        return search(name, count)
    }

    private func search(_ name: UnsafeBufferPointer<UInt8>, _ count: Int) -> Field? {
        guard let index = record.follow(TableFormat.TypeRecord.byName) else { return nil }
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            let slot = Int(index.load(fromByteOffset: middle * 2, as: UInt16.self))
            let field = Field(record: fieldRecords + slot * TableFormat.fieldSize)
            let order = field.nameBytes.compare(to: name)
            if order == 0 { return field }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    package func field(named name: String) -> Field? {
        var name = name
        return name.withUTF8 { field(named: $0, hint: .max) }
    }

    /// The slots in the order of their protobuf numbers, inlined messages in their place.
    var slotsByNumber: UnsafeBufferPointer<UInt16> {
        guard let index = record.follow(TableFormat.TypeRecord.byNumber) else { return .init(start: nil, count: 0) }
        return UnsafeBufferPointer(start: index.assumingMemoryBound(to: UInt16.self), count: fieldCount)
    }

    package static func == (a: ObjectType, b: ObjectType) -> Bool { a.record == b.record }
}

/// One field of a type.
package struct Field: @unchecked Sendable {
    let record: UnsafeRawPointer
    @inline(__always) init(record: UnsafeRawPointer) { self.record = record }

    package var name: String { record.text(TableFormat.FieldRecord.name) }
    @inline(__always) var nameBytes: UnsafeBufferPointer<UInt8> { record.bytes(TableFormat.FieldRecord.name) }
    @inline(__always) package var slot: Int {
        Int(record.load(fromByteOffset: TableFormat.FieldRecord.slot, as: UInt16.self))
    }
    @inline(__always) package var scalar: Scalar {
        Scalar(rawValue: record.load(fromByteOffset: TableFormat.FieldRecord.scalar, as: UInt8.self)) ?? .any
    }
    @inline(__always) package var container: Multiplicity {
        Multiplicity(rawValue: record.load(fromByteOffset: TableFormat.FieldRecord.container, as: UInt8.self))
            ?? .single
    }
    @inline(__always) package var flags: FieldFlags {
        FieldFlags(rawValue: record.load(fromByteOffset: TableFormat.FieldRecord.flags, as: UInt16.self))
    }
    /// The type of the objects that it holds; nil for scalars.
    @inline(__always) package var type: ObjectType? {
        record.follow(TableFormat.FieldRecord.type).map(ObjectType.init(record:))
    }
    /// The protobuf field number; 0 where the field has none.
    @inline(__always) package var number: UInt16 {
        record.load(fromByteOffset: TableFormat.FieldRecord.number, as: UInt16.self)
    }
    /// The number of the message that the field lies in, for inlined objects; else 0.
    @inline(__always) package var outer: UInt16 {
        record.load(fromByteOffset: TableFormat.FieldRecord.outer, as: UInt16.self)
    }
    /// The default as a JSON literal; empty where there is none.
    package var defaultLiteral: String { record.text(TableFormat.FieldRecord.defaultValue) }
    @inline(__always) var hasDefault: Bool {
        record.load(fromByteOffset: TableFormat.FieldRecord.defaultValue, as: Int32.self) != 0
    }
    package var mergeKey: String { record.text(TableFormat.FieldRecord.mergeKey) }
    package var listKeys: [String] { record.words(TableFormat.FieldRecord.listKeys) }
    /// The values that are accepted.
    package var enumeration: [String] {
        let words = publishedEnumeration
        // The empty word is a value where absence is another one.
        return container == .single && flags.contains(.pointer) ? words : words.filter { !$0.isEmpty }
    }
    /// The values that OpenAPI shows: one of them may be empty.
    package var publishedEnumeration: [String] {
        let text = record.text(TableFormat.FieldRecord.enumeration)
        return text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    /// The limits as written in the schema language, one a line.
    package var rules: [String] {
        record.text(TableFormat.FieldRecord.rules).split(separator: "\n").map(String.init)
    }
    /// What the table itself says: of custom resources. The texts of built-in types lie apart (`Documentation`).
    var ownDocumentation: String { record.text(TableFormat.FieldRecord.documentation) }
    package var format: String { record.text(TableFormat.FieldRecord.format) }
}

extension UnsafeRawPointer {
    @inline(__always) func follow(_ offset: Int) -> UnsafeRawPointer? {
        let distance = load(fromByteOffset: offset, as: Int32.self)
        return distance == 0 ? nil : self + offset + Int(distance)
    }

    @inline(__always) func bytes(_ offset: Int) -> UnsafeBufferPointer<UInt8> {
        guard let place = follow(offset) else { return UnsafeBufferPointer(start: nil, count: 0) }
        let count = Int(place.loadUnaligned(as: UInt16.self))
        return UnsafeBufferPointer(start: (place + 2).assumingMemoryBound(to: UInt8.self), count: count)
    }

    func text(_ offset: Int) -> String { String(decoding: bytes(offset), as: UTF8.self) }

    func words(_ offset: Int) -> [String] { text(offset).split(separator: ",").map(String.init) }
}

extension UnsafeBufferPointer<UInt8> {
    @inline(__always) func isEqual(to other: UnsafeBufferPointer<UInt8>) -> Bool {
        count == other.count && compare(to: other) == 0
    }

    /// Like memcmp, the shorter first where one is the other's beginning.
    @inline(__always) func compare(to other: UnsafeBufferPointer<UInt8>) -> Int {
        let shared = Swift.min(count, other.count)
        var index = 0
        while index < shared {
            let a = self[index]
            let b = other[index]
            if a != b { return a < b ? -1 : 1 }
            index += 1
        }
        return count - other.count
    }
}
