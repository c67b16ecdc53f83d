package import MartinetSchema

/// Checks that a plain value has the form that the schema says: what an applied configuration must, before anything
/// else is done with it.
package enum Validation {
    private static let depthMax = 256

    /// - Parameter allowsDuplicates: true for what is stored, false for what is applied.
    package static func check(_ value: Value, _ shape: Shape, allowsDuplicates: Bool) throws(TypedError) {
        try check(value, shape, allowsDuplicates, depth: 0)
    }

    private static func check(
        _ value: Value, _ shape: Shape, _ allowsDuplicates: Bool, depth: Int
    ) throws(TypedError) {
        guard depth < depthMax else { throw TypedError("nested deeper than \(depthMax) levels") }
        if value.isNull { return }
        switch shape.kind(of: value) {
        case .map, .any:
            guard let map = value.asMap else { throw TypedError("expected an object, got \(name(of: value))") }
            for entry in map.entries {
                do throws(TypedError) {
                    guard let inner = shape.member(entry.key) else {
                        throw TypedError("field not declared in schema")
                    }
                    try check(entry.value, inner, allowsDuplicates, depth: depth + 1)
                } catch {
                    throw error.inside(.field(entry.key))
                }
            }
        case .list:
            guard let values = value.asList else { throw TypedError("expected a list, got \(name(of: value))") }
            try checkList(values, shape, allowsDuplicates, depth: depth)
        case .scalar:
            guard isScalar(value, shape) else {
                throw TypedError("expected \(name(of: shape)), got \(name(of: value))")
            }
        }
    }

    private static func checkList(
        _ values: [Value], _ shape: Shape, _ allowsDuplicates: Bool, depth: Int
    ) throws(TypedError) {
        var seen: Set<PathElement> = []
        let (keys, inner, isAtomic) = (shape.keys, shape.element, shape.isAtomicAsList)
        for (index, value) in values.enumerated() {
            var element = PathElement.index(index)
            if !isAtomic {
                element = try shape.pathElement(of: value, keys: keys)
                if !seen.insert(element).inserted, !allowsDuplicates {
                    throw TypedError("duplicate entries for key \(element)")
                }
            }
            do throws(TypedError) {
                try check(value, inner, allowsDuplicates, depth: depth + 1)
            } catch {
                throw error.inside(element)
            }
        }
    }

    /// Whether a value is a scalar of the shape's kind. Nothing and null are.
    static func isScalar(_ value: Value?, _ shape: Shape) -> Bool {
        guard let value, !value.isNull else { return true }
        switch (shape.scalar, value) {
        case (.number, .int), (.number, .double), (.string, .string), (.boolean, .bool): return true
        case (.any, .int), (.any, .double), (.any, .string), (.any, .bool): return true
        default: return false
        }
    }

    private static func name(of shape: Shape) -> String {
        switch shape.scalar {
        case .number: "a number"
        case .string: "a string"
        case .boolean: "a boolean"
        default: "a scalar"
        }
    }

    private static func name(of value: Value) -> String {
        switch value {
        case .null: "null"
        case .bool: "a boolean"
        case .int, .double: "a number"
        case .string, .bytes: "a string"
        case .list: "a list"
        case .map, .object, .raw: "an object"
        }
    }
}
