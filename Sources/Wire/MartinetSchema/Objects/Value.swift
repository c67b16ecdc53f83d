/// One value of an object's tree.
///
/// Scalars with a canonical form are kept in it: quantities, durations as text, `time` as seconds and `microtime` as
/// microseconds since 1970, `raw`, `json` and `fieldsv1` as compact JSON text.
package enum Value: Sendable, Hashable {
    /// An explicit null, where that differs from absence.
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list([Value])
    case map(Map)
    case object(Object)
    case raw(RawJSON)
}

/// A JSON value kept as compact text.
package struct RawJSON: Sendable, Hashable {
    package let text: String
    /// - Parameter text: valid JSON without insignificant white space.
    package init(text: String) { self.text = text }
}

/// A string-keyed map in the order of its keys' bytes, as Go writes maps.
package struct Map: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package let key: String
        package var value: Value
        package init(key: String, value: Value) {
            self.key = key
            self.value = value
        }
    }

    package private(set) var entries: [Entry]

    package init() { entries = [] }

    /// - Parameter entries: in any order; of equal keys the last one stays, as in Go.
    package init(unsorted entries: [Entry]) {
        self.entries = entries
        var sorted = true
        for index in entries.indices.dropFirst() where !(entries[index - 1].key.precedes(entries[index].key)) {
            sorted = false
            break
        }
        guard !sorted else { return }
        self.entries = []
        self.entries.reserveCapacity(entries.count)
        let order = entries.indices.sorted {
            entries[$0].key == entries[$1].key ? $0 < $1 : entries[$0].key.precedes(entries[$1].key)
        }
        for index in order {
            if self.entries.last?.key == entries[index].key { self.entries.removeLast() }
            self.entries.append(entries[index])
        }
    }

    package var isEmpty: Bool { entries.isEmpty }
    package var count: Int { entries.count }

    package subscript(key: String) -> Value? {
        get {
            let index = lowerBound(key)
            return index < entries.count && entries[index].key == key ? entries[index].value : nil
        }
        set {
            let index = lowerBound(key)
            let found = index < entries.count && entries[index].key == key
            switch (newValue, found) {
            case (let value?, true): entries[index].value = value
            case (let value?, false): entries.insert(Entry(key: key, value: value), at: index)
            case (nil, true): entries.remove(at: index)
            case (nil, false): break
            }
        }
    }

    private func lowerBound(_ key: String) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key.precedes(key) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension String {
    /// The order of the UTF-8 bytes. (`<` of String compares canonical forms.)
    @inline(__always) package func precedes(_ other: String) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }
}
