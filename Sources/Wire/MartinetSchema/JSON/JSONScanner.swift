/// Reads JSON tokens from bytes (RFC 8259). Total: whatever the bytes are, it returns or throws.
struct JSONScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// How deep objects and lists may nest. The reference stops at 10 000; nothing real is deeper than 64.
    static let depthMax = 512

    @inline(__always) mutating func skipSpace() {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 32 || byte == 10 || byte == 13 || byte == 9 else { return }
            position += 1
        }
    }

    /// The next byte that is no white space, not consumed; 0 at the end.
    @inline(__always) mutating func peek() -> UInt8 {
        skipSpace()
        return position < bytes.count ? bytes[position] : 0
    }

    func failure(_ message: String) -> DecodeError { DecodeError(.syntax, offset: position, message) }

    mutating func unexpected(_ expected: String) -> DecodeError {
        skipSpace()
        guard position < bytes.count else { return failure("expected \(expected), found the end of the input") }
        let byte = bytes[position]
        let found = byte > 32 && byte < 127 ? "'\(Character(UnicodeScalar(byte)))'" : "byte \(byte)"
        return failure("expected \(expected), found \(found)")
    }

    @inline(__always) mutating func expect(_ byte: UInt8, _ name: String) throws(DecodeError) {
        guard peek() == byte, position < bytes.count else { throw unexpected(name) }
        position += 1
    }

    mutating func literal(_ word: StaticString) throws(DecodeError) {
        let count = word.utf8CodeUnitCount
        guard bytes.count - position >= count else { throw unexpected("\(word)") }
        for index in 0..<count where bytes[position + index] != word.utf8Start[index] { throw unexpected("\(word)") }
        position += count
    }

    /// The raw bytes of a string that has no escapes, without its quotes; nil, and nothing consumed, where it has some.
    @inline(__always) mutating func plainString() throws(DecodeError) -> UnsafeBufferPointer<UInt8>? {
        guard peek() == 34 else { throw unexpected("a string") }
        var index = position + 1
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 34 {
                let slice = UnsafeBufferPointer(rebasing: bytes[(position + 1)..<index])
                position = index + 1
                return slice
            }
            if byte == 92 { return nil }
            if byte < 32 {
                position = index
                throw failure("a control character inside a string must be escaped")
            }
            index += 1
        }
        position = bytes.count
        throw failure("the string is not closed")
    }

    mutating func string() throws(DecodeError) -> String {
        if let plain = try plainString() { return String(decoding: plain, as: UTF8.self) }
        return try escapedString()
    }

    private mutating func escapedString() throws(DecodeError) -> String {
        var text: [UInt8] = []
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == 34 { return String(decoding: text, as: UTF8.self) }
            if byte < 32 { throw failure("a control character inside a string must be escaped") }
            guard byte == 92 else {
                text.append(byte)
                continue
            }
            guard position < bytes.count else { break }
            let escape = bytes[position]
            position += 1
            switch escape {
            case 34, 92, 47: text.append(escape)
            case 98: text.append(8)
            case 102: text.append(12)
            case 110: text.append(10)
            case 114: text.append(13)
            case 116: text.append(9)
            case 117: text.append(contentsOf: String(try unicodeEscape()).utf8)
            default: throw failure("unknown escape in a string")
            }
        }
        throw failure("the string is not closed")
    }

    private mutating func unicodeEscape() throws(DecodeError) -> Unicode.Scalar {
        let replacement: Unicode.Scalar = "\u{FFFD}"
        let first = try hex4()
        if first & 0xF800 != 0xD800 { return Unicode.Scalar(first) ?? replacement }
        guard first < 0xDC00, position + 1 < bytes.count, bytes[position] == 92, bytes[position + 1] == 117 else {
            return replacement
        }
        let mark = position
        position += 2
        let second = try hex4()
        guard second >= 0xDC00, second < 0xE000 else {
            position = mark
            return replacement
        }
        return Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)) ?? replacement
    }

    private mutating func hex4() throws(DecodeError) -> UInt32 {
        guard bytes.count - position >= 4 else { throw failure("expected four hexadecimal digits after \\u") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = bytes[position]
            switch byte {
            case 48...57: value = value << 4 | UInt32(byte - 48)
            case 65...70: value = value << 4 | UInt32(byte - 55)
            case 97...102: value = value << 4 | UInt32(byte - 87)
            default: throw failure("expected four hexadecimal digits after \\u")
            }
            position += 1
        }
        return value
    }

    enum Number {
        case int(Int64)
        case double(Double)
        /// Whole, but more than 64 bits signed.
        case unsigned(UInt64)
    }

    mutating func number() throws(DecodeError) -> Number {
        skipSpace()
        let start = position
        var isInteger = true
        if position < bytes.count, bytes[position] == 45 { position += 1 }
        let digits = position
        while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 { position += 1 }
        guard position > digits else { throw unexpected("a value") }
        guard bytes[digits] != 48 || position == digits + 1 else { throw failure("a number may not begin with 0") }
        if position < bytes.count, bytes[position] == 46 {
            isInteger = false
            position += 1
            let fraction = position
            while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 { position += 1 }
            guard position > fraction else { throw unexpected("a digit") }
        }
        if position < bytes.count, bytes[position] | 32 == 101 {
            isInteger = false
            position += 1
            if position < bytes.count, bytes[position] == 43 || bytes[position] == 45 { position += 1 }
            let exponent = position
            while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 { position += 1 }
            guard position > exponent else { throw unexpected("a digit") }
        }
        guard position - start <= 400 else { throw DecodeError(.limit, offset: start, "the number is too long") }
        if isInteger, position - start < 19 {
            var value: Int64 = 0
            for index in digits..<position { value = value &* 10 &+ Int64(bytes[index] &- 48) }
            return .int(bytes[start] == 45 ? -value : value)
        }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        if isInteger {
            if let value = Int64(text) { return .int(value) }
            if let value = UInt64(text) { return .unsigned(value) }
        }
        guard let value = Double(text), value.isFinite else {
            throw DecodeError(.limit, offset: start, "the number \(text) is out of range")
        }
        return .double(value)
    }

    /// Passes over one value, checking its grammar.
    mutating func skipValue(depth: Int = 0) throws(DecodeError) {
        guard depth < JSONScanner.depthMax else {
            throw DecodeError(.limit, offset: position, "nested deeper than \(JSONScanner.depthMax) levels")
        }
        switch peek() {
        case 123:
            position += 1
            var first = true
            while try nextMember(&first) {
                if try plainString() == nil { _ = try string() }
                try expect(58, "':'")
                try skipValue(depth: depth + 1)
            }
        case 91:
            position += 1
            var first = true
            while try nextElement(&first) { try skipValue(depth: depth + 1) }
        case 34: if try plainString() == nil { _ = try string() }
        case 116: try literal("true")
        case 102: try literal("false")
        case 110: try literal("null")
        default: _ = try number()
        }
    }

    /// After `{`: whether another member follows. Consumes the comma or the closing brace.
    @inline(__always) mutating func nextMember(_ first: inout Bool) throws(DecodeError) -> Bool {
        let byte = peek()
        if byte == 125 {
            position += 1
            return false
        }
        if !first { try expect(44, "',' or '}'") }
        first = false
        guard peek() == 34 else { throw unexpected("a field's name in quotes") }
        return true
    }

    /// After `[`: whether another element follows. Consumes the comma or the closing bracket.
    @inline(__always) mutating func nextElement(_ first: inout Bool) throws(DecodeError) -> Bool {
        let byte = peek()
        if byte == 93 {
            position += 1
            return false
        }
        if !first { try expect(44, "',' or ']'") }
        first = false
        return true
    }
}
