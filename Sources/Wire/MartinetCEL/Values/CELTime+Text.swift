extension CELTimestamp {
    /// RFC 3339.
    package init?(text: String) {
        var reader = DigitReader(Array(text.utf8))
        guard let year = reader.number(digits: 4), reader.accept("-"), let month = reader.number(digits: 2),
            reader.accept("-"), let day = reader.number(digits: 2), reader.accept("T") || reader.accept("t"),
            let hour = reader.number(digits: 2), reader.accept(":"), let minute = reader.number(digits: 2),
            reader.accept(":"), let second = reader.number(digits: 2),
            year >= 1, (1...12).contains(month), day >= 1, day <= CELCalendarTime.daysInMonth(month, of: year),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var nanoseconds: Int64 = 0
        if reader.accept(".") || reader.accept(",") {
            guard let fraction = reader.fraction() else { return nil }
            nanoseconds = fraction
        }
        var offset: Int64 = 0
        if !reader.accept("Z"), !reader.accept("z") {
            let sign: Int64
            if reader.accept("+") { sign = 1 } else if reader.accept("-") { sign = -1 } else { return nil }
            guard let hours = reader.number(digits: 2), reader.accept(":"), let minutes = reader.number(digits: 2),
                hours < 24, minutes < 60
            else { return nil }
            offset = sign * Int64(hours * 3600 + minutes * 60)
        }
        guard reader.isAtEnd else { return nil }
        let days = CELCalendarTime.days(year: year, month: month, day: day)
        let time = Int64(hour * 3600 + minute * 60 + second)
        self.init(seconds: days * 86400 + time - offset, nanoseconds: nanoseconds, offset: Int32(offset))
    }

    /// A date alone, as midnight in UTC.
    package init?(date: String) {
        guard date.utf8.count == 10 else { return nil }
        self.init(text: date + "T00:00:00Z")
    }

    package var text: String {
        let time = CELCalendarTime(seconds: seconds + Int64(offset))
        func padded(_ value: Int, _ width: Int = 2) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        var fraction = ""
        if nanoseconds != 0 {
            fraction = padded(Int(nanoseconds), 9)
            while fraction.hasSuffix("0") { fraction.removeLast() }
            fraction = "." + fraction
        }
        var zone = "Z"
        if offset != 0 {
            let minutes = Int(offset.magnitude / 60)
            zone = (offset < 0 ? "-" : "+") + padded(minutes / 60) + ":" + padded(minutes % 60)
        }
        return "\(padded(time.year, 4))-\(padded(time.month))-\(padded(time.day))"
            + "T\(padded(time.hour)):\(padded(time.minute)):\(padded(time.second))\(fraction)\(zone)"
    }
}

extension CELDuration {
    /// Go's notation: signed numbers with a unit each, such as `1h2.5s`.
    package init?(text: String) {
        var reader = DigitReader(Array(text.utf8))
        let isNegative = reader.accept("-")
        if !isNegative { _ = reader.accept("+") }
        if text == "0" || text == "-0" || text == "+0" {
            self.init(nanoseconds: 0)
            return
        }
        guard !reader.isAtEnd else { return nil }
        var total: UInt64 = 0
        while !reader.isAtEnd {
            guard let (whole, fraction, scale) = reader.decimal(), let unit = reader.unit() else { return nil }
            let (product, overflows) = whole.multipliedReportingOverflow(by: unit)
            var part = product
            guard !overflows, part <= 1 << 63 else { return nil }
            if fraction > 0 { part += UInt64(Double(fraction) * (Double(unit) / scale)) }
            total += part
            guard total <= 1 << 63 else { return nil }
        }
        if isNegative {
            self.init(nanoseconds: total == 1 << 63 ? Int64.min : -Int64(total))
        } else {
            guard total < 1 << 63 else { return nil }
            self.init(nanoseconds: Int64(total))
        }
    }

    /// Seconds with a fraction, as protobuf writes durations in JSON.
    package var secondsText: String {
        let magnitude = nanoseconds.magnitude
        var text = (nanoseconds < 0 ? "-" : "") + String(magnitude / 1_000_000_000)
        let rest = magnitude % 1_000_000_000
        if rest != 0 {
            let digits = String(rest)
            var fraction = String(repeating: "0", count: 9 - digits.utf8.count) + digits
            while fraction.hasSuffix("0") { fraction.removeLast() }
            text += "." + fraction
        }
        return text + "s"
    }
}

/// Reads fixed forms of digits.
struct DigitReader {
    private let bytes: [UInt8]
    private var position = 0
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func accept(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func digit() -> Int? {
        guard position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 else { return nil }
        position += 1
        return Int(bytes[position - 1]) - 48
    }

    mutating func number(digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Digits after a point, as nanoseconds; further digits are dropped.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var count = 0
        while let digit = digit() {
            if count < 9 { value = value * 10 + Int64(digit) }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 9)..<9 { value *= 10 }
        return value
    }

    /// A number with an optional fraction: the whole part, the fraction's digits and what they are to be divided by.
    mutating func decimal() -> (UInt64, UInt64, Double)? {
        var whole: UInt64 = 0
        var count = 0
        while let digit = digit() {
            guard whole <= (1 << 63) / 10 else { return nil }
            whole = whole * 10 + UInt64(digit)
            guard whole <= 1 << 63 else { return nil }
            count += 1
        }
        var fraction: UInt64 = 0
        var scale = 1.0
        if accept(".") {
            var isFull = false
            while let digit = digit() {
                count += 1
                if isFull || fraction > (1 << 62) / 10 {
                    isFull = true
                    continue
                }
                fraction = fraction * 10 + UInt64(digit)
                scale *= 10
            }
        }
        return count > 0 ? (whole, fraction, scale) : nil
    }

    /// The nanoseconds of a unit.
    mutating func unit() -> UInt64? {
        if accept("h") { return 3_600_000_000_000 }
        if accept("m") { return accept("s") ? 1_000_000 : 60_000_000_000 }
        if accept("s") { return 1_000_000_000 }
        if accept("n") { return accept("s") ? 1 : nil }
        if accept("u") { return accept("s") ? 1000 : nil }
        // The micro sign and the Greek letter mu, in UTF-8.
        if accept("\u{C2}") { return accept("\u{B5}") && accept("s") ? 1000 : nil }
        if accept("\u{CE}") { return accept("\u{BC}") && accept("s") ? 1000 : nil }
        return nil
    }
}
