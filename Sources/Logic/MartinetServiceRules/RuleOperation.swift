package import MartinetAddresses

/// What connections are addressed to. The unspecified address stands for every address of the node.
package struct Frontend: Hashable, Comparable, Sendable {
    package let address: IPAddress
    package let transportProtocol: TransportProtocol
    package let port: UInt16

    package init(_ address: IPAddress, _ transportProtocol: TransportProtocol, _ port: UInt16) {
        self.address = address
        self.transportProtocol = transportProtocol
        self.port = port
    }

    package var isNodePort: Bool { address == .unspecified(address.family) }

    package static func < (a: Frontend, b: Frontend) -> Bool {
        (a.address, a.transportProtocol.rawValue, a.port) < (b.address, b.transportProtocol.rawValue, b.port)
    }
}

/// Whose connections a route is for.
package enum RouteScope: UInt8, Hashable, Sendable, CaseIterable {
    case everyone
    /// The node's own processes and the cluster's pods, where they are treated differently.
    case inside

    /// Keeps the endpoints of the two apart in one map.
    package var indexOffset: UInt32 { self == .everyone ? 0 : 0x8000_0000 }
}

/// A chain that picks one of `count` endpoints. It knows no service: all with as many endpoints share it.
package struct Chooser: Hashable, Comparable, Sendable {
    package let count: UInt32
    package let isNodePort: Bool
    package let scope: RouteScope
    package let affinitySeconds: UInt32?

    package init(count: UInt32, isNodePort: Bool, scope: RouteScope, affinitySeconds: UInt32?) {
        self.count = count
        self.isNodePort = isNodePort
        self.scope = scope
        self.affinitySeconds = affinitySeconds
    }

    package var chain: String {
        var name = "pick-\(count)"
        if isNodePort { name += "-node" }
        if scope == .inside { name += "-inside" }
        if let affinitySeconds { name += "-sticky-\(affinitySeconds)" }
        return name
    }

    package static func < (a: Chooser, b: Chooser) -> Bool { a.chain < b.chain }
}

/// An element of one of the table's sets and maps.
package enum RuleElement: Hashable, Sendable {
    case route(Frontend, RouteScope, Chooser?)
    case endpoint(Frontend, index: UInt32, IPAddress, UInt16)
    case sticky(Frontend, IPAddress, UInt16)
    case hairpin(IPAddress)
    case masquerade(Frontend)
    case refused(Frontend)
}

/// One step from the rules as they are to the rules as they shall be.
package enum RuleOperation: Hashable, Sendable {
    case addChooser(Chooser)
    case removeElement(RuleElement)
    case addElement(RuleElement)
    case removeChooser(Chooser)
    /// Tracked datagrams to the frontend that `endpoint` answers go to another one from now on; nil is those that
    /// nobody answered.
    case forgetConnections(Frontend, endpoint: ServiceEndpoint?)
}
