import Glibc

/// `string.format(list)`: clauses such as `%s`, `%d` and `%.3f` take the list's values one by one.
///
/// Source: the strings extension of the reference. Its earlier form, which Kubernetes uses, quotes texts inside of lists
/// and maps and groups the digits of `%f`.
struct CELFormatter {
    private let isQuoting: Bool
    private var budget = CELBudget(steps: 200_000)
    private var bytesLeft = CELArithmetic.sizeMax

    init(isQuoting: Bool) { self.isQuoting = isQuoting }

    private struct Failure: Error {
        let message: String
    }

    mutating func format(_ template: String, _ values: any CELList) -> CELValue {
        do throws(Failure) {
            return .string(try formatted(Array(template.unicodeScalars), values))
        } catch {
            return .failure("error during formatting: \(error.message)")
        }
    }

    private mutating func formatted(_ template: [Unicode.Scalar], _ values: any CELList) throws(Failure) -> String {
        var result = ""
        var position = 0
        var used = 0
        while position < template.count {
            let scalar = template[position]
            position += 1
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            guard position < template.count else { throw Failure(message: "unexpected end of string") }
            if template[position] == "%" {
                result += "%"
                position += 1
                continue
            }
            guard used < values.count else { throw Failure(message: "index \(used) out of range") }
            let precision = try precision(template, &position)
            guard position < template.count else { throw Failure(message: "unexpected end of string") }
            result += try clause(template[position], precision, values.element(at: used))
            position += 1
            used += 1
            guard result.utf8.count <= CELArithmetic.sizeMax else { throw Failure(message: "the result is too large") }
        }
        return result
    }

    private func precision(_ template: [Unicode.Scalar], _ position: inout Int) throws(Failure) -> Int? {
        guard template[position] == "." else { return nil }
        position += 1
        var value = 0
        while position < template.count, CELLexer.isDigit(template[position]) {
            value = value * 10 + Int(template[position].value - 48)
            guard value <= 1000 else { throw Failure(message: "error while parsing precision: too large") }
            position += 1
        }
        guard position < template.count else { throw Failure(message: "could not find end of precision specifier") }
        return value
    }

    private mutating func clause(
        _ verb: Unicode.Scalar, _ precision: Int?, _ value: CELValue
    ) throws(Failure) -> String {
        switch verb {
        case "s": return try text(value)
        case "d":
            switch value {
            case .int(let number): return String(number)
            case .uint(let number): return String(number)
            case .double(let number) where !isQuoting: return CELFormatter.shown(number)
            default: throw mismatch("decimal", value)
            }
        case "f", "e":
            guard let number = number(value) else { throw mismatch("fixed-point", value) }
            guard number.isFinite else { return CELFormatter.shown(number) }
            return verb == "f" ? fixed(number, precision ?? 6) : scientific(number, precision ?? 6)
        case "b":
            switch value {
            case .int(let number): return String(number, radix: 2)
            case .uint(let number): return String(number, radix: 2)
            case .bool(let value): return value ? "1" : "0"
            default: throw mismatch("binary", value)
            }
        case "o":
            switch value {
            case .int(let number): return String(number, radix: 8)
            case .uint(let number): return String(number, radix: 8)
            default: throw mismatch("octal", value)
            }
        case "x", "X": return try hexadecimal(value, isUpper: verb == "X")
        default: throw Failure(message: "could not parse formatting clause: unrecognized formatting clause \"\(verb)\"")
        }
    }

    private func mismatch(_ clause: String, _ value: CELValue) -> Failure {
        Failure(message: "\(clause) clause was given \(value.type.runtimeName)")
    }

    private func number(_ value: CELValue) -> Double? {
        switch value {
        case .double(let number): number
        case .int(let number) where !isQuoting: Double(number)
        case .uint(let number) where !isQuoting: Double(number)
        case .string("NaN") where isQuoting: .nan
        case .string("Infinity") where isQuoting: .infinity
        case .string("-Infinity") where isQuoting: -.infinity
        default: nil
        }
    }

    static func shown(_ number: Double) -> String {
        number.isNaN
            ? "NaN" : number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : CELText.text(number)
    }

