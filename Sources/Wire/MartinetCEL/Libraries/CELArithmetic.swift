/// The operators on numbers, texts, times and lists. What does not fit its type is an error.
enum CELArithmetic {
    /// How many bytes, and how many elements, a value may get by an operation, whatever the cost allows.
    static let sizeMax = 16_000_000
    static let elementsMax = 1_000_000

    static func add(_ first: CELValue, _ second: CELValue) -> CELValue {
        switch (first, second) {
        case (.int(let first), .int(let second)):
            let (sum, overflows) = first.addingReportingOverflow(second)
            return overflows ? .overflow : .int(sum)
        case (.uint(let first), .uint(let second)):
            let (sum, overflows) = first.addingReportingOverflow(second)
            return overflows ? .failure("unsigned integer overflow") : .uint(sum)
        case (.double(let first), .double(let second)): return .double(first + second)
        case (.string(let first), .string(let second)):
            guard first.utf8.count + second.utf8.count <= sizeMax else { return .tooLarge }
            return .string(first + second)
        case (.bytes(let first), .bytes(let second)):
            guard first.count + second.count <= sizeMax else { return .tooLarge }
            return .bytes(first + second)
        case (.list(let first), .list(let second)): return concatenate(first, second)
        case (.duration(let first), .duration(let second)):
            let (sum, overflows) = first.nanoseconds.addingReportingOverflow(second.nanoseconds)
            return overflows ? .failure("duration overflow") : .duration(CELDuration(nanoseconds: sum))
        case (.timestamp(let moment), .duration(let span)), (.duration(let span), .timestamp(let moment)):
            return moment.adding(span).map { .timestamp($0) } ?? .failure("timestamp overflow")
        default: return .noSuchOverload("_+_")
        }
    }

    static func concatenate(_ first: any CELList, _ second: any CELList) -> CELValue {
        if let result = first.appending(second) { return result }
        if second.count == 0 { return .list(first) }
        if first.count == 0, !(second is any CELSpecialList) { return .list(second) }
        guard first.count + second.count <= elementsMax else { return .tooLarge }
        var elements: [CELValue] = []
        elements.reserveCapacity(first.count + second.count)
        for index in 0..<first.count { elements.append(first.element(at: index)) }
        for index in 0..<second.count { elements.append(second.element(at: index)) }
        return .list(CELArray(elements))
    }

    static func subtract(_ first: CELValue, _ second: CELValue) -> CELValue {
        switch (first, second) {
        case (.int(let first), .int(let second)):
            let (difference, overflows) = first.subtractingReportingOverflow(second)
            return overflows ? .overflow : .int(difference)
        case (.uint(let first), .uint(let second)):
            let (difference, overflows) = first.subtractingReportingOverflow(second)
            return overflows ? .failure("unsigned integer overflow") : .uint(difference)
        case (.double(let first), .double(let second)): return .double(first - second)
        case (.duration(let first), .duration(let second)):
            let (difference, overflows) = first.nanoseconds.subtractingReportingOverflow(second.nanoseconds)
            return overflows ? .failure("duration overflow") : .duration(CELDuration(nanoseconds: difference))
        case (.timestamp(let moment), .duration(let span)):
            return moment.adding(span, negated: true).map { .timestamp($0) } ?? .failure("timestamp overflow")
        case (.timestamp(let first), .timestamp(let second)):
            return first.since(second).map { .duration($0) } ?? .failure("duration overflow")
        default: return .noSuchOverload("_-_")
        }
    }

    static func multiply(_ first: CELValue, _ second: CELValue) -> CELValue {
        switch (first, second) {
        case (.int(let first), .int(let second)):
            let (product, overflows) = first.multipliedReportingOverflow(by: second)
            return overflows ? .overflow : .int(product)
        case (.uint(let first), .uint(let second)):
            let (product, overflows) = first.multipliedReportingOverflow(by: second)
            return overflows ? .failure("unsigned integer overflow") : .uint(product)
        case (.double(let first), .double(let second)): return .double(first * second)
        default: return .noSuchOverload("_*_")
        }
    }

