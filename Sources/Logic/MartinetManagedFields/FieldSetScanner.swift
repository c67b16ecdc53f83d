import MartinetSchema

/// Reads `fieldsV1` from compact or spaced JSON. Total, and bounded in depth.
struct FieldSetScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private static let depthMax = 256

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func whole() throws(FieldSetError) -> FieldSet {
        let (set, _) = try object(depth: 0)
        guard peek() == nil else { throw failure("text after the object") }
        return set
    }

    private func failure(_ what: String) -> FieldSetError {
        FieldSetError(message: "fieldsV1 at byte \(position): \(what)")
    }

    private mutating func peek() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 32 || byte == 10 || byte == 13 || byte == 9 else { return byte }
            position += 1
        }
        return nil
    }

    private mutating func expect(_ byte: UInt8) throws(FieldSetError) {
        guard peek() == byte else { throw failure("expected '\(Character(UnicodeScalar(byte)))'") }
        position += 1
    }

    /// The set in an object, and whether the field that it belongs to is a member.
    private mutating func object(depth: Int) throws(FieldSetError) -> (set: FieldSet, isMember: Bool) {
        guard depth < FieldSetScanner.depthMax else { throw failure("nested too deep") }
        try expect(UInt8(ascii: "{"))
        var set = FieldSet()
        var isMember = false
        if peek() == UInt8(ascii: "}") {
            position += 1
            return (set, true)
        }
        while true {
            let name = try string()
            try expect(UInt8(ascii: ":"))
            if name == "." {
                isMember = true
                try skipValue(depth: depth)
            } else if let element = try element(name) {
                let (children, isOwn) = try object(depth: depth + 1)
                set.add(FieldSet.Node(element, isMember: isOwn, children: children))
            } else {
                try skipValue(depth: depth)
            }
            guard peek() == UInt8(ascii: ",") else { break }
            position += 1
        }
        try expect(UInt8(ascii: "}"))
        return (set, isMember || set.isEmpty)
    }

    /// Nil for an element of an unknown kind.
    private func element(_ name: String) throws(FieldSetError) -> PathElement? {
        let text = name.utf8
        guard text.count >= 2, text[text.index(after: text.startIndex)] == UInt8(ascii: ":") else {
            throw failure("\(name.debugDescription) has no kind of element")
        }
        let rest = String(name.dropFirst(2))
        switch text.first {
        case UInt8(ascii: "f"): return .field(rest)
        case UInt8(ascii: "v"): return .value(try json(rest))
        case UInt8(ascii: "i"):
            guard let index = Int(rest) else { throw failure("\(rest.debugDescription) is no index") }
            return .index(index)
        case UInt8(ascii: "k"):
            guard case .map(let map) = try json(rest) else { throw failure("\(rest.debugDescription) is no key") }
            return .key(map.entries.map { .init(name: $0.key, value: $0.value) })
        default: return nil
        }
    }

    private func json(_ text: String) throws(FieldSetError) -> Value {
        do throws(DecodeError) {
            return try JSONDecoder.decodeAny(Array(text.utf8)).value
        } catch {
            throw failure("\(text.debugDescription) is no JSON")
        }
    }

    private mutating func string() throws(FieldSetError) -> String {
        guard peek() == 34 else { throw failure("expected a name") }
        let start = position
        position += 1
        var isEscaped = false
        while position < bytes.count, bytes[position] != 34 {
            if bytes[position] == 92 {
                isEscaped = true
                position += 1
            }
            position += 1
        }
        guard position < bytes.count else { throw failure("the name is not closed") }
        position += 1
        if !isEscaped {
            return String(decoding: UnsafeBufferPointer(rebasing: bytes[(start + 1)..<(position - 1)]), as: UTF8.self)
        }
        let quoted = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        guard case .string(let text) = try json(quoted) else { throw failure("expected a name") }
        return text
    }

    private mutating func skipValue(depth: Int) throws(FieldSetError) {
        switch peek() {
        case UInt8(ascii: "{"): _ = try skipObject(depth: depth + 1)
        case 34: _ = try string()
        case UInt8(ascii: "["), nil: throw failure("expected an object")
        default:
            while let byte = peek(), byte != UInt8(ascii: ","), byte != UInt8(ascii: "}") { position += 1 }
        }
    }

    private mutating func skipObject(depth: Int) throws(FieldSetError) {
        guard depth < FieldSetScanner.depthMax else { throw failure("nested too deep") }
        try expect(UInt8(ascii: "{"))
        if peek() == UInt8(ascii: "}") {
            position += 1
            return
        }
        while true {
            _ = try string()
            try expect(UInt8(ascii: ":"))
            try skipValue(depth: depth)
            guard peek() == UInt8(ascii: ",") else { break }
            position += 1
        }
        try expect(UInt8(ascii: "}"))
    }
}
