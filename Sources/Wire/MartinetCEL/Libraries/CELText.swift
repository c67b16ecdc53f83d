import MartinetRegularExpressions

/// What is done with texts.
package enum CELText {
    static func matches(_ text: CELValue, _ regex: RegularExpression) -> CELValue {
        guard case .string(let text) = text else { return .noSuchOverload("matches") }
        guard let found = regex.isFound(in: text) else { return .failure("matching takes too many steps") }
        return .bool(found)
    }

    static func matches(_ text: CELValue, _ pattern: CELValue) -> CELValue {
        guard case .string(let pattern) = pattern else { return .noSuchOverload("matches") }
        do throws(RegularExpressionError) {
            return matches(text, try RegularExpression(pattern))
        } catch {
            return .failure("error parsing regexp: \(error.message)")
        }
    }

    static func startsWith(_ text: CELValue, _ start: CELValue) -> CELValue {
        guard case .string(let text) = text, case .string(let start) = start else {
            return .noSuchOverload("startsWith")
        }
        return .bool(
            text.withBytes(of: start) { text, start in
                text.count >= start.count && text.prefix(start.count).elementsEqual(start)
            })
    }

    static func endsWith(_ text: CELValue, _ end: CELValue) -> CELValue {
        guard case .string(let text) = text, case .string(let end) = end else { return .noSuchOverload("endsWith") }
        return .bool(
            text.withBytes(of: end) { text, end in
                text.count >= end.count && text.suffix(end.count).elementsEqual(end)
            })
    }

    static func contains(_ text: CELValue, _ part: CELValue) -> CELValue {
        guard case .string(let text) = text, case .string(let part) = part else { return .noSuchOverload("contains") }
        return .bool(firstIndex(of: Array(part.utf8), in: Array(text.utf8), from: 0) != nil)
    }

    /// Where a sequence first occurs at or behind a position; linear in both lengths (Knuth, Morris, Pratt).
    package static func firstIndex<Element: Equatable>(
        of part: [Element], in text: [Element], from start: Int
    ) -> Int? {
        guard start <= text.count else { return nil }
        guard !part.isEmpty else { return start }
        guard part.count <= text.count - start else { return nil }
        var fallback = [Int](repeating: 0, count: part.count)
        var length = 0
        for index in 1..<max(1, part.count) {
            while length > 0, part[index] != part[length] { length = fallback[length - 1] }
            if part[index] == part[length] { length += 1 }
            fallback[index] = length
        }
        length = 0
        for index in start..<text.count {
            while length > 0, text[index] != part[length] { length = fallback[length - 1] }
            if text[index] == part[length] { length += 1 }
            if length == part.count { return index - length + 1 }
        }
        return nil
    }

    /// The shortest text that reads back as the number, with an exponent where the reference writes one.
    package static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
        var digits: [UInt8] = []
        var exponent = 0
        (digits, exponent) = decimal(number.magnitude)
        let sign = number.sign == .minus ? "-" : ""
        let point = exponent
        if number != 0, point - 1 < -4 || point - 1 >= 21 {
            var text = String(decoding: digits.prefix(1), as: UTF8.self)
            if digits.count > 1 { text += "." + String(decoding: digits.dropFirst(), as: UTF8.self) }
            let power = (point - 1).magnitude
            return sign + text + "e" + (point - 1 < 0 ? "-" : "+") + (power < 10 ? "0" : "") + String(power)
        }
        if point <= 0 {
            let zeros = String(repeating: "0", count: -point)
            return sign + (number == 0 ? "0" : "0." + zeros + String(decoding: digits, as: UTF8.self))
        }
        if digits.count <= point {
            let zeros = String(repeating: "0", count: point - digits.count)
            return sign + String(decoding: digits, as: UTF8.self) + zeros
        }
        return sign + String(decoding: digits.prefix(point), as: UTF8.self) + "."
            + String(decoding: digits.dropFirst(point), as: UTF8.self)
    }

    /// The significant digits of a finite number, and how many of them stand before the point.
    package static func decimal(_ number: Double) -> (digits: [UInt8], point: Int) {
        guard number != 0 else { return ([48], 0) }
        var mantissa = Array(number.description.utf8)
        var exponent = 0
        if let index = mantissa.firstIndex(of: 101) {
            exponent = Int(String(decoding: mantissa[(index + 1)...], as: UTF8.self)) ?? 0
            mantissa.removeSubrange(index...)
        }
        var point = mantissa.firstIndex(of: 46) ?? mantissa.count
        mantissa.removeAll { $0 == 46 }
        let leading = mantissa.prefix { $0 == 48 }.count
        mantissa.removeFirst(leading)
        point -= leading
        while mantissa.last == 48 { mantissa.removeLast() }
        return (mantissa, point + exponent)
    }
}

extension CELValue {
    /// A short text for messages.
    package var debugText: String {
        switch self {
        case .null: "null"
        case .string(let text): text.utf8.count <= 200 ? text : String(text.prefix(100)) + "..."
        case .bool, .int, .uint, .double, .timestamp, .duration:
            if case .string(let text) = CELConversions.string(self) { text } else { "" }
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .type(let type): type.runtimeName
        case .error(let failure): failure.message
        default: type.runtimeName
        }
    }
}
