import MartinetSchema

extension Value {
    /// A member of a decoded map, null where there is none.
    subscript(key: String) -> Value { if case .map(let map) = self { map[key] ?? .null } else { .null } }
    var items: [Value] { if case .list(let values) = self { values } else { [] } }
    var text: String { if case .string(let text) = self { text } else { "" } }
    var members: [Map.Entry] { if case .map(let map) = self { map.entries } else { [] } }
    var json: String { String(decoding: JSONEncoder.encode(self), as: UTF8.self) }

    func without(_ keys: Set<String>) -> Value {
        switch self {
        case .map(let map):
            .map(
                Map(
                    unsorted: map.entries.filter { !keys.contains($0.key) }.map {
                        .init(key: $0.key, value: $0.value.without(keys))
                    }))
        case .list(let values): .list(values.map { $0.without(keys) })
        default: self
        }
    }
}
