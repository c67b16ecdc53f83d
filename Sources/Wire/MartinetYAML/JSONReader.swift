/// Reads JSON texts into the same tree, with positions. Several texts may follow one another.
///
/// RFC 8259; a lone surrogate escape becomes U+FFFD and a number that fits no integer becomes a double, as in Go.
struct JSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: String
    private let limits: YAMLLimits
    private var index = 0
    /// The last position that was asked for, from which the next is counted on.
    private var marked = 0
    private var markedLine = 1
    private var markedColumn = 1

    /// A brace, followed by what follows it in JSON and seldom in YAML.
    static func looksLikeJSON(_ bytes: [UInt8]) -> Bool {
        let text = bytes.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        guard text.first == UInt8(ascii: "{") else { return false }
        let next = text.dropFirst().drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }.first
        return next == nil || next == UInt8(ascii: "\"") || next == UInt8(ascii: "}")
    }

    static func read(_ bytes: [UInt8], file: String, limits: YAMLLimits) throws(YAMLError) -> [YAMLNode] {
        try bytes.withUnsafeBufferPointer { buffer throws(YAMLError) in
            var reader = JSONReader(bytes: buffer, file: file, limits: limits)
            return try reader.texts()
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, file: String, limits: YAMLLimits) {
        self.bytes = bytes
        self.file = file
        self.limits = limits
    }

    private mutating func texts() throws(YAMLError) -> [YAMLNode] {
        var documents: [YAMLNode] = []
        skipSpace()
        while index < bytes.count {
            documents.append(try value(depth: 0))
            skipSpace()
        }
        return documents
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    /// The position of `index`. Positions are asked for in the order of the text, so all of them cost one pass.
    private mutating func mark() -> Mark {
        while marked < index {
            if bytes[marked] == 0x0A {
                markedLine += 1
                markedColumn = 1
            } else if bytes[marked] & 0xC0 != 0x80 {
                markedColumn += 1
            }
            marked += 1
        }
        return Mark(line: markedLine, column: markedColumn)
    }

    private mutating func fault(
        _ message: String, _ expected: String?, code: YAMLError.Code = .syntax, related: Mark? = nil
    ) -> YAMLError {
        YAMLError(code, file: file, mark: mark(), message: message, expected: expected, related: related)
    }

    private mutating func unexpected(_ expected: String) -> YAMLError {
        guard let byte = peek else { return fault("the JSON text ends too early", expected) }
        let shown = byte >= 0x20 && byte < 0x7F ? String(Unicode.Scalar(byte)) : "0x" + String(byte, radix: 16)
        return fault("\(shown.debugDescription) cannot be here", expected)
    }

    private mutating func value(depth: Int) throws(YAMLError) -> YAMLNode {
        guard depth <= limits.depth else {
            throw fault(
                "lists and maps are nested too deeply", "at most \(limits.depth) levels are read", code: .limit)
        }
        let start = mark()
        switch peek {
        case UInt8(ascii: "{"): return YAMLNode(.map(try object(depth: depth)), mark: start)
        case UInt8(ascii: "["): return YAMLNode(.list(try array(depth: depth)), mark: start)
        case UInt8(ascii: "\""): return YAMLNode(.string(try string()), mark: start)
        case UInt8(ascii: "t"): return YAMLNode(try word("true", .bool(true)), mark: start)
        case UInt8(ascii: "f"): return YAMLNode(try word("false", .bool(false)), mark: start)
        case UInt8(ascii: "n"): return YAMLNode(try word("null", .null), mark: start)
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
            return YAMLNode(try number(), mark: start)
        default: throw unexpected("a value: {, [, a string in double quotes, a number, true, false or null")
        }
    }

    private mutating func word(_ word: StaticString, _ value: YAMLNode.Value) throws(YAMLError) -> YAMLNode.Value {
        for offset in 0..<word.utf8CodeUnitCount {
            guard index + offset < bytes.count, bytes[index + offset] == word.utf8Start[offset] else {
                throw unexpected("a string in double quotes, a number, true, false or null")
            }
        }
        index += word.utf8CodeUnitCount
        return value
    }

    private mutating func array(depth: Int) throws(YAMLError) -> [YAMLNode] {
        index += 1
        var items: [YAMLNode] = []
        skipSpace()
        if peek == UInt8(ascii: "]") {
            index += 1
            return items
        }
        while true {
            skipSpace()
            items.append(try value(depth: depth + 1))
            skipSpace()
            switch peek {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "]"):
                index += 1
                return items
            default: throw unexpected("a \",\" or the closing \"]\"")
            }
        }
    }

    private mutating func object(depth: Int) throws(YAMLError) -> [YAMLNode.Entry] {
        index += 1
        var entries: [YAMLNode.Entry] = []
        var places: [String: Int] = [:]
        skipSpace()
        if peek == UInt8(ascii: "}") {
            index += 1
            return entries
        }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
            let keyMark = mark()
            let key = try string()
            if entries.count == 8 {
                for (place, entry) in entries.enumerated() { places[entry.key] = place }
            }
            let place = entries.count < 8 ? entries.firstIndex { $0.key == key } : places[key]
            if let place, !limits.keepsDuplicates {
                throw YAMLError(
                    .duplicateKey, file: file, mark: keyMark,
                    message: "the key \(key.debugDescription) is here twice",
                    expected: "it is already at \(entries[place].keyMark)", related: entries[place].keyMark)
            }
            if entries.count >= 8 { places[key] = entries.count }
            skipSpace()
            guard peek == UInt8(ascii: ":") else { throw unexpected("a \":\" after the key") }
            index += 1
            skipSpace()
            entries.append(YAMLNode.Entry(key: key, keyMark: keyMark, node: try value(depth: depth + 1)))
            skipSpace()
            switch peek {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "}"):
                index += 1
                return entries
            default: throw unexpected("a \",\" or the closing \"}\"")
            }
        }
    }

    private mutating func number() throws(YAMLError) -> YAMLNode.Value {
        let start = index
        if peek == UInt8(ascii: "-") { index += 1 }
        let first = index
        skipDigits()
        guard index > first, bytes[first] != UInt8(ascii: "0") || index == first + 1 else {
            index = first
            throw unexpected("digits, the first of them 0 only when it is the only one")
        }
        var isInteger = true
        if peek == UInt8(ascii: ".") {
            isInteger = false
            index += 1
            if skipDigits() == 0 { throw unexpected("digits after the point") }
        }
        if let byte = peek, byte | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            index += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { index += 1 }
            if skipDigits() == 0 { throw unexpected("digits of the exponent") }
        }
        let text = UnsafeBufferPointer(rebasing: bytes[start..<index])
        if isInteger {
            let word = String(decoding: text, as: UTF8.self)
            if let number = Int64(word) { return .int(number) }
            if let number = UInt64(word) { return .uint(number) }
        }
        guard let number = Scalar.float(text) else {
            index = start
            throw fault("the number is too large", "at most 1.7e308")
        }
        return .double(number)
    }

    @discardableResult
    private mutating func skipDigits() -> Int {
        let start = index
        while let byte = peek, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { index += 1 }
        return index - start
    }
}

