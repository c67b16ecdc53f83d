import MartinetBase

/// Encodes objects as the API's CBOR (RFC 8949, KEP-4222): the members that JSON has, strings as byte strings, bytes under
/// the tag that says "base64 in JSON", all lengths definite.
package struct CBOREncoder {
    /// Marks what follows as CBOR (RFC 8949, section 3.4.6): tag 55799.
    package static let selfDescribed: [UInt8] = [0xD9, 0xD9, 0xF7]
    /// Bytes that JSON would show in base64 (RFC 8949, section 3.4.5.2): tag 22.
    private static let base64Tag: UInt8 = 0xD6

    private var out: [UInt8] = []

    private init() { out.reserveCapacity(1024) }

    /// A root object with its apiVersion and kind, behind the mark.
    package static func encode(_ object: Object) -> [UInt8] { selfDescribed + encodeBody(object) }

    /// Any value, behind the mark.
    package static func encode(_ value: Value) -> [UInt8] {
        var encoder = CBOREncoder()
        encoder.value(value, field: nil)
        return selfDescribed + encoder.out
    }

    /// A root object with its apiVersion and kind, as it lies inside another item.
    package static func encodeBody(_ object: Object) -> [UInt8] {
        var encoder = CBOREncoder()
        encoder.object(object, isRoot: true)
        return encoder.out
    }

    /// The frame of a watch event: `{type, object}`, one item of a sequence (RFC 8742).
    package static func watchEvent(type: String, object: [UInt8]) -> [UInt8] {
        var encoder = CBOREncoder()
        encoder.head(5, 2)
        encoder.string("type")
        encoder.string(type)
        encoder.string("object")
        let body = object.starts(with: selfDescribed) ? object.dropFirst(selfDescribed.count) : object[...]
        return encoder.out + body
    }

    // MARK: - Objects

    private mutating func object(_ object: Object, isRoot: Bool = false) {
        let type = object.type
        if !type.flags.isDisjoint(with: .special) { return special(object) }
        var members: [(field: Field, value: Value?)] = []
        var next = 0
        for slot in 0..<type.fieldCount {
            let field = type.field(slot)
            var value: Value?
            if next < object.count {
                let entry = object.entry(at: next)
                if Int(entry.slot) == slot {
                    value = entry.value
                    next += 1
                }
            }
            if let value, field.flags.contains(.omitZero), value.isZero { continue }
            if value != nil || field.isWrittenWhenUnset { members.append((field, value)) }
        }
        let kind = isRoot ? type.kind : nil
        let extra = object.extra
        head(5, UInt64(members.count + extra.count + (kind == nil ? 0 : 2)))
        if let kind {
            string("kind")
            string(kind.name)
            string("apiVersion")
            string(kind.apiVersion)
        }
        for (field, value) in members {
            bytes(field.nameBytes)
            if let value { self.value(value, field: field) } else { unset(field) }
        }
        for entry in extra.entries {
            string(entry.key)
            value(entry.value, field: type.additional)
        }
    }

    private mutating func special(_ object: Object) {
        let flags = object.type.flags
        if flags.contains(.listForm) {
            if case .list(let values) = object[0] { list(values, field: object.type.field(0)) } else { head(4, 0) }
        } else if flags.contains(.propsOrBool) {
            if case .object(let schema) = object[1] { return self.object(schema) }
            if case .bool(true) = object[0] { bool(true) } else { bool(false) }
        } else if case .list(let values) = object[1] {
            list(values, field: object.type.field(1))
        } else if case .object(let schema) = object[0] {
            self.object(schema)
        } else {
            null()
        }
    }

    /// A field that is not set and must be written all the same.
    private mutating func unset(_ field: Field) {
        if field.container != .single || field.flags.contains(.pointer) { return null() }
        switch field.scalar {
        case .object: if let type = field.type { object(Object(type: type)) } else { head(5, 0) }
        case .string: string("")
        case .quantity, .duration: string(field.scalar == .quantity ? "0" : "0s")
        case .bool: bool(false)
        case .int32, .int64, .uint32, .uint64, .double, .float, .intorstring: head(0, 0)
        case .time, .microtime, .bytes, .raw, .json, .fieldsv1, .strings, .any: null()
        }
    }

    // MARK: - Values

    private mutating func value(_ value: Value, field: Field?) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .int(let number):
            switch field?.scalar {
            case .time: string(Timestamp(seconds: number).rfc3339)
            case .microtime: string(Timestamp(microseconds: number).rfc3339Micro)
            case .duration: string(GoDuration.format(number))
            default: number < 0 ? head(1, UInt64(bitPattern: ~number)) : head(0, UInt64(number))
            }
        case .double(let number): double(number)
        case .string(let text): string(text)
        case .bytes(let content):
            out.append(CBOREncoder.base64Tag)
            content.withUnsafeBufferPointer { bytes($0) }
        case .list(let values): list(values, field: field)
        case .map(let map):
            head(5, UInt64(map.count))
            for entry in map.entries {
                string(entry.key)
                self.value(entry.value, field: field)
            }
        case .object(let object): self.object(object)
        case .raw(let raw):
            // Kept JSON was checked when it came.
            if let (tree, _) = try? JSONDecoder.decodeAny(Array(raw.text.utf8)) {
                self.value(tree, field: nil)
            } else {
                null()
            }
        }
    }

    private mutating func list(_ values: [Value], field: Field?) {
        head(4, UInt64(values.count))
        for element in values { value(element, field: field) }
    }

    // MARK: - Items

    private mutating func null() { out.append(0xF6) }

    private mutating func bool(_ flag: Bool) { out.append(flag ? 0xF5 : 0xF4) }

    /// The shorter of the two widths that keeps the number.
    private mutating func double(_ number: Double) {
        let short = Float(number)
        if Double(short) == number {
            out.append(0xFA)
            big(short.bitPattern)
        } else {
            out.append(0xFB)
            big(number.bitPattern)
        }
    }

    private mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { bytes($0) }
    }

    private mutating func bytes(_ content: UnsafeBufferPointer<UInt8>) {
        head(2, UInt64(content.count))
        out.append(contentsOf: content)
    }

    /// The initial byte of an item and its argument, in the shortest form.
    private mutating func head(_ major: UInt8, _ argument: UInt64) {
        let top = major << 5
        switch argument {
        case 0..<24: out.append(top | UInt8(argument))
        case 24...0xFF:
            out.append(top | 24)
            out.append(UInt8(argument))
        case 0x100...0xFFFF:
            out.append(top | 25)
            big(UInt16(argument))
        case 0x1_0000...0xFFFF_FFFF:
            out.append(top | 26)
            big(UInt32(argument))
        default:
            out.append(top | 27)
            big(argument)
        }
    }

    private mutating func big<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.bigEndian) { out.append(contentsOf: $0) }
    }
}
