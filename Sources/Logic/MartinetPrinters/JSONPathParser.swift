import MartinetYAML

/// Takes JSONPath templates apart. Total: a broken template is an error, and nesting is bounded.
struct JSONPathParser {
    private static let depth = 32
    private let template: String
    private let text: TemplateText
    private var index = 0

    init(_ template: String) {
        self.template = template
        text = TemplateText(template)
    }

    private func fault(_ message: String) -> PrinterError { text.fault(message) }

    mutating func parse() throws(PrinterError) -> [JSONPath.Block] {
        try text.checkSize()
        var open: [(nodes: [JSONPath.Node], blocks: [JSONPath.Block])] = [([], [])]
        while index < text.count {
            let start = index
            while index < text.count, text[index] != "{" { index += 1 }
            if index > start { open[open.count - 1].blocks.append(.print([.text(text.string(start..<index))])) }
            guard index < text.count else { break }
            index += 1
            let (keyword, nodes) = try action(until: text.count, depth: 0)
            switch keyword {
            case "range":
                guard open.count <= Self.depth else { throw fault("ranges are nested too deeply") }
                open.append((nodes, []))
            case "end":
                guard open.count > 1, let ended = open.popLast() else { throw fault("there is no range to end") }
                open[open.count - 1].blocks.append(.range(ended.nodes, ended.blocks))
            default:
                open[open.count - 1].blocks.append(.print(nodes))
            }
        }
        guard open.count == 1 else { throw fault("a range has no {end}") }
        return open[0].blocks
    }

    /// A part of the template that stands for itself, such as one side of a filter.
    private static func nodes(
        _ part: String, of template: String, depth: Int
    ) throws(PrinterError) -> [JSONPath.Node] {
        var parser = JSONPathParser(part + "}")
        do throws(PrinterError) {
            guard depth <= Self.depth else { throw parser.fault("filters are nested too deeply") }
            let (keyword, nodes) = try parser.action(until: parser.text.count, depth: depth)
            guard keyword == nil, parser.index == parser.text.count else { throw parser.fault("\(part) is no path") }
            return nodes
        } catch {
            throw PrinterError(code: .syntax, message: error.message, template: template)
        }
    }

    /// Reads to the closing brace. `index` is behind the opening one.
    private mutating func action(
        until end: Int, depth: Int
    ) throws(PrinterError) -> (keyword: String?, nodes: [JSONPath.Node]) {
        var nodes: [JSONPath.Node] = []
        var keyword: String?
        while true {
            guard index < end, text[index] != "\n", text[index] != "\r" else { throw fault("a \"{\" is not closed") }
            switch text[index] {
            case "}":
                index += 1
                return (keyword, nodes)
            case " ", "@", "$": index += 1
            case "[":
                if matches("[?(") { nodes.append(try filter(depth)) } else { nodes += try array(depth) }
            case "\"", "'": nodes.append(.text(try quoted()))
            case "." where matches(".."):
                if case .recursive? = nodes.last { throw fault("\"..\" stands twice") }
                index += 2
                nodes.append(.recursive)
                if index < end, TemplateText.isWord(text[index]) { nodes.append(field()) }
            case ".":
                index += 1
                nodes.append(field())
            case "+", "-", "0"..."9": nodes.append(.number(try number()))
            case let scalar where TemplateText.isWord(scalar):
                let word = identifier()
                switch word {
                case "true", "false": nodes.append(.number(YAMLNode(.bool(word == "true"))))
                case "range", "end": keyword = word
                default: throw fault("\"\(word)\" is no keyword; a field begins with a dot")
                }
            default: throw fault("\"\(text[index])\" cannot stand in braces")
            }
        }
    }

    private func matches(_ prefix: String) -> Bool { text.matches(prefix, at: index) }

