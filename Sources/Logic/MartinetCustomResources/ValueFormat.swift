import MartinetBase
import MartinetRegularExpressions
import MartinetSchema

/// The formats of strings that upstream checks; it takes every other name as documentation.
///
/// Source: apiextensions' list of supported formats and kube-openapi's strfmt.
enum ValueFormat {
    /// Whether a format means anything for values of a type.
    static func isKnown(_ format: String, type: String) -> Bool {
        switch type {
        case "", "string": texts.contains(normalized(format))
        case "integer": format == "int32" || format == "int64"
        case "number": format == "float" || format == "double"
        default: false
        }
    }

    private static func normalized(_ format: String) -> String { format.filter { $0 != "-" } }

    private static let texts: Set<String> = [
        "bsonobjectid", "uri", "email", "hostname", "ipv4", "ipv6", "cidr", "mac", "uuid", "uuid3", "uuid4", "uuid5",
        "isbn", "isbn10", "isbn13", "creditcard", "ssn", "hexcolor", "rgbcolor", "byte", "password", "date", "duration",
        "datetime", "k8sshortname", "k8slongname",
    ]

    static func matches(_ text: String, _ format: String) -> Bool {
        let name = normalized(format)
        if let pattern = patterns[name] { return pattern.isFound(in: text) ?? false }
        return switch name {
        case "uri": URIText.isRequestURI(text)
        case "email": EmailText.isAddress(text)
        case "ipv4": AddressText.parse(text, isSloppy: true) != nil && text.contains(".")
        case "ipv6": AddressText.parse(text, isSloppy: false) != nil && text.contains(":")
        case "cidr": AddressText.isPrefix(text)
        case "mac": AddressText.isHardware(text)
        case "hostname": isHostname(text)
        case "isbn": isISBN10(text) || isISBN13(text)
        case "isbn10": isISBN10(text)
        case "isbn13": isISBN13(text)
        case "creditcard": isCreditCard(text)
        case "date": isDate(text[...])
        case "datetime": isDateTime(text)
        case "duration": isDuration(text)
        case "k8sshortname": Names.isLabel1123(text)
        case "k8slongname": Names.isSubdomain(text)
        default: true
        }
    }

    private static let patterns: [String: RegularExpression] = {
        let hex = "[0-9a-f]"
        func uuid(_ third: String, _ fourth: String) -> String {
            "(?i)^\(hex){8}-?\(hex){4}-?\(third)-?\(fourth)-?\(hex){12}$"
        }
        let byte = #"(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])"#
        let texts = [
            "uuid": uuid("\(hex){4}", "\(hex){4}"), "uuid3": uuid("3\(hex){3}", "\(hex){4}"),
            "uuid4": uuid("4\(hex){3}", "[89ab]\(hex){3}"), "uuid5": uuid("5\(hex){3}", "[89ab]\(hex){3}"),
            "hexcolor": "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$",
            "rgbcolor": #"^rgb\(\s*\#(byte)\s*,\s*\#(byte)\s*,\s*\#(byte)\s*\)$"#,
            "ssn": #"^\d{3}[- ]\d{2}[- ]\d{4}$"#, "bsonobjectid": "^[0-9a-fA-F]{24}$",
            "byte": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$",
        ]
        return texts.compactMapValues { try? RegularExpression($0) }
    }()

    // MARK: - Times

    private static func digits(_ text: Substring, _ count: Int) -> Int? {
        guard text.utf8.count == count, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        return Int(text)
    }

