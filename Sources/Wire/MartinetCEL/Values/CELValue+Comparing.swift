extension CELValue {
    /// Equality as the language defines it: numbers across their types, anything else of different types is unequal.
    /// Nil where the comparison took more steps than the budget has.
    package func isEqual(to other: CELValue, _ budget: inout CELBudget) -> Bool? {
        guard budget.spend(on: self, other) else { return nil }
        switch (self, other) {
        case (.string(let first), .string(let second)): return first.isSameText(as: second)
        case (.bool(let first), .bool(let second)): return first == second
        case (.null, .null): return true
        case (.bytes(let first), .bytes(let second)): return first == second
        case (.timestamp(let first), .timestamp(let second)): return first == second
        case (.duration(let first), .duration(let second)): return first == second
        case (.type(let first), .type(let second)): return first.runtimeName == second.runtimeName
        case (.list(let first), .list(let second)): return CELValue.areEqual(first, second, &budget)
        case (.map(let first), .map(let second)): return CELValue.areEqual(first, second, &budget)
        case (.object(let first), .object(let second)): return first.isEqual(to: second, &budget)
        case (.opaque(let first), .opaque(let second)): return first.isEqual(to: second)
        case (.optional(let first), .optional(let second)):
            guard let first = first.value, let second = second.value else {
                return first.value == nil && second.value == nil
            }
            return first.isEqual(to: second, &budget)
        default: return compareNumbers(other) == .same
        }
    }

    /// `isEqual` as a value.
    package func equals(_ other: CELValue) -> CELValue {
        var budget = CELBudget()
        guard let result = isEqual(to: other, &budget) else { return .failure("the comparison is too large") }
        return .bool(result)
    }

    private static func areEqual(_ first: any CELList, _ second: any CELList, _ budget: inout CELBudget) -> Bool? {
        if first === second, first.count == 0 { return true }
        if let answer = first.isEqual(to: second, &budget) ?? second.isEqual(to: first, &budget) { return answer }
        guard first.count == second.count else { return false }
        for index in 0..<first.count {
            guard let same = first.element(at: index).isEqual(to: second.element(at: index), &budget) else {
                return nil
            }
            if !same { return false }
        }
        return true
    }

    private static func areEqual(_ first: any CELMap, _ second: any CELMap, _ budget: inout CELBudget) -> Bool? {
        guard first.count == second.count else { return false }
        for index in 0..<first.count {
            let (key, value) = first.entry(at: index)
            guard let other = second.value(for: key) else { return false }
            guard let same = value.isEqual(to: other, &budget) else { return nil }
            if !same { return false }
        }
        return true
    }

    package enum Order: Int, Sendable { case less = -1, same = 0, greater = 1, unordered = 2 }

    /// The order of two numbers of any types; nil where one is no number.
    package func compareNumbers(_ other: CELValue) -> Order? {
        switch (self, other) {
        case (.int(let first), .int(let second)): .init(first, second)
        case (.uint(let first), .uint(let second)): .init(first, second)
        case (.double(let first), .double(let second)): .init(first, second)
        case (.int(let first), .uint(let second)): first < 0 ? .less : .init(UInt64(first), second)
        case (.uint(let first), .int(let second)): second < 0 ? .greater : .init(first, UInt64(second))
        case (.int(let first), .double(let second)): .init(first, second)
        case (.double(let first), .int(let second)): Order(second, first).reversed
        case (.uint(let first), .double(let second)): .init(first, second)
        case (.double(let first), .uint(let second)): Order(second, first).reversed
        default: nil
        }
    }

    /// The order of two of many values, which may together take no more than a budget.
    package func compare(_ other: CELValue, _ budget: inout CELBudget) -> Order? {
        budget.spend(on: self, other) ? compare(other) : .unordered
    }

    /// The order of two values; nil where their types have none.
    package func compare(_ other: CELValue) -> Order? {
        switch (self, other) {
        case (.string(let first), .string(let second)):
            first.isSameText(as: second) ? .same : first.isTextBefore(second) ? .less : .greater
        case (.bool(let first), .bool(let second)): first == second ? .same : second ? .less : .greater
        case (.bytes(let first), .bytes(let second)):
            first == second ? .same : first.lexicographicallyPrecedes(second) ? .less : .greater
        case (.timestamp(let first), .timestamp(let second)):
            first == second ? .same : first < second ? .less : .greater
        case (.duration(let first), .duration(let second)): .init(first.nanoseconds, second.nanoseconds)
        default: compareNumbers(other)
        }
    }
}

extension CELValue.Order {
    init<Number: Comparable>(_ first: Number, _ second: Number) {
        self = first < second ? .less : first > second ? .greater : first == second ? .same : .unordered
    }

    /// An integer against a floating-point number; the integer is rounded, as the reference does it.
    init<Whole: FixedWidthInteger>(_ first: Whole, _ second: Double) { self.init(Double(first), second) }

    var reversed: Self {
        switch self {
        case .less: .greater
        case .greater: .less
        case .same, .unordered: self
        }
    }
}
