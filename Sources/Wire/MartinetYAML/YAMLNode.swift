/// A value of a YAML or JSON text, already in JSON's terms, that knows where it stood.
///
/// Maps keep the order of the text and have no key twice (but with `YAMLLimits.keepsDuplicates`). Depth is bounded by `YAMLLimits.depth`, so walking a tree
/// that was read may recurse.
package struct YAMLNode: Sendable {
    package enum Value: Sendable {
        case null
        case bool(Bool)
        case int(Int64)
        /// Only for what does not fit `int`.
        case uint(UInt64)
        /// Always finite.
        case double(Double)
        case string(String)
        case list([YAMLNode])
        case map([Entry])
    }

    package struct Entry: Sendable {
        package var key: String
        package var keyMark: Mark
        package var node: YAMLNode

        package init(key: String, keyMark: Mark = .none, node: YAMLNode) {
            self.key = key
            self.keyMark = keyMark
            self.node = node
        }
    }

    package var value: Value
    package var mark: Mark

    package init(_ value: Value, mark: Mark = .none) {
        self.value = value
        self.mark = mark
    }

    /// A map of these entries, in this order.
    package static func map(_ entries: KeyValuePairs<String, YAMLNode>) -> YAMLNode {
        YAMLNode(.map(entries.map { Entry(key: $0.key, node: $0.value) }))
    }
}

extension YAMLNode {
    package var isNull: Bool { if case .null = value { true } else { false } }
    package var string: String? { if case .string(let text) = value { text } else { nil } }
    package var bool: Bool? { if case .bool(let flag) = value { flag } else { nil } }
    package var int: Int64? { if case .int(let number) = value { number } else { nil } }
    package var list: [YAMLNode]? { if case .list(let items) = value { items } else { nil } }
    package var map: [Entry]? { if case .map(let entries) = value { entries } else { nil } }

    /// What the value is, in a word, for messages.
    package var kind: String {
        switch value {
        case .null: "null"
        case .bool: "a boolean"
        case .int, .uint, .double: "a number"
        case .string: "a string"
        case .list: "a list"
        case .map: "a map"
        }
    }

    package func entry(_ key: String) -> Entry? { map?.first { $0.key == key } }

    /// The value under `key` of a map; nil where this is no map or has no such key. Setting nil removes the entry;
    /// setting a value on anything but a map makes it one.
    package subscript(key: String) -> YAMLNode? {
        get { entry(key)?.node }
        set {
            var entries = map ?? []
            let index = entries.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let node?): entries[index].node = node
            case (let index?, nil): entries.remove(at: index)
            case (nil, let node?): entries.append(Entry(key: key, node: node))
            case (nil, nil): return
            }
            value = .map(entries)
        }
    }

    /// The item at `index` of a list, nil where there is none.
    package subscript(index: Int) -> YAMLNode? {
        guard let list, list.indices.contains(index) else { return nil }
        return list[index]
    }
}

extension YAMLNode: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral
{
    package init(stringLiteral value: String) { self.init(.string(value)) }
    package init(integerLiteral value: Int64) { self.init(.int(value)) }
    package init(booleanLiteral value: Bool) { self.init(.bool(value)) }
    package init(arrayLiteral elements: YAMLNode...) { self.init(.list(elements)) }
}

/// Equal when the values are; where they stood does not count, the order of keys does.
extension YAMLNode: Equatable {
    package static func == (a: YAMLNode, b: YAMLNode) -> Bool {
        switch (a.value, b.value) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.uint(let a), .uint(let b)): a == b
        case (.double(let a), .double(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.list(let a), .list(let b)): a == b
        case (.map(let a), .map(let b)):
            a.count == b.count && zip(a, b).allSatisfy { $0.key == $1.key && $0.node == $1.node }
        default: false
        }
    }
}
