/// A point on the wall clock, without leap seconds: years far beyond what 64 bits of nanoseconds reach.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded towards the past.
    package let seconds: Int64
    /// The nanoseconds after `seconds`, 0..<1 000 000 000.
    package let subsecond: Int32

    package init(seconds: Int64, nanoseconds: Int64 = 0) {
        var whole = nanoseconds / 1_000_000_000
        var rest = nanoseconds % 1_000_000_000
        if rest < 0 {
            whole -= 1
            rest += 1_000_000_000
        }
        self.seconds = seconds &+ whole
        subsecond = Int32(rest)
    }

    package init(nanoseconds: Int64) { self.init(seconds: 0, nanoseconds: nanoseconds) }

    /// Nanoseconds since 1970, clamped to what 64 bits hold (years 1677 to 2262).
    package var nanoseconds: Int64 {
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carried) = scaled.addingReportingOverflow(Int64(subsecond))
        return overflow || carried ? (seconds < 0 ? .min : .max) : sum
    }

    package init(microseconds: Int64) {
        self.init(seconds: microseconds / 1_000_000, nanoseconds: microseconds % 1_000_000 * 1000)
    }

    /// Microseconds since 1970, clamped to what 64 bits hold (years -290 000 to 290 000).
    package var microseconds: Int64 {
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        return scaled &+ Int64(subsecond) / 1000
    }

    package static func < (a: Timestamp, b: Timestamp) -> Bool {
        a.seconds == b.seconds ? a.subsecond < b.subsecond : a.seconds < b.seconds
    }

    package func advanced(by duration: Duration) -> Timestamp {
        Timestamp(
            seconds: seconds, nanoseconds: (Int64(subsecond).addingReportingOverflow(duration.nanoseconds)).partialValue
        )
    }

    /// The time from `earlier` to this; negative where this comes first.
    package func duration(since earlier: Timestamp) -> Duration {
        .seconds(seconds &- earlier.seconds) + .nanoseconds(Int64(subsecond) - Int64(earlier.subsecond))
    }
}

extension Duration {
    /// The whole of it in nanoseconds, clamped to what 64 bits hold (about 292 years).
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        return scaled &+ attoseconds / 1_000_000_000
    }
}

// RFC 3339 text, in the two forms that Kubernetes writes: `metav1.Time` (seconds) and `metav1.MicroTime`.
extension Timestamp {
    /// `2026-01-02T03:04:05Z`, as metav1.Time is written.
    package var rfc3339: String { text(fractionDigits: 0) }
    /// `2026-01-02T03:04:05.123456Z`, as metav1.MicroTime is written.
    package var rfc3339Micro: String { text(fractionDigits: 6) }
    /// `2026-01-02T03:04:05.123456789Z`, as CRI log lines are stamped.
    package var rfc3339Nano: String { text(fractionDigits: 9) }

    private func text(fractionDigits: Int) -> String {
        let days = Timestamp.floorDivide(seconds, 86_400)
        let second = Int(seconds - days * 86_400)
        let (year, month, day) = Timestamp.civil(fromDays: days)
        var out: [UInt8] = []
        out.reserveCapacity(30)
        func put(_ value: Int, _ digits: Int, _ after: UInt8) {
            var scale = 1
            for _ in 1..<digits { scale *= 10 }
            while scale > 0 {
                out.append(48 + UInt8((value / scale) % 10))
                scale /= 10
            }
            out.append(after)
        }
        put(Int(year), 4, 45)
        put(month, 2, 45)
        put(day, 2, 84)
        put(second / 3600, 2, 58)
        put(second / 60 % 60, 2, 58)
        put(second % 60, 2, fractionDigits > 0 ? 46 : 90)
        if fractionDigits > 0 {
            var fraction = Int(subsecond)
            for _ in fractionDigits..<9 { fraction /= 10 }
            put(fraction, fractionDigits, 90)
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Reads RFC 3339 with any fraction and any zone; nil where the text is something else.
    package init?(rfc3339 text: some StringProtocol) {
        var bytes = Array(text.utf8)[...]
        func digits(_ count: Int) -> Int64? {
            guard bytes.count >= count else { return nil }
            var value: Int64 = 0
            for byte in bytes.prefix(count) {
                guard byte >= 48, byte <= 57 else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            bytes = bytes.dropFirst(count)
            return value
        }
        func skip(_ options: UInt8...) -> UInt8? {
            guard let first = bytes.first, options.contains(first) else { return nil }
            bytes = bytes.dropFirst()
            return first
        }
        guard let year = digits(4), skip(45) != nil, let month = digits(2), skip(45) != nil, let day = digits(2),
            skip(84, 116) != nil, let hour = digits(2), skip(58) != nil, let minute = digits(2), skip(58) != nil,
            let second = digits(2), (1...12).contains(month), day >= 1,
            day <= Timestamp.daysIn(month: Int(month), year: year), hour < 24, minute < 60, second < 60
        else { return nil }
        var nanoseconds: Int64 = 0
        if skip(46) != nil {
            var scale: Int64 = 100_000_000
            var any = false
            while let byte = bytes.first, byte >= 48, byte <= 57 {
                nanoseconds += Int64(byte - 48) * scale
                scale /= 10
                any = true
                bytes = bytes.dropFirst()
            }
            guard any else { return nil }
        }
        var offset: Int64 = 0
        guard let zone = skip(90, 122, 43, 45) else { return nil }
        if zone == 43 || zone == 45 {
            guard let hours = digits(2), skip(58) != nil, let minutes = digits(2), hours < 24, minutes < 60 else {
                return nil
            }
            offset = (hours * 3600 + minutes * 60) * (zone == 43 ? 1 : -1)
        }
        guard bytes.isEmpty else { return nil }
        let days = Timestamp.days(fromYear: year, month: Int(month), day: Int(day))
        let total = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(seconds: total, nanoseconds: nanoseconds)
    }

    private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
        a >= 0 ? a / b : -((-a + b - 1) / b)
    }

    private static func daysIn(month: Int, year: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // The proleptic Gregorian calendar in eras of 400 years that begin on 1 March, so that the leap day comes last.
    private static func days(fromYear year: Int64, month: Int, day: Int) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = floorDivide(y, 400)
        let yearOfEra = y - era * 400
        let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, Int(dayOfYear - (153 * shiftedMonth + 2) / 5) + 1)
    }
}