// MARK: - Strings

extension JSONReader {
    private mutating func string() throws(YAMLError) -> String {
        index += 1
        let start = index
        // Most strings have no escape: one look, one copy.
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                let text = try text(UnsafeBufferPointer(rebasing: bytes[start..<index]), at: start)
                index += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            if byte < 0x20 { throw fault("a control character stands in a string", "escape it, as \\n or \\u0000") }
            index += 1
        }
        throw fault("the text ends inside a string", "a closing quote")
    }

    private mutating func text(_ part: UnsafeBufferPointer<UInt8>, at start: Int) throws(YAMLError) -> String {
        guard let text = String(validating: part, as: UTF8.self) else {
            index = start
            throw fault("the string is no UTF-8", "UTF-8", code: .encoding)
        }
        return text
    }

    private mutating func escapedString(from start: Int) throws(YAMLError) -> String {
        var output = Array(bytes[start..<index])
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                guard let text = String(validating: output, as: UTF8.self) else {
                    index = start
                    throw fault("the string is no UTF-8", "UTF-8", code: .encoding)
                }
                index += 1
                return text
            }
            if byte < 0x20 { throw fault("a control character stands in a string", "escape it, as \\n or \\u0000") }
            if byte != UInt8(ascii: "\\") {
                output.append(byte)
                index += 1
                continue
            }
            output += Array(String(Character(try escape())).utf8)
        }
        throw fault("the text ends inside a string", "a closing quote")
    }

    private mutating func escape() throws(YAMLError) -> Unicode.Scalar {
        index += 1
        guard let byte = peek else { throw unexpected("a character after the backslash") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default:
            index -= 1
            throw unexpected("one of \" \\ / b f n r t u after the backslash")
        }
        let high = try hexadecimal()
        guard (0xD800..<0xDC00).contains(high) else { return Unicode.Scalar(high) ?? "\u{FFFD}" }
        guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
        else { return "\u{FFFD}" }
        let back = index
        index += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else {
            index = back
            return "\u{FFFD}"
        }
        return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func hexadecimal() throws(YAMLError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw unexpected("four hexadecimal digits after \\u")
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }
}
