/// A span of time, in nanoseconds; about 292 years either way.
package struct CELDuration: Hashable, Sendable {
    package let nanoseconds: Int64
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
}

/// A moment of the years 1 to 9999, in seconds and nanoseconds since 1970 in UTC.
///
/// The offset from UTC is only how it was written and is shown again: it makes no moment another.
package struct CELTimestamp: Hashable, Sendable, Comparable {
    package let seconds: Int64
    package let nanoseconds: Int32
    /// In seconds.
    package let offset: Int32

    package static let secondsMin: Int64 = -62_135_596_800
    package static let secondsMax: Int64 = 253_402_300_799

    /// Nil outside of the years 1 to 9999.
    package init?(seconds: Int64, nanoseconds: Int64 = 0, offset: Int32 = 0) {
        let carry = nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : (nanoseconds - 999_999_999) / 1_000_000_000
        let (whole, overflows) = seconds.addingReportingOverflow(carry)
        guard !overflows, whole >= CELTimestamp.secondsMin, whole <= CELTimestamp.secondsMax else { return nil }
        self.seconds = whole
        self.nanoseconds = Int32(nanoseconds - carry * 1_000_000_000)
        self.offset = offset
    }

    package static func == (first: CELTimestamp, second: CELTimestamp) -> Bool {
        first.seconds == second.seconds && first.nanoseconds == second.nanoseconds
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(seconds)
        hasher.combine(nanoseconds)
    }

    package static func < (first: CELTimestamp, second: CELTimestamp) -> Bool {
        (first.seconds, first.nanoseconds) < (second.seconds, second.nanoseconds)
    }

    package func adding(_ duration: CELDuration, negated: Bool = false) -> CELTimestamp? {
        let whole = duration.nanoseconds / 1_000_000_000
        let rest = duration.nanoseconds % 1_000_000_000
        return negated
            ? CELTimestamp(seconds: seconds - whole, nanoseconds: Int64(nanoseconds) - rest, offset: offset)
            : CELTimestamp(seconds: seconds + whole, nanoseconds: Int64(nanoseconds) + rest, offset: offset)
    }

    package func since(_ other: CELTimestamp) -> CELDuration? {
        let (product, overflows) = (seconds - other.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowsAgain) = product.addingReportingOverflow(Int64(nanoseconds) - Int64(other.nanoseconds))
        return overflows || overflowsAgain ? nil : CELDuration(nanoseconds: sum)
    }
}

/// A moment as a calendar shows it (proleptic Gregorian).
package struct CELCalendarTime: Sendable {
    package var year = 1970
    /// From 1.
    package var month = 1
    package var day = 1
    package var hour = 0
    package var minute = 0
    package var second = 0
    /// From Sunday, 0.
    package var weekday = 4
    /// From 0.
    package var dayOfYear = 0

    package init(seconds: Int64) {
        var days = seconds / 86400
        var rest = seconds % 86400
        if rest < 0 {
            rest += 86400
            days -= 1
        }
        hour = Int(rest / 3600)
        minute = Int(rest % 3600 / 60)
        second = Int(rest % 60)
        weekday = Int(((days + 4) % 7 + 7) % 7)
        (year, month, day) = CELCalendarTime.date(days: days)
        dayOfYear = Int(days - CELCalendarTime.days(year: year, month: 1, day: 1))
    }

    /// Days since 1970 of a date, by counting years from March.
    package static func days(year: Int, month: Int, day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    private static func date(days: Int64) -> (Int, Int, Int) {
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    package static func daysInMonth(_ month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
