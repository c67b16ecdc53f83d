import Glibc

/// A map in the order of its keys' bytes: chunks of at most 512 entries, so that an insert moves little.
struct SortedMap<Value> {
    private struct Chunk {
        var keys: [String]
        var values: [Value]
    }

    private var chunks: [Chunk] = []
    private(set) var count = 0
    private static var chunkMax: Int { 512 }

    /// The chunk that holds or would hold `key`.
    private func chunk(for key: String) -> Int {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if Self.precedes(key, chunks[middle].keys[0]) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return max(0, low - 1)
    }

    private func place(of key: String, in keys: [String]) -> (index: Int, found: Bool) {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if Self.precedes(keys[middle], key) { low = middle + 1 } else { high = middle }
        }
        return (low, low < keys.count && keys[low] == key)
    }

    /// By bytes. Most of the time of a lookup goes here.
    private static func precedes(_ a: String, _ b: String) -> Bool {
        let fast = a.utf8.withContiguousStorageIfAvailable { x in
            b.utf8.withContiguousStorageIfAvailable { y in
                guard let left = x.baseAddress, let right = y.baseAddress else { return x.count < y.count }
                let order = memcmp(left, right, min(x.count, y.count))
                return order == 0 ? x.count < y.count : order < 0
            }
        }
        if let fast, let fast { return fast }
        return a.utf8.lexicographicallyPrecedes(b.utf8)
    }

    private static func begins(_ key: String, with prefix: String) -> Bool {
        let fast = key.utf8.withContiguousStorageIfAvailable { x in
            prefix.utf8.withContiguousStorageIfAvailable { y in
                guard x.count >= y.count, let left = x.baseAddress, let right = y.baseAddress else { return y.isEmpty }
                return memcmp(left, right, y.count) == 0
            }
        }
        if let fast, let fast { return fast }
        return key.utf8.starts(with: prefix.utf8)
    }

    subscript(key: String) -> Value? {
        guard !chunks.isEmpty else { return nil }
        let chunk = chunks[chunk(for: key)]
        let (index, found) = place(of: key, in: chunk.keys)
        return found ? chunk.values[index] : nil
    }

    mutating func set(_ key: String, _ value: Value) {
        guard !chunks.isEmpty else {
            chunks = [Chunk(keys: [key], values: [value])]
            count = 1
            return
        }
        let number = chunk(for: key)
        let (index, found) = place(of: key, in: chunks[number].keys)
        if found {
            chunks[number].values[index] = value
            return
        }
        chunks[number].keys.insert(key, at: index)
        chunks[number].values.insert(value, at: index)
        count += 1
        guard chunks[number].keys.count > Self.chunkMax else { return }
        let half = chunks[number].keys.count / 2
        let tail = Chunk(keys: Array(chunks[number].keys[half...]), values: Array(chunks[number].values[half...]))
        chunks[number].keys.removeSubrange(half...)
        chunks[number].values.removeSubrange(half...)
        chunks.insert(tail, at: number + 1)
    }

    @discardableResult
    mutating func remove(_ key: String) -> Value? {
        guard !chunks.isEmpty else { return nil }
        let number = chunk(for: key)
        let (index, found) = place(of: key, in: chunks[number].keys)
        guard found else { return nil }
        chunks[number].keys.remove(at: index)
        let value = chunks[number].values.remove(at: index)
        count -= 1
        if chunks[number].keys.isEmpty { chunks.remove(at: number) }
        return value
    }

    /// Visits the entries whose key begins with `prefix` and is not before `start`, in order, until `body` says false.
    func forEach(prefix: String, from start: String? = nil, _ body: (String, Value) -> Bool) {
        guard !chunks.isEmpty else { return }
        var first = prefix
        if let start, prefix.utf8.lexicographicallyPrecedes(start.utf8) { first = start }
        var number = chunk(for: first)
        var index = place(of: first, in: chunks[number].keys).index
        while number < chunks.count {
            let chunk = chunks[number]
            // Keys are in order: where the last of a chunk begins so, all from here on do, and none needs a look.
            let isWhole = chunk.keys.last.map { Self.begins($0, with: prefix) } ?? false
            while index < chunk.keys.count {
                guard isWhole || Self.begins(chunk.keys[index], with: prefix) else { return }
                guard body(chunk.keys[index], chunk.values[index]) else { return }
                index += 1
            }
            number += 1
            index = 0
        }
    }
}
