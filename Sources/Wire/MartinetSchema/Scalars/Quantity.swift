/// An amount of a resource: exact to a billionth, with the suffix family it was written in.
///
/// Reading and canonical writing follow `resource.Quantity` of the API: at most nine decimals (rounded away from zero),
/// at most 2^63-1, the largest suffix that leaves no fraction, and powers of 1024 only for values that began as such.
package struct Quantity: Hashable, Comparable, Sendable, CustomStringConvertible {
    package enum Format: UInt8, Sendable { case decimal, binary, exponent }

    /// The amount in billionths.
    package let nanos: Int128
    package let format: Format

    private static let unit: Int128 = 1_000_000_000
    private static let largest: Int128 = Int128(Int64.max) * unit

    package init(nanos: Int128, format: Format = .decimal) {
        self.nanos = min(max(nanos, -Quantity.largest), Quantity.largest)
        self.format = format
    }

    /// Whole units: bytes, cores, pods.
    package init(_ units: Int64, format: Format = .decimal) {
        self.init(nanos: Int128(units) * Quantity.unit, format: format)
    }

    package init(milli: Int64) { self.init(nanos: Int128(milli) * 1_000_000) }

    /// Whole units, rounded away from zero.
    package var value: Int64 { Int64(clamping: roundedUp(nanos, Quantity.unit)) }
    /// Thousandths, rounded away from zero.
    package var milliValue: Int64 { Int64(clamping: roundedUp(nanos, 1_000_000)) }

    package static func < (a: Quantity, b: Quantity) -> Bool { a.nanos < b.nanos }
    package static func == (a: Quantity, b: Quantity) -> Bool { a.nanos == b.nanos }
    package func hash(into hasher: inout Hasher) { hasher.combine(nanos) }
    package static func + (a: Quantity, b: Quantity) -> Quantity {
        Quantity(nanos: a.nanos + b.nanos, format: a.format)
    }
    package static func - (a: Quantity, b: Quantity) -> Quantity {
        Quantity(nanos: a.nanos - b.nanos, format: a.format)
    }

    /// Nil where the text is no quantity: `^[+-]?[0-9.]+([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$` with at least a digit.
    package init?(_ text: some StringProtocol) {
        var bytes = Array(text.utf8)[...]
        var negative = false
        if let sign = bytes.first, sign == 43 || sign == 45 {
            negative = sign == 45
            bytes = bytes.dropFirst()
        }
        var digits: [UInt8] = []
        var fraction = 0
        var point = false
        while let byte = bytes.first {
            if byte >= 48, byte <= 57 {
                digits.append(byte - 48)
                if point { fraction += 1 }
            } else if byte == 46, !point {
                point = true
            } else {
                break
            }
            bytes = bytes.dropFirst()
        }
        guard !digits.isEmpty, digits.count <= 4096, let suffix = Suffix(bytes) else { return nil }
        let magnitude = Quantity.scale(digits, fraction: fraction, suffix)
        self.init(nanos: negative ? -magnitude : magnitude, format: suffix.format)
    }

    /// digits × 10^-fraction × the suffix in billionths, rounded up, at most `largest`.
    private static func scale(_ digits: [UInt8], fraction: Int, _ suffix: Suffix) -> Int128 {
        var mantissa: Int128 = 0
        var exponent = 9 + suffix.power10 - fraction
        for (index, digit) in digits.drop(while: { $0 == 0 }).enumerated() {
            // 36 digits are more than any value in range needs; the rest only shifts, and rounds up when it is not zero.
            if index < 36 {
                mantissa = mantissa * 10 + Int128(digit)
            } else {
                exponent += 1
                if digit != 0, mantissa % 10 == 0 { mantissa += 1 }
            }
        }
        guard mantissa != 0 else { return 0 }
        var (scaled, overflow) = mantissa.multipliedReportingOverflow(by: Int128(1) << Int128(suffix.power2))
        if overflow {
            // Give up digits that lie far below a billionth, or find that the value is out of range anyway.
            while mantissa > Int128.max >> Int128(suffix.power2), exponent < 0 {
                mantissa = roundedUp(mantissa, 10)
                exponent += 1
            }
            (scaled, overflow) = mantissa.multipliedReportingOverflow(by: Int128(1) << Int128(suffix.power2))
            if overflow { return largest }
        }
        while exponent > 0 {
            (scaled, overflow) = scaled.multipliedReportingOverflow(by: 10)
            if overflow || scaled > largest { return largest }
            exponent -= 1
        }
        var exact = true
        while exponent < 0, scaled != 0 {
            if scaled % 10 != 0 { exact = false }
            scaled /= 10
            exponent += 1
        }
        if !exact || exponent < 0 { scaled += exact && exponent == 0 ? 0 : 1 }
        return min(scaled, largest)
    }

    private struct Suffix {
        var format = Format.decimal
        var power10 = 0
        var power2 = 0

        init?(_ bytes: ArraySlice<UInt8>) {
            let text = String(decoding: bytes, as: UTF8.self)
            if let index = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].firstIndex(of: text) {
                format = .binary
                power2 = (index + 1) * 10
            } else if let power = [
                "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18,
            ][text] {
                power10 = power
            } else if let first = bytes.first, first == 69 || first == 101, bytes.count < 8,
                let power = Int(text.dropFirst()), abs(power) < 1000
            {
                format = .exponent
                power10 = power
            } else {
                return nil
            }
        }
    }

    /// The canonical text.
    package var description: String {
        if nanos == 0 { return "0" }
        if format == .binary, abs(nanos) >= 1024 * Quantity.unit { return binaryText }
        var number = nanos
        var exponent = -9
        while exponent < 18, number % 1000 == 0 {
            number /= 1000
            exponent += 3
        }
        if format == .exponent { return exponent == 0 ? "\(number)" : "\(number)e\(exponent)" }
        let suffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"]
        return "\(number)\(suffixes[(exponent + 9) / 3])"
    }

    private var binaryText: String {
        var number = roundedUp(nanos, Quantity.unit)
        var power = 0
        while power < 6, number % 1024 == 0 {
            number /= 1024
            power += 1
        }
        return "\(number)\(["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][power])"
    }
}

/// Division that rounds away from zero.
private func roundedUp(_ value: Int128, _ divisor: Int128) -> Int128 {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    return rest == 0 ? quotient : quotient + (value < 0 ? -1 : 1)
}
