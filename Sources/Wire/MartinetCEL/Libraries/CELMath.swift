extension CELEnvironment {
    /// `math.*`. Source: the math extension of the reference.
    package mutating func addMath() {
        add(CELMacro.extremes)
        addExtremes()
        addRounding()
        addBits()
    }

    private mutating func addExtremes() {
        let types: [(CELType, String)] = [(.double, "double"), (.int, "int"), (.uint, "uint")]
        for (name, wanted) in [("math.@min", CELValue.Order.less), ("math.@max", .greater)] {
            let word = name == "math.@min" ? "min" : "max"
            let choose: CELBinaryFunction = { first, second in
                guard let order = second.compareNumbers(first) else { return .noSuchOverload(name) }
                return order == wanted ? second : first
            }
            var overloads: [CELOverload] = []
            for (type, typeName) in types {
                overloads.append(CELOverload("math_@\(word)_\(typeName)", [type], type, .unary { $0 }))
                overloads.append(
                    CELOverload(
                        "math_@\(word)_list_\(typeName)", [.list(type)], type,
                        .unary {
                            guard case .list(let list) = $0 else { return .noSuchOverload(name) }
                            guard list.count > 0 else { return .failure("\(name)(list) argument must not be empty") }
                            var best = list.element(at: 0)
                            if best.compareNumbers(best) == nil { return .noSuchOverload(name) }
                            for index in 1..<max(1, list.count) {
                                best = choose(best, list.element(at: index))
                                if case .error = best { return best }
                            }
                            return best
                        }))
                for (other, otherName) in types {
                    overloads.append(
                        CELOverload(
                            "math_@\(word)_\(typeName)_\(otherName)", [type, other], type == other ? type : .dyn,
                            .binary(choose)))
                }
            }
            add(name, overloads)
        }
    }

    private mutating func double(
        _ name: String, _ result: CELType = .double, _ function: @escaping @Sendable (Double) -> CELValue
    ) {
        add(
            "math.\(name)",
            [
                CELOverload(
                    "math_\(name)_double", [.double], result,
                    .unary {
                        guard case .double(let number) = $0 else { return .noSuchOverload("math.\(name)") }
                        return function(number)
                    })
            ])
    }

    private mutating func addRounding() {
        double("ceil") { .double($0.rounded(.up)) }
        double("floor") { .double($0.rounded(.down)) }
        double("round") { .double($0.rounded(.toNearestOrAwayFromZero)) }
        double("trunc") { .double($0.rounded(.towardZero)) }
        double("isInf", .bool) { .bool($0.isInfinite) }
        double("isNaN", .bool) { .bool($0.isNaN) }
        double("isFinite", .bool) { .bool($0.isFinite) }
        let absolute: CELUnaryFunction = {
            switch $0 {
            case .int(let number): number == .min ? .overflow : .int(abs(number))
            case .double(let number): .double(abs(number))
            default: $0
            }
        }
        let sign: CELUnaryFunction = {
            switch $0 {
            case .int(let number): .int(number.signum())
            case .uint(let number): .uint(number > 0 ? 1 : 0)
            case .double(let number): .double(number.isNaN ? number : number > 0 ? 1 : number < 0 ? -1 : 0)
            default: .noSuchOverload("math.sign")
            }
        }
        let root: CELUnaryFunction = {
            switch CELConversions.double($0) {
            case .double(let number): .double(number.squareRoot())
            default: .noSuchOverload("math.sqrt")
            }
        }
        for (type, name) in [(CELType.double, "double"), (.int, "int"), (.uint, "uint")] {
            add("math.abs", [CELOverload("math_abs_\(name)", [type], type, .unary(absolute))])
            add("math.sign", [CELOverload("math_sign_\(name)", [type], type, .unary(sign))])
            add("math.sqrt", [CELOverload("math_sqrt_\(name)", [type], .double, .unary(root))])
        }
    }

    private mutating func addBits() {
        func bits(
            _ name: String, _ int: @escaping @Sendable (Int64, Int64) -> Int64,
            _ uint: @escaping @Sendable (UInt64, UInt64) -> UInt64
        ) {
            let function: CELBinaryFunction = {
                switch ($0, $1) {
                case (.int(let first), .int(let second)): .int(int(first, second))
                case (.uint(let first), .uint(let second)): .uint(uint(first, second))
                default: .noSuchOverload("math.\(name)")
                }
            }
            add(
                "math.\(name)",
                [
                    CELOverload("math_\(name)_int_int", [.int, .int], .int, .binary(function)),
                    CELOverload("math_\(name)_uint_uint", [.uint, .uint], .uint, .binary(function)),
                ])
        }
        bits("bitAnd", { $0 & $1 }, { $0 & $1 })
        bits("bitOr", { $0 | $1 }, { $0 | $1 })
        bits("bitXor", { $0 ^ $1 }, { $0 ^ $1 })
        let not: CELUnaryFunction = {
            switch $0 {
            case .int(let number): .int(~number)
            case .uint(let number): .uint(~number)
            default: .noSuchOverload("math.bitNot")
            }
        }
        add(
            "math.bitNot",
            [
                CELOverload("math_bitNot_int_int", [.int], .int, .unary(not)),
                CELOverload("math_bitNot_uint_uint", [.uint], .uint, .unary(not)),
            ])
        for (name, isLeft) in [("bitShiftLeft", true), ("bitShiftRight", false)] {
            let shift: CELBinaryFunction = { value, count in
                guard case .int(let count) = count else { return .noSuchOverload("math.\(name)") }
                guard count >= 0 else { return .failure("math.\(name)() negative offset: \(count)") }
                // The sign of an int is shifted like its other bits.
                switch value {
                case .int(let number):
                    let bits = UInt64(bitPattern: number)
                    return .int(Int64(bitPattern: isLeft ? bits << UInt64(count) : bits >> UInt64(count)))
                case .uint(let number): return .uint(isLeft ? number << UInt64(count) : number >> UInt64(count))
                default: return .noSuchOverload("math.\(name)")
                }
            }
            add(
                "math.\(name)",
                [
                    CELOverload("math_\(name)_int_int", [.int, .int], .int, .binary(shift)),
                    CELOverload("math_\(name)_uint_int", [.uint, .int], .uint, .binary(shift)),
                ])
        }
    }
}
