import MartinetSchema
import MartinetStore

/// `--history-age` and `--history-bytes`: how much of what has been the store remembers (docs/history.md).
enum HistoryFlags {
    private static let units: [(String, Int64)] = [
        ("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("Ti", 1 << 40), ("", 1),
    ]

    /// A duration such as `36h`; ten minutes at least, which clients' own lists and watches need.
    static func age(_ text: String) throws(SettingsError) -> Duration {
        guard let nanoseconds = GoDuration.parse(text), .nanoseconds(nanoseconds) >= HistoryWindow().leastAge else {
            throw SettingsError(
                message: "--history-age must be a duration of 10m at least, found \(text.debugDescription)")
        }
        return .nanoseconds(nanoseconds)
    }

    /// A number of bytes such as `1073741824` or `1Gi`.
    static func bytes(_ text: String) throws(SettingsError) -> Int64 {
        for (unit, factor) in units where text.hasSuffix(unit) {
            let digits = text.utf8.dropLast(unit.utf8.count)
            guard !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }), let count = Int64(Substring(digits))
            else { break }
            let (bytes, overflow) = count.multipliedReportingOverflow(by: factor)
            if overflow || bytes == 0 { break }
            return bytes
        }
        throw SettingsError(
            message: "--history-bytes must be a number of bytes such as 512Mi or 1Gi, found \(text.debugDescription)")
    }

    static func window(_ settings: Settings) -> HistoryWindow {
        var window = HistoryWindow()
        if let age = settings.historyAge { window.age = age }
        if let bytes = settings.historyBytes { window.bytes = bytes }
        return window
    }
}
