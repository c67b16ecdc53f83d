import MartinetBase

/// Encodes objects as the API's JSON: fields in the schema's order, maps sorted, escapes as Go writes them.
package struct JSONEncoder {
    private var out: [UInt8] = []
    private let pretty: Bool
    private var indent = 0

    private init(pretty: Bool) {
        self.pretty = pretty
        out.reserveCapacity(1024)
    }

    /// A root object with its apiVersion and kind.
    package static func encode(_ object: Object, pretty: Bool = false) -> [UInt8] {
        var encoder = JSONEncoder(pretty: pretty)
        encoder.object(object, isRoot: true)
        return encoder.out
    }

    /// Any value, without apiVersion and kind of its own.
    package static func encode(_ value: Value, pretty: Bool = false) -> [UInt8] {
        var encoder = JSONEncoder(pretty: pretty)
        encoder.value(value, field: nil)
        return encoder.out
    }

    // MARK: - Objects

    private mutating func object(_ object: Object, isRoot: Bool = false) {
        let type = object.type
        if !type.flags.isDisjoint(with: .special) { return special(object) }
        open(123)
        var first = true
        if isRoot, let kind = type.kind {
            member("kind", &first)
            string(kind.name)
            member("apiVersion", &first)
            string(kind.apiVersion)
        }
        var next = 0
        let count = object.count
        for slot in 0..<type.fieldCount {
            let field = type.field(slot)
            var value: Value?
            if next < count {
                let entry = object.entry(at: next)
                if Int(entry.slot) == slot {
                    value = entry.value
                    next += 1
                }
            }
            if let value {
                if field.flags.contains(.omitZero), value.isZero { continue }
                member(field.nameBytes, &first)
                self.value(value, field: field)
            } else if field.isWrittenWhenUnset {
                member(field.nameBytes, &first)
                unset(field)
            }
        }
        let extra = object.extra
        if !extra.isEmpty {
            let additional = type.additional
            for entry in extra.entries {
                member(entry.key, &first)
                self.value(entry.value, field: additional)
            }
        }
        close(125, empty: first)
    }

    private mutating func special(_ object: Object) {
        let flags = object.type.flags
        if flags.contains(.listForm) {
            if case .list(let values) = object[0] { list(values, field: object.type.field(0)) } else { literal("[]") }
        } else if flags.contains(.propsOrBool) {
            if case .object(let schema) = object[1] { return self.object(schema) }
            if case .bool(true) = object[0] { literal("true") } else { literal("false") }
        } else if case .list(let values) = object[1] {
            list(values, field: object.type.field(1))
        } else if case .object(let schema) = object[0] {
            self.object(schema)
        } else {
            literal("null")
        }
    }

    /// A field that is not set and must be written all the same.
    private mutating func unset(_ field: Field) {
        if field.container != .single || field.flags.contains(.pointer) { return literal("null") }
        switch field.scalar {
        case .object:
            if let type = field.type { object(Object(type: type)) } else { literal("{}") }
        case .string: string("")
        case .quantity, .duration: string(field.scalar == .quantity ? "0" : "0s")
        case .bool: literal("false")
        case .int32, .int64, .uint32, .uint64, .double, .float, .intorstring: literal("0")
        case .time, .microtime, .bytes, .raw, .json, .fieldsv1, .strings, .any: literal("null")
        }
    }

    // MARK: - Values

    private mutating func value(_ value: Value, field: Field?) {
        switch value {
        case .null: literal("null")
        case .bool(let flag): literal(flag ? "true" : "false")
        case .int(let number):
            switch field?.scalar {
            case .time: string(Timestamp(seconds: number).rfc3339)
            case .microtime: string(Timestamp(microseconds: number).rfc3339Micro)
            case .duration: string(GoDuration.format(number))
            default: integer(number)
            }
        case .double(let number): out.append(contentsOf: GoFloat.format(number).utf8)
        case .string(let text): string(text)
        case .bytes(let bytes):
            out.append(34)
            Base64.append(bytes, to: &out)
            out.append(34)
        case .list(let values): list(values, field: field)
        case .map(let map):
            open(123)
            var first = true
            for entry in map.entries {
                member(entry.key, &first)
                self.value(entry.value, field: field)
            }
            close(125, empty: first)
        case .object(let object): self.object(object)
        case .raw(let raw): self.raw(raw)
        }
    }

    private mutating func list(_ values: [Value], field: Field?) {
        open(91)
        var first = true
        for element in values {
            separate(&first)
            value(element, field: field)
        }
        close(93, empty: first)
    }

    private mutating func raw(_ raw: RawJSON) {
        guard pretty else { return escapeHTML(raw.text) }
        // Kept JSON has no white space of its own: indent it by reading it again.
        guard let (tree, _) = try? JSONDecoder.decodeAny(Array(raw.text.utf8)) else { return escapeHTML(raw.text) }
        value(tree, field: nil)
    }

    /// Kept JSON is written as it came, but for the characters that Go's encoder never writes plainly.
    private mutating func escapeHTML(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case 60, 62, 38: unicode(byte)
            default: out.append(byte)
            }
        }
    }

    private mutating func integer(_ number: Int64) {
        if number >= 0, number < 10 {
            out.append(48 + UInt8(number))
        } else {
            out.append(contentsOf: String(number).utf8)
        }
    }

    // MARK: - Text

    private mutating func open(_ byte: UInt8) {
        out.append(byte)
        indent += 1
    }

    private mutating func close(_ byte: UInt8, empty: Bool) {
        indent -= 1
        if pretty, !empty { newline() }
        out.append(byte)
    }

    private mutating func newline() {
        out.append(10)
        for _ in 0..<indent {
            out.append(32)
            out.append(32)
        }
    }

    @inline(__always) private mutating func separate(_ first: inout Bool) {
        if !first { out.append(44) }
        first = false
        if pretty { newline() }
    }

    private mutating func member(_ name: String, _ first: inout Bool) {
        separate(&first)
        string(name)
        out.append(58)
        if pretty { out.append(32) }
    }

    @inline(__always) private mutating func member(_ name: UnsafeBufferPointer<UInt8>, _ first: inout Bool) {
        separate(&first)
        out.append(34)
        out.append(contentsOf: name)
        out.append(34)
        out.append(58)
        if pretty { out.append(32) }
    }

    private mutating func literal(_ text: StaticString) {
        out.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private static let hex = Array("0123456789abcdef".utf8)

    private mutating func unicode(_ byte: UInt8) {
        literal("\\u00")
        out.append(JSONEncoder.hex[Int(byte >> 4)])
        out.append(JSONEncoder.hex[Int(byte & 15)])
    }

    private mutating func string(_ text: String) {
        var text = text
        out.append(34)
        text.withUTF8 { bytes in
            var start = 0
            for index in 0..<bytes.count {
                let byte = bytes[index]
                // Plain: everything but controls, quote, backslash, the three that break HTML, and U+2028 and U+2029.
                if byte >= 32, byte != 34, byte != 92, byte != 60, byte != 62, byte != 38, byte != 0xE2 { continue }
                if byte == 0xE2 {
                    guard index + 2 < bytes.count, bytes[index + 1] == 0x80, bytes[index + 2] & 0xFE == 0xA8 else {
                        continue
                    }
                    out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<index]))
                    literal("\\u202")
                    out.append(JSONEncoder.hex[Int(bytes[index + 2] & 15)])
                    start = index + 3
                    continue
                }
                out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<index]))
                start = index + 1
                escape(byte)
            }
            out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[min(start, bytes.count)...]))
        }
        out.append(34)
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 34: literal("\\\"")
        case 92: literal("\\\\")
        case 8: literal("\\b")
        case 12: literal("\\f")
        case 10: literal("\\n")
        case 13: literal("\\r")
        case 9: literal("\\t")
        default: unicode(byte)
        }
    }
}

extension Field {
    /// Whether JSON has this field even when it is not set.
    @inline(__always) var isWrittenWhenUnset: Bool {
        if flags.contains(.always) { return true }
        // Go writes an embedded struct even when it is empty. Objects of custom resources are marked as pointers.
        return scalar == .object && container == .single
            && flags.isDisjoint(with: [.pointer, .omitZero, .outerPointer, .nullable])
    }
}
