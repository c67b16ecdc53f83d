package import MartinetSchema

/// Lays an applied configuration over an object: what it says replaces what is there, and nothing is removed.
///
/// Source: structured-merge-diff, typed.TypedValue.Merge.
package enum Merge {
    package static func merge(_ live: Value, _ config: Value, _ shape: Shape) throws(TypedError) -> Value {
        try merged(live, config, shape) ?? .map(Map())
    }

    private static func merged(_ old: Value?, _ new: Value?, _ shape: Shape) throws(TypedError) -> Value? {
        guard let new else { return old }
        guard let old else { return try alone(new, shape) }
        let (left, right) = (shape.kind(of: old), shape.kind(of: new))
        if left != right { _ = try merged(left, old, new, shape) }
        return try merged(right, old, new, shape)
    }

    /// A value that only the configuration has. Merging it with nothing leaves out empty structures' emptiness alone.
    private static func alone(_ new: Value, _ shape: Shape) throws(TypedError) -> Value? {
        try merged(shape.kind(of: new), nil, new, shape)
    }

    private static func merged(
        _ kind: Shape.Kind, _ old: Value?, _ new: Value, _ shape: Shape
    ) throws(TypedError) -> Value? {
        switch kind {
        case .scalar:
            if !Validation.isScalar(old, shape), !Validation.isScalar(new, shape) {
                throw TypedError("expected a scalar")
            }
            return new
        case .list:
            let (left, right) = (old?.asList, new.asList)
            if shape.isAtomicAsList || (left?.isEmpty ?? true) && (right?.isEmpty ?? true) { return new }
            return try list(left ?? [], right ?? [], shape)
        case .map, .any:
            let (left, right) = (old?.asMap, new.asMap)
            if shape.isAtomic || (left?.isEmpty ?? true) && (right?.isEmpty ?? true) { return new }
            return try map(left ?? Map(), right ?? Map(), shape)
        }
    }

    private static func map(_ old: Map, _ new: Map, _ shape: Shape) throws(TypedError) -> Value? {
        var result = old
        for entry in new.entries {
            do throws(TypedError) {
                guard let inner = shape.member(entry.key) else { throw TypedError("field not declared in schema") }
                result[entry.key] = try merged(old[entry.key], entry.value, inner)
            } catch {
                throw error.inside(.field(entry.key))
            }
        }
        return result.isEmpty ? nil : .map(result)
    }

    /// Elements that both have come in the configuration's order, those of the object stay where they were between them.
    private static func list(_ old: [Value], _ new: [Value], _ shape: Shape) throws(TypedError) -> Value? {
        let (keys, inner) = (shape.keys, shape.element)
        let right = try index(new, shape, keys, allowsDuplicates: false)
        let left = try index(old, shape, keys, allowsDuplicates: true)
        var shared = right.elements.filter { left.values[$0] != nil }[...]
        var next = shared.popFirst()
        var out: [Value] = []
        var merged: Set<PathElement> = []
        func both(_ element: PathElement) throws(TypedError) -> Value? {
            do throws(TypedError) {
                return try Merge.merged(left.values[element], right.values[element], inner)
            } catch {
                throw error.inside(element)
            }
        }
        var (i, j) = (0, 0)
        while i < left.elements.count || j < right.elements.count {
            if i < left.elements.count, j < right.elements.count {
                let element = left.elements[i]
                if element == right.elements[j] {
                    merged.insert(element)
                    if let value = try both(element) { out.append(value) }
                    i += 1
                    j += 1
                    next = shared.popFirst()
                    continue
                }
                if right.values[element] != nil, let next, next != element {
                    // The configuration has it too, but wants another one first.
                    i += 1
                    continue
                }
            }
            if i < left.elements.count {
                let element = left.elements[i]
                if right.values[element] == nil {
                    out.append(old[i])
                    i += 1
                    continue
                }
                if merged.contains(element) { i += 1 }
            }
            if j < right.elements.count {
                let element = right.elements[j]
                merged.insert(element)
                if let value = try both(element) { out.append(value) }
                j += 1
                if next == element { next = shared.popFirst() }
            }
        }
        return out.isEmpty ? nil : .list(out)
    }

    /// Elements by what tells them apart. One that is there twice has no value to merge with: the new one replaces them.
    private static func index(
        _ values: [Value], _ shape: Shape, _ keys: [String], allowsDuplicates: Bool
    ) throws(TypedError) -> (elements: [PathElement], values: [PathElement: Value]) {
        var elements: [PathElement] = []
        var found: [PathElement: Value] = [:]
        for value in values {
            let element = try shape.pathElement(of: value, keys: keys)
            if found[element] == nil {
                found[element] = value
            } else if allowsDuplicates {
                found[element] = Value.null
            } else {
                throw TypedError("duplicate entries for key \(element)")
            }
            elements.append(element)
        }
        return (elements, found)
    }
}
