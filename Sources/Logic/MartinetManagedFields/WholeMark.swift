import MartinetSchema

/// All that a decoded value has, as a comparison with nothing finds it.
enum WholeMark {
    /// Nil where the plain form has to be looked at.
    static func of(_ value: Value, _ shape: Shape) throws(TypedError) -> Mark? {
        switch value {
        case .object(let object): return try structure(object, shape)
        case .list(let values): return try list(values, shape)
        case .map(let map):
            guard case .map(let field) = shape.form else { return nil }
            if shape.isAtomic || map.isEmpty { return Mark(isMember: true) }
            let inner = Shape(elementOf: field)
            var nodes: [FieldSet.Node] = []
            nodes.reserveCapacity(map.count)
            for entry in map.entries {
                guard let mark = try of(entry.value, inner) else { return nil }
                nodes.append(.init(.field(entry.key), isMember: mark.isMember, children: mark.children))
            }
            return Mark(isMember: true, children: FieldSet(unsorted: nodes))
        case .raw, .null: return nil
        case .bool, .int, .double, .string, .bytes:
            if case .scalar = shape.form { return Mark(isMember: true) }
            return nil
        }
    }

    private static func structure(_ object: Object, _ shape: Shape) throws(TypedError) -> Mark? {
        guard case .structure(let type) = shape.form, type == object.type, !PlainForm.isSpecial(type),
            object.extra.isEmpty
        else { return nil }
        if shape.isAtomic { return Mark(isMember: true) }
        var nodes: [FieldSet.Node] = []
        nodes.reserveCapacity(object.count)
        var next = 0
        for slot in 0..<type.fieldCount {
            let field = type.field(slot)
            var value: Value?
            if next < object.count, case let entry = object.entry(at: next), Int(entry.slot) == slot {
                value = entry.value
                next += 1
            }
            let mark: Mark?
            if let value {
                if field.flags.contains(.omitZero), case .object(let inner) = value, inner.isEmpty { continue }
                mark = try of(value, Shape(field))
            } else if PlainForm.isAlwaysThere(field), let inner = field.type {
                mark = try of(.object(Object(type: inner)), Shape(field))
            } else if PlainForm.unset(field) != nil {
                // Empty text, a zero or null.
                mark = Mark(isMember: true)
            } else {
                continue
            }
            guard let mark else { return nil }
            nodes.append(.init(.field(field.name), isMember: mark.isMember, children: mark.children))
        }
        return Mark(isMember: true, children: FieldSet(unsorted: nodes))
    }

    private static func list(_ values: [Value], _ shape: Shape) throws(TypedError) -> Mark? {
        guard case .list = shape.form else { return nil }
        if shape.isAtomicAsList || values.isEmpty { return Mark(isMember: true) }
        let (keys, inner) = (shape.keys, shape.element)
        var nodes: [FieldSet.Node] = []
        var seen: Set<PathElement> = []
        for value in values {
            if case .raw = value { return nil }
            let element = try shape.pathElement(of: value, keys: keys)
            // Elements that are there twice are rare: they are left to the plain form.
            guard seen.insert(element).inserted, let mark = try of(value, inner) else { return nil }
            nodes.append(.init(element, isMember: mark.isMember, children: mark.children))
        }
        return Mark(isMember: true, children: FieldSet(unsorted: nodes))
    }
}
