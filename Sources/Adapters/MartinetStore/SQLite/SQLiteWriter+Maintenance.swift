import MartinetBase

// What keeps the file small and quick, in steps of a few milliseconds between commits.
extension SQLiteWriter {
    /// With more than these the log is emptied, waiting a moment for readers that hold it.
    private static let truncateFrames = 16_384
    /// The wall clock may be set: keys that expire are looked at again at least this often.
    private static let expiryLookMax = Duration.seconds(10)
    private static let retry = Duration.seconds(1)

    /// Does one step of what is due. True: there is more to do now.
    func maintain() -> Bool {
        guard let connection, failure == nil else { return false }
        if let retryAt, runtime.monotonic() < retryAt { return false }
        retryAt = nil
        do throws(StoreError) {
            if try expire() { return true }
            if try compactStep() { return true }
            if shared != nil { return false }
            if try vacuumStep(connection) { return true }
            try checkpointStep(connection)
            return false
        } catch {
            // A checkpoint that the disk did not confirm must not be tried again: the second attempt may be told that
            // all is well, and the log would be emptied over pages that never arrived.
            if error.code == .unknownOutcome { failure = error }
            configuration.log.warning("store maintenance failed", [("path", path), ("error", "\(error)")])
            retryAt = runtime.monotonic() + SQLiteWriter.retry
            return false
        }
    }

    /// How long until `maintain` is wanted again without a write; nil: not before the next write.
    func untilNext() -> Duration? {
        let now = runtime.monotonic()
        var delays: [Duration] = []
        if let retryAt { delays.append(retryAt - now) }
        if let nextDue {
            delays.append(min(nextDue.duration(since: runtime.now()), SQLiteWriter.expiryLookMax))
        }
        if let delay = untilCompaction(now) { delays.append(delay) }
        if let connection, connection.walFrames > 0 { delays.append(lastWrite + configuration.idle - now) }
        // At least a millisecond, so that clocks of different grain cannot make it spin.
        return delays.min().map { max($0, .milliseconds(1)) }
    }

    // MARK: - Expiry

    /// Deletes keys whose time has come as anybody would, each at a revision of its own.
    private func expire() throws(StoreError) -> Bool {
        guard let due = nextDue, due <= runtime.now() else { return false }
        let found = try dueDeletions()
        if found.isEmpty {
            nextDue = try self.due()
            return false
        }
        commitBatch(found)
        let next = try self.due()
        // Still the same keys: the disk is full, or broken. Waiting is better than trying without an end.
        if let next, next <= due, next <= runtime.now(), try dueDeletions().count >= found.count {
            retryAt = runtime.monotonic() + SQLiteWriter.retry
        }
        nextDue = next
        return retryAt == nil
    }

    private func dueDeletions() throws(StoreError) -> [Waiting] {
        let now = runtime.now().microseconds
        return try reading { (connection) throws(StoreError) in
            let statement = try connection.statement(.dueKeys)
            defer { statement.reset() }
            statement.bind(1, now)
            statement.bind(2, Int64(256))
            var found: [Waiting] = []
            while try statement.step() {
                let deletion = Transaction.delete(statement.text(0), modified: RowID.revision(statement.int(1)))
                found.append(Waiting(transaction: deletion, completion: { _ in }))
            }
            return found
        }
    }

    /// When the next key expires, by the file.
    func due() throws(StoreError) -> Timestamp? {
        let next = try reading { (connection) throws(StoreError) in
            let statement = try connection.statement(.nextDue)
            defer { statement.reset() }
            return try statement.step() ? statement.optionalInt(0) : nil
        }
        return next.map { Timestamp(microseconds: $0) }
    }

    func reading<R: Sendable>(_ body: (Connection) throws(StoreError) -> R) throws(StoreError) -> R {
        if let shared { return try shared.use(body) }
        guard let connection else { throw StoreError(.closed, "\(path): the store is closed") }
        return try body(connection)
    }

    // MARK: - Checkpoints

    /// Only this connection ever checkpoints: SQLite before 3.51.3 may corrupt the file where two do at once.
    private func checkpointStep(_ connection: Connection) throws(StoreError) {
        let frames = connection.walFrames
        if frames < checkpointedFrames { checkpointedFrames = 0 }
        guard frames > 0 else { return }
        let isIdle = runtime.monotonic() - lastWrite >= configuration.idle
        if isIdle
            || frames >= SQLiteWriter.truncateFrames && frames - checkpointedFrames >= configuration.checkpointPages
        {
            if try connection.checkpoint(truncate: true) != nil {
                checkpointedFrames = 0
            } else {
                checkpointedFrames = frames
                if isIdle { retryAt = runtime.monotonic() + SQLiteWriter.retry }
            }
        } else if frames - checkpointedFrames >= configuration.checkpointPages {
            _ = try connection.checkpoint(truncate: false)
            checkpointedFrames = frames
        }
    }
}
