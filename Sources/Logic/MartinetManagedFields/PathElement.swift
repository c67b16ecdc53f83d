package import MartinetSchema

/// One step from a value into it, as `fieldsV1` writes it: `f:NAME`, `k:{KEYS}`, `v:VALUE` or `i:INDEX`.
///
/// The order is the one in which the reference sorts sets: fields, keys, values, indices, each in its own order.
/// Source: structured-merge-diff, fieldpath.PathElement.
package enum PathElement: Sendable {
    case field(String)
    /// An element of a list that is a map: its key fields in the order of their names.
    case key([KeyField])
    /// An element of a list that is a set.
    case value(Value)
    case index(Int)

    package struct KeyField: Sendable, Hashable {
        package let name: String
        package let value: Value
        package init(name: String, value: Value) {
            self.name = name
            self.value = value
        }

        package static func == (a: KeyField, b: KeyField) -> Bool { a.name == b.name && a.value.order(b.value) == 0 }
        package func hash(into hasher: inout Hasher) {
            hasher.combine(name)
            value.hashAsNumberOrSelf(&hasher)
        }
    }

    /// Negative, zero or positive.
    package func order(_ other: PathElement) -> Int {
        switch (self, other) {
        case (.field(let a), .field(let b)): return a.byteOrder(b)
        case (.key(let a), .key(let b)): return PathElement.order(a, b)
        case (.value(let a), .value(let b)): return a.order(b)
        case (.index(let a), .index(let b)): return a < b ? -1 : a == b ? 0 : 1
        default: return rank - other.rank
        }
    }

    private var rank: Int {
        switch self {
        case .field: 0
        case .key: 1
        case .value: 2
        case .index: 3
        }
    }

    private static func order(_ a: [KeyField], _ b: [KeyField]) -> Int {
        for (left, right) in zip(a, b) {
            let names = left.name.byteOrder(right.name)
            if names != 0 { return names }
            let values = left.value.order(right.value)
            if values != 0 { return values }
        }
        return a.count - b.count
    }
}

extension PathElement: Hashable {
    package static func == (a: PathElement, b: PathElement) -> Bool { a.order(b) == 0 }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .field(let name): hasher.combine(name)
        case .key(let fields): hasher.combine(fields)
        case .value(let value): value.hashAsNumberOrSelf(&hasher)
        case .index(let index): hasher.combine(index)
        }
    }
}

extension PathElement: CustomStringConvertible {
    /// As conflicts name it: `.spec`, `[name="c"]`, `[="a"]`, `[0]`.
    package var description: String {
        switch self {
        case .field(let name): return ".\(name)"
        case .key(let fields):
            return "[\(fields.map { "\($0.name)=\(PathElement.text($0.value))" }.joined(separator: ","))]"
        case .value(let value): return "[=\(PathElement.text(value))]"
        case .index(let index): return "[\(index)]"
        }
    }

    private static func text(_ value: Value) -> String {
        switch value {
        case .string(let text): text.debugDescription
        default: String(decoding: JSONEncoder.encode(value), as: UTF8.self)
        }
    }
}

extension String {
    /// The order of the UTF-8 bytes: negative, zero or positive.
    func byteOrder(_ other: String) -> Int {
        let fast = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                let shared = min(left.count, right.count)
                var index = 0
                while index < shared {
                    if left[index] != right[index] { return left[index] < right[index] ? -1 : 1 }
                    index += 1
                }
                return left.count - right.count
            }
        }
        if case .some(.some(let order)) = fast { return order }
        return self == other ? 0 : precedes(other) ? -1 : 1
    }
}

extension Value {
    /// A total order over plain values: numbers, strings, booleans, lists, maps, null. Whole and broken numbers compare
    /// as numbers.
    func order(_ other: Value) -> Int {
        switch (self, other) {
        case (.int(let a), .int(let b)): return a < b ? -1 : a == b ? 0 : 1
        case (.string(let a), .string(let b)): return a.byteOrder(b)
        case (.bool(let a), .bool(let b)): return a == b ? 0 : a ? 1 : -1
        case (.list(let a), .list(let b)):
            for (left, right) in zip(a, b) {
                let order = left.order(right)
                if order != 0 { return order }
            }
            return a.count - b.count
        case (.map(let a), .map(let b)): return Value.order(a, b)
        default:
            if let a = number, let b = other.number { return a < b ? -1 : a == b ? 0 : 1 }
            return rank - other.rank
        }
    }

    private static func order(_ a: Map, _ b: Map) -> Int {
        for (left, right) in zip(a.entries, b.entries) {
            let keys = left.key.byteOrder(right.key)
            if keys != 0 { return keys }
            let values = left.value.order(right.value)
            if values != 0 { return values }
        }
        return a.count - b.count
    }

    private var number: Double? {
        switch self {
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    private var rank: Int {
        switch self {
        case .int, .double: 0
        case .string, .bytes, .raw: 1
        case .bool: 2
        case .list: 3
        case .map, .object: 4
        case .null: 5
        }
    }

    /// Equal as JSON: 1 and 1.0 are.
    func isSame(as other: Value) -> Bool {
        switch (self, other) {
        case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy { $0.isSame(as: $1) }
        case (.map(let a), .map(let b)):
            return a.count == b.count
                && zip(a.entries, b.entries).allSatisfy { $0.key == $1.key && $0.value.isSame(as: $1.value) }
        case (.int, .double), (.double, .int): return order(other) == 0
        default: return self == other
        }
    }

    func hashAsNumberOrSelf(_ hasher: inout Hasher) {
        if let number { hasher.combine(number) } else { hasher.combine(self) }
    }

    var isNull: Bool { if case .null = self { true } else { false } }
}
