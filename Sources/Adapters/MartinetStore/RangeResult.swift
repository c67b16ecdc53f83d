/// The keys under a prefix at one revision, or a first piece of them.
package struct RangeResult: Hashable, Sendable {
    /// In the order of the keys' bytes.
    package let objects: [StoredObject]
    /// Whether keys follow the last of `objects`.
    package let more: Bool
    /// How many keys there are from the start of the range, those left out by the limit included.
    package let count: Int
    /// The revision at which all of this is true.
    package let revision: Revision

    package init(objects: [StoredObject], more: Bool, count: Int, revision: Revision) {
        self.objects = objects
        self.more = more
        self.count = count
        self.revision = revision
    }
}
