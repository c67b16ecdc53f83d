package import MartinetSchema

/// Compares decoded objects slot by slot, so that what did not change costs no more than to see that.
///
/// Only what differs and is no structure is turned into its plain form.
enum ObjectDelta {
    static func of(_ old: Value?, _ new: Value?, _ shape: Shape) throws(TypedError) -> Delta {
        if case .object(let left)? = old, case .object(let right)? = new, !shape.isAtomic,
            case .structure(let type) = shape.form, left.type == type, right.type == type
        {
            return try structure(left, right)
        }
        // What is only on one side is there as a whole.
        if old == nil, case .object? = new, let new, let mark = try WholeMark.of(new, shape) {
            return Delta(added: mark)
        }
        if new == nil, case .object? = old, let old, let mark = try WholeMark.of(old, shape) {
            return Delta(removed: mark)
        }
        return try Delta.of(old.map(plain), new.map(plain), shape)
    }

    private static func plain(_ value: Value) -> Value {
        if case .object(let object) = value { return PlainForm.plain(object) }
        return value
    }

    static func structure(_ old: Object, _ new: Object) throws(TypedError) -> Delta {
        var delta = Delta()
        var level = Level()
        var (i, j) = (0, 0)
        while i < old.count || j < new.count {
            let left = i < old.count ? old.entry(at: i) : nil
            let right = j < new.count ? new.entry(at: j) : nil
            let slot = min(left?.slot ?? .max, right?.slot ?? .max)
            let leftValue = left?.slot == slot ? left?.value : nil
            let rightValue = right?.slot == slot ? right?.value : nil
            if leftValue != nil { i += 1 }
            if rightValue != nil { j += 1 }
            let field = old.type.field(Int(slot))
            if let leftValue, let rightValue, isCheaplyEqual(leftValue, rightValue, field) { continue }
            let element = PathElement.field(field.name)
            do throws(TypedError) {
                level.add(element, try self.field(field, leftValue, rightValue, old, new))
            } catch {
                throw error.inside(element)
            }
        }
        if old.extra != new.extra { try extras(old, new, &level) }
        // A structure with nothing in it is a leaf, but what has a field that differs is not empty on both sides.
        level.finish(&delta)
        return delta
    }

    /// Structures are looked into anyway.
    private static func isCheaplyEqual(_ old: Value, _ new: Value, _ field: Field) -> Bool {
        if field.scalar == .object, field.container == .single { return false }
        return old == new
    }

    private static func field(
        _ field: Field, _ left: Value?, _ right: Value?, _ old: Object, _ new: Object
    ) throws(TypedError) -> Delta {
        let shape = Shape(field)
        switch (left, right) {
        case (.object?, .object?): return try of(left, right, shape)
        case (.list(let a)?, .list(let b)?):
            guard !shape.isAtomicAsList, field.scalar == .object, !a.isEmpty, !b.isEmpty else { break }
            var delta = Delta()
            var level = Level()
            try ListPairs(a, b, shape).compare(shape.element, into: &level)
            level.finish(&delta)
            return delta
        case (nil, .object(let new)?):
            if let old = empty(field, shape) { return try structure(old, new) }
            if PlainForm.unset(field) == nil { return try of(nil, right, shape) }
        case (.object(let old)?, nil):
            if let new = empty(field, shape) { return try structure(old, new) }
            if PlainForm.unset(field) == nil { return try of(left, nil, shape) }
        case (nil, .list(let values)?):
            if field.scalar == .object, PlainForm.unset(field) == nil, let mark = try WholeMark.of(.list(values), shape)
            {
                return Delta(added: mark)
            }
        default: break
        }
        return try Delta.of(PlainForm.member(field, of: old), PlainForm.member(field, of: new), shape)
    }

    /// What stands for a field that is not set and is always there: an object with nothing set.
    private static func empty(_ field: Field, _ shape: Shape) -> Object? {
        guard PlainForm.isAlwaysThere(field), !shape.isAtomic, case .structure(let type) = shape.form,
            field.type == type, !PlainForm.isSpecial(type)
        else { return nil }
        return Object(type: type)
    }

    private static func extras(_ old: Object, _ new: Object, _ level: inout Level) throws(TypedError) {
        let shape = Shape(old.type)
        let names = Set(old.extra.entries.map(\.key)).union(new.extra.entries.map(\.key)).sorted { $0.precedes($1) }
        for name in names where old.extra[name] != new.extra[name] {
            let element = PathElement.field(name)
            guard let inner = shape.member(name) else { throw TypedError("not declared in the schema").inside(element) }
            do throws(TypedError) {
                level.add(
                    element, try Delta.of(PlainForm.member(name, of: old), PlainForm.member(name, of: new), inner))
            } catch {
                throw error.inside(element)
            }
        }
    }
}

extension Comparison {
    /// Between two decoded objects of the same type. apiVersion and kind are theirs alike.
    package static func of(_ old: Object, _ new: Object) throws(TypedError) -> Comparison {
        let delta = try ObjectDelta.structure(old, new)
        return Comparison(
            removed: delta.removed.children, modified: delta.modified.children, added: delta.added.children)
    }
}
