extension CELEnvironment {
    /// The standard library with every extension that this module has.
    package static let everything: CELEnvironment = {
        var environment = standard
        environment.addOptionalTypes()
        environment.addBindings()
        environment.addTwoVariableMacros()
        environment.addStrings()
        environment.addMath()
        environment.addLists()
        environment.addSets()
        environment.addEncoders()
        environment.addRegex()
        environment.allowsQuotedIdentifiers = true
        return environment
    }()

    package mutating func addBindings() { add([CELMacro.binding]) }

    package mutating func addTwoVariableMacros() {
        add(CELMacro.twoVariables)
        let (key, value) = (CELType.parameter(0), CELType.parameter(1))
        let none: CELOverload.Implementation = .variadic { _ in .failure("not a function") }
        add(
            "cel.@mapInsert",
            [
                CELOverload("@mapInsert_map_key_value", [.map(key, value), key, value], .map(key, value), none),
                CELOverload("@mapInsert_map_map", [.map(key, value), .map(key, value)], .map(key, value), none),
            ])
    }

    /// Values that may be absent: `?.`, `[?]`, `optional.of` and what goes with them.
    package mutating func addOptionalTypes() {
        allowsOptionalSyntax = true
        add(CELMacro.optional)
        let (first, second) = (CELType.parameter(0), CELType.parameter(1))
        let optional = CELType.optional(first)
        let none: CELOverload.Implementation = .binary { _, _ in .failure("not a function") }
        declare(type: .optional(.dyn), as: "optional_type")
        add("optional.of", [CELOverload("optional_of", [first], optional, .unary { .optional(CELOptional($0)) })])
        add(
            "optional.ofNonZeroValue",
            [
                CELOverload(
                    "optional_ofNonZeroValue", [first], optional,
                    .unary { .optional($0.isZero ? .none : CELOptional($0)) })
            ])
        add("optional.none", [CELOverload("optional_none", [], optional, .variadic { _ in .optional(.none) })])
        add(
            "value",
            [
                CELOverload(
                    "optional_value", isMember: true, [optional], first,
                    .unary {
                        guard case .optional(let optional) = $0 else { return .noSuchOverload("value") }
                        return optional.value ?? .failure("optional.none() dereference")
                    })
            ])
        add(
            "hasValue",
            [
                CELOverload(
                    "optional_hasValue", isMember: true, [optional], .bool,
                    .unary {
                        guard case .optional(let optional) = $0 else { return .noSuchOverload("hasValue") }
                        return .bool(optional.value != nil)
                    })
            ])
        add("or", [CELOverload("optional_or_optional", isMember: true, [optional, optional], optional, none)])
        add("orValue", [CELOverload("optional_orValue_value", isMember: true, [optional, first], first, none)])
        add(
            "_?._", [CELOverload("select_optional_field", [.dyn, .string], .optional(second), none)])
        add(
            "_[?_]",
            [
                CELOverload("list_optindex_optional_int", [.list(first), .int], optional, none),
                CELOverload("optional_list_optindex_optional_int", [.optional(.list(first)), .int], optional, none),
                CELOverload("map_optindex_optional_value", [.map(first, second), first], .optional(second), none),
                CELOverload(
                    "optional_map_optindex_optional_value", [.optional(.map(first, second)), first],
                    .optional(second), none),
            ])
        add(
            "_[_]",
            [
                CELOverload("optional_list_index_int", [.optional(.list(first)), .int], optional, none),
                CELOverload(
                    "optional_map_index_value", [.optional(.map(first, second)), first], .optional(second), none),
            ])
        addOptionalLists()
    }

    private mutating func addOptionalLists() {
        let first = CELType.parameter(0)
        for (name, isFirst) in [("first", true), ("last", false)] {
            add(
                name,
                [
                    CELOverload(
                        "list_\(name)", isMember: true, [.list(first)], .optional(first),
                        .unary {
                            guard case .list(let list) = $0 else { return .noSuchOverload(name) }
                            guard list.count > 0 else { return .optional(.none) }
                            return .optional(CELOptional(list.element(at: isFirst ? 0 : list.count - 1)))
                        })
                ])
        }
        let unwrap: CELUnaryFunction = {
            guard case .list(let list) = $0 else { return .noSuchOverload("optional.unwrap") }
            var elements: [CELValue] = []
            for index in 0..<list.count {
                guard case .optional(let element) = list.element(at: index) else {
                    return .failure("value is not an optional")
                }
                if let value = element.value { elements.append(value) }
            }
            return .list(elements)
        }
        add(
            "optional.unwrap", [CELOverload("optional_unwrap", [.list(.optional(first))], .list(first), .unary(unwrap))]
        )
        add(
            "unwrapOpt",
            [
                CELOverload(
                    "optional_unwrapOpt", isMember: true, [.list(.optional(first))], .list(first), .unary(unwrap))
            ])
    }
}

extension CELValue {
    /// Whether it is the empty value of its type.
    var isZero: Bool {
        switch self {
        case .null: true
        case .bool(let value): !value
        case .int(let value): value == 0
        case .uint(let value): value == 0
        case .double(let value): value == 0
        case .string(let value): value.isEmpty
        case .bytes(let value): value.isEmpty
        case .list(let list): list.count == 0
        case .map(let map): map.count == 0
        case .duration(let span): span.nanoseconds == 0
        case .timestamp(let moment): moment.seconds == CELTimestamp.secondsMin && moment.nanoseconds == 0
        case .optional(let optional): optional.value == nil
        default: false
        }
    }
}
