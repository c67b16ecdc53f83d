package import MartinetAddresses

/// rtnetlink(7) messages about addresses of links (<linux/if_addr.h>).
package enum AddressRequests {
    package static func add(
        _ address: IPAddress, prefix: Int, link: UInt32, replacing: Bool = false
    ) -> NetlinkRequest {
        NetlinkRequest(
            type: 20, flags: [.create, replacing ? .replace : .exclusive, .acknowledge],
            body: body(address, prefix, link), purpose: "add address \(address)/\(prefix) to link \(link)")
    }

    package static func delete(_ address: IPAddress, prefix: Int, link: UInt32) -> NetlinkRequest {
        NetlinkRequest(
            type: 21, flags: .acknowledge, body: body(address, prefix, link),
            purpose: "delete address \(address)/\(prefix) of link \(link)")
    }

    package static func dump(_ family: IPFamily) -> NetlinkRequest {
        NetlinkRequest(
            type: 22, flags: .dump, body: NetlinkBody(header: [family.rawValue, 0, 0, 0, 0, 0, 0, 0]),
            purpose: "list addresses")
    }

    private static func body(_ address: IPAddress, _ prefix: Int, _ link: UInt32) -> NetlinkBody {
        // `ifaddrmsg`: family, prefix, flags, scope, index. IFA_F_NODAD: an IPv6 address serves at once.
        var header: [UInt8] = [
            address.family.rawValue, UInt8(clamping: prefix), address.family == .v6 ? 2 : 0,
            address.isLoopback ? 254 : 0,
        ]
        header.append(native: link)
        var body = NetlinkBody(header: header)
        body.attribute(2, address.bytes)  // IFA_LOCAL
        body.attribute(1, address.bytes)  // IFA_ADDRESS
        return body
    }
}

/// An address of a link, as the kernel lists it.
package struct LinkAddress: Hashable, Sendable {
    package let link: UInt32
    package let address: IPAddress
    package let prefix: Int

    /// From an `RTM_NEWADDR` message; nil where it is another.
    package init?(_ reply: NetlinkReply) throws(NetlinkError) {
        guard reply.type == 20 else { return nil }
        guard let prefix = reply.payload.native(at: 1, as: UInt8.self),
            let link = reply.payload.native(at: 4, as: UInt32.self)
        else { throw NetlinkError(.malformed, "an address without a header") }
        let attributes = try NetlinkAttribute.parse(reply.payload.dropFirst(8))
        guard let value = attributes.first(2) ?? attributes.first(1), let address = IPAddress(bytes: value.value) else {
            return nil
        }
        self.link = link
        self.address = address
        self.prefix = Int(prefix)
    }
}
