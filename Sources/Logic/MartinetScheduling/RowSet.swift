/// A set of rows of the node table, a bit each.
package struct RowSet: Hashable, Sendable {
    private(set) var words: [UInt64] = []

    package init() {}

    package func contains(_ row: Int) -> Bool {
        row >> 6 < words.count && words[row >> 6] >> UInt64(row & 63) & 1 == 1
    }

    package mutating func insert(_ row: Int) {
        while words.count <= row >> 6 { words.append(0) }
        words[row >> 6] |= 1 << UInt64(row & 63)
    }

    package mutating func remove(_ row: Int) {
        if row >> 6 < words.count { words[row >> 6] &= ~(1 << UInt64(row & 63)) }
    }

    package mutating func formUnion(_ other: RowSet) {
        while words.count < other.words.count { words.append(0) }
        for index in other.words.indices { words[index] |= other.words[index] }
    }

    package mutating func formIntersection(_ other: RowSet) {
        for index in words.indices { words[index] &= index < other.words.count ? other.words[index] : 0 }
    }

    package mutating func subtract(_ other: RowSet) {
        for index in words.indices where index < other.words.count { words[index] &= ~other.words[index] }
    }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// The rows in ascending order.
    package var rows: [Int] {
        var result: [Int] = []
        for (index, word) in words.enumerated() {
            var word = word
            while word != 0 {
                result.append(index << 6 + word.trailingZeroBitCount)
                word &= word - 1
            }
        }
        return result
    }
}
