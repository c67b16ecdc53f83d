/// What became of a transaction.
package enum CommitOutcome: Hashable, Sendable {
    /// It is durable. `previous` has one entry per operation: what the key held before, nil where it did not exist.
    ///
    /// A transaction that changed nothing (no operations, or only deletions of keys that do not exist) has the
    /// revision at which its conditions were found to hold.
    case committed(Revision, previous: [StoredObject?])
    /// A condition did not hold; nothing was written. `current` is what that key holds, nil where it does not exist.
    case conflict(key: String, current: StoredObject?)
}
