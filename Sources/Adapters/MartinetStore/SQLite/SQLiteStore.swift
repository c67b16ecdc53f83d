package import MartinetBase

/// The default store: one SQLite file, written by one thread, read by any.
///
/// The file is an append-only log of revisions (`log`), the newest row of each key (`live`) and two marks (`meta`).
/// See docs/store.md for its invariants.
package final class SQLiteStore: HistoryStore {
    package struct Configuration: Sendable {
        /// Bytes of a page, for a file that is created; a power of two from 512 to 65536.
        package var pageBytes = 4096
        /// Whether every page is checked when the file is opened; about a second for a gigabyte in the page cache.
        package var checksAtOpen = true
        /// Transactions that may wait before more are refused with `.overloaded`.
        package var waitingMax = 16_384
        /// Bytes that may wait, likewise.
        package var waitingBytesMax = 128 << 20
        /// How many transactions, and about how many bytes, become durable with one write to the disk.
        package var batchMax = 1024
        package var batchBytesMax = 8 << 20
        /// After this long without a write the write-ahead log is emptied, so that a start has nothing to recover.
        package var idle = Duration.seconds(5)
        /// After so many new pages in the write-ahead log, they are copied to the file.
        package var checkpointPages = 1000
        /// How much history is kept; nil: all, until `compact` is called.
        package var history: HistoryWindow?
        /// The name of an SQLite disk ("VFS") that was registered; nil: the operating system's.
        package var disk: String?
        package var log: Log

        package init(log: Log = Log(component: "store")) { self.log = log }
    }

    package let history: HistoryWindow?
    private let writer: SQLiteWriter
    private let readers: ReaderPool

    /// Opens the store at `path`, creating it where there is none.
    ///
    /// `executor` does all the writing; without one the store makes a thread for it. Throws `.locked`, `.corrupt`,
    /// `.newerFormat`, `.noSpace` and `.io`, each naming the file.
    package init(
        path: String, runtime: any Runtime, executor: (any SerialExecutorPort)? = nil,
        configuration: Configuration = Configuration()
    ) throws(StoreError) {
        history = configuration.history
        // A disk of a test's own is in no folder, and no other process knows it.
        let lock = configuration.disk == nil ? try StoreLock(storePath: path) : nil
        if configuration.disk == nil { try StoreFile.create(path) }
        try LogRepair.run(path: path, disk: configuration.disk)
        let connection = try Connection(path: path, mode: .write, disk: configuration.disk)
        try StoreFile.prepare(connection, pageBytes: configuration.pageBytes, check: configuration.checksAtOpen)
        let writing: any SerialExecutorPort
        if let executor { writing = executor } else { writing = try SQLiteStore.thread(path) }
        writer = try SQLiteWriter(
            connection: connection, lock: lock, shared: nil, runtime: runtime, executor: writing,
            configuration: configuration)
        readers = ReaderPool(path: path, disk: configuration.disk)
        writer.start()
    }

    /// A store in memory, gone when it is closed. Nothing of it runs but on `executor` and its callers: given a
    /// simulated one, it is deterministic.
    package init(
        inMemory name: String, runtime: any Runtime, executor: any SerialExecutorPort,
        configuration: Configuration = Configuration()
    ) throws(StoreError) {
        history = configuration.history
        let connection = try Connection(path: name, mode: .memory)
        try StoreFile.prepare(connection, pageBytes: configuration.pageBytes, check: false)
        let shared = SharedConnection(connection)
        writer = try SQLiteWriter(
            connection: connection, lock: nil, shared: shared, runtime: runtime, executor: executor,
            configuration: configuration)
        readers = ReaderPool(shared: shared)
        writer.start()
    }

    private static func thread(_ path: String) throws(StoreError) -> any SerialExecutorPort {
        do { return try ThreadExecutor(name: "store-writer") } catch {
            throw StoreError(.io, "\(path): no thread for writing", cause: error)
        }
    }

    package var revision: Revision { writer.revision }
    package var compacted: Revision { writer.compacted }

    package func commit(
        _ transaction: Transaction, completion: @escaping @Sendable (Result<CommitOutcome, StoreError>) -> Void
    ) {
        writer.commit(transaction, completion)
    }

    package func get(_ key: String, at revision: Revision?) throws(StoreError) -> StoredObject? {
        try readers.read { (reader) throws(StoreError) in try reader.get(key, at: revision) }
    }

    package func range(
        prefix: String, from: String?, limit: Int, at revision: Revision?
    ) throws(StoreError) -> RangeResult {
        try readers.read { (reader) throws(StoreError) in
            try reader.range(prefix: prefix, from: from, limit: limit, at: revision)
        }
    }

    package func events(prefix: String, after revision: Revision, limit: Int) throws(StoreError) -> EventRange {
        try readers.read { (reader) throws(StoreError) in
            try reader.events(prefix: prefix, after: revision, limit: limit)
        }
    }

    package func revision(at time: Timestamp) throws(StoreError) -> Revision {
        try readers.read { (reader) throws(StoreError) in try reader.revision(at: time) }
    }

    package func time(of revision: Revision) throws(StoreError) -> Timestamp? {
        try readers.read { (reader) throws(StoreError) in try reader.time(of: revision) }
    }

    package func changes(of key: String, limit: Int) throws(StoreError) -> [StoredChange] {
        try readers.read { (reader) throws(StoreError) in try reader.changes(of: key, limit: limit) }
    }

    /// About how many bytes superseded values take.
    package var historyBytes: Int64 { writer.historyBytes }

    @discardableResult
    package func observe(_ sink: @escaping @Sendable ([StoreEvent]) -> Void) -> Revision { writer.observe(sink) }

    package func compact(before revision: Revision) { writer.compact(before: revision) }

    package func close(completion: @escaping @Sendable () -> Void) { writer.close(readers, completion) }
}
