package import MartinetBase

/// Which files a log that is too long leaves behind: `audit-2026-01-02T03-04-05.678.log` beside `audit.log`, as upstream
/// names them.
package struct AuditRotation: Sendable {
    /// In bytes.
    package var sizeMax = 100 << 20
    /// 0 keeps them whatever their age.
    package var daysMax = 0
    /// 0 keeps all.
    package var backupsMax = 0

    package init() {}

    private static func parts(_ file: String) -> (stem: Substring, ending: Substring) {
        guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return (file[...], "") }
        return (file[..<dot], file[dot...])
    }

    /// - Parameter file: the name of the log, without its folder.
    package static func backup(of file: String, at time: Timestamp) -> String {
        let (stem, ending) = parts(file)
        let stamp = time.rfc3339Nano.prefix(23).map { $0 == ":" ? "-" : $0 }
        return stem + "-" + String(stamp) + ending
    }

    /// Which of a folder's files are to go.
    package func obsolete(_ files: [String], of file: String, at time: Timestamp) -> [String] {
        let (stem, ending) = AuditRotation.parts(file)
        let oldest = AuditRotation.backup(of: file, at: time.advanced(by: .seconds(-86_400 * daysMax)))
        let length = AuditRotation.backup(of: file, at: time).utf8.count
        // The newest first: their names sort as their times do.
        let backups = files.filter {
            $0.hasPrefix(stem + "-") && $0.hasSuffix(ending) && $0.utf8.count == length && $0.contains("T")
        }.sorted(by: >)
        return backups.enumerated().filter { index, name in
            backupsMax > 0 && index >= backupsMax || daysMax > 0 && name < oldest
        }.map(\.element)
    }
}
