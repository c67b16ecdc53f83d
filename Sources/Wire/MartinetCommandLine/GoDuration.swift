/// Durations as Go writes them: `300ms`, `-1.5h`, `2h45m`. Units are ns, us (µs), ms, s, m and h.
package enum GoDuration {
    /// Nil for what is none, and for what does not fit 63 bits of nanoseconds.
    package static func parse(_ text: String) -> Duration? {
        var rest = text[...]
        var negative = false
        if let first = rest.first, first == "-" || first == "+" {
            negative = first == "-"
            rest = rest.dropFirst()
        }
        if rest == "0" { return .zero }
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        while !rest.isEmpty {
            let whole = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(whole.count)
            var fraction = rest.prefix(0)
            if rest.first == "." {
                rest = rest.dropFirst()
                fraction = rest.prefix { $0.isASCII && $0.isNumber }
                rest = rest.dropFirst(fraction.count)
            }
            guard !whole.isEmpty || !fraction.isEmpty, whole.count <= 19 else { return nil }
            let name = rest.prefix { !($0.isASCII && $0.isNumber) && $0 != "." }
            rest = rest.dropFirst(name.count)
            guard let unit = unit(name), let count = Int64(whole.isEmpty ? "0" : String(whole)) else { return nil }
            let part = count.multipliedReportingOverflow(by: unit)
            let below = Int64((Double("0." + fraction.prefix(18)) ?? 0) * Double(unit))
            let (sum, first) = total.addingReportingOverflow(part.partialValue)
            let (all, second) = sum.addingReportingOverflow(below)
            guard !part.overflow, !first, !second else { return nil }
            total = all
        }
        return .nanoseconds(negative ? -total : total)
    }

    private static func unit(_ name: Substring) -> Int64? {
        switch name {
        case "ns": 1
        case "us", "µs", "μs": 1_000
        case "ms": 1_000_000
        case "s": 1_000_000_000
        case "m": 60_000_000_000
        case "h": 3_600_000_000_000
        default: nil
        }
    }
}
