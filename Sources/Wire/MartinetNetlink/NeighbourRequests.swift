package import MartinetAddresses

/// rtnetlink(7) messages about neighbours: which hardware address an internet address has (<linux/neighbour.h>).
package enum NeighbourRequests {
    /// A permanent entry: it is never asked for on the wire and no answer on the wire changes it.
    package static func replace(_ address: IPAddress, hardwareAddress: [UInt8], link: UInt32) -> NetlinkRequest {
        NetlinkRequest(
            type: 28, flags: [.create, .replace, .acknowledge], body: body(address, hardwareAddress, link),
            purpose: "set neighbour \(address) of link \(link)")
    }

    package static func delete(_ address: IPAddress, link: UInt32) -> NetlinkRequest {
        NetlinkRequest(
            type: 29, flags: .acknowledge, body: body(address, nil, link),
            purpose: "delete neighbour \(address) of link \(link)")
    }

    private static func body(_ address: IPAddress, _ hardwareAddress: [UInt8]?, _ link: UInt32) -> NetlinkBody {
        // `ndmsg`: family, pads, index, state (NUD_PERMANENT 0x80), flags, type.
        var header: [UInt8] = [address.family.rawValue, 0, 0, 0]
        header.append(native: link)
        header.append(native: UInt16(0x80))
        header += [0, 0]
        var body = NetlinkBody(header: header)
        body.attribute(1, address.bytes)
        if let hardwareAddress { body.attribute(2, hardwareAddress) }
        return body
    }
}
