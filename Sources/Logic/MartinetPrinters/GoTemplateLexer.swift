/// Cuts a Go template into text and the words inside `{{ }}`.
struct GoTemplateLexer {
    enum Token: Equatable {
        case text(String)
        case open, close, leftParen, rightParen, pipe, comma, declare, assign
        case word(String)
        /// `.a` is `a`, a dot alone is the empty name. `glued`: nothing stands between it and what is before.
        case field(String, glued: Bool)
        case variable(String)
        case string(String)
        case number(String)
    }

    private let text: TemplateText
    private var index = 0

    init(_ template: String) {
        text = TemplateText(template)
    }

    private func fault(_ message: String) -> PrinterError { text.fault(message) }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\r" || scalar == "\n"
    }

    mutating func tokens() throws(PrinterError) -> [Token] {
        try text.checkSize()
        var tokens: [Token] = []
        var trimsNext = false
        while index < text.count {
            var start = index
            while index < text.count, !text.matches("{{", at: index) { index += 1 }
            if trimsNext { while start < index, Self.isSpace(text[start]) { start += 1 } }
            var end = index
            let opens = index < text.count
            let trims =
                opens && text.matches("{{-", at: index) && index + 3 < text.count && Self.isSpace(text[index + 3])
            if trims { while end > start, Self.isSpace(text[end - 1]) { end -= 1 } }
            if end > start { tokens.append(.text(text.string(start..<end))) }
            guard opens else { break }
            index += trims ? 3 : 2
            trimsNext = try action(&tokens)
        }
        return tokens
    }

    /// Reads to the closing braces; true where they take the blanks behind them.
    private mutating func action(_ tokens: inout [Token]) throws(PrinterError) -> Bool {
        while index < text.count, Self.isSpace(text[index]) { index += 1 }
        if text.matches("/*", at: index) { return try comment() }
        tokens.append(.open)
        var glued = false
        while index < text.count {
            let scalar = text[index]
            if text.matches("}}", at: index) {
                index += 2
                tokens.append(.close)
                return false
            }
            if Self.isSpace(scalar) {
                index += 1
                glued = false
                if text.matches("-}}", at: index) {
                    index += 3
                    tokens.append(.close)
                    return true
                }
                continue
            }
            tokens.append(try token(scalar, glued: glued))
            glued = true
        }
        throw fault("a \"{{\" is not closed")
    }

    private mutating func comment() throws(PrinterError) -> Bool {
        while index < text.count, !text.matches("*/", at: index) { index += 1 }
        index = min(index + 2, text.count)
        while index < text.count, Self.isSpace(text[index]) { index += 1 }
        let trims = text.matches("-}}", at: index)
        guard trims || text.matches("}}", at: index) else { throw fault("a comment is not closed by \"*/}}\"") }
        index += trims ? 3 : 2
        return trims
    }

    private mutating func token(_ scalar: Unicode.Scalar, glued: Bool) throws(PrinterError) -> Token {
        let start = index
        switch scalar {
        case "(": return single(.leftParen)
        case ")": return single(.rightParen)
        case "|": return single(.pipe)
        case ",": return single(.comma)
        case "=": return single(.assign)
        case ":" where text.matches(":=", at: index):
            index += 2
            return .declare
        case "\"", "`": return .string(try quoted(scalar))
        case "$":
            index += 1
            return .variable(word())
        case ".":
            index += 1
            if index < text.count, ("0"..."9").contains(text[index]) {
                index = start
                return number()
            }
            return .field(word(), glued: glued)
        case "0"..."9", "+", "-": return number()
        default:
            guard TemplateText.isWord(scalar) else { throw fault("\"\(scalar)\" cannot stand in braces") }
            return .word(word())
        }
    }

    private mutating func single(_ token: Token) -> Token {
        index += 1
        return token
    }

    private mutating func word() -> String {
        let start = index
        while index < text.count, TemplateText.isWord(text[index]) { index += 1 }
        return text.string(start..<index)
    }

    private mutating func number() -> Token {
        let start = index
        while index < text.count, TemplateText.isWord(text[index]) || [".", "+", "-"].contains(text[index]) {
            if index > start, text.matches("-}}", at: index) { break }
            index += 1
        }
        return .number(text.string(start..<index))
    }

    private mutating func quoted(_ quote: Unicode.Scalar) throws(PrinterError) -> String {
        index += 1
        var output = String.UnicodeScalarView()
        while index < text.count {
            let scalar = text[index]
            index += 1
            if scalar == quote { return String(output) }
            if quote == "\"", scalar == "\n" { break }
            guard scalar == "\\", quote == "\"" else {
                output.append(scalar)
                continue
            }
            guard index < text.count else { break }
            let escaped = text[index]
            index += 1
            switch escaped {
            case "n": output.append("\n")
            case "t": output.append("\t")
            case "r": output.append("\r")
            case "\\", "\"", "'": output.append(escaped)
            default: throw fault("\\\(escaped) is no escape")
            }
        }
        throw fault("a quote is not closed")
    }
}
