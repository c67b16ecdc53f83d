/// Fills in the defaults that the schema states as literals.
///
/// A default applies where its field is not set. Objects without presence of their own are always there, so defaults
/// inside them apply even when nothing was said about them; inside a pointer they apply only when it is set.
package enum Defaults {
    package static func apply(to object: inout Object) {
        let type = object.type
        for slot in 0..<type.fieldCount {
            let field = type.field(slot)
            if let value = object[slot] {
                guard field.scalar == .object else { continue }
                if let changed = filled(value) { object[slot] = changed }
            } else if field.hasDefault {
                if let value = literal(of: field) { object[slot] = value }
            } else if field.scalar == .object, field.container == .single,
                field.flags.isDisjoint(with: [.pointer, .outerPointer]), let inner = field.type, hasDefaults(inner, depth: 0)
            {
                var nested = Object(type: inner)
                apply(to: &nested)
                if !nested.isEmpty { object[slot] = .object(nested) }
            }
        }
    }

    /// The value with its defaults filled in; nil where nothing changed.
    private static func filled(_ value: Value) -> Value? {
        switch value {
        case .object(var object):
            let before = object
            apply(to: &object)
            return object == before ? nil : .object(object)
        case .list(var values):
            var changed = false
            for index in values.indices {
                if let value = filled(values[index]) {
                    values[index] = value
                    changed = true
                }
            }
            return changed ? .list(values) : nil
        case .map(var map):
            var changed = false
            for entry in map.entries {
                if let value = filled(entry.value) {
                    map[entry.key] = value
                    changed = true
                }
            }
            return changed ? .map(map) : nil
        default: return nil
        }
    }

    private static func hasDefaults(_ type: ObjectType, depth: Int) -> Bool {
        guard depth < 8 else { return false }
        return type.fields.contains { field in
            if field.hasDefault { return true }
            guard field.scalar == .object, field.container == .single,
                field.flags.isDisjoint(with: [.pointer, .outerPointer]), let inner = field.type
            else { return false }
            return hasDefaults(inner, depth: depth + 1)
        }
    }

    /// The default of a field as a value of its type.
    private static func literal(of field: Field) -> Value? {
        JSONDecoder.decodeLiteral(field.defaultLiteral, of: field)
    }
}
