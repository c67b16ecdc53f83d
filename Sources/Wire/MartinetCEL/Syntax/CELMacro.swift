/// A call that is rewritten while it is parsed.
package struct CELMacro: Sendable {
    struct Key: Hashable {
        let name: String
        /// Nil for any number.
        let arguments: Int?
        let hasTarget: Bool
        init(_ name: String, _ arguments: Int?, hasTarget: Bool) {
            self.name = name
            self.arguments = arguments
            self.hasTarget = hasTarget
        }
    }

    typealias Failure = CELLexer.Failure
    typealias Expander =
        @Sendable (
            inout CELParser, Int, CELExpression?, [CELExpression]
        ) throws(Failure) -> CELExpression?

    let key: Key
    /// Nil where the call is not meant as the macro.
    let expand: Expander

    init(_ name: String, _ arguments: Int?, hasTarget: Bool = true, _ expand: @escaping Expander) {
        key = Key(name, arguments, hasTarget: hasTarget)
        self.expand = expand
    }

    static let accumulator = "@result"

    static func name(
        _ parser: borrowing CELParser, _ argument: CELExpression, _ message: String = "argument must be a simple name"
    ) throws(Failure) -> String {
        guard case .identifier(let name) = argument.kind, !name.hasPrefix(".") else {
            throw parser.failure(argument.id, message)
        }
        guard name != accumulator, name != "__result__" else {
            throw parser.failure(argument.id, "iteration variable overwrites accumulator variable")
        }
        return name
    }

    // MARK: - Standard macros

    static let standard: [CELMacro] =
        [
            CELMacro("has", 1, hasTarget: false) {
                (parser, place, _, arguments) throws(Failure) -> CELExpression? in
                guard case .select(let operand, let field, false) = arguments[0].kind else {
                    throw parser.failure(arguments[0].id, "invalid argument to has() macro")
                }
                return try parser.node(.select(operand, field: field, isTest: true), at: place)
            },
            fold("all", 2, .all), fold("exists", 2, .exists), fold("exists_one", 2, .existsOne),
            fold("existsOne", 2, .existsOne), fold("map", 2, .list), fold("map", 3, .list), fold("filter", 2, .filter),
        ]

    static let twoVariables: [CELMacro] = [
        fold("all", 3, .all, isPair: true), fold("exists", 3, .exists, isPair: true),
        fold("exists_one", 3, .existsOne, isPair: true), fold("existsOne", 3, .existsOne, isPair: true),
        fold("transformList", 3, .list, isPair: true), fold("transformList", 4, .list, isPair: true),
        fold("transformMap", 3, .map, isPair: true), fold("transformMap", 4, .map, isPair: true),
        fold("transformMapEntry", 3, .mapEntry, isPair: true), fold("transformMapEntry", 4, .mapEntry, isPair: true),
    ]

    enum Fold: Sendable { case all, exists, existsOne, list, filter, map, mapEntry }

    static func fold(_ name: String, _ count: Int, _ kind: Fold, isPair: Bool = false) -> CELMacro {
        CELMacro(name, count) { (parser, place, target, arguments) throws(Failure) -> CELExpression? in
            guard let target else { return nil }
            return try fold(kind, &parser, place, target, arguments, isPair: isPair)
        }
    }

    static func fold(
        _ kind: Fold, _ parser: inout CELParser, _ place: Int, _ range: CELExpression, _ arguments: [CELExpression],
        isPair: Bool
    ) throws(Failure) -> CELExpression {
        let first = try name(parser, arguments[0])
        let second = isPair ? try name(parser, arguments[1]) : nil
        guard first != second else { throw parser.failure(arguments[1].id, "duplicate variable name: \(first)") }
        let rest = arguments.dropFirst(isPair ? 2 : 1)
        let body = rest[rest.endIndex - 1]
        func node(_ parser: inout CELParser, _ kind: CELExpression.Kind) throws(Failure) -> CELExpression {
            try parser.node(kind, at: place)
        }
        func accumulator(_ parser: inout CELParser) throws(Failure) -> CELExpression {
            try node(&parser, .identifier(CELMacro.accumulator))
        }
        func call(
            _ parser: inout CELParser, _ function: String, _ arguments: CELExpression...
        ) throws(Failure) -> CELExpression { try node(&parser, .call(function, target: nil, arguments)) }

        let filter: CELExpression? =
            kind == .filter || (rest.count == 2 && kind != .existsOne) ? rest[rest.startIndex] : nil
        let element = kind == .filter ? arguments[0] : body
        let shape: CELExpression.Comprehension.Shape
        let initial: CELExpression
        var condition = try node(&parser, .literal(.bool(true)))
        var step: CELExpression
        var result = try accumulator(&parser)
        switch kind {
        case .all:
            shape = .all
            initial = try node(&parser, .literal(.bool(true)))
            condition = try call(&parser, "@not_strictly_false", try accumulator(&parser))
            step = try call(&parser, "_&&_", try accumulator(&parser), body)
        case .exists:
            shape = .exists
            initial = try node(&parser, .literal(.bool(false)))
            condition = try call(&parser, "@not_strictly_false", try call(&parser, "!_", try accumulator(&parser)))
            step = try call(&parser, "_||_", try accumulator(&parser), body)
        case .existsOne:
            shape = .existsOne
            initial = try node(&parser, .literal(.int(0)))
            let sum = try call(&parser, "_+_", try accumulator(&parser), try node(&parser, .literal(.int(1))))
            step = try call(&parser, "_?_:_", body, sum, try accumulator(&parser))
            result = try call(&parser, "_==_", result, try node(&parser, .literal(.int(1))))
        case .list, .filter:
            shape = .list
            initial = try node(&parser, .list([], optional: []))
            step = try call(
                &parser, "_+_", try accumulator(&parser), try node(&parser, .list([element], optional: [])))
        case .map:
            shape = .map
            initial = try node(&parser, .map([]))
            step = try call(
                &parser, "cel.@mapInsert", try accumulator(&parser), try node(&parser, .identifier(first)), body)
        case .mapEntry:
            shape = .mapEntry
            initial = try node(&parser, .map([]))
            step = try call(&parser, "cel.@mapInsert", try accumulator(&parser), body)
        }
        if let filter { step = try call(&parser, "_?_:_", filter, step, try accumulator(&parser)) }
        let comprehension = CELExpression.Comprehension(
            range: range, variable: first, secondVariable: second, accumulator: CELMacro.accumulator, initial: initial,
            condition: condition, step: step, result: result, shape: shape, filter: filter, body: element)
        return try node(&parser, .comprehension(comprehension))
    }

    /// `cel.bind(name, value, expression)`.
    static let binding = CELMacro("bind", 3) { (parser, place, target, arguments) throws(Failure) -> CELExpression? in
        guard case .identifier("cel")? = target?.kind else { return nil }
        let variable = try name(parser, arguments[0], "cel.bind() variable names must be simple identifiers")
        return try bind(&parser, place, variable, arguments[1], arguments[2])
    }

    static func bind(
        _ parser: inout CELParser, _ place: Int, _ variable: String, _ value: CELExpression, _ result: CELExpression
    ) throws(Failure) -> CELExpression {
        let comprehension = CELExpression.Comprehension(
            range: try parser.node(.list([], optional: []), at: place), variable: "#unused", accumulator: variable,
            initial: value, condition: try parser.node(.literal(.bool(false)), at: place),
            step: try parser.node(.identifier(variable), at: place), result: result, shape: .binding, body: result)
        return try parser.node(.comprehension(comprehension), at: place)
    }

    /// `optMap` and `optFlatMap`.
    static let optional: [CELMacro] = ["optMap", "optFlatMap"].map { function in
        CELMacro(function, 2) { (parser, place, target, arguments) throws(Failure) -> CELExpression? in
            guard let target else { return nil }
            let variable = try name(parser, arguments[0], "\(function)() variable name must be a simple identifier")
            let present = try parser.node(.call("hasValue", target: target, []), at: place)
            let value = try parser.node(.call("value", target: target, []), at: place)
            var body = try bind(&parser, place, variable, value, arguments[1])
            if function == "optMap" { body = try parser.node(.call("optional.of", target: nil, [body]), at: place) }
            let none = try parser.node(.call("optional.none", target: nil, []), at: place)
            return try parser.node(.call("_?_:_", target: nil, [present, body, none]), at: place)
        }
    }

    /// `math.greatest` and `math.least`, with any number of arguments.
    static let extremes: [CELMacro] = ["greatest", "least"].map { function in
        CELMacro(function, nil) { (parser, place, target, arguments) throws(Failure) -> CELExpression? in
            guard let target, case .identifier("math") = target.kind else { return nil }
            let name = function == "greatest" ? "math.@max" : "math.@min"
            guard !arguments.isEmpty else {
                throw parser.failure(target.id, "math.\(function)() requires at least one argument")
            }
            for argument in arguments {
                switch argument.kind {
                case .literal(.int), .literal(.uint), .literal(.double): continue
                case .literal, .map, .structure: break
                case .list(let elements, _) where arguments.count == 1 && !elements.isEmpty: continue
                case .list: break
                default: continue
                }
                throw parser.failure(argument.id, "math.\(function)() invalid argument")
            }
            if arguments.count <= 2 { return try parser.node(.call(name, target: nil, arguments), at: place) }
            let list = try parser.node(.list(arguments, optional: []), at: place)
            return try parser.node(.call(name, target: nil, [list]), at: place)
        }
    }
}