    static func divide(_ first: CELValue, _ second: CELValue) -> CELValue {
        switch (first, second) {
        case (.int(let first), .int(let second)):
            guard second != 0 else { return .failure("division by zero") }
            let (quotient, overflows) = first.dividedReportingOverflow(by: second)
            return overflows ? .overflow : .int(quotient)
        case (.uint(let first), .uint(let second)):
            return second == 0 ? .failure("division by zero") : .uint(first / second)
        case (.double(let first), .double(let second)): return .double(first / second)
        default: return .noSuchOverload("_/_")
        }
    }

    static func remainder(_ first: CELValue, _ second: CELValue) -> CELValue {
        switch (first, second) {
        case (.int(let first), .int(let second)):
            guard second != 0 else { return .failure("modulus by zero") }
            let (rest, overflows) = first.remainderReportingOverflow(dividingBy: second)
            return overflows ? .overflow : .int(rest)
        case (.uint(let first), .uint(let second)):
            return second == 0 ? .failure("modulus by zero") : .uint(first % second)
        default: return .noSuchOverload("_%_")
        }
    }

    static func negate(_ value: CELValue) -> CELValue {
        switch value {
        case .int(let value): value == .min ? .overflow : .int(-value)
        case .double(let value): .double(-value)
        case .duration(let span):
            span.nanoseconds == .min
                ? .failure("duration overflow") : .duration(CELDuration(nanoseconds: -span.nanoseconds))
        default: .noSuchOverload("-_")
        }
    }

    static func not(_ value: CELValue) -> CELValue {
        if case .bool(let value) = value { return .bool(!value) }
        return .noSuchOverload("!_")
    }

    static func less(_ first: CELValue, _ second: CELValue) -> CELValue {
        guard let order = first.compare(second) else { return .noSuchOverload("_<_") }
        return order == .unordered ? .bool(false) : .bool(order == .less)
    }
    static func lessOrEqual(_ first: CELValue, _ second: CELValue) -> CELValue {
        guard let order = first.compare(second) else { return .noSuchOverload("_<=_") }
        return .bool(order == .less || order == .same)
    }
    static func greater(_ first: CELValue, _ second: CELValue) -> CELValue {
        guard let order = first.compare(second) else { return .noSuchOverload("_>_") }
        return .bool(order == .greater)
    }
    static func greaterOrEqual(_ first: CELValue, _ second: CELValue) -> CELValue {
        guard let order = first.compare(second) else { return .noSuchOverload("_>=_") }
        return .bool(order == .greater || order == .same)
    }
    static func equal(_ first: CELValue, _ second: CELValue) -> CELValue { first.equals(second) }
    static func notEqual(_ first: CELValue, _ second: CELValue) -> CELValue { not(first.equals(second)) }

    static func contains(_ value: CELValue, _ container: CELValue) -> CELValue {
        switch container {
        case .list(let list):
            var budget = CELBudget()
            for index in 0..<list.count {
                guard let same = list.element(at: index).isEqual(to: value, &budget) else {
                    return .failure("the comparison is too large")
                }
                if same { return .bool(true) }
            }
            return .bool(false)
        case .map(let map): return .bool(map.value(for: value) != nil)
        default: return .noSuchOverload("@in")
        }
    }

    static func size(_ value: CELValue) -> CELValue {
        switch value {
        case .string, .bytes, .list, .map: .int(Int64(value.costSize))
        default: .noSuchOverload("size")
        }
    }

    static func notStrictlyFalse(_ value: CELValue) -> CELValue {
        if case .bool(let value) = value { return .bool(value) }
        return .bool(true)
    }
}

/// A list whose concatenation and equality are its own.
package protocol CELSpecialList: CELList {}

extension CELValue {
    /// `self + other`.
    package func adding(_ other: CELValue) -> CELValue { CELArithmetic.add(self, other) }
}
