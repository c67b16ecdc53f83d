/// Reads an expression into a tree and expands its macros.
///
/// Source: the language definition of CEL and its grammar.
struct CELParser {
    private let limits: CELLimits
    private let macros: [CELMacro.Key: CELMacro]
    private let allowsOptional: Bool
    private let allowsQuotedIdentifiers: Bool
    private let source: [Unicode.Scalar]
    private var tokens: [CELToken] = []
    private var position = 0
    private var nesting = 0
    private(set) var offsets: [Int] = []

    typealias Failure = CELLexer.Failure

    init(_ text: String, _ environment: CELEnvironment) {
        limits = environment.limits
        macros = environment.macros
        allowsOptional = environment.allowsOptionalSyntax
        allowsQuotedIdentifiers = environment.allowsQuotedIdentifiers
        source = Array(text.unicodeScalars.prefix(limits.sourceScalarsMax + 1))
    }

    mutating func parse() throws(CELIssues) -> CELTree {
        do throws(Failure) {
            guard source.count <= limits.sourceScalarsMax else {
                throw Failure(
                    offset: 0, message: "expression code point size exceeds limit: limit \(limits.sourceScalarsMax)")
            }
            var lexer = CELLexer(source)
            tokens = try lexer.tokens()
            let root = try expression()
            guard current == .end else { throw unexpected() }
            return CELTree(root: root, offsets: offsets, source: source)
        } catch {
            let starts = CELTree.lineStarts(of: source)
            throw CELIssues([CELTree.issue(at: error.offset, error.message, lineStarts: starts)])
        }
    }

    // MARK: - Words

    private var current: CELToken.Kind { tokens[position].kind }
    private var offset: Int { tokens[position].offset }

    private func unexpected() -> Failure {
        let shown: String
        switch current {
        case .end: shown = "the end"
        case .symbol(let symbol): shown = "'\(symbol)'"
        case .identifier(let name): shown = "'\(name)'"
        default: shown = "a literal"
        }
        return Failure(offset: offset, message: "syntax error: unexpected \(shown)")
    }

    private mutating func advance() { if position + 1 < tokens.count { position += 1 } }

    private mutating func accept(_ symbol: String) -> Bool {
        guard current == .symbol(symbol) else { return false }
        advance()
        return true
    }

    private mutating func expect(_ symbol: String) throws(Failure) {
        guard accept(symbol) else { throw unexpected() }
    }

    func failure(_ id: Int, _ message: String) -> Failure { Failure(offset: offsets[id], message: message) }

    // MARK: - Nodes

    mutating func newID(at offset: Int) -> Int {
        offsets.append(offset)
        return offsets.count - 1
    }

    mutating func node(_ kind: CELExpression.Kind, at offset: Int) throws(Failure) -> CELExpression {
        let expression = CELExpression(id: newID(at: offset), kind)
        guard expression.depth <= limits.treeDepthMax else {
            throw Failure(offset: offset, message: "expression recursion limit exceeded: \(limits.treeDepthMax)")
        }
        return expression
    }

    private mutating func enter() throws(Failure) {
        nesting += 1
        guard nesting <= limits.nestingMax else {
            throw Failure(offset: offset, message: "expression recursion limit exceeded: \(limits.nestingMax)")
        }
    }

    /// A chain such as `a.b.c` or `a + b + c` nests as deep as it is long.
    private func checkChain(_ length: Int) throws(Failure) {
        guard length <= limits.nestingMax else {
            throw Failure(offset: offset, message: "expression recursion limit exceeded: \(limits.nestingMax)")
        }
    }

    // MARK: - Operators

    private mutating func expression() throws(Failure) -> CELExpression {
        try enter()
        defer { nesting -= 1 }
        let condition = try disjunction()
        let place = offset
        guard accept("?") else { return condition }
        let first = try disjunction()
        try expect(":")
        let second = try expression()
        return try node(.call("_?_:_", target: nil, [condition, first, second]), at: place)
    }

    private mutating func disjunction() throws(Failure) -> CELExpression {
        var terms = [try conjunction()]
        var places: [Int] = []
        while current == .symbol("||") {
            places.append(offset)
            advance()
            terms.append(try conjunction())
        }
        return try balanced("_||_", terms[...], places[...])
    }

    private mutating func conjunction() throws(Failure) -> CELExpression {
        var terms = [try relation()]
        var places: [Int] = []
        while current == .symbol("&&") {
            places.append(offset)
            advance()
            terms.append(try relation())
        }
        return try balanced("_&&_", terms[...], places[...])
    }

    /// A long chain becomes a tree of logarithmic depth.
    private mutating func balanced(
        _ function: String, _ terms: ArraySlice<CELExpression>, _ places: ArraySlice<Int>
    ) throws(Failure) -> CELExpression {
        if terms.count == 1 { return terms[terms.startIndex] }
        let half = places.count / 2
        let left = try balanced(function, terms.prefix(half + 1), places.prefix(half))
        let right = try balanced(function, terms.dropFirst(half + 1), places.dropFirst(half + 1))
        return try node(.call(function, target: nil, [left, right]), at: places[places.startIndex + half])
    }

