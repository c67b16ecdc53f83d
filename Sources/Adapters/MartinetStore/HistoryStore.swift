package import MartinetBase

/// A store that remembers for longer than its readers' continue tokens and watches need, and knows when.
package protocol HistoryStore: ObjectStore {
    /// How long it remembers by itself; nil: until it is told to compact.
    var history: HistoryWindow? { get }

    /// The newest revision that there was at `time`; the newest of all for a time to come.
    ///
    /// Throws `.compacted` where that is forgotten. A time before anything was written is the initial revision.
    func revision(at time: Timestamp) throws(StoreError) -> Revision

    /// When `revision` was committed, in whole microseconds; nil where nobody noted it.
    ///
    /// Times never go back from one revision to the next, whatever the wall clock does.
    /// Throws `.compacted` and `.future`.
    func time(of revision: Revision) throws(StoreError) -> Timestamp?

    /// What became of one key as far as it is remembered: at most the newest `limit` changes (0: all), oldest first.
    func changes(of key: String, limit: Int) throws(StoreError) -> [StoredChange]
}

/// How much history a store keeps by itself. Both bounds hold; `leastAge` wins over both.
package struct HistoryWindow: Hashable, Sendable {
    /// What is older is forgotten.
    package var age: Duration
    /// About how many bytes of superseded values are kept, with what the file needs to find them.
    package var bytes: Int64
    /// What is younger is kept, so that lists in pages and watches go on.
    package var leastAge: Duration

    package init(
        age: Duration = .seconds(86_400), bytes: Int64 = 512 << 20, leastAge: Duration = .seconds(600)
    ) {
        self.age = age
        self.bytes = bytes
        self.leastAge = leastAge
    }
}

/// One change of one key, as the log has it.
package struct StoredChange: Hashable, Sendable {
    package let revision: Revision
    /// When it was committed; nil where nobody noted it.
    package let time: Timestamp?
    /// What was written; nil: the key was deleted.
    package let object: StoredObject?

    package init(revision: Revision, time: Timestamp?, object: StoredObject?) {
        self.revision = revision
        self.time = time
        self.object = object
    }
}
