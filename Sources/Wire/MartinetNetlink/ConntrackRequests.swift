package import MartinetAddresses

/// nfnetlink messages about tracked connections (<linux/netfilter/nfnetlink_conntrack.h>).
package enum ConntrackRequests {
    package static func dump(_ family: IPFamily) -> NetlinkRequest {
        NetlinkRequest(
            type: 0x0101, flags: .dump, body: NetlinkBody(header: [family.rawValue, 0, 0, 0]),
            purpose: "list connections")
    }

    package static func delete(_ connection: TrackedConnection) -> NetlinkRequest {
        var body = NetlinkBody(header: [connection.destination.family.rawValue, 0, 0, 0])
        body.nest(1) { $0.raw(connection.originalTuple) }
        return NetlinkRequest(
            type: 0x0102, flags: .acknowledge, body: body,
            purpose: "delete the connection to \(connection.destination):\(connection.destinationPort)")
    }
}

/// A tracked connection: what its first packet said, and who answers.
package struct TrackedConnection: Hashable, Sendable {
    package let transportProtocol: UInt8
    package let source: IPAddress
    package let destination: IPAddress
    package let destinationPort: UInt16
    /// Where answers come from: the endpoint, after a translation of the destination.
    package let answering: IPAddress
    package let answeringPort: UInt16
    let originalTuple: [UInt8]

    /// From an `IPCTNL_MSG_CT_NEW` message; nil where it is another, or has no ports.
    package init?(_ reply: NetlinkReply) throws(NetlinkError) {
        guard reply.type == 0x0100 else { return nil }
        let attributes = try NetlinkAttribute.parse(reply.payload.dropFirst(4))
        guard let original = attributes.first(1), let answer = attributes.first(2),
            let there = try Tuple(original), let back = try Tuple(answer)
        else { return nil }
        transportProtocol = there.transportProtocol
        source = there.source
        destination = there.destination
        destinationPort = there.destinationPort
        answering = back.source
        answeringPort = back.sourcePort
        originalTuple = Array(original.value)
    }

    private struct Tuple {
        var transportProtocol: UInt8
        var source: IPAddress
        var destination: IPAddress
        var sourcePort: UInt16
        var destinationPort: UInt16

        init?(_ attribute: NetlinkAttribute) throws(NetlinkError) {
            let parts = try attribute.nested()
            guard let ip = try parts.first(1)?.nested(), let ports = try parts.first(2)?.nested(),
                let from = ip.first(1) ?? ip.first(3), let to = ip.first(2) ?? ip.first(4),
                let source = IPAddress(bytes: from.value), let destination = IPAddress(bytes: to.value),
                let number = ports.first(1)?.native(as: UInt8.self),
                let sourcePort = ports.first(2)?.big(as: UInt16.self),
                let destinationPort = ports.first(3)?.big(as: UInt16.self)
            else { return nil }
            transportProtocol = number
            self.source = source
            self.destination = destination
            self.sourcePort = sourcePort
            self.destinationPort = destinationPort
        }
    }
}
