package import MartinetAddresses

/// A route: where packets for `destination` go.
package struct Route: Hashable, Sendable {
    package var destination: IPNetwork
    package var link: UInt32?
    package var gateway: IPAddress?
    package var preferredSource: IPAddress?
    /// Whether the gateway is taken as reachable on the link although no address of it says so.
    package var isOnLink = false
    /// Who made it (`rtm_protocol`, <linux/rtnetlink.h>): 2 is the kernel; 77 is ours, which no other program claims
    /// in iproute2's list.
    package var owner: UInt8 = Route.martinet

    package static let martinet: UInt8 = 77

    package init(
        _ destination: IPNetwork, link: UInt32? = nil, gateway: IPAddress? = nil, preferredSource: IPAddress? = nil,
        isOnLink: Bool = false
    ) {
        self.destination = destination
        self.link = link
        self.gateway = gateway
        self.preferredSource = preferredSource
        self.isOnLink = isOnLink
    }

    /// From an `RTM_NEWROUTE` message of the main table; nil where it is another, or no unicast route.
    package init?(_ reply: NetlinkReply) throws(NetlinkError) {
        guard reply.type == 24 else { return nil }
        let header = Array(reply.payload.prefix(12))
        guard header.count == 12 else { throw NetlinkError(.malformed, "a route without a header") }
        let attributes = try NetlinkAttribute.parse(reply.payload.dropFirst(12))
        let table = attributes.first(15)?.native(as: UInt32.self) ?? UInt32(header[4])
        guard let family = IPFamily(rawValue: header[0]), table == 254, header[7] == 1 else { return nil }
        let start = attributes.first(1).flatMap { IPAddress(bytes: $0.value) } ?? .unspecified(family)
        guard let destination = IPNetwork(start, prefix: Int(header[1])) else {
            throw NetlinkError(.malformed, "a route with a prefix of \(header[1])")
        }
        self.init(
            destination, link: attributes.first(4)?.native(as: UInt32.self),
            gateway: attributes.first(5).flatMap { IPAddress(bytes: $0.value) },
            preferredSource: attributes.first(7).flatMap { IPAddress(bytes: $0.value) })
        owner = header[5]
    }
}

/// rtnetlink(7) messages about routes of the main table.
package enum RouteRequests {
    package static func add(_ route: Route) -> NetlinkRequest {
        NetlinkRequest(
            type: 24, flags: [.create, .exclusive, .acknowledge], body: body(route),
            purpose: "add route \(route.destination)")
    }

    package static func replace(_ route: Route) -> NetlinkRequest {
        NetlinkRequest(
            type: 24, flags: [.create, .replace, .acknowledge], body: body(route),
            purpose: "replace route \(route.destination)")
    }

    package static func delete(_ route: Route) -> NetlinkRequest {
        NetlinkRequest(
            type: 25, flags: .acknowledge, body: body(route), purpose: "delete route \(route.destination)")
    }

    package static func dump(_ family: IPFamily) -> NetlinkRequest {
        NetlinkRequest(
            type: 26, flags: .dump,
            body: NetlinkBody(header: [family.rawValue, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), purpose: "list routes")
    }

    private static func body(_ route: Route) -> NetlinkBody {
        // `rtmsg`: family, prefixes of destination and source, tos, table (main 254), protocol, scope (link 253 where
        // there is no gateway), type (unicast 1), flags (RTNH_F_ONLINK 4).
        let scope: UInt8 = route.gateway == nil && route.destination.family == .v4 ? 253 : 0
        var header: [UInt8] = [
            route.destination.family.rawValue, UInt8(clamping: route.destination.prefix), 0, 0, 254, route.owner, scope,
            1,
        ]
        header.append(native: UInt32(route.isOnLink ? 4 : 0))
        var body = NetlinkBody(header: header)
        if route.destination.prefix > 0 { body.attribute(1, route.destination.address.bytes) }
        if let link = route.link { body.attribute(4, native: link) }
        if let gateway = route.gateway { body.attribute(5, gateway.bytes) }
        if let source = route.preferredSource { body.attribute(7, source.bytes) }
        return body
    }
}
