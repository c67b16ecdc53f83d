import CMartinetSQLite
import Glibc
import MartinetBase

/// One SQLite connection and its prepared statements.
///
/// `@unchecked`: a connection is used by one thread at a time. The writer's belongs to the writer's executor; a reader's
/// is handed out by `ReaderPool` to one caller until it is given back.
final class Connection: @unchecked Sendable {
    /// `copy`: a file that nobody else knows yet.
    enum Mode { case write, read, memory, copy }

    let path: String
    private let handle: OpaquePointer
    private var statements: [Statement?] = Array(repeating: nil, count: Query.allCases.count)
    /// Frames in the write-ahead log after the last commit of this connection.
    fileprivate(set) var walFrames = 0

    init(path: String, mode: Mode, disk: String? = nil) throws(StoreError) {
        self.path = path
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE
        flags |= mode == .read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(mode == .memory ? ":memory:" : path, &opened, flags, disk)
        guard let opened else { throw StoreError(.io, "\(path): no memory to open it") }
        guard code == SQLITE_OK else {
            let error = Connection.error(opened, path: path, doing: "open")
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        sqlite3_busy_timeout(handle, 1000)
        if mode == .write {
            // Also takes SQLite's own checkpoints away: the writer makes them between commits.
            let context = Unmanaged.passUnretained(self).toOpaque()
            sqlite3_wal_hook(
                handle,
                { context, _, _, frames in
                    guard let context else { return SQLITE_OK }
                    Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().walFrames = Int(frames)
                    return SQLITE_OK
                }, context)
        }
    }

    deinit {
        for statement in statements { statement?.finalize() }
        sqlite3_close_v2(handle)
    }

    /// Runs text that is no query with values.
    func run(_ sql: String) throws(StoreError) {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw error(sql) }
    }

    /// The first column of the first row, as a number.
    func number(_ sql: String) throws(StoreError) -> Int64 {
        let statement = try Statement(self, handle, sql)
        defer { statement.finalize() }
        return try statement.step() ? statement.int(0) : 0
    }

    /// The first column of every row, as text.
    func texts(_ sql: String) throws(StoreError) -> [String] {
        let statement = try Statement(self, handle, sql)
        defer { statement.finalize() }
        var found: [String] = []
        while try statement.step() { found.append(statement.text(0)) }
        return found
    }

    /// Calls `body` with every row.
    func each(_ sql: String, _ body: (Statement) -> Void) throws(StoreError) {
        let statement = try Statement(self, handle, sql)
        defer { statement.finalize() }
        while try statement.step() { body(statement) }
    }

    /// Runs a query without parameters and rows.
    func execute(_ query: Query) throws(StoreError) {
        let statement = try statement(query)
        defer { statement.reset() }
        _ = try statement.step()
    }

    /// The prepared statement for `query`, ready to be bound. Reset it after use.
    func statement(_ query: Query) throws(StoreError) -> Statement {
        if let statement = statements[query.rawValue] { return statement }
        let statement = try Statement(self, handle, query.sql)
        statements[query.rawValue] = statement
        return statement
    }

    /// Prepares a statement that the caller finalizes.
    func prepare(_ sql: String) throws(StoreError) -> Statement { try Statement(self, handle, sql) }

    /// Copies every page to `target`, so many at once.
    func backUp(to target: Connection, pagesAtOnce: Int32) throws(StoreError) {
        guard let backup = sqlite3_backup_init(target.handle, "main", handle, "main") else {
            throw target.error("copy")
        }
        var code = SQLITE_OK
        while code == SQLITE_OK { code = sqlite3_backup_step(backup, pagesAtOnce) }
        let finished = sqlite3_backup_finish(backup)
        guard code == SQLITE_DONE, finished == SQLITE_OK else { throw target.error("copy") }
    }

    var inTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Copies pages from the write-ahead log to the file. Returns frames in the log and frames copied, or nil where a
    /// reader is in the way.
    func checkpoint(truncate: Bool) throws(StoreError) -> (log: Int, copied: Int)? {
        var log: Int32 = 0
        var copied: Int32 = 0
        let mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
        if truncate { sqlite3_busy_timeout(handle, 20) }
        defer { if truncate { sqlite3_busy_timeout(handle, 1000) } }
        let code = sqlite3_wal_checkpoint_v2(handle, nil, mode, &log, &copied)
        if code & 0xFF == SQLITE_BUSY { return nil }
        guard code == SQLITE_OK else { throw error("checkpoint") }
        if truncate { walFrames = 0 }
        return (Int(log), Int(copied))
    }

    func error(_ doing: String) -> StoreError { Connection.error(handle, path: path, doing: doing) }

    private static func error(_ handle: OpaquePointer, path: String, doing: String) -> StoreError {
        let code = sqlite3_extended_errcode(handle)
        let number = sqlite3_system_errno(handle)
        let text = String(cString: sqlite3_errmsg(handle))
        let cause = number == 0 ? nil : SystemError(call: doing, operand: path, errno: number)
        switch code & 0xFF {
        case SQLITE_FULL: return noSpace(path)
        case SQLITE_IOERR where code == SQLITE_IOERR | (4 << 8) || code == SQLITE_IOERR | (5 << 8):
            // IOERR_FSYNC, IOERR_DIR_FSYNC: what the kernel wrote of it is not known, and asking again would lie.
            return StoreError(.unknownOutcome, "\(path): the disk did not confirm a write (\(text))", cause: cause)
        case SQLITE_IOERR where number == ENOSPC || number == EDQUOT: return noSpace(path)
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            return StoreError(.corrupt, "\(path): not a whole store (\(text)); it was left as it is", cause: cause)
        default: return StoreError(.io, "\(path): \(text) (sqlite code \(code), \(doing))", cause: cause)
        }
    }

    private static func noSpace(_ path: String) -> StoreError {
        let free = StoreFile.freeBytes(path)
        return StoreError(.noSpace(free: free), "\(path): the disk is full, \(free) bytes are free")
    }
}
