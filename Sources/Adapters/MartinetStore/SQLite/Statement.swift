import CMartinetSQLite

/// A prepared statement of one connection. Parameters count from 1, columns from 0, as SQLite has them.
final class Statement {
    private unowned let connection: Connection
    private let handle: OpaquePointer
    private let sql: String

    /// SQLITE_TRANSIENT: SQLite copies what it is given.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    init(_ connection: Connection, _ database: OpaquePointer, _ sql: String) throws(StoreError) {
        self.connection = connection
        self.sql = sql
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw connection.error(sql) }
        handle = prepared
    }

    func finalize() { sqlite3_finalize(handle) }

    func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }
    func bind(_ index: Int32, _ value: Int64?) {
        if let value { bind(index, value) } else { sqlite3_bind_null(handle, index) }
    }

    /// Binds text; `bound` is appended as one byte, which makes the end of a prefix when it is 0xFF (no UTF-8 has it).
    func bind(_ index: Int32, _ text: String, bound: UInt8? = nil) {
        var bytes = Array(text.utf8)
        if let bound { bytes.append(bound) }
        bytes.withUnsafeBufferPointer { buffer in
            let start = UnsafeRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self)
            guard let start else {
                sqlite3_bind_text(handle, index, "", 0, Statement.copied)
                return
            }
            sqlite3_bind_text(handle, index, start, Int32(clamping: buffer.count), Statement.copied)
        }
    }

    /// Binds a blob, runs the statement once and unbinds it, so that the bytes need not be copied.
    func run(blob index: Int32, _ value: [UInt8]) throws(StoreError) {
        let code = value.withUnsafeBufferPointer { buffer in
            if let start = buffer.baseAddress, !buffer.isEmpty {
                sqlite3_bind_blob(handle, index, start, Int32(clamping: buffer.count), nil)
            } else {
                sqlite3_bind_zeroblob(handle, index, 0)
            }
            let code = sqlite3_step(handle)
            sqlite3_bind_null(handle, index)
            return code
        }
        guard code == SQLITE_DONE else { throw failure() }
    }

    /// True: a row is there. False: done.
    func step() throws(StoreError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw failure()
        }
    }

    func reset() { sqlite3_reset(handle) }

    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func optionalInt(_ column: Int32) -> Int64? {
        sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : int(column)
    }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func blob(_ column: Int32) -> [UInt8] { Array(bytes(column)) }

    private func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
    }

    private func failure() -> StoreError {
        let error = connection.error(sql)
        reset()
        return error
    }
}
