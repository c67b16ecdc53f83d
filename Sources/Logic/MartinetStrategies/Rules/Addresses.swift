import MartinetAddresses

/// Addresses and networks as API fields have them.
enum Addresses {
    /// The address, read as leniently as Go once did: leading zeros and IPv4 in IPv6's clothes count.
    static func lenient(_ text: String) -> IPAddress? {
        if text.has(":") { return IPAddress(text).map(unmapped) }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let octets = parts.compactMap { part -> UInt8? in
            part.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } && part.utf8.count <= 16 ? UInt8(part) : nil
        }
        guard parts.count == 4, octets.count == 4 else { return nil }
        return IPAddress(octets[0], octets[1], octets[2], octets[3])
    }

    private static func unmapped(_ address: IPAddress) -> IPAddress {
        isMapped(address) ? IPAddress(bytes: address.bytes.suffix(4)) ?? address : address
    }

    static func isMapped(_ address: IPAddress) -> Bool {
        address.family == .v6 && address.bytes.prefix(10).allSatisfy { $0 == 0 }
            && address.bytes[10...11] == [255, 255]
    }

    static func hasLeadingZeros(_ text: String) -> Bool {
        !text.has(":") && text.split(separator: ".").contains { $0.utf8.count > 1 && $0.utf8.first == 48 }
    }

    static func faults(ip text: String) -> [String] {
        guard lenient(text) != nil else { return ["must be an IP address, such as 10.9.8.7 or 2001:db8::ffff"] }
        if hasLeadingZeros(text) { return ["must not have leading zeros"] }
        if let address = IPAddress(text), isMapped(address) { return ["must not be an IPv4 address in IPv6's form"] }
        return []
    }

    static func faults(canonicalIP text: String) -> [String] {
        let faults = faults(ip: text)
        guard faults.isEmpty, let address = IPAddress(text) else { return faults }
        return address.description == text ? [] : ["must be in its canonical form, \(address)"]
    }

    static func faults(cidr text: String) -> [String] {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let address = lenient(parts[0]), let length = Int(parts[1]), length >= 0,
            parts[1].utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }),
            length <= (parts[0].has(":") ? 128 : 32)
        else { return ["must be a CIDR, such as 10.9.8.0/24 or 2001:db8::/64"] }
        if hasLeadingZeros(parts[0]) || String(length) != parts[1] { return ["must not have leading zeros"] }
        if let strict = IPAddress(parts[0]), isMapped(strict) { return ["must not be an IPv4 address in IPv6's form"] }
        guard let network = IPNetwork(address, prefix: length), network.address == address else {
            return ["must not have bits set beyond the prefix length"]
        }
        return []
    }

    static func faults(canonicalCIDR text: String) -> [String] {
        let faults = faults(cidr: text)
        guard faults.isEmpty, let network = IPNetwork(text) else { return faults }
        return network.description == text ? [] : ["must be in its canonical form, \(network)"]
    }

    static func isIPv6(_ text: String) -> Bool { lenient(text)?.family == .v6 }

    /// Whether there is an address of each family; nil where one is no address.
    static func isDual(_ texts: [String]) -> Bool? {
        let families = texts.compactMap { lenient($0)?.family }
        guard families.count == texts.count else { return nil }
        return Set(families).count > 1
    }

    static func isDual(networks texts: [String]) -> Bool? {
        for text in texts {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            let most = text.has(":") ? 128 : 32
            guard parts.count == 2, let length = Int(parts[1]), (0...most).contains(length) else { return nil }
        }
        return isDual(texts.map { String($0.prefix { $0 != "/" }) })
    }
}

extension Part {
    /// An address that traffic can be sent to.
    func reachableIP() {
        guard let address = Addresses.lenient(text) else { return invalid("must be an IP address") }
        let bytes = address.bytes
        if bytes.allSatisfy({ $0 == 0 }) { invalid("may not be the unspecified address") }
        if address.isLoopback { invalid("may not be a loopback address") }
        let isV4 = address.family == .v4
        if isV4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 {
            invalid("may not be a link-local address")
        }
        if isV4 ? bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0 : bytes[0] == 0xFF && bytes[1] & 0x0F == 2 {
            invalid("may not be a link-local multicast address")
        }
    }
}
