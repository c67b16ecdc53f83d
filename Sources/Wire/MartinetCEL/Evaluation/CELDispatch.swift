/// Chooses an overload by the values where the types did not decide.
enum CELDispatch {
    static func unary(_ name: String, _ overloads: [CELOverload]) -> @Sendable (CELValue) -> CELValue {
        if overloads[0].isUniform || overloads[0].isNonStrict, case .unary(let function) = overloads[0].implementation {
            return function
        }
        if overloads.count == 1, case .unary(let function) = overloads[0].implementation {
            let wanted = overloads[0].arguments[0]
            return { accepts($0, wanted) ? function($0) : .noSuchOverload(name) }
        }
        return { value in
            for overload in overloads where accepts(value, overload.arguments[0]) {
                return call(overload, [value])
            }
            return .noSuchOverload(name)
        }
    }

    static func binary(_ name: String, _ overloads: [CELOverload]) -> @Sendable (CELValue, CELValue) -> CELValue {
        if overloads[0].isUniform, case .binary(let function) = overloads[0].implementation { return function }
        if overloads.count == 1, case .binary(let function) = overloads[0].implementation {
            let wanted = overloads[0].arguments
            return { first, second in
                accepts(first, wanted[0]) && accepts(second, wanted[1])
                    ? function(first, second) : .noSuchOverload(name)
            }
        }
        return { first, second in
            for overload in overloads
            where accepts(first, overload.arguments[0]) && accepts(second, overload.arguments[1]) {
                return call(overload, [first, second])
            }
            return .noSuchOverload(name)
        }
    }

    static func variadic(_ name: String, _ overloads: [CELOverload]) -> @Sendable ([CELValue]) -> CELValue {
        return { values in
            for overload in overloads
            where overload.isNonStrict || zip(values, overload.arguments).allSatisfy({ accepts($0, $1) }) {
                return call(overload, values)
            }
            return .noSuchOverload(name)
        }
    }

    private static func call(_ overload: CELOverload, _ values: [CELValue]) -> CELValue {
        switch overload.implementation {
        case .unary(let function) where values.count == 1: function(values[0])
        case .binary(let function) where values.count == 2: function(values[0], values[1])
        case .variadic(let function): function(values)
        default: .noSuchOverload(overload.id)
        }
    }

    /// Whether a value may be given for a type.
    @inline(__always)
    static func accepts(_ value: CELValue, _ type: CELType) -> Bool {
        switch (type, value) {
        case (.dyn, _), (.any, _), (.parameter, _), (.error, _): true
        case (.bool, .bool), (.int, .int), (.uint, .uint), (.double, .double), (.string, .string), (.bytes, .bytes),
            (.null, .null), (.timestamp, .timestamp), (.duration, .duration), (.type, .type), (.map, .map):
            true
        case (.list(let element), .list(let list)): acceptsElements(list, element)
        case (.opaque("optional_type", _), .optional): true
        case (.opaque(let name, _), .opaque(let value)): value.type.runtimeName == name
        case (.object(let name), .opaque(let value)): value.type.runtimeName == name
        case (.object, .map), (.object, .object): true
        case (.nullable(let inner), _): isNull(value) || accepts(value, inner)
        default: false
        }
    }

    /// Lists say of what they are only by their first element.
    private static func acceptsElements(_ list: any CELList, _ element: CELType) -> Bool {
        switch element {
        case .dyn, .any, .parameter, .list: true
        default: list.count == 0 || accepts(list.element(at: 0), element)
        }
    }

    private static func isNull(_ value: CELValue) -> Bool {
        if case .null = value { return true }
        return false
    }
}
