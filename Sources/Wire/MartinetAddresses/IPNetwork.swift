/// A range of addresses with a common prefix, such as `10.44.0.0/24`. Bits after the prefix are zero.
package struct IPNetwork: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The first address.
    package let address: IPAddress
    /// Leading bits in common.
    package let prefix: Int

    /// The network that `address` is in; nil where the family has fewer bits than `prefix`.
    package init?(_ address: IPAddress, prefix: Int) {
        guard prefix >= 0, prefix <= address.family.byteCount * 8 else { return nil }
        self.address = IPNetwork.masked(address, prefix)
        self.prefix = prefix
    }

    /// `10.44.0.0/24`; nil where it is something else, or has bits set after its prefix.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]), (1...3).contains(parts[1].utf8.count),
            parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let prefix = Int(parts[1]),
            let network = IPNetwork(address, prefix: prefix), network.address == address
        else { return nil }
        self = network
    }

    package var family: IPFamily { address.family }

    package func contains(_ other: IPAddress) -> Bool {
        other.family == family && IPNetwork.masked(other, prefix) == address
    }

    /// Whether the two have an address in common.
    package func overlaps(_ other: IPNetwork) -> Bool {
        contains(other.address) || other.contains(address)
    }

    /// How many addresses it has, at most 2⁶³.
    package var count: UInt64 { UInt64(1) << UInt64(min(63, family.byteCount * 8 - prefix)) }

    /// The address `offset` places after the first; nil where that is outside.
    package func address(at offset: UInt64) -> IPAddress? {
        guard offset < count else { return nil }
        return address.advanced(by: offset)
    }

    /// The mask in network order.
    package var mask: [UInt8] {
        (0..<family.byteCount).map { index in
            let bits = max(0, min(8, prefix - index * 8))
            return bits == 0 ? 0 : UInt8(truncatingIfNeeded: 0xFF00 >> bits)
        }
    }

    package static func < (a: IPNetwork, b: IPNetwork) -> Bool { (a.address, a.prefix) < (b.address, b.prefix) }

    package var description: String { "\(address)/\(prefix)" }

    private static func masked(_ address: IPAddress, _ prefix: Int) -> IPAddress {
        func keep(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? ~0 : ~(~0 >> UInt64(bits)) }
        if address.family == .v4 {
            return IPAddress(family: .v4, high: 0, low: address.low & lowMask(prefix))
        }
        return IPAddress(family: .v6, high: address.high & keep(prefix), low: address.low & keep(prefix - 64))
    }

    private static func lowMask(_ prefix: Int) -> UInt64 {
        prefix == 0 ? 0 : (~UInt64(0) << UInt64(32 - prefix)) & 0xFFFF_FFFF
    }
}
