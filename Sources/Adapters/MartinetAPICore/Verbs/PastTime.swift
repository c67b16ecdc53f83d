import MartinetBase

/// The value of `at`: a point in time, or how long before now.
enum PastTime {
    /// Nil where it is neither. A duration is whole numbers with the units d, h, m and s, larger ones first.
    static func parse(_ text: String, now: Timestamp) -> Timestamp? {
        if let time = Timestamp(rfc3339: text) { return time }
        var total: Int64 = 0
        var number: Int64?
        var units: [(UInt8, Int64)] = [(100, 86_400), (104, 3600), (109, 60), (115, 1)]
        for byte in text.utf8 {
            if byte >= 48, byte <= 57 {
                let digit = Int64(byte - 48)
                // Ten thousand years and more are no time ago.
                guard number ?? 0 < 100_000_000_000 else { return nil }
                number = (number ?? 0) * 10 + digit
                continue
            }
            guard let count = number, let index = units.firstIndex(where: { $0.0 == byte }) else { return nil }
            let (seconds, overflow) = count.multipliedReportingOverflow(by: units[index].1)
            let (sum, carried) = total.addingReportingOverflow(seconds)
            guard !overflow, !carried, sum < 400_000_000_000 else { return nil }
            total = sum
            number = nil
            units.removeFirst(index + 1)
        }
        guard number == nil, units.count < 4 else { return nil }
        return now.advanced(by: .seconds(-total))
    }
}
