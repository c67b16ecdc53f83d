/// When a CronJob runs: five fields (crontab(5)), or a word such as `@daily`.
enum CronSchedule {
    private struct Bounds {
        let range: ClosedRange<Int>
        var names: [String] = []

        func number(_ text: some StringProtocol) -> Int? {
            if let index = names.firstIndex(of: text.lowercased()) { return range.lowerBound + index }
            return text.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } ? Int(text) : nil
        }
    }

    private static let fields: [(name: String, bounds: Bounds)] = [
        ("minute", Bounds(range: 0...59)), ("hour", Bounds(range: 0...23)), ("day of the month", Bounds(range: 1...31)),
        (
            "month",
            Bounds(
                range: 1...12,
                names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
        ), ("day of the week", Bounds(range: 0...6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])),
    ]
    private static let words: Set<String> = [
        "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly",
    ]

    /// What is wrong with a schedule; nil where nothing is.
    static func fault(_ text: String) -> String? {
        var text = text[...]
        for prefix in ["TZ=", "CRON_TZ="] where text.hasPrefix(prefix) {
            guard let blank = text.firstIndex(of: " ") else { return "must have a schedule after the time zone" }
            if let fault = TimeZones.fault(String(text[..<blank].dropFirst(prefix.count))) { return fault }
            text = text[blank...].drop { $0.isWhitespace }
        }
        if text.hasPrefix("@") { return words.contains(String(text)) || isEvery(text) ? nil : "must be a known word" }
        let parts = text.split(whereSeparator: \.isWhitespace)
        guard parts.count == fields.count else { return "must have five fields, or be a word such as @daily" }
        for (part, field) in zip(parts, fields) {
            for item in part.split(separator: ",") where !isRange(item, field.bounds) {
                return
                    "must have a \(field.name) of \(field.bounds.range.lowerBound) to \(field.bounds.range.upperBound)"
            }
        }
        return nil
    }

    /// `*`, `5`, `1-5`, `*/10`, `5/10`.
    private static func isRange(_ text: Substring, _ bounds: Bounds) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2, ends.count <= 2 else { return false }
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let step = Int(parts[1]), step > 0 else {
                return false
            }
        }
        if ends[0] == "*" || ends[0] == "?" { return true }
        guard let first = bounds.number(ends[0]), let last = bounds.number(ends[ends.count - 1]) else { return false }
        return bounds.range.contains(first) && bounds.range.contains(last) && first <= last
    }

    /// `@every 1h30m`
    private static func isEvery(_ text: Substring) -> Bool {
        guard text.hasPrefix("@every ") else { return false }
        var rest = text.dropFirst("@every ".count)
        if rest.hasPrefix("-") || rest.hasPrefix("+") { rest = rest.dropFirst() }
        if rest == "0" { return true }
        guard !rest.isEmpty else { return false }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            guard digits.contains(where: \.isNumber), digits.filter({ $0 == "." }).count <= 1 else { return false }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            guard ["ns", "us", "µs", "μs", "ms", "s", "m", "h"].contains(unit) else { return false }
            rest = rest.dropFirst(unit.count)
        }
        return true
    }
}
