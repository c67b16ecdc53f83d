import Synchronization

/// Connections for reading, lent to one caller at a time.
///
/// A caller never waits for another: where all are lent, one more is opened, and closed again when `idleMax` are idle.
final class ReaderPool: Sendable {
    private struct State {
        var idle: [Connection] = []
        var closed = false
    }

    static let idleMax = 4
    private let path: String
    private let disk: String?
    private let state = Mutex(State())
    /// The one connection of a store in memory, shared with its writer.
    private let shared: SharedConnection?

    init(path: String, disk: String?) {
        self.path = path
        self.disk = disk
        shared = nil
    }

    init(shared: SharedConnection) {
        path = shared.connection.path
        disk = nil
        self.shared = shared
    }

    func read<R: Sendable>(_ body: (SQLiteReader) throws(StoreError) -> R) throws(StoreError) -> R {
        if let shared {
            if state.withLock({ $0.closed }) { throw ReaderPool.closed(path) }
            return try shared.use { (connection) throws(StoreError) in try body(SQLiteReader(connection: connection)) }
        }
        let connection = try take()
        defer { give(connection) }
        return try body(SQLiteReader(connection: connection))
    }

    func close() {
        let idle = state.withLock { state in
            state.closed = true
            defer { state.idle = [] }
            return state.idle
        }
        withExtendedLifetime(idle) {}
    }

    private func take() throws(StoreError) -> Connection {
        let (closed, idle) = state.withLock { ($0.closed, $0.idle.popLast()) }
        if closed { throw ReaderPool.closed(path) }
        if let idle { return idle }
        let connection = try Connection(path: path, mode: .read, disk: disk)
        try StoreFile.settleReader(connection)
        return connection
    }

    private func give(_ connection: Connection) {
        // What is not kept is closed outside the lock, when `connection` goes.
        state.withLock { state in
            if !state.closed, state.idle.count < ReaderPool.idleMax { state.idle.append(connection) }
        }
    }

    private static func closed(_ path: String) -> StoreError { StoreError(.closed, "\(path): the store is closed") }
}

/// A connection in memory, for the writer and the readers in turn. Nothing done with it leaves memory, so the lock is
/// held for no system call; it is not re-entrant, and observers are called without it.
final class SharedConnection: Sendable {
    let connection: Connection
    private let turn = Mutex(())

    init(_ connection: Connection) { self.connection = connection }

    func use<R: Sendable>(_ body: (Connection) throws(StoreError) -> R) throws(StoreError) -> R {
        let result: Result<R, StoreError> = turn.withLock { _ in
            do throws(StoreError) { return .success(try body(connection)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
