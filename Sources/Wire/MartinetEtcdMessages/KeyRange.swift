/// The keys from `start` to before `end`, as etcd says it: no end is the one key, an end of one zero byte is no bound.
package struct KeyRange: Hashable, Sendable {
    package let start: [UInt8]
    package let end: [UInt8]

    package init(start: [UInt8], end: [UInt8]) {
        self.start = start
        self.end = end
    }

    /// All keys that begin with `prefix`.
    package init(prefix: [UInt8]) {
        // Every key: from the smallest one, which is a zero byte, without an end.
        start = prefix.isEmpty ? [0] : prefix
        end = KeyRange.after(prefix: prefix)
    }

    /// The first key after all those that begin with `prefix`.
    package static func after(prefix: [UInt8]) -> [UInt8] {
        var end = prefix
        while let last = end.popLast() {
            if last < 0xFF { return end + [last + 1] }
        }
        return [0]
    }

    package var isOneKey: Bool { end.isEmpty }
    package var isUnbounded: Bool { end == [0] }

    package func contains(_ key: [UInt8]) -> Bool {
        if isOneKey { return key == start }
        if key.lexicographicallyPrecedes(start) { return false }
        return isUnbounded || key.lexicographicallyPrecedes(end)
    }
}
