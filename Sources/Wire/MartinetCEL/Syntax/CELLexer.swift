/// A word of an expression.
struct CELToken {
    enum Kind: Equatable {
        case identifier(String)
        case quotedIdentifier(String)
        case int(Int64)
        /// One more than the largest int: only valid behind a minus.
        case intMinimum
        case uint(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        case symbol(String)
        case end
    }
    let kind: Kind
    let offset: Int
}

/// Reads words from the source; stops at the first that is none.
struct CELLexer {
    private let source: [Unicode.Scalar]
    private var position = 0

    init(_ source: [Unicode.Scalar]) { self.source = source }

    struct Failure: Error {
        let offset: Int
        let message: String
    }

    var place: Int { position }
    func lookahead(_ distance: Int) -> Unicode.Scalar? { peek(distance) }
    mutating func advance(_ distance: Int) { position += distance }

    private var current: Unicode.Scalar? { position < source.count ? source[position] : nil }
    private func peek(_ distance: Int) -> Unicode.Scalar? {
        position + distance < source.count ? source[position + distance] : nil
    }

    mutating func tokens() throws(Failure) -> [CELToken] {
        var tokens: [CELToken] = []
        while true {
            let token = try next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private mutating func next() throws(Failure) -> CELToken {
        skipBlanks()
        let start = position
        guard let scalar = current else { return CELToken(kind: .end, offset: start) }
        let kind: CELToken.Kind
        if let quoted = try literalText() {
            kind = quoted
        } else if CELLexer.isDigit(scalar) || (scalar == "." && peek(1).map(CELLexer.isDigit) ?? false) {
            kind = try number()
        } else if CELLexer.isLetter(scalar) {
            kind = .identifier(word())
        } else if scalar == "`" {
            kind = try quotedIdentifier()
        } else {
            kind = try symbol(scalar)
        }
        return CELToken(kind: kind, offset: start)
    }

    private mutating func skipBlanks() {
        while let scalar = current {
            if scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" || scalar == "\u{0C}" {
                position += 1
            } else if scalar == "/", peek(1) == "/" {
                while let scalar = current, scalar != "\n" { position += 1 }
            } else {
                return
            }
        }
    }

    private mutating func symbol(_ scalar: Unicode.Scalar) throws(Failure) -> CELToken.Kind {
        if let second = peek(1) {
            let pair = String(scalar) + String(second)
            if ["==", "!=", "<=", ">=", "&&", "||"].contains(pair) {
                position += 2
                return .symbol(pair)
            }
        }
        guard "[]{}().,-!?:+*/%<>".unicodeScalars.contains(scalar) else {
            throw Failure(offset: position, message: "unexpected character \(CELLexer.shown(scalar))")
        }
        position += 1
        return .symbol(String(scalar))
    }

    static func shown(_ scalar: Unicode.Scalar) -> String {
        scalar.value < 32 ? "U+" + String(scalar.value, radix: 16) : "'\(scalar)'"
    }

    static func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar.value >= 48 && scalar.value <= 57 }
    static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        (scalar.value | 32 >= 97 && scalar.value | 32 <= 122) || scalar == "_"
    }

    private mutating func word() -> String {
        var text = String.UnicodeScalarView()
        while let scalar = current, CELLexer.isLetter(scalar) || CELLexer.isDigit(scalar) {
            text.append(scalar)
            position += 1
        }
        return String(text)
    }

    private mutating func quotedIdentifier() throws(Failure) -> CELToken.Kind {
        let start = position
        position += 1
        var text = String.UnicodeScalarView()
        while let scalar = current, scalar != "`" {
            guard CELLexer.isLetter(scalar) || CELLexer.isDigit(scalar) || ".-/ ".unicodeScalars.contains(scalar) else {
                throw Failure(offset: position, message: "unexpected character in a quoted identifier")
            }
            text.append(scalar)
            position += 1
        }
        guard current == "`", !text.isEmpty else {
            throw Failure(offset: start, message: "a quoted identifier does not end")
        }
        position += 1
        return .quotedIdentifier(String(text))
    }

    // MARK: - Numbers

    private mutating func digits(_ isDigit: (Unicode.Scalar) -> Bool) -> String {
        var text = String.UnicodeScalarView()
        while let scalar = current, isDigit(scalar) {
            text.append(scalar)
            position += 1
        }
        return String(text)
    }

    private mutating func number() throws(Failure) -> CELToken.Kind {
        let start = position
        if current == "0", peek(1) == "x", let digit = peek(2), digit.properties.isASCIIHexDigit {
            position += 2
            return try integer(digits { $0.properties.isASCIIHexDigit }, radix: 16, start)
        }
        let whole = digits(CELLexer.isDigit)
        var text = whole
        var isDouble = false
        if current == ".", let digit = peek(1), CELLexer.isDigit(digit) {
            position += 1
            text += "." + digits(CELLexer.isDigit)
            isDouble = true
        }
        if current == "e" || current == "E" {
            let sign = peek(1) == "+" || peek(1) == "-"
            if let digit = peek(sign ? 2 : 1), CELLexer.isDigit(digit) {
                text += sign && peek(1) == "-" ? "e-" : "e"
                position += sign ? 2 : 1
                text += digits(CELLexer.isDigit)
                isDouble = true
            }
        }
        guard isDouble else { return try integer(whole, radix: 10, start) }
        guard text.utf8.count < 2000, let value = Double(whole.isEmpty ? "0" + text : text), value.isFinite else {
            throw Failure(offset: start, message: "invalid double literal")
        }
        return .double(value)
    }

    private mutating func integer(_ digits: String, radix: Int, _ start: Int) throws(Failure) -> CELToken.Kind {
        let value = UInt64(digits, radix: radix)
        if current == "u" || current == "U" {
            position += 1
            guard let value else { throw Failure(offset: start, message: "invalid uint literal") }
            return .uint(value)
        }
        guard let value, value <= 1 << 63 else { throw Failure(offset: start, message: "invalid int literal") }
        return value == 1 << 63 ? .intMinimum : .int(Int64(value))
    }
}
