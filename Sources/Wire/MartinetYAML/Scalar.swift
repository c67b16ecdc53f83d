/// What an unquoted scalar means: YAML 1.1's words for booleans and null, Go's syntax for integers, YAML 1.2's floats.
///
/// Source: the behaviour of go-yaml v2's resolver, which kubectl reads its files with.
enum Scalar: Equatable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    /// Reads as a string, but would be a time to a YAML 1.1 reader, so it is quoted when written.
    case timestamp
    case string

    static func resolve(_ bytes: UnsafeBufferPointer<UInt8>) -> Scalar {
        guard let first = bytes.first else { return .null }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"):
            return word(bytes) ?? (Timestamps.matches(bytes) ? .timestamp : number(bytes))
        case UInt8(ascii: "."):
            return word(bytes) ?? float(bytes).map { .double($0) } ?? .string
        default:
            return word(bytes) ?? .string
        }
    }

    static func resolve(_ text: String) -> Scalar {
        var text = text
        return text.withUTF8 { resolve($0) }
    }

    private static func word(_ bytes: UnsafeBufferPointer<UInt8>) -> Scalar? {
        guard bytes.count <= 5, let first = bytes.first else { return nil }
        switch first {
        case UInt8(ascii: "y"), UInt8(ascii: "Y"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "t"),
            UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"), UInt8(ascii: "o"), UInt8(ascii: "O"),
            UInt8(ascii: "~"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"):
            break
        default:
            return nil
        }
        switch String(decoding: bytes, as: UTF8.self) {
        case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return .bool(true)
        case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": return .bool(false)
        case "~", "null", "Null", "NULL": return .null
        case ".nan", ".NaN", ".NAN": return .double(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .double(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .double(-.infinity)
        default: return nil
        }
    }

    private static func number(_ bytes: UnsafeBufferPointer<UInt8>) -> Scalar {
        guard bytes.contains(UInt8(ascii: "_")) else { return plainNumber(bytes) }
        let plain = bytes.filter { $0 != UInt8(ascii: "_") }
        return plain.withUnsafeBufferPointer { plainNumber($0) }
    }

    private static func plainNumber(_ bytes: UnsafeBufferPointer<UInt8>) -> Scalar {
        if let integer = integer(bytes) { return integer }
        return float(bytes).map { .double($0) } ?? .string
    }

    /// Go's integer literals with an optional sign: decimal, `0x`, `0o`, `0b`, and octal by a leading 0.
    private static func integer(_ bytes: UnsafeBufferPointer<UInt8>) -> Scalar? {
        var rest = bytes[...]
        var negative = false
        var signed = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            negative = sign == UInt8(ascii: "-")
            signed = true
            rest = rest.dropFirst()
        }
        var base: UInt64 = 10
        if rest.first == UInt8(ascii: "0"), rest.count > 1 {
            var prefix = 2
            switch rest[rest.startIndex + 1] | 0x20 {
            case UInt8(ascii: "x"): base = 16
            case UInt8(ascii: "o"): base = 8
            case UInt8(ascii: "b"): base = 2
            default: (base, prefix) = (8, 1)
            }
            rest = rest.dropFirst(prefix)
        }
        guard !rest.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in rest {
            guard let digit = digit(byte), digit < base else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: base)
            let (sum, carry) = product.addingReportingOverflow(digit)
            if overflow || carry { return nil }
            value = sum
        }
        if negative {
            guard value <= UInt64(Int64.max) + 1 else { return nil }
            return .int(value == UInt64(Int64.max) + 1 ? Int64.min : -Int64(value))
        }
        if let small = Int64(exactly: value) { return .int(small) }
        return signed ? nil : .uint(value)
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// `[-+]? ( .digits | digits [. digits?] ) [e [-+]? digits]`, finite; nil for anything else.
    static func float(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
        var index = 0
        func digits() -> Int {
            let start = index
            while index < bytes.count, bytes[index] >= UInt8(ascii: "0"), bytes[index] <= UInt8(ascii: "9") {
                index += 1
            }
            return index - start
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") { index += 1 }
        let whole = digits()
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            if digits() == 0, whole == 0 { return nil }
        } else if whole == 0 {
            return nil
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
                index += 1
            }
            if digits() == 0 { return nil }
        }
        guard index == bytes.count else { return nil }
        var text = String(decoding: bytes, as: UTF8.self)
        // Swift's parser wants a digit on both sides of the point.
        if let point = text.utf8.firstIndex(of: UInt8(ascii: ".")) {
            let after = text.utf8.index(after: point)
            if after == text.endIndex || text.utf8[after] | 0x20 == UInt8(ascii: "e") { text.insert("0", at: after) }
            if whole == 0 { text.insert("0", at: text.utf8.firstIndex(of: UInt8(ascii: ".")) ?? text.startIndex) }
        }
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }
}
