import MartinetAddresses
package import MartinetCEL

final class CELIPAddress: CELOpaque {
    static let name = "net.IP"
    static let type = CELType.opaque(name, [])
    let address: IPAddress
    init(_ address: IPAddress) { self.address = address }
    var type: CELType { CELIPAddress.type }
    var costSize: UInt64? { UInt64(address.family.byteCount) }
    func isEqual(to other: any CELOpaque) -> Bool { (other as? CELIPAddress)?.address == address }

    /// Without a zone, and no IPv4 address in the form of an IPv6 one.
    static func parse(_ text: String) -> IPAddress? {
        guard let address = IPAddress(text) else { return nil }
        let bytes = address.bytes
        let isMapped = bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
        return isMapped ? nil : address
    }
}

final class CELNetworkPrefix: CELOpaque {
    static let name = "net.CIDR"
    static let type = CELType.opaque(name, [])
    let address: IPAddress
    let length: Int
    init(_ address: IPAddress, length: Int) {
        self.address = address
        self.length = length
    }
    var type: CELType { CELNetworkPrefix.type }
    var costSize: UInt64? { UInt64((length + 7) / 8) }
    var text: String { "\(address)/\(length)" }
    func isEqual(to other: any CELOpaque) -> Bool {
        guard let other = other as? CELNetworkPrefix else { return false }
        return other.address == address && other.length == length
    }

    static func parse(_ text: String) -> CELNetworkPrefix? {
        guard let slash = text.lastIndex(of: "/"), let address = CELIPAddress.parse(String(text[..<slash])) else {
            return nil
        }
        let digits = text[text.index(after: slash)...]
        guard let length = Int(digits), String(length) == digits, length >= 0,
            length <= address.family.byteCount * 8
        else { return nil }
        return CELNetworkPrefix(address, length: length)
    }

    func masked() -> CELNetworkPrefix {
        var bytes = address.bytes
        for index in bytes.indices {
            let kept = max(0, min(8, length - index * 8))
            bytes[index] &= UInt8(truncatingIfNeeded: 0xFF00 >> kept)
        }
        return CELNetworkPrefix(IPAddress(bytes: bytes) ?? address, length: length)
    }

    func contains(_ other: IPAddress) -> Bool {
        guard other.family == address.family else { return false }
        return CELNetworkPrefix(other, length: length).masked().address == masked().address
    }
}

extension CELEnvironment {
    private func unary<Wanted>(
        _ name: String, _ wanted: Wanted.Type, _ function: @escaping @Sendable (Wanted) -> CELValue
    ) -> CELOverload.Implementation {
        .unary {
            guard case .opaque(let value) = $0, let value = value as? Wanted else { return .noSuchOverload(name) }
            return function(value)
        }
    }

    private func text(
        _ name: String, _ function: @escaping @Sendable (String) -> CELValue
    ) -> CELOverload.Implementation {
        .unary {
            guard case .string(let text) = $0 else { return .noSuchOverload(name) }
            return function(text)
        }
    }

    /// Addresses and networks. Source: apiserver's cel/library/ip.go and cidr.go.
    package mutating func addNetwork() {
        declare(type: CELIPAddress.type, as: CELIPAddress.name)
        declare(type: CELNetworkPrefix.type, as: CELNetworkPrefix.name)
        @Sendable func address(_ text: String) -> CELValue {
            CELIPAddress.parse(text).map { .opaque(CELIPAddress($0)) }
                ?? .failure("IP Address \(CELValue.string(text).debugText) parse error during conversion from string")
        }
        add("ip", [CELOverload("string_to_ip", [.string], CELIPAddress.type, text("ip", address))])
        add(
            "isIP",
            [CELOverload("is_ip", [.string], .bool, text("isIP") { .bool(CELIPAddress.parse($0) != nil) })])
        add(
            "ip.isCanonical",
            [
                CELOverload(
                    "ip_is_canonical", [.string], .bool,
                    text("ip.isCanonical") { text in
                        guard let parsed = CELIPAddress.parse(text) else { return address(text) }
                        return .bool(parsed.description == text)
                    })
            ])
        add(
            "string",
            [
                CELOverload(
                    "ip_to_string", [CELIPAddress.type], .string,
                    unary("string", CELIPAddress.self) { .string($0.address.description) }),
                CELOverload(
                    "cidr_to_string", [CELNetworkPrefix.type], .string,
                    unary("string", CELNetworkPrefix.self) { .string($0.text) }),
            ])
        let tests: [(String, String, @Sendable (IPAddress) -> CELValue)] = [
            ("family", "ip_family", { .int($0.family == .v4 ? 4 : 6) }),
            ("isUnspecified", "ip_is_unspecified", { .bool($0 == .unspecified($0.family)) }),
            ("isLoopback", "ip_is_loopback", { .bool($0.isLoopback) }),
            ("isLinkLocalMulticast", "ip_is_link_local_multicast", { .bool($0.isLinkLocalMulticast) }),
            ("isLinkLocalUnicast", "ip_is_link_local_unicast", { .bool($0.isLinkLocalUnicast) }),
            ("isGlobalUnicast", "ip_is_global_unicast", { .bool($0.isGlobalUnicast) }),
        ]
        for (name, id, test) in tests {
            let result: CELType = name == "family" ? .int : .bool
            add(
                name,
                [
                    CELOverload(
                        id, isMember: true, [CELIPAddress.type], result,
                        unary(name, CELIPAddress.self) { test($0.address) })
                ])
        }
        addPrefixes()
    }

