/// Durations as Go's `time.ParseDuration` reads them and `Duration.String` writes them: `1h15m30.918s`.
package enum GoDuration {
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("ns", 1), ("us", 1000), ("µs", 1000), ("μs", 1000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    /// Nanoseconds; nil where the text is no duration or is out of range.
    package static func parse(_ text: some StringProtocol) -> Int64? {
        var rest = Substring(text)
        var negative = false
        if let sign = rest.first, sign == "-" || sign == "+" {
            negative = sign == "-"
            rest = rest.dropFirst()
        }
        if rest == "0" { return 0 }
        guard !rest.isEmpty else { return nil }
        var exact: Int64 = 0
        while !rest.isEmpty {
            let whole = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(whole.count)
            var fraction: Substring = ""
            if rest.first == "." {
                rest = rest.dropFirst()
                fraction = rest.prefix { $0.isASCII && $0.isNumber }
                rest = rest.dropFirst(fraction.count)
            }
            guard !(whole.isEmpty && fraction.isEmpty) else { return nil }
            let unit = rest.prefix { $0 != "." && !($0.isASCII && $0.isNumber) }
            rest = rest.dropFirst(unit.count)
            guard let scale = units.first(where: { $0.name == unit })?.nanoseconds,
                let number = Int64(whole.isEmpty ? "0" : whole)
            else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: scale)
            var part: Int64 = 0
            var place = scale
            for digit in fraction.utf8 {
                place /= 10
                part += Int64(digit - 48) * place
                if place == 0 { break }
            }
            let (sum, carried) = exact.addingReportingOverflow(product)
            let (all, carriedAgain) = sum.addingReportingOverflow(part)
            guard !overflow, !carried, !carriedAgain else { return nil }
            exact = all
        }
        return negative ? -exact : exact
    }

    /// The canonical text.
    package static func format(_ nanoseconds: Int64) -> String {
        if nanoseconds == 0 { return "0s" }
        let sign = nanoseconds < 0 ? "-" : ""
        let magnitude = nanoseconds.magnitude
        if magnitude < 1000 { return "\(sign)\(magnitude)ns" }
        if magnitude < 1_000_000 { return "\(sign)\(decimal(magnitude, 3))µs" }
        if magnitude < 1_000_000_000 { return "\(sign)\(decimal(magnitude, 6))ms" }
        let seconds = magnitude / 1_000_000_000
        let tail = decimal(seconds % 60 * 1_000_000_000 + magnitude % 1_000_000_000, 9) + "s"
        if seconds < 60 { return sign + tail }
        if seconds < 3600 { return "\(sign)\(seconds / 60)m\(tail)" }
        return "\(sign)\(seconds / 3600)h\(seconds / 60 % 60)m\(tail)"
    }

    /// `value` / 10^digits without trailing zeros.
    private static func decimal(_ value: UInt64, _ digits: Int) -> String {
        var scale: UInt64 = 1
        for _ in 0..<digits { scale *= 10 }
        var fraction = String(value % scale)
        fraction = String(repeating: "0", count: digits - fraction.count) + fraction
        while fraction.last == "0" { fraction.removeLast() }
        return fraction.isEmpty ? "\(value / scale)" : "\(value / scale).\(fraction)"
    }
}
