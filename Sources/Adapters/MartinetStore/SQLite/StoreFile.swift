import Glibc
import MartinetBase

/// The store's file on disk: its lock, its format, whether it is whole.
enum StoreFile {
    /// "Mrtn": tells a store from any other SQLite file.
    static let applicationID: Int64 = 0x4D72_746E
    /// The format that this version writes. A file with a larger one is refused.
    /// 2 notes when each row was written.
    static let format: Int32 = 2

    /// Makes an empty file where there is none, for its owner alone: it will hold secrets, and SQLite would let everybody
    /// read it. The files beside it take over its mode.
    static func create(_ path: String) throws(StoreError) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw StoreError(.io, "\(path): it cannot be opened", cause: SystemError.last("open", path))
        }
        close(file)
    }

    /// Prepares a fresh file, or checks one that is there. Throws `.corrupt` and `.newerFormat`, naming the file.
    static func prepare(_ connection: Connection, pageBytes: Int, check: Bool) throws(StoreError) {
        let path = connection.path
        let stamp = try connection.number("PRAGMA application_id")
        let version = try connection.number("PRAGMA user_version")
        let tables = try connection.number("SELECT count(*) FROM sqlite_schema")
        if tables > 0, stamp != applicationID {
            throw StoreError(.corrupt, "\(path): an SQLite file, but no store of martinet; it was left as it is")
        }
        if version > Int64(format) {
            throw StoreError(
                .newerFormat(Int32(clamping: version)),
                "\(path): written in format \(version) by a newer martinet; this one reads up to \(format)")
        }
        if tables == 0 {
            // Both must be set before the first table; auto_vacuum can never be changed afterwards in WAL mode.
            try connection.run("PRAGMA page_size = \(pageBytes)")
            try connection.run("PRAGMA auto_vacuum = INCREMENTAL")
        }
        try settle(connection)
        if tables == 0 { try create(connection) } else if check { try quickCheck(connection) }
        if tables > 0, version < 2 { try addTimes(connection) }
    }

    static func settleReader(_ connection: Connection) throws(StoreError) {
        try connection.run("PRAGMA cache_size = -1024")
        try connection.run("PRAGMA query_only = ON")
    }

    private static func settle(_ connection: Connection) throws(StoreError) {
        let mode = try connection.texts("PRAGMA journal_mode = WAL").first ?? "none"
        guard mode == "wal" || mode == "memory" else {
            throw StoreError(.io, "\(connection.path): its file system has no shared memory for a write-ahead log")
        }
        try connection.run("PRAGMA synchronous = FULL")
        try connection.run("PRAGMA cache_size = -4096")
        // Debian builds SQLite so that it overwrites what it deletes; that doubles the cost of a compaction for nothing.
        try connection.run("PRAGMA secure_delete = OFF")
        try connection.run("PRAGMA temp_store = MEMORY")
    }

    private static func create(_ connection: Connection) throws(StoreError) {
        try connection.run(
            """
            BEGIN IMMEDIATE;
            CREATE TABLE log(
                id INTEGER PRIMARY KEY, key TEXT NOT NULL, created INTEGER NOT NULL, version INTEGER NOT NULL,
                previous INTEGER NOT NULL, expires INTEGER, at INTEGER, value BLOB NOT NULL
            );
            CREATE INDEX log_by_key ON log(key);
            CREATE TABLE live(key TEXT PRIMARY KEY, id INTEGER NOT NULL, expires INTEGER) WITHOUT ROWID;
            CREATE INDEX live_by_expires ON live(expires) WHERE expires IS NOT NULL;
            CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
            INSERT INTO meta VALUES ('compacted', 0), ('swept', 0);
            PRAGMA application_id = \(applicationID);
            PRAGMA user_version = \(format);
            COMMIT;
            """)
    }

    /// Sets up an empty file as a store, in whatever journal mode it is.
    static func make(_ connection: Connection, pageBytes: Int) throws(StoreError) {
        try connection.run("PRAGMA page_size = \(pageBytes)")
        try connection.run("PRAGMA auto_vacuum = INCREMENTAL")
        try create(connection)
    }

    /// From format 1 to 2: what is there was written at a time that nobody noted.
    private static func addTimes(_ connection: Connection) throws(StoreError) {
        try connection.run("BEGIN IMMEDIATE")
        do {
            try connection.run("ALTER TABLE log ADD COLUMN at INTEGER")
            try connection.run("PRAGMA user_version = 2")
            try connection.run("COMMIT")
        } catch {
            if connection.inTransaction { try connection.run("ROLLBACK") }
            throw error
        }
    }

    /// SQLite's own check of every page. Throws `.corrupt` with what it found.
    private static func quickCheck(_ connection: Connection) throws(StoreError) {
        let found = try connection.texts("PRAGMA quick_check(4)")
        guard found != ["ok"] else { return }
        let shown = found.joined(separator: "; ")
        // The check tells of a page that the disk did not give as of any other damage; only the words differ.
        let unread = ["failed to get page", "unable to get the page", "Failed to read ptrmap"]
        if found.contains(where: { text in unread.contains { text.contains($0) } }) {
            throw StoreError(.io, "\(connection.path): it cannot be read whole (\(shown)); it was left as it is")
        }
        throw StoreError(
            .corrupt, "\(connection.path): the store is damaged (\(shown)); it was left as it is, restore a copy")
    }

    /// What an ordinary user can still write on the disk of `path`; 0 where that cannot be told.
    static func freeBytes(_ path: String) -> UInt64 {
        var information = statvfs()
        guard statvfs(path, &information) == 0 else { return 0 }
        return UInt64(information.f_bavail).multipliedReportingOverflow(by: UInt64(information.f_frsize)).partialValue
    }
}
