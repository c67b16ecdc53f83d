/// A point in the store's one history: every committed transaction that changed something has the next one.
///
/// An empty store is at 1 and its first write is 2, as etcd has it. A revision is never used twice and never goes back.
package struct Revision: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let value: Int64

    package init(_ value: Int64) { self.value = value }

    /// Before every history. In a condition: the key must not exist.
    package static let none = Revision(0)
    /// Where an empty store stands.
    package static let initial = Revision(1)
    /// The largest that the file format can hold; centuries of writing away.
    package static let max = Revision(Int64.max >> 16)

    package static func < (a: Revision, b: Revision) -> Bool { a.value < b.value }
    package var description: String { "\(value)" }
}
