/// The shapes that YAML 1.1 readers take for a time stamp. They stay strings here, but are quoted when written.
enum Timestamps {
    /// `2006-1-2`, `2006-1-2 15:4:5[.9]`, `2006-1-2T15:4:5[.9](Z|±07:00)`, also with a small `t`.
    static func matches(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count >= 8, bytes[4] == UInt8(ascii: "-") else { return false }
        var scan = Scan(bytes: bytes)
        guard let year = scan.number(digits: 4...4), scan.take("-"), let month = scan.number(digits: 1...2),
            (1...12).contains(month), scan.take("-"), let day = scan.number(digits: 1...2),
            (1...daysOf(month: month, year: year)).contains(day)
        else { return false }
        if scan.atEnd { return true }
        let zoned = scan.take("T") || scan.take("t")
        guard zoned || scan.take(" ") else { return false }
        guard let hour = scan.number(digits: zoned ? 1...2 : 1...2), hour < 24, scan.take(":"),
            let minute = scan.number(digits: 1...2), minute < 60, scan.take(":"),
            let second = scan.number(digits: 1...2), second < 60
        else { return false }
        // Go takes a comma for the point as well.
        if scan.take(".") || scan.take(","), scan.number(digits: 1...Int.max) == nil { return false }
        guard zoned else { return scan.atEnd }
        if scan.take("Z") { return scan.atEnd }
        guard scan.take("+") || scan.take("-"), let hours = scan.number(digits: 2...2), hours <= 24, scan.take(":"),
            let minutes = scan.number(digits: 2...2), minutes <= 60
        else { return false }
        return scan.atEnd
    }

    private static func daysOf(month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private struct Scan {
        let bytes: UnsafeBufferPointer<UInt8>
        var index = 0
        var atEnd: Bool { index == bytes.count }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
            index += 1
            return true
        }

        /// As many digits as there are, up to the upper bound; the value saturates.
        mutating func number(digits: ClosedRange<Int>) -> Int? {
            let start = index
            var value = 0
            while index < bytes.count, index - start < digits.upperBound, bytes[index] >= UInt8(ascii: "0"),
                bytes[index] <= UInt8(ascii: "9")
            {
                value = min(value * 10 + Int(bytes[index] - UInt8(ascii: "0")), 1_000_000)
                index += 1
            }
            return index - start >= digits.lowerBound ? value : nil
        }
    }
}