    /// RFC 3339 full-date, of a day that exists.
    static func isDate(_ text: Substring) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let year = digits(parts[0], 4), let month = digits(parts[1], 2),
            let day = digits(parts[2], 2), (1...12).contains(month), day >= 1
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return day <= days[month - 1]
    }

    /// RFC 3339 date-time.
    static func isDateTime(_ text: String) -> Bool {
        let parts = text.lowercased().split(separator: "t", omittingEmptySubsequences: false)
        guard parts.count >= 2, isDate(parts[0]) else { return false }
        var time = parts[1]
        guard let hour = digits(time.prefix(2), 2), let minute = digits(time.dropFirst(3).prefix(2), 2),
            let second = digits(time.dropFirst(6).prefix(2), 2), hour <= 23, minute <= 59, second <= 59
        else { return false }
        guard time.dropFirst(2).first == ":", time.dropFirst(5).first == ":" else { return false }
        time = time.dropFirst(8)
        if let first = time.first, first != "z", first != "+", first != "-" {
            let fraction = time.dropFirst().prefix { $0.isASCII && $0.isNumber }
            guard !fraction.isEmpty else { return false }
            time = time.dropFirst(1 + fraction.count)
        }
        if time == "z" { return true }
        guard time.utf8.count == 6, let sign = time.first, sign == "+" || sign == "-" else { return false }
        return digits(time.dropFirst().prefix(2), 2) != nil && time.dropFirst(3).first == ":"
            && digits(time.dropFirst(4), 2) != nil
    }

    /// Go's durations, and `5 minutes` as Scala has them: any number followed by a known unit.
    static func isDuration(_ text: String) -> Bool {
        if GoDuration.parse(text) != nil { return true }
        let units = ["ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"]
        let prefixes = ["nano", "micro", "milli", "sec", "min", "hour", "day", "week"]
        let scalars = Array(text.lowercased())
        var index = 0
        while index < scalars.count {
            guard scalars[index].isASCII, scalars[index].isNumber else {
                index += 1
                continue
            }
            while index < scalars.count, scalars[index].isASCII, scalars[index].isNumber { index += 1 }
            while index < scalars.count, scalars[index].isWhitespace { index += 1 }
            var unit = ""
            while index < scalars.count, scalars[index] == "µ" || (scalars[index].isASCII && scalars[index].isLetter) {
                unit.append(scalars[index])
                index += 1
            }
            if units.contains(unit) || prefixes.contains(where: unit.hasPrefix) { return true }
        }
        return false
    }

    // MARK: - Names and numbers

    private static let hostname = try? RegularExpression(
        #"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}]"#
            + #"(([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$"#)

    private static func isHostname(_ text: String) -> Bool {
        guard text.utf8.count <= 255, hostname?.isFound(in: text) == true else { return false }
        return text.split(separator: ".").allSatisfy { $0.utf8.count <= 63 }
    }

    private static func bare(_ text: String) -> [UInt8] {
        text.utf8.filter { ![32, 9, 10, 12, 13, 45].contains($0) }
    }

    private static func isISBN10(_ text: String) -> Bool {
        let digits = bare(text)
        guard digits.count == 10 else { return false }
        var sum = 0
        for (index, byte) in digits.enumerated() {
            if index == 9, byte == UInt8(ascii: "X") {
                sum += 100
            } else {
                guard byte >= 48, byte <= 57 else { return false }
                sum += (index + 1) * Int(byte - 48)
            }
        }
        return sum % 11 == 0
    }

    private static func isISBN13(_ text: String) -> Bool {
        let digits = bare(text)
        guard digits.count == 13, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return false }
        let sum = digits.enumerated().reduce(0) { $0 + ($1.offset % 2 == 0 ? 1 : 3) * Int($1.element - 48) }
        return sum % 10 == 0
    }

    private static let cards = try? RegularExpression(
        #"^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|"#
            + #"3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$"#)

    /// A known form and Luhn's check digit.
    private static func isCreditCard(_ text: String) -> Bool {
        let digits = text.utf8.filter { $0 >= 48 && $0 <= 57 }
        guard cards?.isFound(in: String(decoding: digits, as: UTF8.self)) == true else { return false }
        var sum = 0
        for (index, byte) in digits.reversed().enumerated() {
            let digit = Int(byte - 48) * (index % 2 == 1 ? 2 : 1)
            sum += digit > 9 ? digit - 9 : digit
        }
        return sum % 10 == 0
    }
}
