import MartinetBase
import Synchronization

/// What was done for the file's sake in a transaction, for the writer to take over once it is durable.
struct Upkeep: Sendable {
    /// How far history is forgotten, and how far its rows are gone.
    var target: Revision
    var swept: Int64
    /// How much of history went, in bytes.
    var freed: Int64 = 0
    /// Up to where the file's own count of history goes.
    var counted: Revision
}

// History goes bit by bit. While somebody writes, a bit goes with every commit, inside its transaction: it costs no sync of
// its own. While nobody does, it goes by itself.
extension SQLiteWriter {
    /// Who has not written for so long is not about to.
    static let quiet = Duration.milliseconds(20)
    /// How often the window is asked how far history may go, while there are writes and while there are none.
    private static let windowLook = Duration.seconds(1)
    private static let windowLookIdle = Duration.seconds(60)
    /// After so many revisions the count of history is noted in the file: a start counts only what came later.
    private static let countRevisions: Int64 = 4096
    /// How many rows of the log the bound on bytes has swept in one go.
    private static let rowsMax: Int64 = 16_384

    /// How far to compact, by whoever asked for more; nil where that is done.
    private func sweepTarget() -> Revision? {
        let target = max(compactTo, min(max(compactionAsked, windowTo), revision))
        return target > compactTo || target > .none && swept < RowID.last(target) ? target : nil
    }

    /// Does a little in the transaction of a batch: sweeps twice what the batch wrote, so that it gains on any load.
    ///
    /// Throws only where SQLite has given up the whole transaction; else a failure costs the batch nothing.
    func upkeep(beside written: Batch.Written, _ connection: Connection) throws(StoreError) -> Upkeep? {
        guard retryAt == nil, !sweepsAlone else { return nil }
        try connection.execute(.savepoint)
        do throws(StoreError) {
            try lookAtWindow(connection)
            let rows = 2 * written.events.count + 16
            let done = try upkeep(connection, rows, superseded: written.superseded, through: written.revision)
            try connection.execute(.release)
            return done
        } catch {
            sweepsAlone = true
            retryAt = runtime.monotonic() + .seconds(1)
            guard connection.inTransaction else { throw error }
            configuration.log.warning("store maintenance failed", [("path", path), ("error", "\(error)")])
            try connection.execute(.rollbackTo)
            try connection.execute(.release)
            return nil
        }
    }

    /// Sweeps while nobody writes. True: there is more to do now.
    func compactStep() throws(StoreError) -> Bool {
        guard sweepsAlone || isQuiet else { return false }
        try reading { (connection) throws(StoreError) in try self.lookAtWindow(connection) }
        guard sweepTarget() != nil else {
            sweepsAlone = false
            return false
        }
        let done = try reading { (connection) throws(StoreError) in
            try self.atomically(connection) { () throws(StoreError) in
                try self.upkeep(connection, 512, superseded: 0, through: self.revision)
            }
        }
        sweepsAlone = false
        if let done { finish(done) }
        return true
    }

    private var isQuiet: Bool { !somethingWaits && runtime.monotonic() - lastWrite >= SQLiteWriter.quiet }

    /// How long until there is something to do for the file although nobody writes; nil: not before the next write.
    func untilCompaction(_ now: Duration) -> Duration? {
        if vacuumWanted && shared == nil || sweepTarget() != nil {
            return max(lastWrite + SQLiteWriter.quiet - now, .milliseconds(1))
        }
        guard configuration.history != nil, historyBytes > 0 else { return nil }
        return max(windowLookAt - now, SQLiteWriter.windowLookIdle)
    }

    func finish(_ done: Upkeep) {
        swept = done.swept
        counted = done.counted
        historyCount.subtract(done.freed, ordering: .relaxed)
        if done.target > compactTo {
            compactTo = done.target
            publish(compacted: compactTo)
        }
        if done.freed > 0 { vacuumWanted = true }
    }

    private func upkeep(
        _ connection: Connection, _ rows: Int, superseded: Int64, through: Revision
    ) throws(StoreError) -> Upkeep? {
        var done = Upkeep(target: compactTo, swept: swept, counted: counted)
        if let target = sweepTarget() {
            done.target = target
            try sweep(connection, rows, &done)
        } else if through.value - counted.value < SQLiteWriter.countRevisions {
            return nil
        }
        try set("history", historyBytes + superseded - done.freed, connection)
        try set("history_to", through.value, connection)
        done.counted = through
        return done
    }