    private mutating func addPrefixes() {
        let prefix = CELNetworkPrefix.type
        @Sendable func parsed(_ text: String) -> CELValue {
            CELNetworkPrefix.parse(text).map { .opaque($0) }
                ?? .failure("network address parse error during conversion from string")
        }
        add("cidr", [CELOverload("string_to_cidr", [.string], prefix, text("cidr", parsed))])
        add(
            "isCIDR",
            [CELOverload("is_cidr", [.string], .bool, text("isCIDR") { .bool(CELNetworkPrefix.parse($0) != nil) })])
        let contains: CELBinaryFunction = { first, second in
            guard case .opaque(let first) = first, let prefix = first as? CELNetworkPrefix else {
                return .noSuchOverload("containsIP")
            }
            switch second {
            case .opaque(let value as CELIPAddress): return .bool(prefix.contains(value.address))
            case .string(let text):
                guard let address = CELIPAddress.parse(text) else {
                    return .failure("IP Address \(second.debugText) parse error during conversion from string")
                }
                return .bool(prefix.contains(address))
            default: return .noSuchOverload("containsIP")
            }
        }
        add(
            "containsIP",
            [
                CELOverload("cidr_contains_ip_string", isMember: true, [prefix, .string], .bool, .binary(contains)),
                CELOverload(
                    "cidr_contains_ip_ip", isMember: true, [prefix, CELIPAddress.type], .bool, .binary(contains)),
            ])
        let covers: CELBinaryFunction = { first, second in
            guard case .opaque(let first) = first, let prefix = first as? CELNetworkPrefix else {
                return .noSuchOverload("containsCIDR")
            }
            var other = second
            if case .string(let text) = second { other = parsed(text) }
            if case .error = other { return other }
            guard case .opaque(let value) = other, let inner = value as? CELNetworkPrefix else {
                return .noSuchOverload("containsCIDR")
            }
            return .bool(prefix.length <= inner.length && prefix.contains(inner.address))
        }
        add(
            "containsCIDR",
            [
                CELOverload("cidr_contains_cidr_string", isMember: true, [prefix, .string], .bool, .binary(covers)),
                CELOverload("cidr_contains_cidr", isMember: true, [prefix, prefix], .bool, .binary(covers)),
            ])
        add(
            "ip",
            [
                CELOverload(
                    "cidr_ip", isMember: true, [prefix], CELIPAddress.type,
                    unary("ip", CELNetworkPrefix.self) { .opaque(CELIPAddress($0.address)) })
            ])
        add(
            "prefixLength",
            [
                CELOverload(
                    "cidr_prefix_length", isMember: true, [prefix], .int,
                    unary("prefixLength", CELNetworkPrefix.self) { .int(Int64($0.length)) })
            ])
        add(
            "masked",
            [
                CELOverload(
                    "cidr_masked", isMember: true, [prefix], prefix,
                    unary("masked", CELNetworkPrefix.self) { .opaque($0.masked()) })
            ])
    }
}

extension IPAddress {
    fileprivate var isMulticast: Bool { family == .v4 ? bytes[0] & 0xF0 == 0xE0 : bytes[0] == 0xFF }
    fileprivate var isLinkLocalMulticast: Bool {
        family == .v4
            ? bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0 : bytes[0] == 0xFF && bytes[1] & 0x0F == 0x02
    }
    fileprivate var isLinkLocalUnicast: Bool {
        family == .v4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
    }
    fileprivate var isGlobalUnicast: Bool {
        if self == .unspecified(family) || bytes == [255, 255, 255, 255] { return false }
        return !isLoopback && !isMulticast && !isLinkLocalUnicast
    }
}
