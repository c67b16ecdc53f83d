/// From a key's hash to the row of its newest version, for every key that exists: 16 bytes a slot, without the keys.
///
/// A look-up that finds nothing proves that the key does not exist, so that a creation reads nothing from the file. One
/// that finds a row must be verified by the key in that row: two keys may share a hash, and then both are listed.
/// Hashes are keyed per process (`Hasher`), so that nobody can choose keys that collide; nothing depends on their order.
package struct KeyIndex: Sendable {
    private struct Slot {
        var hash: UInt64
        var row: Int64  // 0: free
    }

    private var slots: [Slot]
    private var mask: Int
    package private(set) var count = 0

    package init(minimumCapacity: Int = 0) {
        var size = 64
        while size / 8 * 7 < minimumCapacity { size *= 2 }
        slots = Array(repeating: Slot(hash: 0, row: 0), count: size)
        mask = size - 1
    }

    /// What the table takes.
    package var bytes: Int { slots.count * MemoryLayout<Slot>.stride }

    static func hash(_ key: StoreKey) -> UInt64 {
        var hasher = Hasher()
        key.hash(into: &hasher)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// The rows of the keys with this hash: hardly ever more than one.
    package func rows(_ hash: UInt64) -> [Int64] {
        var found: [Int64] = []
        var at = Int(truncatingIfNeeded: hash) & mask
        while slots[at].row != 0 {
            if slots[at].hash == hash { found.append(slots[at].row) }
            at = (at + 1) & mask
        }
        return found
    }

    package mutating func insert(_ hash: UInt64, row: Int64) {
        if count >= slots.count / 8 * 7 { grow() }
        place(hash, row)
        count += 1
    }

    package mutating func replace(_ hash: UInt64, row: Int64, with newRow: Int64) {
        guard let at = find(hash, row) else { return insert(hash, row: newRow) }
        slots[at].row = newRow
    }

    /// Removes the entry and moves up those behind it that would no longer be found (Knuth, volume 3, 6.4, algorithm R).
    package mutating func remove(_ hash: UInt64, row: Int64) {
        guard var hole = find(hash, row) else { return }
        count -= 1
        var next = (hole + 1) & mask
        while slots[next].row != 0 {
            let home = Int(truncatingIfNeeded: slots[next].hash) & mask
            if (next &- home) & mask >= (next &- hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = Slot(hash: 0, row: 0)
    }

    private func find(_ hash: UInt64, _ row: Int64) -> Int? {
        var at = Int(truncatingIfNeeded: hash) & mask
        while slots[at].row != 0 {
            if slots[at].row == row, slots[at].hash == hash { return at }
            at = (at + 1) & mask
        }
        return nil
    }

    private mutating func place(_ hash: UInt64, _ row: Int64) {
        var at = Int(truncatingIfNeeded: hash) & mask
        while slots[at].row != 0 { at = (at + 1) & mask }
        slots[at] = Slot(hash: hash, row: row)
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(hash: 0, row: 0), count: old.count * 2)
        mask = slots.count - 1
        for slot in old where slot.row != 0 { place(slot.hash, slot.row) }
    }
}