    private mutating func relation() throws(Failure) -> CELExpression {
        var left = try sum()
        var length = 0
        while true {
            let place = offset
            let function: String
            switch current {
            case .symbol("<"): function = "_<_"
            case .symbol("<="): function = "_<=_"
            case .symbol(">"): function = "_>_"
            case .symbol(">="): function = "_>=_"
            case .symbol("=="): function = "_==_"
            case .symbol("!="): function = "_!=_"
            case .identifier("in"): function = "@in"
            default: return left
            }
            advance()
            length += 1
            try checkChain(length)
            left = try node(.call(function, target: nil, [left, try sum()]), at: place)
        }
    }

    private mutating func sum() throws(Failure) -> CELExpression {
        var left = try product()
        var length = 0
        while current == .symbol("+") || current == .symbol("-") {
            let place = offset
            let function = current == .symbol("+") ? "_+_" : "_-_"
            advance()
            length += 1
            try checkChain(length)
            left = try node(.call(function, target: nil, [left, try product()]), at: place)
        }
        return left
    }

    private mutating func product() throws(Failure) -> CELExpression {
        var left = try unary()
        var length = 0
        while true {
            let place = offset
            let function: String
            switch current {
            case .symbol("*"): function = "_*_"
            case .symbol("/"): function = "_/_"
            case .symbol("%"): function = "_%_"
            default: return left
            }
            advance()
            length += 1
            try checkChain(length)
            left = try node(.call(function, target: nil, [left, try unary()]), at: place)
        }
    }

    private mutating func unary() throws(Failure) -> CELExpression {
        let place = offset
        if current == .symbol("!") {
            var count = 0
            while accept("!") { count += 1 }
            let operand = try member()
            return count % 2 == 0 ? operand : try node(.call("!_", target: nil, [operand]), at: place)
        }
        guard current == .symbol("-") else { return try member() }
        var count = 0
        while current == .symbol("-"), !isNegativeNumber {
            advance()
            count += 1
        }
        let operand = try member()
        return count % 2 == 0 ? operand : try node(.call("-_", target: nil, [operand]), at: place)
    }

    /// Whether a minus and a number follow, which are one literal.
    private var isNegativeNumber: Bool {
        guard position + 1 < tokens.count else { return false }
        switch tokens[position + 1].kind {
        case .int, .intMinimum, .double: return true
        default: return false
        }
    }

    // MARK: - Members

    private mutating func member() throws(Failure) -> CELExpression {
        var operand = try primary()
        var length = 0
        while true {
            let place = offset
            length += 1
            try checkChain(length)
            if accept(".") {
                operand = try selection(of: operand, at: place)
            } else if accept("[") {
                let isOptional = accept("?")
                guard !isOptional || allowsOptional else {
                    throw Failure(offset: place, message: "unsupported syntax '[?'")
                }
                let index = try expression()
                try expect("]")
                operand = try node(.call(isOptional ? "_[?_]" : "_[_]", target: nil, [operand, index]), at: place)
            } else {
                return operand
            }
        }
    }

    private mutating func selection(of operand: CELExpression, at place: Int) throws(Failure) -> CELExpression {
        let isOptional = accept("?")
        guard !isOptional || allowsOptional else { throw Failure(offset: place, message: "unsupported syntax '.?'") }
        let namePlace = offset
        let name: String
        switch current {
        case .identifier(let text):
            guard !["in", "true", "false", "null"].contains(text) else { throw unexpected() }
            name = text
        case .quotedIdentifier(let text):
            guard allowsQuotedIdentifiers else {
                throw Failure(offset: namePlace, message: "unsupported syntax: '`'")
            }
            name = text
        default: throw unexpected()
        }
        let isPlain = if case .identifier = current { true } else { false }
        advance()
        let callPlace = offset
        if !isOptional, isPlain, accept("(") {
            return try call(name, target: operand, try arguments(), at: callPlace)
        }
        guard isOptional else { return try node(.select(operand, field: name, isTest: false), at: place) }
        let field = try node(.literal(.string(name)), at: namePlace)
        return try node(.call("_?._", target: nil, [operand, field]), at: place)
    }

    private mutating func arguments() throws(Failure) -> [CELExpression] {
        var arguments: [CELExpression] = []
        if accept(")") { return arguments }
        repeat { arguments.append(try expression()) } while accept(",")
        try expect(")")
        return arguments
    }

