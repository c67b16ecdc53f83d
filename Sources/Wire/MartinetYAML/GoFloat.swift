/// Floating-point numbers in the shortest digits that read back the same, laid out as C's `%g` with at least two digits
/// in the exponent: `0.5`, `1e+20`, `1.5e-07`.
enum GoFloat {
    static func shortest(_ number: Double) -> String { layout(number.description, isFinite: number.isFinite) }
    static func shortest(_ number: Float) -> String { layout(number.description, isFinite: number.isFinite) }

    /// - Parameter description: Swift's own shortest form, such as `1e+20`, `5e-324`, `0.001`, `1.0`.
    private static func layout(_ description: String, isFinite: Bool) -> String {
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
        return sign + text(digits, scale)
    }

    /// The number `0.digits` times ten to the power of `scale`.
    private static func text(_ digits: [UInt8], _ scale: Int) -> String {
        let all = String(decoding: digits, as: UTF8.self)
        let exponent = scale - 1
        // For shortest digits Go decides as if the precision were 6.
        if exponent < -4 || exponent >= 6 {
            let mantissa = digits.count == 1 ? all : "\(all.prefix(1)).\(all.dropFirst())"
            let size = abs(exponent)
            return "\(mantissa)e\(exponent < 0 ? "-" : "+")\(size < 10 ? "0" : "")\(size)"
        }
        if scale <= 0 { return "0." + String(repeating: "0", count: -scale) + all }
        if digits.count <= scale { return all + String(repeating: "0", count: scale - digits.count) }
        return "\(all.prefix(scale)).\(all.dropFirst(scale))"
    }
}
