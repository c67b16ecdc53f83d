import MartinetBase

/// Reads of one connection, each from one snapshot.
struct SQLiteReader {
    let connection: Connection

    /// Runs `body` in one read transaction, unless the connection is in one.
    private func snapshot<R>(_ body: () throws(StoreError) -> R) throws(StoreError) -> R {
        if connection.inTransaction { return try body() }
        try connection.execute(.beginRead)
        let result: R
        do {
            result = try body()
        } catch {
            // The snapshot held no writes: what failed is already in `error`, and the next BEGIN would tell of this.
            try connection.execute(.rollback)
            throw error
        }
        try connection.execute(.commit)
        return result
    }

    func get(_ key: String, at revision: Revision?) throws(StoreError) -> StoredObject? {
        guard let revision else {
            let statement = try connection.statement(.live)
            defer { statement.reset() }
            statement.bind(1, key)
            return try statement.step() ? SQLiteReader.object(statement) : nil
        }
        return try snapshot { () throws(StoreError) in
            try check(revision, newest: try newest())
            let statement = try connection.statement(.rowAt)
            defer { statement.reset() }
            statement.bind(1, key)
            statement.bind(2, RowID.last(revision))
            guard try statement.step(), !RowID.isDelete(statement.int(0)) else { return nil }
            return SQLiteReader.object(statement)
        }
    }

    func range(prefix: String, from: String?, limit: Int, at: Revision?) throws(StoreError) -> RangeResult {
        try snapshot { () throws(StoreError) in
            let newest = try newest()
            if let at { try check(at, newest: newest) }
            let past = at.flatMap { $0 < newest ? $0 : nil }
            var start = prefix
            if let from, prefix.utf8.lexicographicallyPrecedes(from.utf8) { start = from }
            // One more than asked for tells whether there is more, so that a whole list needs no count.
            let bound = limit > 0 ? Int64(limit).addingReportingOverflow(1).partialValue : -1
            let statement = try connection.statement(past == nil ? .liveRange : .rangeAt)
            defer { statement.reset() }
            statement.bind(1, start)
            statement.bind(2, prefix, bound: 0xFF)
            if let past { statement.bind(3, RowID.last(past)) }
            statement.bind(past == nil ? 3 : 4, bound)
            var objects: [StoredObject] = []
            while try statement.step() { objects.append(SQLiteReader.object(statement)) }
            let more = limit > 0 && objects.count > limit
            if more { objects.removeLast() }
            let count = more ? try self.count(start: start, prefix: prefix, past: past) : objects.count
            return RangeResult(objects: objects, more: more, count: count, revision: at ?? newest)
        }
    }

    private func count(start: String, prefix: String, past: Revision?) throws(StoreError) -> Int {
        let statement = try connection.statement(past == nil ? .liveCount : .countAt)
        defer { statement.reset() }
        statement.bind(1, start)
        statement.bind(2, prefix, bound: 0xFF)
        if let past { statement.bind(3, RowID.last(past)) }
        return try statement.step() ? Int(statement.int(0)) : 0
    }

    func events(prefix: String, after: Revision, limit: Int) throws(StoreError) -> EventRange {
        try snapshot { () throws(StoreError) in
            let newest = try newest()
            try check(after, newest: newest)
            let statement = try connection.statement(.events)
            defer { statement.reset() }
            statement.bind(1, RowID.last(after))
            statement.bind(2, prefix)
            statement.bind(3, prefix, bound: 0xFF)
            var events: [StoreEvent] = []
            while try statement.step() {
                let event = SQLiteReader.event(statement)
                if limit > 0, events.count >= limit, let last = events.last, last.revision != event.revision {
                    return EventRange(events: events, through: last.revision)
                }
                events.append(event)
            }
            return EventRange(events: events, through: newest)
        }
    }

    func newest() throws(StoreError) -> Revision {
        let statement = try connection.statement(.newest)
        defer { statement.reset() }
        let last = try statement.step() ? RowID.revision(statement.int(0)) : .none
        return max(last, try compacted(), .initial)
    }

    func compacted() throws(StoreError) -> Revision {
        let statement = try connection.statement(.compacted)
        defer { statement.reset() }
        return Revision(try statement.step() ? statement.int(0) : 0)
    }

    // MARK: - History

