/// Floating-point numbers as Go's encoding/json writes them: shortest digits, an exponent only for the very large and
/// the very small.
package enum GoFloat {
    package static func format(_ number: Double) -> String {
        guard number.isFinite else { return "null" }
        if number == 0 { return number.sign == .minus ? "-0" : "0" }
        let sign = number < 0 ? "-" : ""
        let (digits, point) = decimal(number.magnitude)
        // The value is 0.digits × 10^point.
        if number.magnitude < 1e-6 || number.magnitude >= 1e21 {
            let exponent = point - 1
            let tail = digits.dropFirst()
            let power = exponent < 0 ? "-\(-exponent)" : exponent < 10 ? "+0\(exponent)" : "+\(exponent)"
            return "\(sign)\(digits.prefix(1))\(tail.isEmpty ? "" : ".\(tail)")e\(power)"
        }
        if point <= 0 { return "\(sign)0.\(String(repeating: "0", count: -point))\(digits)" }
        if point >= digits.count { return sign + digits + String(repeating: "0", count: point - digits.count) }
        return "\(sign)\(digits.prefix(point)).\(digits.dropFirst(point))"
    }

    /// The shortest digits that read back as the same number, and where the point stands before them.
    private static func decimal(_ number: Double) -> (digits: String, point: Int) {
        let text = number.description
        let parts = text.split(separator: "e")
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        var digits = String(mantissa[0])
        exponent += digits.count
        if mantissa.count > 1 { digits += mantissa[1] }
        let leading = digits.prefix { $0 == "0" }.count
        digits.removeFirst(leading)
        exponent -= leading
        while digits.last == "0" { digits.removeLast() }
        return (digits, exponent)
    }
}
