/// Every statement that runs more than once.
enum Query: Int, CaseIterable {
    case begin, beginRead, commit, rollback
    case savepoint, release, rollbackTo
    case insertRow, putLive, deleteLive
    case row, live, newest, compacted
    case liveRange, liveCount, rangeAt, countAt, rowAt
    case events
    case dueKeys, nextDue
    case setMeta, sweepRows, rowAfter, deleteRow
    case rowFrom, timeBefore, changes

    var sql: String {
        switch self {
        case .begin: "BEGIN IMMEDIATE"
        case .beginRead: "BEGIN"
        case .commit: "COMMIT"
        case .rollback: "ROLLBACK"
        case .savepoint: "SAVEPOINT upkeep"
        case .release: "RELEASE upkeep"
        case .rollbackTo: "ROLLBACK TO upkeep"
        case .insertRow:
            """
            INSERT INTO log(id, key, created, version, previous, expires, value, at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """
        case .putLive:
            """
            INSERT INTO live(key, id, expires) VALUES (?1, ?2, ?3)
            ON CONFLICT(key) DO UPDATE SET id = excluded.id, expires = excluded.expires
            """
        case .deleteLive: "DELETE FROM live WHERE key = ?1"
        case .row: "SELECT id, key, created, version, expires, value FROM log WHERE id = ?1"
        case .live:
            """
            SELECT log.id, log.key, log.created, log.version, log.expires, log.value
            FROM live JOIN log ON log.id = live.id WHERE live.key = ?1
            """
        case .newest: "SELECT max(id) FROM log"
        case .compacted: "SELECT value FROM meta WHERE name = 'compacted'"
        case .liveRange:
            """
            SELECT log.id, log.key, log.created, log.version, log.expires, log.value
            FROM live CROSS JOIN log ON log.id = live.id
            WHERE live.key >= ?1 AND live.key < ?2 ORDER BY live.key LIMIT ?3
            """
        case .liveCount: "SELECT count(*) FROM live WHERE key >= ?1 AND key < ?2"
        case .rangeAt:
            """
            SELECT log.id, log.key, log.created, log.version, log.expires, log.value
            FROM (
                SELECT max(id) AS id FROM log INDEXED BY log_by_key
                WHERE key >= ?1 AND key < ?2 AND id <= ?3
                GROUP BY key HAVING max(id) & 1 = 0 ORDER BY key LIMIT ?4
            ) AS at CROSS JOIN log ON log.id = at.id
            """
        case .countAt:
            """
            SELECT count(*) FROM (
                SELECT 1 FROM log INDEXED BY log_by_key
                WHERE key >= ?1 AND key < ?2 AND id <= ?3 GROUP BY key HAVING max(id) & 1 = 0
            )
            """
        case .rowAt:
            """
            SELECT id, key, created, version, expires, value FROM log INDEXED BY log_by_key
            WHERE key = ?1 AND id <= ?2 ORDER BY id DESC LIMIT 1
            """
        case .events:
            """
            SELECT log.id, log.key, log.created, log.version, log.expires, log.value,
                before.id, before.created, before.version, before.expires, before.value
            FROM log NOT INDEXED LEFT JOIN log AS before ON before.id = log.previous
            WHERE log.id > ?1 AND log.key >= ?2 AND log.key < ?3 ORDER BY log.id
            """
        case .dueKeys: "SELECT key, id FROM live WHERE expires <= ?1 ORDER BY expires, key LIMIT ?2"
        case .nextDue: "SELECT min(expires) FROM live WHERE expires IS NOT NULL"
        case .setMeta: "INSERT OR REPLACE INTO meta(name, value) VALUES (?1, ?2)"
        case .sweepRows:
            """
            SELECT log.id, length(CAST(log.key AS BLOB)), before.id, length(before.value)
            FROM log NOT INDEXED LEFT JOIN log AS before ON before.id = log.previous
            WHERE log.id > ?1 AND log.id <= ?2 ORDER BY log.id LIMIT ?3
            """
        case .rowAfter: "SELECT id FROM log WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2"
        case .rowFrom: "SELECT id, at FROM log WHERE id >= ?1 ORDER BY id LIMIT 1"
        case .timeBefore: "SELECT at FROM log WHERE id <= ?1 ORDER BY id DESC LIMIT 1"
        case .changes:
            """
            SELECT id, key, created, version, expires, value, at FROM log INDEXED BY log_by_key
            WHERE key = ?1 ORDER BY id DESC LIMIT ?2
            """
        case .deleteRow: "DELETE FROM log WHERE id = ?1"
        }
    }
}
