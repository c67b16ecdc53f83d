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
        let read = text.utf8.withContiguousStorageIfAvailable { Quantity.read($0) }
        guard let quantity = read ?? Array(text.utf8).withUnsafeBufferPointer({ Quantity.read($0) }) else { return nil }
        self = quantity
    }

    /// The bytes are gone through once, and nothing is allocated: amounts are read wherever objects are judged.
    private static func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Quantity? {
        var index = 0
        let isNegative = bytes.first == 45
        if isNegative || bytes.first == 43 { index = 1 }
        var digits = Digits()
        var hasPoint = false
        while index < bytes.count {
            let byte = bytes[index]
            if byte >= 48, byte <= 57 {
                digits.append(byte - 48, isFraction: hasPoint)
            } else if byte == 46, !hasPoint {
                hasPoint = true
            } else {
                break
            }
            index += 1
        }
        guard digits.count > 0, digits.count <= 4096,
            let suffix = Suffix(UnsafeBufferPointer(rebasing: bytes[index...]))
        else { return nil }
        let magnitude = digits.mantissa == 0 ? 0 : scale(digits.mantissa, 9 + suffix.power10 + digits.exponent, suffix)
        return Quantity(nanos: isNegative ? -magnitude : magnitude, format: suffix.format)
    }

    /// A number as it is read: 36 digits are more than any value in range needs; the rest only shifts, and rounds up when it
    /// is not zero.
    private struct Digits {
        var count = 0
        var mantissa: Int128 = 0
        var exponent = 0
        private var significant = 0

        mutating func append(_ digit: UInt8, isFraction: Bool) {
            count += 1
            if isFraction { exponent -= 1 }
            if significant == 0, digit == 0 { return }
            significant += 1
            if significant <= 36 {
                mantissa = mantissa * 10 + Int128(digit)
            } else {
                exponent += 1
                if digit != 0, mantissa % 10 == 0 { mantissa += 1 }
            }
        }
    }

    /// mantissa × 10^exponent × the suffix's power of two in billionths, rounded up, at most `largest`.
    private static func scale(_ mantissa: Int128, _ exponent: Int, _ suffix: Suffix) -> Int128 {
        var (mantissa, exponent) = (mantissa, exponent)
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
        while exponent >= 9 {
            (scaled, overflow) = scaled.multipliedReportingOverflow(by: unit)
            if overflow || scaled > largest { return largest }
            exponent -= 9
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

        init?(_ bytes: UnsafeBufferPointer<UInt8>) {
            guard let first = bytes.first else { return }
            switch (bytes.count, first) {
            case (1, UInt8(ascii: "n")): power10 = -9
            case (1, UInt8(ascii: "u")): power10 = -6
            case (1, UInt8(ascii: "m")): power10 = -3
            case (1, UInt8(ascii: "k")): power10 = 3
            case (1, _): if let power = Self.power(first) { power10 = power * 3 } else { return nil }
            case (2, _) where bytes[1] == UInt8(ascii: "i"):
                guard let power = first == UInt8(ascii: "K") ? 1 : Self.power(first) else { return nil }
                format = .binary
                power2 = power * 10
            default:
                guard first == 69 || first == 101, bytes.count < 8,
                    let power = Int(String(decoding: bytes.dropFirst(), as: UTF8.self)), abs(power) < 1000
                else { return nil }
                format = .exponent
                power10 = power
            }
        }

        /// Of the large suffixes that both families have.
        private static func power(_ byte: UInt8) -> Int? {
            switch byte {
            case UInt8(ascii: "M"): 2
            case UInt8(ascii: "G"): 3
            case UInt8(ascii: "T"): 4
            case UInt8(ascii: "P"): 5
            case UInt8(ascii: "E"): 6
            default: nil
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
