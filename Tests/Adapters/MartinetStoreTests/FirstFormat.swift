import CMartinetSQLite
import MartinetStoreContract

/// A store as it was before rows had times.
enum FirstFormat {
    static func write(_ path: String, keys: Int) throws {
        var database: OpaquePointer?
        guard sqlite3_open(path, &database) == SQLITE_OK else { throw ContractFailure("\(path) does not open") }
        defer { sqlite3_close(database) }
        var sql = """
            PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
            BEGIN;
            CREATE TABLE log(
                id INTEGER PRIMARY KEY, key TEXT NOT NULL, created INTEGER NOT NULL, version INTEGER NOT NULL,
                previous INTEGER NOT NULL, expires INTEGER, value BLOB NOT NULL
            );
            CREATE INDEX log_by_key ON log(key);
            CREATE TABLE live(key TEXT PRIMARY KEY, id INTEGER NOT NULL, expires INTEGER) WITHOUT ROWID;
            CREATE INDEX live_by_expires ON live(expires) WHERE expires IS NOT NULL;
            CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
            INSERT INTO meta VALUES ('compacted', 0), ('swept', 0);
            PRAGMA application_id = 0x4D72746E;
            PRAGMA user_version = 1;

            """
        for number in 0..<keys {
            let id = (number + 2) << 16
            sql += "INSERT INTO log VALUES (\(id), '/n/\(number)', \(number + 2), 1, 0, NULL, zeroblob(9000));"
            sql += "INSERT INTO live VALUES ('/n/\(number)', \(id), NULL);"
        }
        guard sqlite3_exec(database, sql + "COMMIT;", nil, nil, nil) == SQLITE_OK else {
            throw ContractFailure(String(cString: sqlite3_errmsg(database)))
        }
    }
}
