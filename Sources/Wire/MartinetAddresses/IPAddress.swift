/// The family of an internet address, by its number in the kernel (`AF_INET`, `AF_INET6` of <bits/socket.h>).
package enum IPFamily: UInt8, Hashable, Sendable, CaseIterable {
    case v4 = 2
    case v6 = 10

    /// Bytes of an address: 4 or 16.
    package var byteCount: Int { self == .v4 ? 4 : 16 }
}

/// An IPv4 or IPv6 address.
///
/// Held as 128 bits, an IPv4 address in the lowest 32, so that copies allocate nothing and order is numeric.
package struct IPAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let family: IPFamily
    let high: UInt64
    let low: UInt64

    init(family: IPFamily, high: UInt64, low: UInt64) {
        self.family = family
        self.high = high
        self.low = low
    }

    /// From bytes in network order; nil where there are neither 4 nor 16.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for byte in bytes {
            high = high << 8 | low >> 56
            low = low << 8 | UInt64(byte)
        }
        self.init(family: bytes.count == 4 ? .v4 : .v6, high: high, low: low)
    }

    package init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        self.init(family: .v4, high: 0, low: UInt64(a) << 24 | UInt64(b) << 16 | UInt64(c) << 8 | UInt64(d))
    }

    /// `0.0.0.0` or `::`.
    package static func unspecified(_ family: IPFamily) -> IPAddress { IPAddress(family: family, high: 0, low: 0) }

    /// In network order: 4 or 16 bytes.
    package var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(family.byteCount)
        if family == .v6 {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                out.append(UInt8(truncatingIfNeeded: high >> shift))
            }
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                out.append(UInt8(truncatingIfNeeded: low >> shift))
            }
        } else {
            for shift in stride(from: UInt64(24), through: 0, by: -8) {
                out.append(UInt8(truncatingIfNeeded: low >> shift))
            }
        }
        return out
    }

    /// The address `offset` places further; nil past the end of the family's space.
    package func advanced(by offset: UInt64) -> IPAddress? {
        let (sum, carry) = low.addingReportingOverflow(offset)
        if family == .v4 { return carry || sum > 0xFFFF_FFFF ? nil : IPAddress(family: .v4, high: 0, low: sum) }
        let (top, over) = high.addingReportingOverflow(carry ? 1 : 0)
        return over ? nil : IPAddress(family: .v6, high: top, low: sum)
    }

    /// Whether it is in 127.0.0.0/8, or `::1`.
    package var isLoopback: Bool { family == .v4 ? low >> 24 == 127 : high == 0 && low == 1 }

    package static func < (a: IPAddress, b: IPAddress) -> Bool {
        (a.family.rawValue, a.high, a.low) < (b.family.rawValue, b.high, b.low)
    }
}

// Text, as RFC 791's dotted quads and RFC 5952's canonical IPv6 have it.
extension IPAddress {
    package init?(_ text: some StringProtocol) {
        let utf8 = Array(text.utf8)
        guard utf8.count <= 45 else { return nil }
        if utf8.contains(58) {
            guard let address = IPAddress.parseV6(utf8) else { return nil }
            self = address
        } else {
            guard let value = IPAddress.parseV4(utf8[...]) else { return nil }
            self.init(family: .v4, high: 0, low: UInt64(value))
        }
    }

    private static func parseV4(_ text: ArraySlice<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        let parts = text.split(separator: 46, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        for part in parts {
            // A leading zero is refused: readers disagree on whether it means octal.
            guard (1...3).contains(part.count), part.count == 1 || part.first != 48 else { return nil }
            var octet: UInt32 = 0
            for digit in part {
                guard (48...57).contains(digit) else { return nil }
                octet = octet * 10 + UInt32(digit - 48)
            }
            guard octet <= 255 else { return nil }
            value = value << 8 | octet
        }
        return value
    }

    private static func parseV6(_ text: [UInt8]) -> IPAddress? {
        var text = text[...]
        var tail: [UInt16] = []
        if text.contains(46) {
            guard let colon = text.lastIndex(of: 58), let quad = parseV4(text[(colon + 1)...]) else { return nil }
            tail = [UInt16(quad >> 16), UInt16(quad & 0xFFFF)]
            text = text[..<colon]
            // "::1.2.3.4" leaves ":", whose second colon belongs to the gap.
            if text.last == 58 { text.append(58) }
            if text == [58, 58, 58] { text = [58, 58] }
        }
        func groups(_ part: ArraySlice<UInt8>) -> [UInt16]? {
            if part.isEmpty { return [] }
            var out: [UInt16] = []
            for group in part.split(separator: 58, omittingEmptySubsequences: false) {
                guard (1...4).contains(group.count),
                    let value = UInt16(String(decoding: group, as: UTF8.self), radix: 16),
                    group.first != 43
                else { return nil }
                out.append(value)
            }
            return out
        }
        var words: [UInt16]
        if let gap = text.indices.first(where: { text[$0] == 58 && $0 + 1 < text.endIndex && text[$0 + 1] == 58 }) {
            guard let before = groups(text[..<gap]), let after = groups(text[(gap + 2)...]) else { return nil }
            let filled = before.count + after.count + tail.count
            guard filled < 8 else { return nil }
            words = before + Array(repeating: 0, count: 8 - filled) + after + tail
        } else {
            guard let all = groups(text), all.count + tail.count == 8 else { return nil }
            words = all + tail
        }
        return IPAddress(bytes: words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] })
    }

    package var description: String {
        if family == .v4 { return bytes.map(String.init).joined(separator: ".") }
        let octets = bytes
        let words = (0..<8).map { UInt16(octets[$0 * 2]) << 8 | UInt16(octets[$0 * 2 + 1]) }
        // The longest run of two or more zero groups, the first of equals, is written "::" (RFC 5952, 4.2).
        var best = 0..<0
        var index = 0
        while index < 8 {
            var end = index
            while end < 8, words[end] == 0 { end += 1 }
            if end - index > max(1, best.count) { best = index..<end }
            index = max(end, index + 1)
        }
        func text(_ range: Range<Int>) -> String {
            range.map { String(words[$0], radix: 16) }.joined(separator: ":")
        }
        return best.isEmpty ? text(0..<8) : text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
    }
}
