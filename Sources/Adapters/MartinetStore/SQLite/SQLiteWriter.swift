import MartinetBase
import Synchronization

/// Everything that changes the file: commits, expiry, compaction, checkpoints, on one executor.
///
/// `@unchecked`: what is not in a `Mutex` is touched only by work that runs on `executor`, which runs one piece at a
/// time; `init` is over before the first is submitted.
final class SQLiteWriter: @unchecked Sendable {
    typealias Completion = @Sendable (Result<CommitOutcome, StoreError>) -> Void

    struct Waiting {
        let transaction: Transaction
        let completion: Completion
    }

    private struct Inbox {
        var waiting: [Waiting] = []
        var bytes = 0
        var scheduled = false
        var closed = false
        var compactTo = Revision.none
    }

    private struct Published {
        var revision: Revision
        var compacted: Revision
        var sinks: [@Sendable ([StoreEvent]) -> Void] = []
    }

    let path: String
    let configuration: SQLiteStore.Configuration
    let runtime: any Runtime
    let executor: any SerialExecutorPort
    private let inbox = Mutex(Inbox())
    private let published: Mutex<Published>

    // Of the executor alone.
    let shared: SharedConnection?
    var connection: Connection?
    private var lock: StoreLock?
    var index: KeyIndex
    var nextDue: Timestamp?
    var compactTo: Revision
    var swept: Int64
    var vacuumWanted = true
    /// What the window of history says of how far to compact, and when to ask it again.
    var windowTo = Revision.none
    var windowLookAt = Duration.zero
    var windowGrew = false
    /// Up to where the file itself has counted history.
    var counted = Revision.none
    /// Sweeping inside a commit failed, so that it has to succeed once by itself.
    var sweepsAlone = false
    /// When the last batch was written, in microseconds since 1970; never goes back.
    var lastTime: Int64
    let historyCount = Atomic<Int64>(0)
    var checkpointedFrames = 0
    var lastWrite: Duration
    /// Maintenance failed and is tried again then.
    var retryAt: Duration?
    private var timer: (any TimerPort)?
    /// The disk did not confirm a commit: nothing is written any more.
    var failure: StoreError?
    /// The last batch failed; told once, and again when it works.
    private var failing = false

    init(
        connection: Connection, lock: StoreLock?, shared: SharedConnection?, runtime: any Runtime,
        executor: any SerialExecutorPort, configuration: SQLiteStore.Configuration
    ) throws(StoreError) {
        path = connection.path
        self.connection = connection
        self.lock = lock
        self.shared = shared
        self.runtime = runtime
        self.executor = executor
        self.configuration = configuration
        let reader = SQLiteReader(connection: connection)
        let revision = try reader.newest()
        guard revision.value < Revision.max.value - (1 << 32) else {
            throw StoreError(.corrupt, "\(path): its newest revision is \(revision), which nobody can have reached")
        }
        let compacted = try reader.compacted()
        published = Mutex(Published(revision: revision, compacted: compacted))
        compactTo = compacted
        swept = try connection.number("SELECT value FROM meta WHERE name = 'swept'")
        lastWrite = runtime.monotonic() - SQLiteWriter.quiet
        lastTime = try reader.time(before: .max) ?? 0
        index = KeyIndex(minimumCapacity: Int(try connection.number("SELECT count(*) FROM live")))
        try connection.each("SELECT key, id FROM live") { row in
            index.insert(KeyIndex.hash(StoreKey(row.text(0))), row: row.int(1))
        }
        nextDue = try due()
        try countHistory(connection)
    }

    var revision: Revision { published.withLock { $0.revision } }
    var compacted: Revision { published.withLock { $0.compacted } }
    var historyBytes: Int64 { historyCount.load(ordering: .relaxed) }
    /// How far somebody asked to compact.
    var compactionAsked: Revision { inbox.withLock { $0.compactTo } }

    func observe(_ sink: @escaping @Sendable ([StoreEvent]) -> Void) -> Revision {
        published.withLock {
            $0.sinks.append(sink)
            return $0.revision
        }
    }

    /// Maintenance may be due at once in a file that was there before.
    func start() { schedule() }

    // MARK: - From any thread

    func commit(_ transaction: Transaction, _ completion: @escaping Completion) {
        let bytes = transaction.bytes
        let (refused, wake): (StoreError?, Bool) = inbox.withLock { inbox in
            if inbox.closed { return (StoreError(.closed, "\(path): the store is closed"), false) }
            if inbox.waiting.count >= configuration.waitingMax
                || (inbox.bytes + bytes > configuration.waitingBytesMax && !inbox.waiting.isEmpty)
            {
                return (StoreError(.overloaded, "\(path): \(inbox.waiting.count) transactions wait already"), false)
            }
            inbox.waiting.append(Waiting(transaction: transaction, completion: completion))
            inbox.bytes += bytes
            defer { inbox.scheduled = true }
            return (nil, !inbox.scheduled)
        }
        if let refused { return completion(.failure(refused)) }
        if wake { executor.submit { self.tick() } }
    }

    func compact(before revision: Revision) {
        let reached = min(revision, self.revision)
        inbox.withLock { $0.compactTo = max($0.compactTo, reached) }
        schedule()
    }

    func close(_ readers: ReaderPool, _ completion: @escaping @Sendable () -> Void) {
        inbox.withLock { $0.closed = true }
        executor.submit { self.finish(readers, completion) }
    }

