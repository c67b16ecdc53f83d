/// What a call costs, found out when the expression is compiled.
package enum CELRuntimeCost: Sendable {
    case fixed(UInt64)
    /// The size of one argument, by a factor.
    case traversal(Int, Double)
    /// The smaller size of two arguments.
    case comparison
    case custom(@Sendable ([CELValue], CELValue) -> UInt64)

    @inline(__always)
    package static func scaled(_ size: UInt64, _ factor: Double) -> UInt64 {
        let product = (Double(size) * factor).rounded(.up)
        return product < 18_446_744_073_709_551_616 ? UInt64(product) : .max
    }
}

/// Knows what calls cost while they are evaluated; nil for the usual cost.
package protocol CELCallCosts: Sendable {
    func runtimeCost(function: String, overload: String) -> CELRuntimeCost?
}

/// The costs of the standard library alone.
package struct CELStandardCosts: CELCallCosts {
    package init() {}
    package func runtimeCost(function: String, overload: String) -> CELRuntimeCost? { nil }

    /// Of the standard library. Source: the reference implementation's cost tracker.
    static func standard(_ overload: String) -> CELRuntimeCost {
        switch overload {
        case "starts_with_string", "ends_with_string", "string_to_bytes", "bytes_to_string", "strings_quote",
            "string_format":
            .traversal(0, 0.1)
        case "in_list": .traversal(1, 1)
        case "less_string", "greater_string", "less_equals_string", "greater_equals_string", "less_bytes",
            "greater_bytes", "less_equals_bytes", "greater_equals_bytes", "equals", "not_equals":
            .comparison
        case "add_string", "add_bytes":
            .custom { arguments, _ in CELRuntimeCost.scaled(arguments[0].costSize + arguments[1].costSize, 0.1) }
        case "matches_string":
            .custom { arguments, _ in
                CELRuntimeCost.scaled(arguments[0].costSize + 1, 0.1)
                    .saturatingProduct(CELRuntimeCost.scaled(arguments[1].costSize, 0.25))
            }
        case "contains_string":
            .custom { arguments, _ in
                CELRuntimeCost.scaled(arguments[0].costSize, 0.1)
                    .saturatingProduct(CELRuntimeCost.scaled(arguments[1].costSize, 0.1))
            }
        default: .fixed(1)
        }
    }
}

extension UInt64 {
    package func saturatingProduct(_ other: UInt64) -> UInt64 {
        let (product, overflows) = multipliedReportingOverflow(by: other)
        return overflows ? .max : product
    }
    package func saturatingSum(_ other: UInt64) -> UInt64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? .max : sum
    }
}

final class CELUnaryNode: CELNode {
    private let argument: any CELNode
    private let cost: CELRuntimeCost
    private let isNonStrict: Bool
    private let function: @Sendable (CELValue) -> CELValue

    init(
        _ argument: any CELNode, _ cost: CELRuntimeCost, isNonStrict: Bool,
        _ function: @escaping @Sendable (CELValue) -> CELValue
    ) {
        self.argument = argument
        self.cost = cost
        self.isNonStrict = isNonStrict
        self.function = function
    }

    func evaluate(_ frame: CELFrame) -> CELValue {
        let value = argument.evaluate(frame)
        if frame.isExhausted { return CELFrame.exhausted }
        let result = !isNonStrict && value.isErrorOrUnknown ? value : function(value)
        switch cost {
        case .fixed(let amount): frame.spend(amount)
        case .traversal(_, let factor): frame.spend(CELRuntimeCost.scaled(value.costSize, factor))
        case .comparison: frame.spend(1)
        case .custom(let cost): frame.spend(cost([value], result))
        }
        return result
    }
}

final class CELBinaryNode: CELNode {
    private let first: any CELNode
    private let second: any CELNode
    private let cost: CELRuntimeCost
    private let function: @Sendable (CELValue, CELValue) -> CELValue

    init(
        _ first: any CELNode, _ second: any CELNode, _ cost: CELRuntimeCost,
        _ function: @escaping @Sendable (CELValue, CELValue) -> CELValue
    ) {
        self.first = first
        self.second = second
        self.cost = cost
        self.function = function
    }

