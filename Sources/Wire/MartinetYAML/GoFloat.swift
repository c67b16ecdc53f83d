/// Floating-point numbers in the shortest digits that read back the same, laid out as Go does.
package enum GoFloat {
    /// As go-yaml and `fmt` write them, `%g` with two digits in the exponent: `0.5`, `1e+20`, `1.5e-07`.
    package static func shortest(_ number: Double) -> String {
        layout(number.description, isFinite: number.isFinite, plain: -4..<6)
    }

    static func shortest(_ number: Float) -> String {
        layout(number.description, isFinite: number.isFinite, plain: -4..<6)
    }

    /// As encoding/json writes them: `1e-7`, `1e+21`. JSON has no word for what is not finite; it becomes null.
    package static func json(_ number: Double) -> String {
        guard number.isFinite else { return "null" }
        let text = layout(number.description, isFinite: true, plain: -6..<21)
        guard text.utf8.count > 4, text.dropLast().hasSuffix("e-0") else { return text }
        return String(text.dropLast(2)) + String(text.suffix(1))
    }

    /// - Parameter description: Swift's own shortest form, such as `1e+20`, `5e-324`, `0.001`, `1.0`.
    private static func layout(_ description: String, isFinite: Bool, plain: Range<Int>) -> String {
        guard isFinite else {
            return description.hasPrefix("-") ? "-.inf" : description == "inf" ? ".inf" : ".nan"
        }
        var digits: [UInt8] = []
        var point: Int?
        var exponent = 0
        var negative = false
        var rest = description.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "-"): negative = true
            case UInt8(ascii: "."): point = digits.count
            case UInt8(ascii: "e"):
                exponent = Int(String(decoding: rest, as: UTF8.self)) ?? 0
                rest = rest[rest.endIndex...]
            default: digits.append(byte)
            }
        }
        var scale = (point ?? digits.count) + exponent
        let zeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
        digits.removeFirst(zeros)
        scale -= zeros
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        let sign = negative ? "-" : ""
        guard !digits.isEmpty else { return sign + "0" }
        return sign + text(digits, scale, plain)
    }

    /// The number `0.digits` times ten to the power of `scale`.
    private static func text(_ digits: [UInt8], _ scale: Int, _ plain: Range<Int>) -> String {
        let all = String(decoding: digits, as: UTF8.self)
        let exponent = scale - 1
        if !plain.contains(exponent) {
            let mantissa = digits.count == 1 ? all : "\(all.prefix(1)).\(all.dropFirst())"
            let size = abs(exponent)
            return "\(mantissa)e\(exponent < 0 ? "-" : "+")\(size < 10 ? "0" : "")\(size)"
        }
        if scale <= 0 { return "0." + String(repeating: "0", count: -scale) + all }
        if digits.count <= scale { return all + String(repeating: "0", count: scale - digits.count) }
        return "\(all.prefix(scale)).\(all.dropFirst(scale))"
    }
}
