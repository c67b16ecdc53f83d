/// Bytes under keys, with one history: etcd's semantics, as far as an API server needs them.
///
/// Guarantees of every implementation (the contract suite checks them):
/// - Transactions are serial: each sees all before it, and has a revision of its own, one more than the last.
/// - A commit is answered only after it is durable. Answered, it is seen by every read that starts later.
/// - Nothing is ever served, to a read or an observer, that is not durable.
/// - Reads, events and observers agree: the state at a revision is the state before it with its events applied.
/// - Keys are compared and ordered by their UTF-8 bytes.
package protocol ObjectStore: Sendable {
    /// The revision of the last durable transaction that observers were told of.
    var revision: Revision { get }

    /// The oldest revision that can be read, and after which all events are kept; `Revision.none` before any compaction.
    var compacted: Revision { get }

    /// Commits `transaction` and then calls `completion`, in the order of the commits.
    ///
    /// The completion runs on the store's writing thread, after the observers: it must not wait for anything. Only
    /// `.overloaded` and `.closed` are answered on the caller's thread, before this returns.
    func commit(
        _ transaction: Transaction, completion: @escaping @Sendable (Result<CommitOutcome, StoreError>) -> Void)

    /// The object at `key`, now or at a revision; nil where there is none.
    ///
    /// Throws `.compacted` and `.future`. A key that has expired is there until it is deleted, a moment later.
    func get(_ key: String, at revision: Revision?) throws(StoreError) -> StoredObject?

    /// At most `limit` objects (0: all) whose key begins with `prefix` and is not before `from`, now or at a revision.
    ///
    /// To go on: the same call with `from` the last key and a zero byte appended, at the result's revision.
    /// Throws `.compacted` and `.future`.
    func range(prefix: String, from: String?, limit: Int, at revision: Revision?) throws(StoreError) -> RangeResult

    /// What happened under `prefix` after a revision: about `limit` events, ended only between two revisions.
    ///
    /// Throws `.compacted` where events after `revision` are gone, and `.future`.
    func events(prefix: String, after revision: Revision, limit: Int) throws(StoreError) -> EventRange

    /// Calls `sink` with the events of every batch after the returned revision, without a gap.
    ///
    /// The sink runs on the store's writing thread, after the batch is durable and before its completions: it must not
    /// wait for anything. It may read.
    @discardableResult
    func observe(_ sink: @escaping @Sendable ([StoreEvent]) -> Void) -> Revision

    /// Forgets the history before `revision`, which itself stays readable. The space is given back bit by bit.
    ///
    /// A revision that is not yet reached stands for the newest one; an older one than `compacted` changes nothing.
    func compact(before revision: Revision)

    /// Whether others write to the same store, so that what was acknowledged to their callers may not be here yet.
    var isShared: Bool { get }

    /// Calls `completion` once observers were told of everything that anybody had been acknowledged before this call.
    ///
    /// It runs on the caller's thread where there is nothing to wait for, else on the store's writing thread.
    func settle(_ completion: @escaping @Sendable (StoreError?) -> Void)

    /// Commits what waits, then closes everything and calls `completion` on the writing thread.
    func close(completion: @escaping @Sendable () -> Void)
}

extension ObjectStore {
    package func get(_ key: String) throws(StoreError) -> StoredObject? { try get(key, at: nil) }

    package func range(prefix: String, limit: Int = 0) throws(StoreError) -> RangeResult {
        try range(prefix: prefix, from: nil, limit: limit, at: nil)
    }

    package func close() { close(completion: {}) }

    package var isShared: Bool { false }
    package func settle(_ completion: @escaping @Sendable (StoreError?) -> Void) { completion(nil) }
}