    func evaluate(_ frame: CELFrame) -> CELValue {
        let left = first.evaluate(frame)
        let right = second.evaluate(frame)
        if frame.isExhausted { return CELFrame.exhausted }
        let result: CELValue
        if left.isErrorOrUnknown {
            result = left
        } else if right.isErrorOrUnknown {
            result = right
        } else {
            result = function(left, right)
        }
        switch cost {
        case .fixed(let amount): frame.spend(amount)
        case .traversal(let index, let factor):
            frame.spend(CELRuntimeCost.scaled((index == 0 ? left : right).costSize, factor))
        case .comparison: frame.spend(CELRuntimeCost.scaled(min(left.costSize, right.costSize), 0.1))
        case .custom(let cost): frame.spend(cost([left, right], result))
        }
        return result
    }
}

final class CELVariadicNode: CELNode {
    private let arguments: [any CELNode]
    private let cost: CELRuntimeCost
    private let isNonStrict: Bool
    private let function: @Sendable ([CELValue]) -> CELValue

    init(
        _ arguments: [any CELNode], _ cost: CELRuntimeCost, isNonStrict: Bool,
        _ function: @escaping @Sendable ([CELValue]) -> CELValue
    ) {
        self.arguments = arguments
        self.cost = cost
        self.isNonStrict = isNonStrict
        self.function = function
    }

    func evaluate(_ frame: CELFrame) -> CELValue {
        var values: [CELValue] = []
        values.reserveCapacity(arguments.count)
        for argument in arguments {
            let value = argument.evaluate(frame)
            if !isNonStrict, value.isErrorOrUnknown { return value }
            values.append(value)
        }
        if frame.isExhausted { return CELFrame.exhausted }
        let result = function(values)
        switch cost {
        case .fixed(let amount): frame.spend(amount)
        case .traversal(let index, let factor):
            frame.spend(index < values.count ? CELRuntimeCost.scaled(values[index].costSize, factor) : 1)
        case .comparison: frame.spend(1)
        case .custom(let cost): frame.spend(cost(values, result))
        }
        return result
    }
}

/// `value in [constants]`, whose elements were hashed when the expression was compiled.
final class CELMembershipNode: CELNode {
    private let argument: any CELNode
    private let keys: Set<CELKey>
    init(_ argument: any CELNode, keys: Set<CELKey>) {
        self.argument = argument
        self.keys = keys
    }
    func evaluate(_ frame: CELFrame) -> CELValue {
        let value = argument.evaluate(frame)
        if value.isErrorOrUnknown { return value }
        return .bool(CELKey(value).map(keys.contains) ?? false)
    }
}

/// `&&` and `||`: the deciding value wins over an error or unknown on either side.
final class CELLogicNode: CELNode {
    private let first: any CELNode
    private let second: any CELNode
    private let deciding: Bool
    init(_ first: any CELNode, _ second: any CELNode, deciding: Bool) {
        self.first = first
        self.second = second
        self.deciding = deciding
    }

    func evaluate(_ frame: CELFrame) -> CELValue {
        let left = first.evaluate(frame)
        if case .bool(deciding) = left { return left }
        let right = second.evaluate(frame)
        return CELLogicNode.combine(left, right, deciding: deciding)
    }

    static func combine(_ left: CELValue, _ right: CELValue, deciding: Bool) -> CELValue {
        switch (left, right) {
        case (.bool(deciding), _): left
        case (_, .bool(deciding)): right
        case (.bool, .bool): .bool(!deciding)
        case (.unknown(let first), .unknown(let second)): .unknown(CELUnknown(first.names + second.names))
        case (.unknown, _): left
        case (_, .unknown): right
        case (.error, _): left
        case (.bool, .error): right
        case (.bool, _): .noSuchOverload(deciding ? "_||_" : "_&&_")
        default: .noSuchOverload(deciding ? "_||_" : "_&&_")
        }
    }
}

/// `condition ? first : second`.
final class CELConditionalNode: CELAttributeNode {
    private let condition: any CELNode
    private let first: CELOperand
    private let second: CELOperand
    let wholeCost: UInt64 = 0
    init(_ condition: any CELNode, _ first: any CELNode, _ second: any CELNode) {
        self.condition = condition
        self.first = CELOperand(first)
        self.second = CELOperand(second)
    }
    func resolve(_ frame: CELFrame) -> CELValue {
        let value = condition.evaluate(frame)
        guard case .bool(let isTrue) = value else {
            return value.isErrorOrUnknown ? value : .noSuchOverload("_?_:_")
        }
        return isTrue ? first.resolve(frame) : second.resolve(frame)
    }
    func evaluate(_ frame: CELFrame) -> CELValue { resolve(frame) }
}
