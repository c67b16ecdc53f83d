import MartinetYAML

/// Builds the tree of a Go template. Nesting is bounded.
struct GoTemplateParser {
    private static let depth = 64
    private let template: String
    private var tokens: [GoTemplateLexer.Token] = []
    private var index = 0

    init(_ template: String) { self.template = template }

    private enum End { case text, end, otherwise, otherwiseIf }

    private func fault(_ message: String) -> PrinterError {
        PrinterError(code: .syntax, message: message, template: template)
    }

    mutating func parse() throws(PrinterError) -> [GoTemplate.Node] {
        var lexer = GoTemplateLexer(template)
        tokens = try lexer.tokens()
        let (nodes, end) = try block(0)
        guard end == .text else { throw fault("an {{end}} or {{else}} has nothing to end") }
        return nodes
    }

    private var peek: GoTemplateLexer.Token? { index < tokens.count ? tokens[index] : nil }

    private mutating func block(_ depth: Int) throws(PrinterError) -> ([GoTemplate.Node], End) {
        guard depth < Self.depth else { throw fault("blocks are nested too deeply") }
        var nodes: [GoTemplate.Node] = []
        while let token = peek {
            index += 1
            if case .text(let text) = token {
                nodes.append(.text(text))
                continue
            }
            guard token == .open else { throw fault("the template is out of step") }
            guard case .word(let word)? = peek else {
                nodes.append(.print(try pipeline(depth)))
                try close()
                continue
            }
            switch word {
            case "end":
                index += 1
                try close()
                return (nodes, .end)
            case "else":
                index += 1
                if peek == .word("if") { return (nodes, .otherwiseIf) }
                try close()
                return (nodes, .otherwise)
            case "if", "with", "range":
                index += 1
                nodes.append(try control(word, depth))
            case "define", "template", "block", "break", "continue":
                throw fault("{{\(word)}} is not supported")
            default:
                nodes.append(.print(try pipeline(depth)))
                try close()
            }
        }
        return (nodes, .text)
    }

    private mutating func close() throws(PrinterError) {
        guard peek == .close else { throw fault("expected \"}}\"") }
        index += 1
    }

    private mutating func control(_ word: String, _ depth: Int) throws(PrinterError) -> GoTemplate.Node {
        let pipeline = try pipeline(depth)
        guard pipeline.variables.count <= (word == "range" ? 2 : 1) else {
            throw fault("too many variables in \(word)")
        }
        try close()
        let (body, end) = try block(depth + 1)
        var otherwise: [GoTemplate.Node] = []
        switch end {
        case .end: break
        case .otherwise:
            let (nodes, last) = try block(depth + 1)
            guard last == .end else { throw fault("an {{else}} has no {{end}}") }
            otherwise = nodes
        case .otherwiseIf:
            index += 1
            otherwise = [try control("if", depth + 1)]
        case .text: throw fault("an {{\(word)}} has no {{end}}")
        }
        switch word {
        case "if": return .condition(pipeline, then: body, otherwise: otherwise)
        case "with": return .with(pipeline, then: body, otherwise: otherwise)
        default: return .range(pipeline, body: body, otherwise: otherwise)
        }
    }

    private mutating func pipeline(_ depth: Int) throws(PrinterError) -> GoTemplate.Pipeline {
        guard depth < Self.depth else { throw fault("parentheses are nested too deeply") }
        var pipeline = GoTemplate.Pipeline()
        let start = index
        while case .variable(let name)? = peek {
            index += 1
            pipeline.variables.append(name)
            if peek == .comma {
                index += 1
                continue
            }
            break
        }
        if peek == .declare, !pipeline.variables.isEmpty {
            index += 1
        } else {
            if peek == .assign { throw fault("assignment to a variable is not supported") }
            pipeline.variables = []
            index = start
        }
        while true {
            let command = try command(depth)
            guard !command.isEmpty else { throw fault("a value is missing") }
            pipeline.commands.append(command)
            guard peek == .pipe else { return pipeline }
            index += 1
        }
    }

    private mutating func command(_ depth: Int) throws(PrinterError) -> [GoTemplate.Operand] {
        var operands: [GoTemplate.Operand] = []
        while let token = peek {
            switch token {
            case .close, .pipe, .rightParen: return operands
            case .leftParen:
                index += 1
                let inner = try pipeline(depth + 1)
                guard peek == .rightParen else { throw fault("a \"(\" is not closed") }
                index += 1
                operands.append(.group(inner, chain()))
                continue
            case .field(let name, _):
                index += 1
                operands.append(.field((name.isEmpty ? [] : [name]) + chain()))
                continue
            case .variable(let name):
                index += 1
                operands.append(.variable(name, chain()))
                continue
            case .string(let text): operands.append(.literal(YAMLNode(.string(text))))
            case .number(let text): operands.append(.literal(try number(text)))
            case .word("true"), .word("false"): operands.append(.literal(YAMLNode(.bool(token == .word("true")))))
            case .word("nil"): operands.append(.literal(YAMLNode(.null)))
            case .word(let name):
                guard GoTemplateFunctions.names.contains(name) else { throw fault("there is no function \"\(name)\"") }
                operands.append(.function(name))
            default: throw fault("a value is expected")
            }
            index += 1
        }
        throw fault("a \"{{\" is not closed")
    }

    /// The fields that are glued to a value: `.a.b`, `$x.a`, `(index . 0).a`.
    private mutating func chain() -> [String] {
        var names: [String] = []
        while case .field(let name, glued: true)? = peek, !name.isEmpty {
            names.append(name)
            index += 1
        }
        return names
    }

    private func number(_ text: String) throws(PrinterError) -> YAMLNode {
        if let whole = Int64(text) { return YAMLNode(.int(whole)) }
        if let number = Double(text), number.isFinite { return YAMLNode(.double(number)) }
        throw fault("\"\(text)\" is no number")
    }
}
