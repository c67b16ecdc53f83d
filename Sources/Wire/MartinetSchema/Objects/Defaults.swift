/// Fills in the defaults that the schema states as literals.
///
/// A default applies where its field is not set. Objects without presence of their own are always there, so defaults
/// inside them apply even when nothing was said about them; inside a pointer they apply only when it is set.
package enum Defaults {
    /// Fills in a root object: the defaults of its types, and those that only its kind has.
    package static func apply(to object: inout Object) {
        for (path, literal) in object.type.kind?.defaults ?? [] {
            set(literal, at: path.split(separator: ".")[...], in: &object)
        }
        fill(&object)
    }

    /// Sets the field at a path where it is not set; objects on the way that have no presence of their own come with it.
    private static func set(_ literal: String, at path: ArraySlice<Substring>, in object: inout Object) {
        guard let name = path.first, let field = object.type.field(named: String(name)) else { return }
        if path.count == 1 {
            if object[field.slot] == nil { object[field.slot] = JSONDecoder.decodeLiteral(literal, of: field) }
            return
        }
        var nested: Object
        if case .object(let present) = object[field.slot] {
            nested = present
        } else {
            guard let type = field.type, !field.flags.contains(.pointer) else { return }
            nested = Object(type: type)
        }
        set(literal, at: path.dropFirst(), in: &nested)
        object[field.slot] = nested.isEmpty ? nil : .object(nested)
    }

    private static func fill(_ object: inout Object) {
        let type = object.type
        for slot in 0..<type.fieldCount {
            let field = type.field(slot)
            if let value = object[slot] {
                guard field.scalar == .object else { continue }
                if let changed = filled(value) { object[slot] = changed }
            } else if field.hasDefault {
                guard let value = JSONDecoder.decodeLiteral(field.defaultLiteral, of: field) else { continue }
                object[slot] = filled(value) ?? value
            } else if field.scalar == .object, field.container == .single,
                field.flags.isDisjoint(with: [.pointer, .outerPointer]), let inner = field.type,
                hasDefaults(inner, depth: 0)
            {
                var nested = Object(type: inner)
                fill(&nested)
                if !nested.isEmpty { object[slot] = .object(nested) }
            }
        }
        fillExtra(&object)
    }

    /// Fills in the objects under names that the type does not declare.
    private static func fillExtra(_ object: inout Object) {
        guard let additional = object.type.additional, additional.scalar == .object else { return }
        var extra = object.extra
        var changed = false
        for entry in extra.entries {
            guard let value = filled(entry.value) else { continue }
            extra[entry.key] = value
            changed = true
        }
        if changed { object.extra = extra }
    }

    /// The value with its defaults filled in; nil where nothing changed.
    private static func filled(_ value: Value) -> Value? {
        switch value {
        case .object(var object):
            let before = object
            fill(&object)
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
}