    /// From here on the history before the target is gone for every reader; its rows go bit by bit.
    ///
    /// Removes what the next `rows` rows of the log made superfluous: each row names the one that it replaced, and a
    /// deletion is itself of no use once nobody can ask for the time before it.
    private func sweep(_ connection: Connection, _ rows: Int, _ done: inout Upkeep) throws(StoreError) {
        let last = RowID.last(done.target)
        if done.target > compactTo {
            let time = try SQLiteReader(connection: connection).time(before: last) ?? 0
            try set("compacted", done.target.value, connection)
            try set("compacted_at", time, connection)
        }
        var gone: [Int64] = []
        var seen = 0
        done.swept = last
        try each(connection, after: swept, through: last, limit: rows) { row, key, before, value in
            seen += 1
            if seen == rows { done.swept = row }
            if let before {
                gone.append(before)
                done.freed += HistoryBytes.of(key: key, value: value)
            }
            if RowID.isDelete(row) {
                gone.append(row)
                done.freed += HistoryBytes.of(key: key)
            }
        }
        for row in gone {
            let statement = try connection.statement(.deleteRow)
            defer { statement.reset() }
            statement.bind(1, row)
            _ = try statement.step()
        }
        try set("swept", done.swept, connection)
    }

    /// Rows of the log with the lengths of their key and of the value that they replaced, and where that is.
    private func each(
        _ connection: Connection, after: Int64, through: Int64, limit: Int,
        _ body: (_ row: Int64, _ key: Int, _ before: Int64?, _ value: Int) -> Void
    ) throws(StoreError) {
        let select = try connection.statement(.sweepRows)
        defer { select.reset() }
        select.bind(1, after)
        select.bind(2, through)
        select.bind(3, Int64(limit))
        while try select.step() {
            body(select.int(0), Int(clamping: select.int(1)), select.optionalInt(2), Int(clamping: select.int(3)))
        }
    }

    /// At a start: what the file says of the size of history, and what came after it was noted.
    func countHistory(_ connection: Connection) throws(StoreError) {
        var bytes = try connection.number("SELECT value FROM meta WHERE name = 'history'")
        counted = Revision(try connection.number("SELECT value FROM meta WHERE name = 'history_to'"))
        try each(connection, after: RowID.last(counted), through: .max, limit: -1) { row, key, before, value in
            if before != nil { bytes += HistoryBytes.of(key: key, value: value) }
            if RowID.isDelete(row) { bytes += HistoryBytes.of(key: key) }
        }
        historyCount.store(bytes, ordering: .relaxed)
    }

    private func set(_ name: String, _ value: Int64, _ connection: Connection) throws(StoreError) {
        let statement = try connection.statement(.setMeta)
        defer { statement.reset() }
        statement.bind(1, name)
        statement.bind(2, value)
        _ = try statement.step()
    }

    // MARK: - The window

    /// Finds out how far the window lets history go.
    private func lookAtWindow(_ connection: Connection) throws(StoreError) {
        guard let window = configuration.history else { return }
        let now = runtime.monotonic()
        let excess = historyBytes - window.bytes
        guard now >= windowLookAt || excess > 0 && windowGrew && sweepTarget() == nil else { return }
        windowLookAt = now + SQLiteWriter.windowLook
        let reader = SQLiteReader(connection: connection)
        let wall = runtime.now()
        var target = try revision(reader, at: wall.advanced(by: .zero - window.age))
        if excess > 0 {
            let statement = try connection.statement(.rowAfter)
            defer { statement.reset() }
            statement.bind(1, swept)
            // A row of the log frees what it replaced: at least about a hundred bytes.
            statement.bind(2, min(max(excess / 128, 128), SQLiteWriter.rowsMax))
            let reached = try statement.step() ? RowID.revision(statement.int(0)) : revision
            let least = try revision(reader, at: wall.advanced(by: .zero - window.leastAge))
            target = max(target, min(reached, least))
        }
        windowGrew = target > windowTo
        windowTo = max(windowTo, target)
    }

    private func revision(_ reader: SQLiteReader, at time: Timestamp) throws(StoreError) -> Revision {
        do throws(StoreError) {
            return try reader.revision(at: time)
        } catch {
            guard case .compacted = error.code else { throw error }
            return .none
        }
    }

    // MARK: - Space

    /// Gives some free pages back. True: there are more.
    func vacuumStep(_ connection: Connection) throws(StoreError) -> Bool {
        guard vacuumWanted, isQuiet else { return false }
        let free = try connection.number("PRAGMA freelist_count")
        let pages = try connection.number("PRAGMA page_count")
        // Free pages are used again by the next writes: only many of them are worth moving pages for.
        guard free > 256, free > pages / 4 else {
            vacuumWanted = false
            return false
        }
        try connection.run("PRAGMA incremental_vacuum(256)")
        return true
    }
}