    private mutating func call(
        _ name: String, target: CELExpression?, _ arguments: [CELExpression], at place: Int
    ) throws(Failure) -> CELExpression {
        let hasTarget = target != nil
        let macro =
            macros[CELMacro.Key(name, arguments.count, hasTarget: hasTarget)]
            ?? macros[CELMacro.Key(name, nil, hasTarget: hasTarget)]
        if let macro, let expanded = try macro.expand(&self, place, target, arguments) { return expanded }
        return try node(.call(name, target: target, arguments), at: place)
    }

    // MARK: - Primaries

    private mutating func primary() throws(Failure) -> CELExpression {
        let place = offset
        switch current {
        case .symbol("("):
            advance()
            let inner = try expression()
            try expect(")")
            return inner
        case .symbol("["): return try listLiteral()
        case .symbol("{"): return try mapLiteral()
        case .symbol("."), .identifier: return try name()
        case .symbol("-"):
            advance()
            let value: CELValue
            switch current {
            case .int(let magnitude): value = .int(-magnitude)
            case .intMinimum: value = .int(.min)
            case .double(let magnitude): value = .double(-magnitude)
            default: throw unexpected()
            }
            advance()
            return try node(.literal(value), at: place)
        case .int(let value): return try literal(.int(value))
        case .uint(let value): return try literal(.uint(value))
        case .double(let value): return try literal(.double(value))
        case .string(let value): return try literal(.string(value))
        case .bytes(let value): return try literal(.bytes(value))
        case .intMinimum: throw Failure(offset: place, message: "invalid int literal")
        case .symbol, .quotedIdentifier, .end: throw unexpected()
        }
    }

    private mutating func literal(_ value: CELValue) throws(Failure) -> CELExpression {
        let place = offset
        advance()
        return try node(.literal(value), at: place)
    }

    private mutating func listLiteral() throws(Failure) -> CELExpression {
        let place = offset
        advance()
        var elements: [CELExpression] = []
        var optional: Set<Int> = []
        while !accept("]") {
            if try optionalMark() { optional.insert(elements.count) }
            elements.append(try expression())
            if !accept(",") {
                try expect("]")
                break
            }
        }
        return try node(.list(elements, optional: optional), at: place)
    }

    private mutating func optionalMark() throws(Failure) -> Bool {
        let place = offset
        guard accept("?") else { return false }
        guard allowsOptional else { throw Failure(offset: place, message: "unsupported syntax '?'") }
        return true
    }

    private mutating func mapLiteral() throws(Failure) -> CELExpression {
        let place = offset
        advance()
        var entries: [CELExpression.Entry] = []
        while !accept("}") {
            let isOptional = try optionalMark()
            let key = try expression()
            try expect(":")
            entries.append(CELExpression.Entry(key: key, value: try expression(), isOptional: isOptional))
            if !accept(",") {
                try expect("}")
                break
            }
        }
        return try node(.map(entries), at: place)
    }

    private static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]

    private mutating func name() throws(Failure) -> CELExpression {
        let place = offset
        let isRooted = accept(".")
        guard case .identifier(let word) = current else { throw unexpected() }
        if !isRooted {
            switch word {
            case "true": return try literal(.bool(true))
            case "false": return try literal(.bool(false))
            case "null": return try literal(.null)
            default: break
            }
        }
        guard !["in", "true", "false", "null"].contains(word) else { throw unexpected() }
        if let structure = try structureLiteral(isRooted: isRooted) { return structure }
        guard !CELParser.reserved.contains(word) else {
            throw Failure(offset: place, message: "reserved identifier: \(word)")
        }
        advance()
        let name = isRooted ? "." + word : word
        let callPlace = offset
        if accept("(") { return try call(name, target: nil, try arguments(), at: callPlace) }
        return try node(.identifier(name), at: place)
    }

    /// `a.b.C{...}`; nil, and nothing read, where that is not what follows.
    private mutating func structureLiteral(isRooted: Bool) throws(Failure) -> CELExpression? {
        var ahead = position
        var names: [String] = []
        while true {
            guard case .identifier(let name) = tokens[ahead].kind else { return nil }
            names.append(name)
            guard ahead + 1 < tokens.count else { return nil }
            if tokens[ahead + 1].kind == .symbol("{") { break }
            guard tokens[ahead + 1].kind == .symbol("."), ahead + 2 < tokens.count else { return nil }
            ahead += 2
        }
        position = ahead + 1
        let place = offset
        advance()
        var fields: [CELExpression.Field] = []
        while !accept("}") {
            let isOptional = try optionalMark()
            let name: String
            switch current {
            case .identifier(let text): name = text
            case .quotedIdentifier(let text) where allowsQuotedIdentifiers: name = text
            default: throw unexpected()
            }
            advance()
            let id = newID(at: offset)
            try expect(":")
            fields.append(.init(id: id, name: name, value: try expression(), isOptional: isOptional))
            if !accept(",") {
                try expect("}")
                break
            }
        }
        let name = (isRooted ? "." : "") + names.joined(separator: ".")
        return try node(.structure(name, fields), at: place)
    }
}
