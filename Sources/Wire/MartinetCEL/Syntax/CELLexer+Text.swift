extension CELLexer {
    /// A string or bytes, with its prefix; nil where none begins here.
    mutating func literalText() throws(Failure) -> CELToken.Kind? {
        var ahead = 0
        var isRaw = false
        var isBytes = false
        // At most one of each, the b first: `b`, `r`, `br`.
        if lookahead(ahead) == "b" || lookahead(ahead) == "B" {
            isBytes = true
            ahead += 1
        }
        if lookahead(ahead) == "r" || lookahead(ahead) == "R" {
            isRaw = true
            ahead += 1
        }
        guard let quote = lookahead(ahead), quote == "'" || quote == "\"" else { return nil }
        let start = place
        advance(ahead)
        let isTriple = lookahead(1) == quote && lookahead(2) == quote
        advance(isTriple ? 3 : 1)
        var text = String.UnicodeScalarView()
        var bytes: [UInt8] = []
        func append(_ scalar: Unicode.Scalar) {
            if isBytes { bytes += Array(String(scalar).utf8) } else { text.append(scalar) }
        }
        while true {
            guard let scalar = lookahead(0) else { throw Failure(offset: start, message: "a literal does not end") }
            if scalar == quote, !isTriple || (lookahead(1) == quote && lookahead(2) == quote) {
                advance(isTriple ? 3 : 1)
                return isBytes ? .bytes(bytes) : .string(String(text))
            }
            if !isTriple, scalar == "\n" || scalar == "\r" {
                throw Failure(offset: start, message: "a literal does not end in its line")
            }
            advance(1)
            if scalar == "\\", !isRaw {
                if let byte = try escape(isBytes: isBytes, append) { bytes.append(byte) }
            } else {
                append(scalar)
            }
        }
    }

    /// Reads what follows a backslash. Answers a byte that is no character of its own.
    private mutating func escape(isBytes: Bool, _ append: (Unicode.Scalar) -> Void) throws(Failure) -> UInt8? {
        let start = place - 1
        guard let scalar = lookahead(0) else { throw Failure(offset: start, message: "a literal does not end") }
        advance(1)
        let simple: [Unicode.Scalar: Unicode.Scalar] = [
            "a": "\u{07}", "b": "\u{08}", "f": "\u{0C}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{0B}",
            "\\": "\\", "'": "'", "\"": "\"", "`": "`", "?": "?",
        ]
        if let single = simple[scalar] {
            append(single)
            return nil
        }
        let value: UInt32
        switch scalar {
        case "x", "X": value = try digits(2, radix: 16, start)
        case "u" where !isBytes: value = try digits(4, radix: 16, start)
        case "U" where !isBytes: value = try digits(8, radix: 16, start)
        case "0", "1", "2", "3":
            advance(-1)
            value = try digits(3, radix: 8, start)
        default: throw Failure(offset: start, message: "invalid escape sequence")
        }
        if isBytes { return UInt8(truncatingIfNeeded: value) }
        guard let result = Unicode.Scalar(value) else {
            throw Failure(offset: start, message: "invalid Unicode code point")
        }
        append(result)
        return nil
    }

    private mutating func digits(_ count: Int, radix: Int, _ start: Int) throws(Failure) -> UInt32 {
        var text = ""
        for _ in 0..<count {
            guard let scalar = lookahead(0), scalar.properties.isASCIIHexDigit else {
                throw Failure(offset: start, message: "invalid escape sequence")
            }
            text.unicodeScalars.append(scalar)
            advance(1)
        }
        guard let value = UInt32(text, radix: radix) else {
            throw Failure(offset: start, message: "invalid escape sequence")
        }
        return value
    }
}