    func revision(at time: Timestamp) throws(StoreError) -> Revision {
        try snapshot { () throws(StoreError) in
            let wanted = time.microseconds
            let newest = try newest()
            let oldest = try compacted()
            // The last row that was written by then, by halving: ids and times grow together.
            var low: Int64 = 0
            var high = RowID.last(newest)
            var found: Int64 = 0
            while low <= high {
                let middle = low + (high - low) / 2
                let statement = try connection.statement(.rowFrom)
                defer { statement.reset() }
                statement.bind(1, middle)
                guard try statement.step() else {
                    high = middle - 1
                    continue
                }
                if statement.optionalInt(1) ?? .min <= wanted {
                    found = statement.int(0)
                    low = found + 1
                } else {
                    high = middle - 1
                }
            }
            let revision = max(RowID.revision(found), .initial)
            // Rows before the compacted revision say nothing of the time between them.
            if revision >= oldest || oldest == .none { return revision }
            if let first = try compactedTime(), first <= wanted { return oldest }
            throw StoreError(
                .compacted(oldest: oldest), "what was at \(time.rfc3339) is forgotten, the oldest revision is \(oldest)"
            )
        }
    }

    func time(of revision: Revision) throws(StoreError) -> Timestamp? {
        try snapshot { () throws(StoreError) in
            try check(revision, newest: try newest())
            if revision == (try compacted()), let time = try compactedTime() { return Timestamp(microseconds: time) }
            return try time(before: RowID.last(revision)).map { Timestamp(microseconds: $0) }
        }
    }

    func changes(of key: String, limit: Int) throws(StoreError) -> [StoredChange] {
        let oldest = try compacted()
        let statement = try connection.statement(.changes)
        defer { statement.reset() }
        statement.bind(1, key)
        statement.bind(2, limit > 0 ? Int64(limit) : -1)
        var changes: [StoredChange] = []
        while try statement.step() {
            let id = statement.int(0)
            let time = statement.optionalInt(6).map { Timestamp(microseconds: $0) }
            let object = RowID.isDelete(id) ? nil : SQLiteReader.object(statement)
            let revision = RowID.revision(id)
            // What was there at the oldest revision is the last that is remembered; a deletion then is nothing.
            if revision > oldest || object != nil {
                changes.append(StoredChange(revision: revision, time: time, object: object))
            }
            if revision <= oldest { break }
        }
        return changes.reversed()
    }

    /// When the last row up to `row` was written, in microseconds.
    func time(before row: Int64) throws(StoreError) -> Int64? {
        let statement = try connection.statement(.timeBefore)
        defer { statement.reset() }
        statement.bind(1, row)
        return try statement.step() ? statement.optionalInt(0) : nil
    }

    private func compactedTime() throws(StoreError) -> Int64? {
        let found = try connection.number("SELECT value FROM meta WHERE name = 'compacted_at'")
        return found == 0 ? nil : found
    }

    private func check(_ revision: Revision, newest: Revision) throws(StoreError) {
        if revision > newest {
            throw StoreError(
                .future(newest: newest), "revision \(revision) is not reached, the newest is \(newest)")
        }
        let oldest = try compacted()
        if revision < oldest {
            throw StoreError(
                .compacted(oldest: oldest), "revision \(revision) is compacted, the oldest is \(oldest)")
        }
    }

    /// Columns: id, key, created, version, expires, value.
    static func object(_ statement: Statement) -> StoredObject {
        StoredObject(
            key: statement.text(1), value: statement.blob(5), created: Revision(statement.int(2)),
            modified: RowID.revision(statement.int(0)), version: statement.int(3),
            expires: statement.optionalInt(4).map { Timestamp(microseconds: $0) })
    }

    /// Columns: those of `object`, then id, created, version, expires and value of the row before.
    private static func event(_ statement: Statement) -> StoreEvent {
        let id = statement.int(0)
        let key = statement.text(1)
        var previous: StoredObject?
        if let before = statement.optionalInt(6) {
            previous = StoredObject(
                key: key, value: statement.blob(10), created: Revision(statement.int(7)),
                modified: RowID.revision(before), version: statement.int(8),
                expires: statement.optionalInt(9).map { Timestamp(microseconds: $0) })
        }
        return StoreEvent(
            revision: RowID.revision(id), kind: RowID.isDelete(id) ? .delete : .put, key: key,
            value: statement.blob(5), created: Revision(statement.int(2)), version: statement.int(3),
            previous: previous)
    }
}