    private static func isTerminator(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "\t", "\r", "\n", ".", ",", "[", "]", "$", "@", "{", "}": true
        default: false
        }
    }

    private mutating func identifier() -> String {
        let start = index
        while index < text.count, !Self.isTerminator(text[index]) { index += 1 }
        return text.string(start..<index)
    }

    /// A backslash takes the next character literally, so that keys may contain dots.
    private mutating func field() -> JSONPath.Node {
        var name = String.UnicodeScalarView()
        while index < text.count, !Self.isTerminator(text[index]) {
            if text[index] == "\\" {
                index += 1
                if index < text.count {
                    if text[index] != "\\" { name.append(text[index]) }
                    index += 1
                }
                continue
            }
            name.append(text[index])
            index += 1
        }
        return String(name) == "*" ? .wildcard : .field(String(name))
    }

    private mutating func number() throws(PrinterError) -> YAMLNode {
        let start = index
        if text[index] == "+" || text[index] == "-" { index += 1 }
        while index < text.count, text[index] == "." || ("0"..."9").contains(text[index]) { index += 1 }
        let word = text.string(start..<index)
        if let whole = Int64(word) { return YAMLNode(.int(whole)) }
        if let number = Double(word), number.isFinite { return YAMLNode(.double(number)) }
        throw fault("\"\(word)\" is no number")
    }

    private mutating func quoted() throws(PrinterError) -> String {
        let quote = text[index]
        index += 1
        var output = String.UnicodeScalarView()
        while index < text.count, text[index] != "\n" {
            let scalar = text[index]
            index += 1
            if scalar == quote { return String(output) }
            guard scalar == "\\" else {
                output.append(scalar)
                continue
            }
            output.append(try escape())
        }
        throw fault("a quote is not closed")
    }

    private mutating func escape() throws(PrinterError) -> Unicode.Scalar {
        guard index < text.count else { throw fault("a quote is not closed") }
        let scalar = text[index]
        index += 1
        switch scalar {
        case "a": return "\u{7}"
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{B}"
        case "\\", "'", "\"": return scalar
        case "x", "u", "U":
            let count = scalar == "x" ? 2 : scalar == "u" ? 4 : 8
            guard index + count <= text.count,
                let value = UInt32(text.string(index..<(index + count)), radix: 16), let escaped = Unicode.Scalar(value)
            else { throw fault("\\\(scalar) is not followed by \(count) hexadecimal digits") }
            index += count
            return escaped
        default: throw fault("\\\(scalar) is no escape")
        }
    }

    // MARK: - Brackets

    private mutating func array(_ depth: Int) throws(PrinterError) -> [JSONPath.Node] {
        let start = index + 1
        while index < text.count, text[index] != "]", text[index] != "\n" { index += 1 }
        guard index < text.count, text[index] == "]" else { throw fault("a \"[\" is not closed") }
        let body = text.string(start..<index)
        index += 1
        let parts = body.split(separator: ",", omittingEmptySubsequences: false)
        if parts.count > 1 {
            var union: [[JSONPath.Node]] = []
            for part in parts {
                let trimmed = String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
                union.append(try Self.nodes("[\(trimmed)]", of: template, depth: depth + 1))
            }
            return [.union(union)]
        }
        if body.count >= 2, body.hasPrefix("'"), body.hasSuffix("'"), !body.dropFirst().dropLast().contains("'") {
            return try Self.nodes(".\(body.dropFirst().dropLast())", of: template, depth: depth + 1)
        }
        return [try slice(body == "*" ? ":" : body)]
    }

    private func slice(_ body: String) throws(PrinterError) -> JSONPath.Node {
        let parts = body.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count) else { throw fault("[\(body)] is no index and no slice") }
        var bounds: [JSONPath.Bound] = []
        for part in parts {
            if part.isEmpty {
                bounds.append(JSONPath.Bound())
            } else if let value = Int(part), !part.hasPrefix("+"), abs(value) < 1 << 40 {
                bounds.append(JSONPath.Bound(value: value, known: true))
            } else {
                throw fault("[\(body)] is no index and no slice")
            }
        }
        if bounds.count == 1 {
            bounds.append(JSONPath.Bound(value: bounds[0].value + 1, known: true, derived: true))
        }
        if bounds.count == 2 { bounds.append(JSONPath.Bound()) }
        return .array(bounds[0], bounds[1], bounds[2])
    }

    private mutating func filter(_ depth: Int) throws(PrinterError) -> JSONPath.Node {
        index += 3
        let start = index
        var quote: Unicode.Scalar?
        while index < text.count, quote != nil || text[index] != ")" {
            if text[index] == "\n" { break }
            if let open = quote {
                if text[index] == open, text[index - 1] != "\\" { quote = nil }
            } else if text[index] == "\"" || text[index] == "'" {
                quote = text[index]
            }
            index += 1
        }
        guard index + 1 < text.count, text[index] == ")", text[index + 1] == "]" else {
            throw fault("a filter is not closed by \")]\"")
        }
        let body = start..<index
        index += 2
        let operators: Set<Unicode.Scalar> = ["!", "<", ">", "="]
        guard let first = text.scalars[body].firstIndex(where: { operators.contains($0) }), first > body.lowerBound
        else {
            return .filter(left: try part(body, depth), comparison: nil, right: [])
        }
        let end = text.scalars[first..<body.upperBound].firstIndex { !operators.contains($0) } ?? body.upperBound
        let comparison = text.string(first..<end)
        guard ["==", "!=", "<", "<=", ">", ">="].contains(comparison) else {
            throw fault("\"\(comparison)\" is no comparison")
        }
        return .filter(
            left: try part(body.lowerBound..<first, depth), comparison: comparison,
            right: try part(end..<body.upperBound, depth))
    }

    private func part(_ range: Range<Int>, _ depth: Int) throws(PrinterError) -> [JSONPath.Node] {
        try Self.nodes(text.string(range), of: template, depth: depth + 1)
    }
}
