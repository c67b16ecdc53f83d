/// How Go's strconv and encoding/csv read the values of flags.
enum FlagSyntax {
    static func bool(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "TRUE", "true", "True": true
        case "0", "f", "F", "FALSE", "false", "False": false
        default: nil
        }
    }

    /// Decimal, `0x`, `0o`, `0b`, and octal by a leading 0.
    static func int(_ text: String) -> Int? {
        var rest = text[...]
        var sign = ""
        if let first = rest.first, first == "-" || first == "+" {
            sign = first == "-" ? "-" : ""
            rest = rest.dropFirst()
        }
        guard let first = rest.first, first.isASCII, first.isHexDigit else { return nil }
        let lowered = rest.lowercased()
        for (prefix, radix) in [("0x", 16), ("0b", 2), ("0o", 8)] where lowered.hasPrefix(prefix) {
            let digits = lowered.dropFirst(2)
            guard let next = digits.first, next != "+", next != "-" else { return nil }
            return Int(sign + digits, radix: radix)
        }
        return Int(sign + rest, radix: rest.count > 1 && first == "0" ? 8 : 10)
    }

    /// One record of CSV; nil where its quotes are broken.
    static func fields(_ text: String) -> [String]? {
        guard !text.isEmpty else { return [] }
        var fields: [String] = []
        var field = ""
        var rest = text[...]
        while true {
            if rest.first == "\"" {
                rest = rest.dropFirst()
                while true {
                    guard let next = rest.popFirst() else { return nil }
                    if next != "\"" {
                        field.append(next)
                    } else if rest.first == "\"" {
                        field.append("\"")
                        rest = rest.dropFirst()
                    } else {
                        break
                    }
                }
                guard rest.isEmpty || rest.first == "," else { return nil }
            } else {
                field = String(rest.prefix { $0 != "," })
                rest = rest.dropFirst(field.count)
                if field.contains("\"") { return nil }
            }
            fields.append(field)
            field = ""
            guard rest.popFirst() != nil else { return fields }
            if rest.isEmpty { return fields + [""] }
        }
    }

    /// `a=b,c=d`; a single pair may have commas in its value.
    static func pairs(_ text: String) -> [(String, String)]? {
        let parts = text.filter { $0 == "=" }.count == 1 ? [text] : fields(text) ?? []
        var pairs: [(String, String)] = []
        for part in parts {
            guard let equals = part.firstIndex(of: "=") else { return nil }
            pairs.append((String(part[..<equals]), String(part[part.index(after: equals)...])))
        }
        return text.isEmpty ? [] : pairs.isEmpty ? nil : pairs
    }

    /// Why `value` is no value of `flag`; nil where it is one.
    static func fault(_ value: String, for flag: Flag) -> String? {
        switch flag.kind {
        case .bool where bool(value) == nil && value != flag.valueWhenBare: "expected true or false"
        case .int where int(value) == nil: "expected a whole number"
        case .float where Double(value) == nil: "expected a number"
        case .duration where GoDuration.parse(value) == nil: "expected a duration such as 1m30s"
        case .count where value != "+1" && int(value) == nil: "expected a whole number"
        case .stringSlice where fields(value) == nil: "expected values separated by commas, quotes in pairs"
        case .stringToString where pairs(value) == nil: "expected key=value, several separated by commas"
        case .string where !flag.choices.isEmpty && !flag.choices.contains(value):
            "expected one of \(flag.choices.joined(separator: ", "))"
        default: nil
        }
    }
}
