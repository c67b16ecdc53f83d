import MartinetYAML

/// Go's `Sprintf` for the verbs that templates use: `%s %v %d %q %t %f %g %%`, with `-`, `0`, width and precision.
struct GoFormat {
    private let format: [Character]
    private let arguments: [YAMLNode]

    init(_ format: String, _ arguments: [YAMLNode]) {
        self.format = Array(format)
        self.arguments = arguments
    }

    func text() -> String {
        var output = ""
        var index = 0
        var used = 0
        while index < format.count {
            guard format[index] == "%" else {
                output.append(format[index])
                index += 1
                continue
            }
            index += 1
            var flags: Set<Character> = []
            while index < format.count, "-0+# ".contains(format[index]) {
                flags.insert(format[index])
                index += 1
            }
            let width = digits(&index)
            var precision: Int?
            if index < format.count, format[index] == "." {
                index += 1
                precision = digits(&index) ?? 0
            }
            guard index < format.count else { return output + "%!(NOVERB)" }
            let verb = format[index]
            index += 1
            if verb == "%" {
                output += "%"
                continue
            }
            guard used < arguments.count else {
                output += "%!\(verb)(MISSING)"
                continue
            }
            let body = self.body(verb, arguments[used], precision)
            used += 1
            let padding = max(0, min(width ?? 0, 1 << 10) - body.count)
            let zero = flags.contains("0") && !flags.contains("-") && "dfg".contains(verb)
            let fill = String(repeating: zero ? "0" : " ", count: padding)
            output += flags.contains("-") ? body + fill : fill + body
        }
        return output
    }

    private func digits(_ index: inout Int) -> Int? {
        var value: Int?
        while index < format.count, let digit = format[index].wholeNumberValue, format[index].isASCII {
            value = min((value ?? 0) * 10 + digit, 1 << 20)
            index += 1
        }
        return value
    }

    private func body(_ verb: Character, _ value: YAMLNode, _ precision: Int?) -> String {
        switch (verb, value.value) {
        case ("v", _), ("d", .int), ("d", .uint), ("t", .bool), ("g", .double): return GoText.text(value)
        case ("s", .string(let text)): return precision.map { String(text.prefix($0)) } ?? text
        case ("s", .list), ("s", .map): return GoText.text(value)
        case ("q", .string): return JSONText.compact(value)
        case ("f", .double(let number)): return Self.fixed(number, precision ?? 6)
        default: return "%!\(verb)(\(GoText.text(value)))"
        }
    }

    /// So many digits behind the point, rounded.
    private static func fixed(_ number: Double, _ digits: Int) -> String {
        let digits = min(digits, 15)
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        guard let whole = Int64(exactly: (abs(number) * scale).rounded(.toNearestOrEven)) else {
            return GoFloat.shortest(number)
        }
        var text = String(whole)
        if text.count <= digits { text = String(repeating: "0", count: digits + 1 - text.count) + text }
        if digits > 0 { text.insert(".", at: text.index(text.endIndex, offsetBy: -digits)) }
        return number < 0 ? "-" + text : text
    }
}
