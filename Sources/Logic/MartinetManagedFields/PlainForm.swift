import MartinetBase
package import MartinetSchema

/// Objects as the JSON that clients see: maps, lists and scalars, with the fields that are written although unset.
package enum PlainForm {
    /// A root object, with its apiVersion and kind.
    package static func root(_ object: Object) -> Value {
        guard case .map(var map) = plain(object) else { return .null }
        if let kind = object.type.kind {
            map["apiVersion"] = .string(kind.apiVersion)
            map["kind"] = .string(kind.name)
        }
        return .map(map)
    }

    static func plain(_ object: Object) -> Value {
        let type = object.type
        if isSpecial(type) {
            return reread(.object(object))
        }
        var entries: [Map.Entry] = []
        entries.reserveCapacity(type.fieldCount)
        var next = 0
        for slot in 0..<type.fieldCount {
            let field = type.field(slot)
            var value: Value?
            if next < object.count {
                let entry = object.entry(at: next)
                if Int(entry.slot) == slot {
                    value = plain(entry.value, field, in: object)
                    next += 1
                }
            }
            guard let value = value ?? unset(field) else { continue }
            if field.flags.contains(.omitZero), case .map(let map) = value, map.isEmpty { continue }
            entries.append(Map.Entry(key: field.name, value: value))
        }
        for entry in object.extra.entries {
            entries.append(Map.Entry(key: entry.key, value: plain(entry.value, type.additional, in: object)))
        }
        entries.sort { $0.key.byteOrder($1.key) < 0 }
        return .map(Map(unsorted: entries))
    }

    /// One member as JSON has it; nil where it is not written.
    static func member(_ name: String, of object: Object) -> Value? {
        guard let field = object.type.field(named: name) else {
            return object.extra[name].map { plain($0, object.type.additional, in: object) }
        }
        return member(field, of: object)
    }

    static func member(_ field: Field, of object: Object) -> Value? {
        guard let value = object[field.slot] else { return unset(field) }
        return plain(value, field, in: object)
    }

    private static func plain(_ value: Value, _ field: Field?, in object: Object) -> Value {
        switch value {
        case .object(let inner): return plain(inner)
        case .list(let values): return .list(values.map { plain($0, field, in: object) })
        case .map(let map):
            return .map(
                Map(unsorted: map.entries.map { .init(key: $0.key, value: plain($0.value, field, in: object)) }))
        case .raw, .bytes: return reread(value)
        case .int(let number):
            switch field?.scalar {
            case .time: return .string(Timestamp(seconds: number).rfc3339)
            case .microtime: return .string(Timestamp(microseconds: number).rfc3339Micro)
            case .duration: return duration(field, in: object)
            default: return value
            }
        default: return value
        }
    }

    /// Durations are rare: the encoder writes their object, and the text is taken from there.
    private static func duration(_ field: Field?, in object: Object) -> Value {
        guard let name = field?.name, case .map(let map) = reread(.object(object)) else { return .null }
        return map[name] ?? .null
    }

    private static func reread(_ value: Value) -> Value {
        (try? JSONDecoder.decodeAny(JSONEncoder.encode(value)).value) ?? .null
    }

    private static let optional: FieldFlags = [.pointer, .omitZero, .outerPointer, .nullable]
    private static let special: TypeFlags = [.propsOrBool, .propsOrArray, .propsOrStrings, .listForm]

    /// Whether a type's JSON form is not an object of its fields.
    static func isSpecial(_ type: ObjectType) -> Bool { type.flags.rawValue & special.rawValue != 0 }

    /// Whether a field is an object without presence of its own.
    static func isAlwaysThere(_ field: Field) -> Bool {
        field.scalar == .object && field.container == .single && field.flags.rawValue & optional.rawValue == 0
    }

    /// What is written for a field that is not set; nil where nothing is. As the encoder decides.
    static func unset(_ field: Field) -> Value? {
        let flags = field.flags
        guard flags.contains(.always) || isAlwaysThere(field) else { return nil }
        if field.container != .single || flags.contains(.pointer) { return .null }
        switch field.scalar {
        case .object: return field.type.map { plain(Object(type: $0)) } ?? .map(Map())
        case .string: return .string("")
        case .quantity: return .string("0")
        case .duration: return .string("0s")
        case .bool: return .bool(false)
        case .int32, .int64, .uint32, .uint64, .double, .float, .intorstring: return .int(0)
        case .time, .microtime, .bytes, .raw, .json, .fieldsv1, .strings, .any: return .null
        }
    }
}
