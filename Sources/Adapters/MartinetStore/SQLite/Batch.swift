import MartinetBase

/// Transactions evaluated one after the other inside one SQLite transaction, each at a revision of its own.
///
/// Nothing outside of it changes: the writer takes over `written` when the whole batch is durable, or drops them.
struct Batch {
    /// A key as the batch leaves it. `before` and `after` are rows of the log.
    struct Change: Sendable {
        let hash: UInt64
        let before: Int64?
        var after: Int64?
        var object: StoredObject?
    }

    /// What a batch comes to. Without the index, which the writer then changes in place: a second reference to it
    /// would have all of it copied at every commit.
    struct Written: Sendable {
        fileprivate(set) var revision: Revision
        fileprivate(set) var events: [StoreEvent] = []
        fileprivate(set) var outcomes: [Result<CommitOutcome, StoreError>] = []
        fileprivate(set) var changes: [StoreKey: Change] = [:]
        /// What became history, in bytes.
        fileprivate(set) var superseded: Int64 = 0
    }

    private(set) var written: Written
    private let connection: Connection
    private let index: KeyIndex
    /// When all of this happens, in microseconds.
    private let time: Int64

    init(connection: Connection, index: KeyIndex, revision: Revision, time: Int64) {
        self.time = time
        self.connection = connection
        self.index = index
        written = Written(revision: revision)
    }

    /// Writes `transaction`, unless it breaks a limit or a condition. Throws only what ends the whole batch.
    mutating func append(_ transaction: Transaction) throws(StoreError) {
        if let refusal = transaction.refusal() {
            written.outcomes.append(.failure(StoreError(.invalid, "\(connection.path): \(refusal)")))
            return
        }
        for condition in transaction.conditions {
            let current = try state(of: condition.key).object
            guard (current?.modified ?? .none) == condition.modified else {
                written.outcomes.append(.success(.conflict(key: condition.key, current: current)))
                return
            }
        }
        let next = Revision(written.revision.value + 1)
        var previous: [StoredObject?] = []
        var changed = false
        for (ordinal, operation) in transaction.operations.enumerated() {
            var change = try state(of: operation.key)
            previous.append(change.object)
            switch operation {
            case .put(let key, let value, let expires):
                let object = StoredObject(
                    key: key, value: value, created: change.object?.created ?? next, modified: next,
                    version: (change.object?.version ?? 0) &+ 1,
                    expires: expires?.wholeMicroseconds)
                let row = RowID.make(next, ordinal: ordinal, isDelete: false)
                try insert(object, row: row, before: change.after)
                note(object, .put, previous: change.object, at: next)
                if let old = change.object { written.superseded += HistoryBytes.of(old) }
                change.after = row
                change.object = object
            case .delete:
                guard let object = change.object else { continue }
                let row = RowID.make(next, ordinal: ordinal, isDelete: true)
                try insert(object, row: row, before: change.after)
                note(object, .delete, previous: object, at: next)
                written.superseded += HistoryBytes.of(object) + HistoryBytes.of(key: object.key.utf8.count)
                change.after = nil
                change.object = nil
            }
            changed = true
            written.changes[StoreKey(operation.key)] = change
        }
        if changed { written.revision = next }
        written.outcomes.append(.success(.committed(written.revision, previous: previous)))
    }

    /// The key as the batch has it so far. Reads the file only where the index knows the key's hash.
    private mutating func state(of text: String) throws(StoreError) -> Change {
        let key = StoreKey(text)
        if let change = written.changes[key] { return change }
        let hash = KeyIndex.hash(key)
        var change = Change(hash: hash, before: nil, after: nil, object: nil)
        for row in index.rows(hash) {
            let statement = try connection.statement(.row)
            defer { statement.reset() }
            statement.bind(1, row)
            guard try statement.step() else {
                throw StoreError(.corrupt, "\(connection.path): row \(row) of the log is missing")
            }
            let object = SQLiteReader.object(statement)
            guard StoreKey(object.key) == key else { continue }
            change = Change(hash: hash, before: row, after: row, object: object)
            break
        }
        written.changes[key] = change
        return change
    }

    /// Appends to the log and has `live` follow.
    private func insert(_ object: StoredObject, row: Int64, before: Int64?) throws(StoreError) {
        let isDelete = RowID.isDelete(row)
        let expires = isDelete ? nil : object.expires?.microseconds
        let statement = try connection.statement(.insertRow)
        defer { statement.reset() }
        statement.bind(1, row)
        statement.bind(2, object.key)
        statement.bind(3, object.created.value)
        statement.bind(4, object.version)
        statement.bind(5, before ?? 0)
        statement.bind(6, expires)
        statement.bind(8, time)
        try statement.run(blob: 7, isDelete ? [] : object.value)
        let live = try connection.statement(isDelete ? .deleteLive : .putLive)
        defer { live.reset() }
        live.bind(1, object.key)
        if !isDelete {
            live.bind(2, row)
            live.bind(3, expires)
        }
        _ = try live.step()
    }

    private mutating func note(
        _ object: StoredObject, _ kind: StoreEvent.Kind, previous: StoredObject?, at revision: Revision
    ) {
        written.events.append(
            StoreEvent(
                revision: revision, kind: kind, key: object.key, value: kind == .put ? object.value : [],
                created: object.created, version: object.version, previous: previous))
    }
}
