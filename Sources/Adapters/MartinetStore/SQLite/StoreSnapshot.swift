import CMartinetSQLite
import Glibc
import MartinetBase

/// Copies of a store, made while it is in use and put back while it is not.
///
/// A copy is one file, complete under its name or not there: it is written beside, made durable, and renamed.
package enum StoreSnapshot {
    /// What a copy holds.
    package struct Summary: Hashable, Sendable, CustomStringConvertible {
        package let revision: Revision
        package let objects: Int
        package let bytes: Int64

        package var description: String { "revision \(revision), \(objects) objects, \(bytes) bytes" }
    }

    private static let pagesAtOnce: Int32 = 256

    /// Copies the store at `path` with its history, as it is at one revision. Its owner may be writing: nobody waits.
    package static func save(_ path: String, to copy: String) throws(StoreError) -> Summary {
        try beside(copy) { (partial) throws(StoreError) in
            let source = try reader(path)
            // The whole copy is made inside one snapshot: what is committed meanwhile does not start it anew.
            try source.execute(.beginRead)
            _ = try SQLiteReader(connection: source).newest()
            let target = try Connection(path: partial, mode: .copy)
            try source.backUp(to: target, pagesAtOnce: pagesAtOnce)
            try source.execute(.commit)
            // The copy is a file of its own, without a log beside it.
            try target.run("PRAGMA journal_mode = DELETE")
            return try summary(target)
        }
    }

    /// Makes a store at `copy` of what the one at `path` holds now, without its history.
    package static func fork(_ path: String, to copy: String) throws(StoreError) -> Summary {
        try beside(copy) { (partial) throws(StoreError) in
            let source = try reader(path)
            try source.execute(.beginRead)
            let revision = try SQLiteReader(connection: source).newest()
            let target = try Connection(path: partial, mode: .copy)
            try target.run("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA secure_delete = OFF")
            let pageBytes = Int(try source.number("PRAGMA page_size"))
            try StoreFile.make(target, pageBytes: pageBytes)
            try copyLive(from: source, to: target, at: revision)
            try source.execute(.commit)
            return try summary(target)
        }
    }

    private static func copyLive(
        from source: Connection, to target: Connection, at revision: Revision
    ) throws(StoreError) {
        let row = try target.prepare(
            """
            INSERT INTO log(id, key, created, version, previous, expires, at, value)
            VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7)
            """)
        defer { row.finalize() }
        let live = try target.prepare("INSERT INTO live(key, id, expires) VALUES (?1, ?2, ?3)")
        defer { live.finalize() }
        try target.run("BEGIN")
        var failure: StoreError?
        try source.each(
            """
            SELECT log.id, log.key, log.created, log.version, log.expires, log.at, log.value
            FROM live CROSS JOIN log ON log.id = live.id ORDER BY live.key
            """
        ) { found in
            guard failure == nil else { return }
            do throws(StoreError) {
                row.bind(1, found.int(0))
                row.bind(2, found.text(1))
                row.bind(3, found.int(2))
                row.bind(4, found.int(3))
                row.bind(5, found.optionalInt(4))
                row.bind(6, found.optionalInt(5))
                try row.run(blob: 7, found.blob(6))
                row.reset()
                live.bind(1, found.text(1))
                live.bind(2, found.int(0))
                live.bind(3, found.optionalInt(4))
                _ = try live.step()
                live.reset()
            } catch { failure = error }
        }
        if let failure { throw failure }
        // What was before is not there: whoever asks for it is told so, and no revision is used twice.
        for (name, value) in [
            ("compacted", revision.value), ("swept", RowID.last(revision)), ("history_to", revision.value),
        ] {
            try target.run("INSERT OR REPLACE INTO meta(name, value) VALUES ('\(name)', \(value))")
        }
        try target.run("COMMIT")
    }

    /// Puts the copy in the place of the store at `path`, which nobody may have open; what was there is kept beside it as
    /// `<path>.before-restore`.
    ///
    /// Revisions do not go back: where the store that is replaced was further than the copy, the copy goes on after it, and
    /// forgets its history, so that whoever watched is told to look again.
    package static func restore(_ copy: String, to path: String) throws(StoreError) -> Summary {
        let found = try verify(copy)
        guard found.isEmpty else {
            throw StoreError(
                .corrupt, "\(copy): the copy is damaged (\(found.joined(separator: "; "))); nothing was changed")
        }
        let lock = try StoreLock(storePath: path)
        defer { withExtendedLifetime(lock) {} }
        var reached: Revision?
        if access(path, F_OK) == 0 {
            let old = try reader(path)
            reached = try SQLiteReader(connection: old).newest()
        }
        let summary = try beside(path, keeping: path + ".before-restore") { (partial) throws(StoreError) in
            try copyFile(copy, to: partial)
            let target = try Connection(path: partial, mode: .copy)
            let own = try SQLiteReader(connection: target).newest()
            if let reached, reached > own {
                let next = reached.value + 1
                try target.run(
                    """
                    BEGIN; INSERT OR REPLACE INTO meta(name, value) VALUES ('compacted', \(next)), ('compacted_at', 0);
                    COMMIT
                    """)
            }
            return try self.summary(target)
        }
        return summary
    }

    /// Looks at every page and every row of a store or copy; what is wrong, in words, nothing where it is whole.
    package static func verify(_ path: String) throws(StoreError) -> [String] {
        let connection = try reader(path)
        guard try connection.number("PRAGMA application_id") == StoreFile.applicationID else {
            throw StoreError(.corrupt, "\(path): no store of martinet")
        }
        var found = try connection.texts("PRAGMA integrity_check(20)").filter { $0 != "ok" }
        let checks = [
            (
                "rows that are live and missing",
                "SELECT count(*) FROM live LEFT JOIN log ON log.id = live.id WHERE log.id IS NULL"
            ),
            (
                "rows that are live under another key",
                "SELECT count(*) FROM live JOIN log ON log.id = live.id WHERE log.key <> live.key"
            ),
            (
                "keys whose newest row is not the live one",
                """
                SELECT count(*) FROM (SELECT key, max(id) AS id FROM log GROUP BY key) AS newest
                LEFT JOIN live ON live.key = newest.key
                WHERE (newest.id & 1 = 0) <> (live.id IS NOT NULL) OR live.id <> newest.id
                """
            ),
        ]
        for (what, sql) in checks {
            let count = try connection.number(sql)
            if count > 0 { found.append("\(count) \(what)") }
        }
        return found
    }

    // MARK: - Files

    private static func reader(_ path: String) throws(StoreError) -> Connection {
        guard access(path, R_OK) == 0 else {
            throw StoreError(.io, "\(path): it cannot be read", cause: SystemError.last("access", path))
        }
        let connection = try Connection(path: path, mode: .read)
        try StoreFile.settleReader(connection)
        let format = try connection.number("PRAGMA user_version")
        guard try connection.number("PRAGMA application_id") == StoreFile.applicationID, format > 1 else {
            throw StoreError(
                .corrupt, "\(path): no store of martinet, or one of a format that it has yet to be opened in")
        }
        guard format <= Int64(StoreFile.format) else {
            throw StoreError(.newerFormat(Int32(clamping: format)), "\(path): written by a newer martinet")
        }
        return connection
    }

    private static func summary(_ connection: Connection) throws(StoreError) -> Summary {
        let reader = SQLiteReader(connection: connection)
        let pages = try connection.number("PRAGMA page_count") * connection.number("PRAGMA page_size")
        return Summary(
            revision: try reader.newest(), objects: Int(try connection.number("SELECT count(*) FROM live")),
            bytes: pages)
    }

    /// Has `body` write a file beside `path`, makes it durable and gives it the name.
    private static func beside(
        _ path: String, keeping old: String? = nil, _ body: (String) throws(StoreError) -> Summary
    ) throws(StoreError) -> Summary {
        let partial = path + ".partial"
        for suffix in ["", "-journal", "-wal", "-shm"] { unlink(partial + suffix) }
        defer { for suffix in ["", "-journal", "-wal", "-shm"] { unlink(partial + suffix) } }
        try StoreFile.create(partial)
        let summary = try body(partial)
        try sync(partial)
        if let old, access(path, F_OK) == 0 {
            for suffix in ["", "-wal"] {
                unlink(old + suffix)
                guard rename(path + suffix, old + suffix) == 0 || errno == ENOENT else {
                    throw StoreError(
                        .io, "\(path)\(suffix): it cannot be set aside", cause: SystemError.last("rename", path))
                }
            }
            unlink(path + "-shm")
        }
        guard rename(partial, path) == 0 else {
            throw StoreError(.io, "\(path): it cannot be put in place", cause: SystemError.last("rename", path))
        }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try sync(folder.isEmpty ? "/" : folder)
        return summary
    }

    private static func sync(_ path: String) throws(StoreError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw StoreError(.io, "\(path): it cannot be opened", cause: SystemError.last("open", path))
        }
        defer { close(file) }
        guard fsync(file) == 0 else {
            throw StoreError(.io, "\(path): it cannot be made durable", cause: SystemError.last("fsync", path))
        }
    }

    private static func copyFile(_ from: String, to path: String) throws(StoreError) {
        let source = open(from, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else {
            throw StoreError(.io, "\(from): it cannot be opened", cause: SystemError.last("open", from))
        }
        defer { close(source) }
        let target = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
        guard target >= 0 else {
            throw StoreError(.io, "\(path): it cannot be opened", cause: SystemError.last("open", path))
        }
        defer { close(target) }
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(source, &piece, piece.count)
            if count == 0 { return }
            guard count > 0 else {
                throw StoreError(.io, "\(from): it cannot be read", cause: SystemError.last("read", from))
            }
            var written = 0
            while written < count {
                let more = piece.withUnsafeBytes {
                    write(target, $0.baseAddress?.advanced(by: written), count - written)
                }
                guard more > 0 else {
                    let cause = SystemError.last("write", path)
                    guard cause.errno == ENOSPC else {
                        throw StoreError(.io, "\(path): it cannot be copied from \(from)", cause: cause)
                    }
                    let free = StoreFile.freeBytes(path)
                    throw StoreError(
                        .noSpace(free: free), "\(path): the disk is full, \(free) bytes are free", cause: cause)
                }
                written += more
            }
        }
    }
}
