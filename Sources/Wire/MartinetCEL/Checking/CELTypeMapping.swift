/// What type parameters stand for, found out while an expression is checked.
///
/// Two types agree where one can be assigned to the other once parameters are replaced; `dyn` agrees with everything.
struct CELTypeMapping {
    private var substitutions: [Int: CELType] = [:]

    /// Unbound parameters become `dyn` where asked for.
    func substitute(_ type: CELType, parametersToDynamic: Bool = false) -> CELType {
        switch type {
        case .parameter(let number):
            if let bound = substitutions[number] { return substitute(bound, parametersToDynamic: parametersToDynamic) }
            return parametersToDynamic ? .dyn : type
        case .list(let element): return .list(substitute(element, parametersToDynamic: parametersToDynamic))
        case .map(let key, let value):
            return .map(
                substitute(key, parametersToDynamic: parametersToDynamic),
                substitute(value, parametersToDynamic: parametersToDynamic))
        case .type(let inner?): return .type(substitute(inner, parametersToDynamic: parametersToDynamic))
        case .opaque(let name, let parameters) where !parameters.isEmpty:
            return .opaque(name, parameters.map { substitute($0, parametersToDynamic: parametersToDynamic) })
        default: return type
        }
    }

    /// Whether each first type can be assigned to its second; what was learnt is kept only where all can.
    mutating func assign(_ first: [CELType], to second: [CELType]) -> Bool {
        guard first.count == second.count else { return false }
        let saved = substitutions
        for (first, second) in zip(first, second) where !isAssignable(first, second) {
            substitutions = saved
            return false
        }
        return true
    }

    mutating func assign(_ first: CELType, to second: CELType) -> Bool { assign([first], to: [second]) }

    private mutating func isAssignable(_ first: CELType, _ second: CELType) -> Bool {
        if case .parameter(let number) = second {
            let (isValid, hasBinding) = isSubstitution(first, for: number)
            if isValid { return true }
            if hasBinding { return false }
        }
        if case .parameter(let number) = first { return isSubstitution(second, for: number).isValid }
        if first.isDynamicOrError || second.isDynamicOrError { return true }
        if first == .null { return CELTypeMapping.acceptsNull(second) }
        if second == .null { return CELTypeMapping.acceptsNull(first) }
        switch (first, second) {
        case (.nullable(let first), .nullable(let second)): return first == second
        case (.nullable(let inner), _): return inner == second
        case (_, .nullable(let inner)): return first == inner
        case (.type, .type): return true
        case (.list(let first), .list(let second)): return isAssignable(first, second)
        case (.map(let firstKey, let firstValue), .map(let secondKey, let secondValue)):
            return isAssignable(firstKey, secondKey) && isAssignable(firstValue, secondValue)
        case (.opaque(let first, let firstParameters), .opaque(let second, let secondParameters)):
            guard first == second, firstParameters.count == secondParameters.count else { return false }
            return zip(firstParameters, secondParameters).allSatisfy { isAssignable($0, $1) }
        default: return first == second
        }
    }

    private static func acceptsNull(_ type: CELType) -> Bool {
        switch type {
        case .opaque, .object, .any, .duration, .timestamp, .nullable, .null: true
        default: false
        }
    }

    private mutating func isSubstitution(_ type: CELType, for number: Int) -> (isValid: Bool, hasBinding: Bool) {
        if type == .parameter(number) { return (true, true) }
        if let bound = substitutions[number] {
            if type == bound { return (true, true) }
            guard isAssignable(type, bound) else { return (false, true) }
            let general = CELTypeMapping.mostGeneral(type, bound)
            if !refers(general, to: number) { substitutions[number] = general }
            return (true, true)
        }
        guard !refers(type, to: number) else { return (false, false) }
        substitutions[number] = type
        return (true, false)
    }

    private func refers(_ type: CELType, to number: Int) -> Bool {
        if case .parameter(let other) = type {
            if other == number { return true }
            return substitutions[other].map { refers($0, to: number) } ?? false
        }
        return type.parameters.contains { refers($0, to: number) }
    }

    static func mostGeneral(_ first: CELType, _ second: CELType) -> CELType {
        isEqualOrLessSpecific(first, second) ? first : second
    }

    private static func isEqualOrLessSpecific(_ first: CELType, _ second: CELType) -> Bool {
        if first.isDynamic { return true }
        if case .parameter = first { return true }
        if second.isDynamic { return false }
        if case .parameter = second { return false }
        switch (first, second) {
        case (.type, .type): return true
        case (.list, .list), (.map, .map):
            return zip(first.parameters, second.parameters).allSatisfy(isEqualOrLessSpecific)
        case (.opaque(let firstName, let parameters), .opaque(let secondName, let others)):
            return firstName == secondName && parameters.count == others.count
                && zip(parameters, others).allSatisfy(isEqualOrLessSpecific)
        case (.nullable, .nullable): return first == second
        default: return first == second
        }
    }
}
