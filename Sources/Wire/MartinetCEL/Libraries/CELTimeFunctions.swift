extension CELEnvironment {
    /// The parts of moments, in UTC or a named or numeric zone, and of durations.
    mutating func addTimes() {
        let parts: [(String, @Sendable (CELCalendarTime, CELTimestamp) -> Int)] = [
            ("getFullYear", { time, _ in time.year }), ("getMonth", { time, _ in time.month - 1 }),
            ("getDayOfYear", { time, _ in time.dayOfYear }), ("getDate", { time, _ in time.day }),
            ("getDayOfMonth", { time, _ in time.day - 1 }), ("getDayOfWeek", { time, _ in time.weekday }),
            ("getHours", { time, _ in time.hour }), ("getMinutes", { time, _ in time.minute }),
            ("getSeconds", { time, _ in time.second }),
            ("getMilliseconds", { _, moment in Int(moment.nanoseconds / 1_000_000) }),
        ]
        let zones = timeZones
        for (name, part) in parts {
            let overloads = [
                CELOverload(
                    "timestamp_to_\(name)", isMember: true, [.timestamp], .int,
                    .unary { value in
                        guard case .timestamp(let moment) = value else { return .noSuchOverload(name) }
                        return .int(Int64(part(CELCalendarTime(seconds: moment.seconds), moment)))
                    }),
                CELOverload(
                    "timestamp_to_\(name)_with_tz", isMember: true, [.timestamp, .string], .int,
                    .binary { value, zone in
                        guard case .timestamp(let moment) = value, case .string(let zone) = zone else {
                            return .noSuchOverload(name)
                        }
                        guard let offset = CELTimeZone.offset(zone, at: moment.seconds, zones) else {
                            return .failure("unknown time zone \(CELValue.string(zone).debugText)")
                        }
                        return .int(Int64(part(CELCalendarTime(seconds: moment.seconds + Int64(offset)), moment)))
                    }),
            ]
            add(name, overloads)
        }
        for (name, unit) in [
            ("getHours", 3_600_000_000_000), ("getMinutes", 60_000_000_000), ("getSeconds", 1_000_000_000),
            ("getMilliseconds", 1_000_000),
        ] as [(String, Int64)] {
            add(
                name,
                [
                    CELOverload(
                        "duration_to_\(name)", isMember: true, [.duration], .int,
                        .unary { value in
                            guard case .duration(let span) = value else { return .noSuchOverload(name) }
                            return .int(span.nanoseconds / unit)
                        })
                ])
        }
    }
}

/// Offsets from UTC: `+01:30`, or the name of a zone of the IANA database.
enum CELTimeZone {
    static func offset(_ zone: String, at seconds: Int64, _ zones: (String) -> [UInt8]?) -> Int? {
        if zone == "UTC" || zone.isEmpty { return 0 }
        if zone.utf8.contains(58) { return fixed(zone) }
        let isSafe = zone.utf8.count < 100 && !zone.hasPrefix("/") && !zone.contains("..")
        guard isSafe, let file = zones(zone) else { return nil }
        return offset(file, at: seconds)
    }

    private static func fixed(_ text: String) -> Int? {
        var reader = DigitReader(Array(text.utf8))
        let isNegative = reader.accept("-")
        if !isNegative { _ = reader.accept("+") }
        guard let hours = reader.number(digits: 2), reader.accept(":"), let minutes = reader.number(digits: 2),
            reader.isAtEnd, hours < 24, minutes < 60
        else { return nil }
        return (isNegative ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    /// The offset that a time zone file (RFC 8536) gives for a moment. Rules for the time behind its last transition are
    /// not read: the last offset holds on.
    static func offset(_ file: [UInt8], at seconds: Int64) -> Int? {
        func number(_ position: Int, _ width: Int) -> Int64? {
            guard position >= 0, position + width <= file.count else { return nil }
            var value: UInt64 = 0
            for byte in file[position..<(position + width)] { value = value << 8 | UInt64(byte) }
            return width == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
        }
        func counts(_ header: Int) -> [Int]? {
            var counts: [Int] = []
            for index in 0..<6 {
                guard let count = number(header + 20 + index * 4, 4), count >= 0, count < 1 << 20 else { return nil }
                counts.append(Int(count))
            }
            return counts
        }
        guard file.count > 44, Array(file[0..<4]) == Array("TZif".utf8), let first = counts(0) else { return nil }
        // The order of the counts: indicators (UT, standard), leap seconds, transitions, types, characters.
        let isWide = file[4] >= 50
        let start =
            isWide ? 44 + first[3] * 5 + first[4] * 6 + first[5] + first[2] * 8 + first[1] + first[0] : 0
        guard let wide = isWide ? counts(start) : first else { return nil }
        let width = isWide ? 8 : 4
        let times = start + 44
        let indices = times + wide[3] * width
        let types = indices + wide[3]
        var kind = 0
        for index in 0..<wide[3] {
            guard let time = number(times + index * width, width) else { return nil }
            guard time <= seconds else { break }
            guard indices + index < file.count else { return nil }
            kind = Int(file[indices + index])
        }
        guard kind < max(1, wide[4]) else { return nil }
        return number(types + kind * 6, 4).map { Int($0) }
    }
}
