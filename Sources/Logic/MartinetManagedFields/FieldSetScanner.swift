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

    /// What the text and a set have in common, without reading what they do not.
    mutating func intersection(_ other: FieldSet) throws(FieldSetError) -> FieldSet {
        try common(with: other, depth: 0).set
    }

    private func failure(_ what: String) -> FieldSetError {
        FieldSetError(message: "fieldsV1 at byte \(position): \(what)")
    }

    @inline(__always) private mutating func peek() -> UInt8? {
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
        if peek() == UInt8(ascii: "}") {
            position += 1
            return (set, true)
        }
        var isMember = false
        while true {
            switch try name() {
            case .itself:
                isMember = true
                try skipValue(depth: depth)
            case .element(let element):
                let (children, isOwn) = try object(depth: depth + 1)
                set.add(FieldSet.Node(element, isMember: isOwn, children: children))
            case .unknown: try skipValue(depth: depth)
            }
            guard peek() == UInt8(ascii: ",") else { break }
            position += 1
        }
        try expect(UInt8(ascii: "}"))
        return (set, isMember || set.isEmpty)
    }

    private mutating func common(
        with other: FieldSet, depth: Int
    ) throws(FieldSetError) -> (set: FieldSet, isMember: Bool) {
        guard depth < FieldSetScanner.depthMax else { throw failure("nested too deep") }
        try expect(UInt8(ascii: "{"))
        var set = FieldSet()
        if peek() == UInt8(ascii: "}") {
            position += 1
            return (set, true)
        }
        var (isMember, hasOthers) = (false, false)
        while true {
            switch try name() {
            case .itself:
                isMember = true
                try skipValue(depth: depth)
            case .element(let element):
                hasOthers = true
                if let node = other[element] {
                    let (children, isOwn) = try common(with: node.children, depth: depth + 1)
                    set.add(FieldSet.Node(element, isMember: isOwn && node.isMember, children: children))
                } else {
                    try skipValue(depth: depth)
                }
            case .unknown: try skipValue(depth: depth)
            }
            guard peek() == UInt8(ascii: ",") else { break }
            position += 1
        }
        try expect(UInt8(ascii: "}"))
        return (set, isMember || !hasOthers)
    }

    // MARK: - Names

    private enum Name {
        /// `.`: the field that the object belongs to is a member.
        case itself
        case element(PathElement)
        /// An element of a kind that is not known.
        case unknown
    }

    /// A member's name and the colon behind it.
    private mutating func name() throws(FieldSetError) -> Name {
        let (start, end, isEscaped) = try string()
        try expect(UInt8(ascii: ":"))
        if end - start == 1, bytes[start] == UInt8(ascii: ".") { return .itself }
        guard end - start >= 2, bytes[start + 1] == UInt8(ascii: ":") else { throw failure("a name has no kind") }
        let kind = bytes[start]
        if kind == UInt8(ascii: "f") { return .element(.field(try text(start, end, isEscaped, dropping: 2))) }
        guard kind == UInt8(ascii: "k") || kind == UInt8(ascii: "v") || kind == UInt8(ascii: "i") else {
            return .unknown
        }
        let rest = try text(start, end, isEscaped, dropping: 2)
        switch kind {
        case UInt8(ascii: "k"):
            if let fields = KeyText.fields(rest) { return .element(.key(fields)) }
            guard case .map(let map) = try json(Array(rest.utf8)) else {
                throw failure("\(rest.debugDescription) is no key")
            }
            return .element(.key(map.entries.map { .init(name: $0.key, value: $0.value) }))
        case UInt8(ascii: "v"): return .element(.value(try json(Array(rest.utf8))))
        default:
            guard let index = Int(rest) else { throw failure("\(rest.debugDescription) is no index") }
            return .element(.index(index))
        }
    }

    private func json(_ text: [UInt8]) throws(FieldSetError) -> Value {
        do throws(DecodeError) {
            return try JSONDecoder.decodeAny(text).value
        } catch {
            throw failure("a name is no JSON")
        }
    }

    private func text(
        _ start: Int, _ end: Int, _ isEscaped: Bool, dropping count: Int
    ) throws(FieldSetError) -> String {
        guard isEscaped else {
            return String(decoding: UnsafeBufferPointer(rebasing: bytes[(start + count)..<end]), as: UTF8.self)
        }
        // Nearly all escapes are of quotes.
        var plain: [UInt8] = []
        plain.reserveCapacity(end - start)
        var index = start
        while index < end {
            if bytes[index] == 92 {
                index += 1
                guard index < end, bytes[index] == 34 || bytes[index] == 92 else {
                    let quoted = Array(bytes[(start - 1)...end])
                    guard case .string(let text) = try json(quoted) else { throw failure("expected a name") }
                    return String(decoding: text.utf8.dropFirst(count), as: UTF8.self)
                }
            }
            plain.append(bytes[index])
            index += 1
        }
        return String(decoding: plain[count...], as: UTF8.self)
    }

    /// Where a string's text lies, without its quotes.
    private mutating func string() throws(FieldSetError) -> (start: Int, end: Int, isEscaped: Bool) {
        guard peek() == 34 else { throw failure("expected a name") }
        position += 1
        let start = position
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
        return (start, position - 1, isEscaped)
    }

    // MARK: - What is left out

    /// Skips a value by its brackets. Depth does not matter: nothing is kept of it.
    private mutating func skipValue(depth: Int) throws(FieldSetError) {
        guard peek() == UInt8(ascii: "{") else {
            guard let byte = peek(), byte != UInt8(ascii: "}"), byte != UInt8(ascii: ","), byte != UInt8(ascii: "[")
            else { throw failure("expected an object") }
            if byte == 34 {
                _ = try string()
                return
            }
            while let byte = peek(), byte != UInt8(ascii: ","), byte != UInt8(ascii: "}") { position += 1 }
            return
        }
        var open = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "{"): open += 1
            case UInt8(ascii: "}"):
                open -= 1
                if open == 0 {
                    position += 1
                    return
                }
            case 34:
                _ = try string()
                continue
            default: break
            }
            position += 1
        }
        throw failure("an object is not closed")
    }
}
