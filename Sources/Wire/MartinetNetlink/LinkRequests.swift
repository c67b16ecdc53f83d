package import MartinetAddresses

/// What a link is to be; a part left nil is not touched (<linux/if_link.h>).
package struct LinkSettings: Hashable, Sendable {
    package var isUp: Bool?
    package var mtu: UInt32?
    package var hardwareAddress: [UInt8]?
    /// The bridge to join, by its index.
    package var master: UInt32?
    /// A descriptor of the namespace to be in.
    package var namespace: Int32?
    package var name: String?
    /// Whether a bridge port may send a frame back where it came from.
    package var isHairpin: Bool?
    /// Whether a bridge port reaches only ports that are not isolated, and the bridge itself.
    package var isIsolated: Bool?

    package init() {}
}

/// The kind of a new link, with what only that kind has.
package enum LinkKind: Hashable, Sendable {
    case bridge
    case dummy
    /// A pair; `peer` describes the other end, which may be born in another namespace.
    case veth(peer: LinkSettings)
    /// A tunnel over UDP `port` (RFC 7348) from `local`, without learning.
    case vxlan(id: UInt32, local: IPAddress, port: UInt16)

    var name: String {
        switch self {
        case .bridge: "bridge"
        case .dummy: "dummy"
        case .veth: "veth"
        case .vxlan: "vxlan"
        }
    }
}

/// rtnetlink(7) messages about links.
package enum LinkRequests {
    package static func add(_ kind: LinkKind, _ settings: LinkSettings) -> NetlinkRequest {
        var body = NetlinkBody(header: header(index: 0, settings.isUp))
        append(settings, to: &body)
        body.nest(18) { info in  // IFLA_LINKINFO
            info.attribute(1, text: kind.name)
            switch kind {
            case .bridge, .dummy: break
            case .veth(let peer):
                info.nest(2) {
                    $0.nest(1) {  // VETH_INFO_PEER: a header and attributes, as a link of its own has them
                        $0.raw(header(index: 0, peer.isUp))
                        append(peer, to: &$0)
                    }
                }
            case .vxlan(let id, let local, let port):
                info.nest(2) {
                    $0.attribute(1, native: id)
                    $0.attribute(local.family == .v4 ? 4 : 17, local.bytes)
                    $0.attribute(15, big: port)
                    $0.attribute(7, native: UInt8(0))
                }
            }
        }
        return NetlinkRequest(
            type: 16, flags: [.create, .exclusive, .acknowledge], body: body,
            purpose: "add \(kind.name) \(settings.name ?? "without a name")")
    }

    package static func change(index: UInt32, _ settings: LinkSettings, called name: String) -> NetlinkRequest {
        var body = NetlinkBody(header: header(index: index, settings.isUp))
        append(settings, to: &body)
        if settings.isHairpin != nil || settings.isIsolated != nil {
            body.nest(18) {
                $0.attribute(4, text: "bridge")  // IFLA_INFO_SLAVE_KIND
                $0.nest(5) {  // IFLA_INFO_SLAVE_DATA
                    if let hairpin = settings.isHairpin { $0.attribute(4, native: UInt8(hairpin ? 1 : 0)) }
                    if let isolated = settings.isIsolated { $0.attribute(33, native: UInt8(isolated ? 1 : 0)) }
                }
            }
        }
        return NetlinkRequest(type: 16, flags: .acknowledge, body: body, purpose: "change link \(name)")
    }

    package static func delete(name: String) -> NetlinkRequest {
        var body = NetlinkBody(header: header(index: 0, nil))
        body.attribute(3, text: name)
        return NetlinkRequest(type: 17, flags: .acknowledge, body: body, purpose: "delete link \(name)")
    }

    package static func get(name: String) -> NetlinkRequest {
        var body = NetlinkBody(header: header(index: 0, nil))
        body.attribute(3, text: name)
        return NetlinkRequest(type: 18, flags: .acknowledge, body: body, purpose: "get link \(name)")
    }

    package static func dump() -> NetlinkRequest {
        NetlinkRequest(
            type: 18, flags: .dump, body: NetlinkBody(header: header(index: 0, nil)), purpose: "list links")
    }

    /// `ifinfomsg`: family, pad, type, index, flags, mask of flags to change. `IFF_UP` is 1.
    private static func header(index: UInt32, _ isUp: Bool?) -> [UInt8] {
        var bytes: [UInt8] = [0, 0, 0, 0]
        bytes.append(native: index)
        bytes.append(native: UInt32(isUp == true ? 1 : 0))
        bytes.append(native: UInt32(isUp == nil ? 0 : 1))
        return bytes
    }

    private static func append(_ settings: LinkSettings, to body: inout NetlinkBody) {
        if let name = settings.name { body.attribute(3, text: name) }
        if let address = settings.hardwareAddress { body.attribute(1, address) }
        if let mtu = settings.mtu { body.attribute(4, native: mtu) }
        if let master = settings.master { body.attribute(10, native: master) }
        if let namespace = settings.namespace { body.attribute(28, native: namespace) }
    }
}

/// A link as the kernel lists it.
package struct Link: Hashable, Sendable {
    package let index: UInt32
    package let name: String
    package let kind: String?
    package let isUp: Bool
    package let mtu: UInt32
    package let hardwareAddress: [UInt8]
    package let master: UInt32?

    /// From an `RTM_NEWLINK` message; nil where it is another.
    package init?(_ reply: NetlinkReply) throws(NetlinkError) {
        guard reply.type == 16 else { return nil }
        guard let index = reply.payload.native(at: 4, as: UInt32.self),
            let flags = reply.payload.native(at: 8, as: UInt32.self)
        else { throw NetlinkError(.malformed, "a link without a header") }
        let attributes = try NetlinkAttribute.parse(reply.payload.dropFirst(16))
        self.index = index
        isUp = flags & 1 != 0
        name = attributes.first(3)?.text ?? ""
        mtu = attributes.first(4)?.native(as: UInt32.self) ?? 0
        hardwareAddress = Array(attributes.first(1)?.value ?? [])
        master = attributes.first(10)?.native(as: UInt32.self)
        kind = try attributes.first(18)?.nested().first(1)?.text
    }
}
