package import MartinetSchema

/// The same object in another version of its kind.
///
/// Fields of the same name are the same field, at any depth; what a version does not have is left out. Where two versions
/// say one thing differently, `reshaped` has a rule for that pair of types, so that a kind says only what differs.
package enum Versions {
    package static func convert(_ object: Object, to kind: Kind) -> Object {
        convert(object, to: kind.type)
    }

    /// The kind that objects of this one are stored as: mostly itself.
    package static func storage(of kind: Kind) -> Kind {
        kind.storedAs.isEmpty ? kind : Schema.builtin.type(named: kind.storedAs)?.kind ?? kind
    }

    static func convert(_ object: Object, to type: ObjectType) -> Object {
        guard object.type != type else { return object }
        if let reshape = reshaped["\(object.type.name) > \(type.name)"] { return reshape(object, type) }
        return sameFields(object, to: type)
    }

    /// Every field that both types have.
    ///
    /// - Parameter names: fields that are called otherwise in the new type.
    static func sameFields(_ object: Object, to type: ObjectType, names: [String: String] = [:]) -> Object {
        var result = Object(type: type)
        for index in 0..<object.count {
            let entry = object.entry(at: index)
            let name = object.type.field(Int(entry.slot)).name
            guard let field = type.field(named: names[name] ?? name), let value = convert(entry.value, to: field) else {
                continue
            }
            result[field.slot] = value
        }
        if !object.extra.isEmpty { result.extra = object.extra }
        return result
    }

    /// The value as a field of the new type holds it; nil where that field says the same by being absent.
    private static func convert(_ value: Value, to field: Field) -> Value? {
        switch value {
        case .object(let object): return field.type.map { .object(convert(object, to: $0)) }
        case .list(let values):
            guard field.container == .list, let type = field.type else { return value }
            return .list(
                values.map { if case .object(let object) = $0 { .object(convert(object, to: type)) } else { $0 } })
        case .map(let map):
            guard field.container == .map, let type = field.type else { return value }
            let entries = map.entries.map { entry -> Map.Entry in
                guard case .object(let object) = entry.value else { return entry }
                return Map.Entry(key: entry.key, value: .object(convert(object, to: type)))
            }
            return .map(Map(unsorted: entries))
        default:
            guard !field.flags.contains(.pointer), field.container == .single else { return value }
            switch (value, field.scalar) {
            case (.string(""), _), (.bool(false), _): return nil
            case (.int(0), .int32), (.int(0), .int64), (.int(0), .uint32), (.int(0), .uint64): return nil
            default: return value
            }
        }
    }

    typealias Reshape = @Sendable (Object, ObjectType) -> Object

    /// By `OLD TYPE > NEW TYPE`.
    private static let reshaped: [String: Reshape] = {
        var rules: [String: Reshape] = [:]
        for part in [EventVersions.rules, AutoscalerVersions.rules, DeviceVersions.rules, IngressVersions.rules] {
            rules.merge(part) { $1 }
        }
        return rules
    }()

    /// Rules that only rename fields, for a pair of types and back.
    static func renaming(_ old: String, _ new: String, _ names: [String: String]) -> [String: Reshape] {
        let back = Dictionary(names.map { ($1, $0) }) { $1 }
        return [
            "\(old) > \(new)": { sameFields($0, to: $1, names: names) },
            "\(new) > \(old)": { sameFields($0, to: $1, names: back) },
        ]
    }
}