    private func schedule() {
        let wake = inbox.withLock { inbox in
            defer { inbox.scheduled = true }
            return !inbox.scheduled
        }
        if wake { executor.submit { self.tick() } }
    }

    // MARK: - On the executor

    /// One batch, one step of maintenance; again while there is something to do.
    private func tick() {
        guard connection != nil else { return }
        commitBatch(take())
        let more = maintain()
        let again = inbox.withLock { inbox in
            inbox.scheduled = more || !inbox.waiting.isEmpty
            return inbox.scheduled
        }
        if again { executor.submit { self.tick() } } else { armTimer() }
    }

    private func take() -> [Waiting] {
        inbox.withLock { inbox in
            var bytes = 0
            var count = 0
            for waiting in inbox.waiting {
                if count > 0, count >= configuration.batchMax || bytes >= configuration.batchBytesMax { break }
                bytes += waiting.transaction.bytes
                count += 1
            }
            let batch: [Waiting]
            if count == inbox.waiting.count {
                batch = inbox.waiting
                inbox.waiting = []
            } else {
                batch = Array(inbox.waiting.prefix(count))
                inbox.waiting.removeFirst(count)
            }
            inbox.bytes -= bytes
            return batch
        }
    }

    var somethingWaits: Bool { inbox.withLock { !$0.waiting.isEmpty } }

    /// Commits all of `batch` as one SQLite transaction; then tells observers; then completes each, in order.
    func commitBatch(_ batch: [Waiting]) {
        guard !batch.isEmpty, let connection else { return }
        if let failure {
            let refusal = StoreError(.closed, "\(path): not written, the store must be opened again after: \(failure)")
            for waiting in batch { waiting.completion(.failure(refusal)) }
            return
        }
        let start = revision
        let result: Result<(Batch.Written, Upkeep?), StoreError>
        do throws(StoreError) {
            if let shared {
                let transactions = batch.map(\.transaction)
                result = .success(
                    try shared.use { (connection) throws(StoreError) in
                        try self.write(transactions, to: connection, after: start)
                    })
            } else {
                result = .success(try write(batch.map(\.transaction), to: connection, after: start))
            }
        } catch {
            result = .failure(error)
        }
        lastWrite = runtime.monotonic()
        switch result {
        case .success((let written, let upkeep)):
            for change in written.changes.values { apply(change) }
            retryAt = nil
            historyCount.add(written.superseded, ordering: .relaxed)
            if let upkeep { finish(upkeep) }
            if failing { configuration.log.info("store writes again", [("path", path)]) }
            failing = false
            let sinks = published.withLock {
                $0.revision = written.revision
                return $0.sinks
            }
            if !written.events.isEmpty { for sink in sinks { sink(written.events) } }
            for (waiting, outcome) in zip(batch, written.outcomes) { waiting.completion(outcome) }
        case .failure(let error):
            if error.code == .unknownOutcome { failure = error }
            if !failing { configuration.log.error("store cannot write", [("path", path), ("error", "\(error)")]) }
            failing = true
            for waiting in batch { waiting.completion(.failure(error)) }
        }
    }

    private func write(
        _ transactions: [Transaction], to connection: Connection, after start: Revision
    ) throws(StoreError) -> (Batch.Written, Upkeep?) {
        lastTime = max(lastTime, runtime.now().microseconds)
        return try atomically(connection) { () throws(StoreError) in
            var batch = Batch(connection: connection, index: index, revision: start, time: lastTime)
            for transaction in transactions { try batch.append(transaction) }
            return (batch.written, try upkeep(beside: batch.written, connection))
        }
    }

    /// Runs `body` between BEGIN IMMEDIATE and COMMIT; rolls back whatever fails.
    func atomically<R>(_ connection: Connection, _ body: () throws(StoreError) -> R) throws(StoreError) -> R {
        try connection.execute(.begin)
        do {
            let result = try body()
            try connection.execute(.commit)
            return result
        } catch {
            // Some failures roll back by themselves (sqlite.org, "Response To Errors Within A Transaction").
            if connection.inTransaction {
                do { try connection.execute(.rollback) } catch let second {
                    failure = StoreError(.unknownOutcome, "\(path): a failed write could not be undone (\(second))")
                }
            }
            throw error
        }
    }

    private func apply(_ change: Batch.Change) {
        switch (change.before, change.after) {
        case (nil, let after?): index.insert(change.hash, row: after)
        case (let before?, let after?): index.replace(change.hash, row: before, with: after)
        case (let before?, nil): index.remove(change.hash, row: before)
        case (nil, nil): break
        }
        if let expires = change.object?.expires { nextDue = min(nextDue ?? expires, expires) }
    }

    func publish(compacted revision: Revision) { published.withLock { $0.compacted = revision } }

    private func armTimer() {
        timer?.cancel()
        timer = nil
        guard let delay = untilNext() else { return }
        timer = executor.submit(after: delay) { [weak self] in self?.schedule() }
    }

    private func finish(_ readers: ReaderPool, _ completion: @Sendable () -> Void) {
        while somethingWaits { commitBatch(take()) }
        timer?.cancel()
        timer = nil
        readers.close()
        // The last connection that goes makes the last checkpoint and removes the write-ahead log.
        connection = nil
        lock = nil
        completion()
    }
}
