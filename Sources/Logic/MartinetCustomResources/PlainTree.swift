import MartinetBase
package import MartinetSchema

/// Objects as the JSON that they stand for: maps, lists and scalars without types, as schema rules look at them.
package enum PlainTree {
    /// A root object with the apiVersion and kind that its type implies.
    package static func root(_ object: Object) -> Value {
        guard case .map(var map) = plain(object) else { return .null }
        if let kind = object.type.kind {
            map["apiVersion"] = .string(kind.apiVersion)
            map["kind"] = .string(kind.name)
        }
        return .map(map)
    }

    package static func plain(_ value: Value, field: Field? = nil) -> Value {
        switch value {
        case .object(let object): return plain(object)
        case .list(let values): return .list(values.map { plain($0, field: field) })
        case .map(let map):
            return .map(Map(unsorted: map.entries.map { .init(key: $0.key, value: plain($0.value, field: field)) }))
        case .raw(let raw):
            guard let decoded = try? JSONDecoder.decodeAny(Array(raw.text.utf8)) else { return .null }
            return decoded.value
        case .int(let number):
            switch field?.scalar {
            case .time: return .string(Timestamp(seconds: number).rfc3339)
            case .microtime: return .string(Timestamp(microseconds: number).rfc3339Micro)
            default: return value
            }
        default: return value
        }
    }

    private static func plain(_ object: Object) -> Value {
        if object.type.flags.contains(.listForm) { return object[0].map { plain($0) } ?? .list([]) }
        var entries: [Map.Entry] = []
        entries.reserveCapacity(object.count)
        for index in 0..<object.count {
            let entry = object.entry(at: index)
            let field = object.type.field(Int(entry.slot))
            entries.append(Map.Entry(key: field.name, value: plain(entry.value, field: field)))
        }
        for entry in object.extra.entries { entries.append(.init(key: entry.key, value: plain(entry.value))) }
        return .map(Map(unsorted: entries))
    }
}
