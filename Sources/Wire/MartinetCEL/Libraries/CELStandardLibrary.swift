extension CELEnvironment {
    /// The macros, operators and functions of the language definition, with numbers compared across types.
    package static let standard: CELEnvironment = {
        var environment = CELEnvironment()
        environment.addStandardLibrary()
        return environment
    }()

    private mutating func addStandardLibrary() {
        add(CELMacro.standard)
        for (name, type) in CELEnvironment.standardTypes { declare(type: type, as: name) }
        declare(constant: .int(0), as: "google.protobuf.NullValue.NULL_VALUE")
        addLogic()
        addMathOperators()
        addComparisons()
        addContainers()
        addConversions()
        addTexts()
        addTimes()
    }

    private static let standardTypes: [(String, CELType)] = [
        ("bool", .bool), ("bytes", .bytes), ("double", .double), ("int", .int), ("uint", .uint), ("string", .string),
        ("null_type", .null), ("list", .list(.dyn)), ("map", .map(.dyn, .dyn)), ("type", .type(.dyn)),
        ("google.protobuf.Timestamp", .timestamp), ("google.protobuf.Duration", .duration),
    ]

    private static let first = CELType.parameter(0)
    private static let second = CELType.parameter(1)

    private mutating func addLogic() {
        let first = CELEnvironment.first
        let none: CELOverload.Implementation = .binary { _, _ in .failure("not a function") }
        add("_?_:_", [CELOverload("conditional", [.bool, first, first], first, none)])
        add("_&&_", [CELOverload("logical_and", [.bool, .bool], .bool, none)])
        add("_||_", [CELOverload("logical_or", [.bool, .bool], .bool, none)])
        add("!_", [CELOverload("logical_not", [.bool], .bool, isUniform: true, .unary(CELArithmetic.not))])
        add(
            "@not_strictly_false",
            [
                CELOverload(
                    "not_strictly_false", [.bool], .bool, isNonStrict: true, .unary(CELArithmetic.notStrictlyFalse))
            ])
        add(
            "_==_",
            [CELOverload("equals", [first, first], .bool, isUniform: true, .binary(CELArithmetic.equal))])
        add(
            "_!=_",
            [CELOverload("not_equals", [first, first], .bool, isUniform: true, .binary(CELArithmetic.notEqual))])
    }

    private mutating func operators(
        _ name: String, _ signatures: [(String, [CELType], CELType)],
        _ function: @escaping CELBinaryFunction
    ) {
        add(name, signatures.map { CELOverload($0.0, $0.1, $0.2, isUniform: true, .binary(function)) })
    }

    private mutating func addMathOperators() {
        let list = CELType.list(CELEnvironment.first)
        operators(
            "_+_",
            [
                ("add_bytes", [.bytes, .bytes], .bytes), ("add_double", [.double, .double], .double),
                ("add_duration_duration", [.duration, .duration], .duration),
                ("add_duration_timestamp", [.duration, .timestamp], .timestamp),
                ("add_timestamp_duration", [.timestamp, .duration], .timestamp),
                ("add_int64", [.int, .int], .int), ("add_list", [list, list], list),
                ("add_string", [.string, .string], .string), ("add_uint64", [.uint, .uint], .uint),
            ], CELArithmetic.add)
        operators(
            "_-_",
            [
                ("subtract_double", [.double, .double], .double),
                ("subtract_duration_duration", [.duration, .duration], .duration),
                ("subtract_int64", [.int, .int], .int),
                ("subtract_timestamp_duration", [.timestamp, .duration], .timestamp),
                ("subtract_timestamp_timestamp", [.timestamp, .timestamp], .duration),
                ("subtract_uint64", [.uint, .uint], .uint),
            ], CELArithmetic.subtract)
        let products: [(String, String, CELBinaryFunction)] = [
            ("_*_", "multiply", CELArithmetic.multiply), ("_/_", "divide", CELArithmetic.divide),
        ]
        for (name, word, function) in products {
            operators(
                name,
                [
                    ("\(word)_double", [.double, .double], .double), ("\(word)_int64", [.int, .int], .int),
                    ("\(word)_uint64", [.uint, .uint], .uint),
                ], function)
        }
        operators(
            "_%_", [("modulo_int64", [.int, .int], .int), ("modulo_uint64", [.uint, .uint], .uint)],
            CELArithmetic.remainder)
        add(
            "-_",
            [
                CELOverload("negate_double", [.double], .double, isUniform: true, .unary(CELArithmetic.negate)),
                CELOverload("negate_int64", [.int], .int, isUniform: true, .unary(CELArithmetic.negate)),
            ])
    }

    private mutating func addComparisons() {
        let names: [(CELType, String)] = [(.int, "int64"), (.uint, "uint64"), (.double, "double")]
        let orders: [(String, String, CELBinaryFunction)] = [
            ("_<_", "less", CELArithmetic.less), ("_<=_", "less_equals", CELArithmetic.lessOrEqual),
            ("_>_", "greater", CELArithmetic.greater), ("_>=_", "greater_equals", CELArithmetic.greaterOrEqual),
        ]
        for (name, word, function) in orders {
            var signatures: [(String, [CELType], CELType)] = [("\(word)_bool", [.bool, .bool], .bool)]
            for (left, leftName) in names {
                for (right, rightName) in names {
                    let id = left == right ? "\(word)_\(leftName)" : "\(word)_\(leftName)_\(rightName)"
                    signatures.append((id, [left, right], .bool))
                }
            }
            for (type, typeName) in [
                (CELType.string, "string"), (.bytes, "bytes"), (.timestamp, "timestamp"), (.duration, "duration"),
            ] {
                signatures.append(("\(word)_\(typeName)", [type, type], .bool))
            }
            operators(name, signatures, function)
        }
    }

    private mutating func addContainers() {
        let (first, second) = (CELEnvironment.first, CELEnvironment.second)
        let none: CELOverload.Implementation = .binary { _, _ in .failure("not a function") }
        add(
            "_[_]",
            [
                CELOverload("index_list", [.list(first), .int], first, none),
                CELOverload("index_map", [.map(first, second), first], second, none),
            ])
        operators(
            "@in",
            [
                ("in_list", [first, .list(first)], .bool), ("in_map", [first, .map(first, second)], .bool),
            ], CELArithmetic.contains)
        for (type, name) in [
            (CELType.bytes, "bytes"), (.list(first), "list"), (.map(first, second), "map"), (.string, "string"),
        ] {
            add(
                "size",
                [
                    CELOverload("size_\(name)", [type], .int, isUniform: true, .unary(CELArithmetic.size)),
                    CELOverload(
                        "\(name)_size", isMember: true, [type], .int, isUniform: true, .unary(CELArithmetic.size)),
                ])
        }
    }

    private mutating func conversion(
        _ name: String, _ sources: [(String, CELType)], _ result: CELType,
        _ function: @escaping CELUnaryFunction
    ) {
        add(name, sources.map { CELOverload($0.0, [$0.1], result, isUniform: true, .unary(function)) })
    }

    private mutating func addConversions() {
        let first = CELEnvironment.first
        add("type", [CELOverload("type", [first], .type(first), isUniform: true, .unary { .type($0.type) })])
        add("dyn", [CELOverload("to_dyn", [first], .dyn, isUniform: true, .unary { $0 })])
        conversion("bool", [("bool_to_bool", .bool), ("string_to_bool", .string)], .bool, CELConversions.bool)
        conversion("bytes", [("bytes_to_bytes", .bytes), ("string_to_bytes", .string)], .bytes, CELConversions.bytes)
        conversion(
            "double",
            [
                ("double_to_double", .double), ("int64_to_double", .int), ("string_to_double", .string),
                ("uint64_to_double", .uint),
            ], .double, CELConversions.double)
        conversion(
            "duration",
            [("duration_to_duration", .duration), ("int64_to_duration", .int), ("string_to_duration", .string)],
            .duration, CELConversions.duration)
        conversion(
            "int",
            [
                ("int64_to_int64", .int), ("double_to_int64", .double), ("duration_to_int64", .duration),
                ("string_to_int64", .string), ("timestamp_to_int64", .timestamp), ("uint64_to_int64", .uint),
            ], .int, CELConversions.int)
        for (id, type) in [
            ("string_to_string", CELType.string), ("bool_to_string", .bool), ("bytes_to_string", .bytes),
            ("double_to_string", .double), ("duration_to_string", .duration), ("int64_to_string", .int),
            ("timestamp_to_string", .timestamp), ("uint64_to_string", .uint),
        ] {
            // Other libraries add overloads of their own to this one: it is not uniform.
            add("string", [CELOverload(id, [type], .string, .unary(CELConversions.string))])
        }
        conversion(
            "timestamp",
            [
                ("timestamp_to_timestamp", .timestamp), ("int64_to_timestamp", .int), ("string_to_timestamp", .string),
            ], .timestamp, CELConversions.timestamp)
        conversion(
            "uint",
            [
                ("uint64_to_uint64", .uint), ("double_to_uint64", .double), ("int64_to_uint64", .int),
                ("string_to_uint64", .string),
            ], .uint, CELConversions.uint)
    }

    private mutating func addTexts() {
        let members: [(String, String, CELBinaryFunction)] = [
            ("contains", "contains_string", CELText.contains), ("endsWith", "ends_with_string", CELText.endsWith),
            ("startsWith", "starts_with_string", CELText.startsWith),
            ("matches", "matches_string", { CELText.matches($0, $1) }),
        ]
        for (name, id, function) in members {
            add(
                name,
                [CELOverload(id, isMember: true, [.string, .string], .bool, isUniform: true, .binary(function))])
        }
        add(
            "matches",
            [
                CELOverload("matches", [.string, .string], .bool, isUniform: true, .binary { CELText.matches($0, $1) })
            ])
    }
}