    private static func printed(_ format: String, _ precision: Int, _ number: Double) -> String {
        withVaList([Int32(precision), number]) { arguments in
            var buffer = [UInt8](repeating: 0, count: 1500)
            let length = buffer.withUnsafeMutableBytes { bytes in
                vsnprintf(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, format, arguments)
            }
            return String(decoding: buffer.prefix(max(0, min(Int(length), 1499))), as: UTF8.self)
        }
    }

    private func fixed(_ number: Double, _ precision: Int) -> String {
        let text = CELFormatter.printed("%.*f", precision, number)
        guard isQuoting else { return text }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let digits = Array(parts[0].drop { $0 == "-" })
        var grouped = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { grouped += "," }
            grouped.append(digit)
        }
        return parts.count > 1 ? grouped + "." + parts[1] : grouped
    }

    private func scientific(_ number: Double, _ precision: Int) -> String {
        let text = CELFormatter.printed("%.*e", isQuoting ? 6 : precision, number)
        guard isQuoting, let mark = text.firstIndex(of: "e") else { return text }
        let superscripts: [Character: String] = [
            "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸",
            "9": "⁹",
        ]
        let exponent = text[text.index(after: mark)...].compactMap { superscripts[$0] }.joined()
        return text[..<mark] + "×10" + exponent
    }

    private func hexadecimal(_ value: CELValue, isUpper: Bool) throws(Failure) -> String {
        func digits(_ bytes: some Sequence<UInt8>) -> String {
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: isUpper) }.joined()
        }
        switch value {
        case .int(let number): return String(number, radix: 16, uppercase: isUpper)
        case .uint(let number): return String(number, radix: 16, uppercase: isUpper)
        case .string(let text): return digits(text.utf8)
        case .bytes(let bytes): return digits(bytes)
        default: throw mismatch("hex", value)
        }
    }

    // MARK: - %s

    private mutating func text(_ value: CELValue, isInside: Bool = false, depth: Int = 0) throws(Failure) -> String {
        guard budget.spend(), depth < 500 else { throw Failure(message: "the result is too large") }
        switch value {
        case .string(let text): bytesLeft -= text.utf8.count
        case .bytes(let bytes): bytesLeft -= bytes.count
        default: bytesLeft -= 1
        }
        guard bytesLeft >= 0 else { throw Failure(message: "the result is too large") }
        switch value {
        case .list(let list):
            var parts: [String] = []
            for index in 0..<list.count {
                parts.append(try text(list.element(at: index), isInside: true, depth: depth + 1))
            }
            return "[" + parts.joined(separator: ", ") + "]"
        case .map(let map):
            var pairs: [(String, String)] = []
            for index in 0..<map.count {
                let (key, value) = map.entry(at: index)
                pairs.append(
                    (
                        try text(key, isInside: true, depth: depth + 1),
                        try text(value, isInside: true, depth: depth + 1)
                    ))
            }
            pairs.sort { $0.0.isTextBefore($1.0) }
            return "{" + pairs.map { $0.0 + (isQuoting ? ":" : ": ") + $0.1 }.joined(separator: ", ") + "}"
        case .null: return "null"
        case .type(let type): return isInside && isQuoting ? "type(\(type.runtimeName))" : type.runtimeName
        case .string(let text):
            guard isInside, isQuoting, case .string(let quoted) = CELText.quote(value) else { return text }
            return quoted
        case .bytes(let bytes):
            let plain = String(decoding: bytes, as: UTF8.self)
            guard isInside, isQuoting, case .string(let quoted) = CELText.quote(.string(plain)) else { return plain }
            return "b" + quoted
        case .double(let number):
            if number.isFinite, isInside, isQuoting { return CELFormatter.printed("%.*f", 6, number) }
            guard isQuoting else { return CELFormatter.shown(number) }
            let plain = CELText.text(number)
            return isInside && !number.isFinite ? "\"\(plain)\"" : plain
        case .timestamp(let moment): return inside("timestamp", moment.text, isInside)
        case .duration(let span): return inside("duration", span.secondsText, isInside)
        case .bool, .int, .uint: return value.debugText
        default: throw mismatch("string", value)
        }
    }

    private func inside(_ function: String, _ text: String, _ isInside: Bool) -> String {
        isInside && isQuoting ? "\(function)(\"\(text)\")" : text
    }
}
