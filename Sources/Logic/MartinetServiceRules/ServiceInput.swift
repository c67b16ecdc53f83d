package import MartinetAddresses

/// By their numbers in IP headers.
package enum TransportProtocol: UInt8, Hashable, Sendable, CaseIterable {
    case tcp = 6
    case udp = 17
    case sctp = 132
}

/// Where a service's connections may go.
package struct ServiceEndpoint: Hashable, Comparable, Sendable {
    package var address: IPAddress
    package var port: UInt16
    /// Whether it runs on this node.
    package var isLocal: Bool

    package init(_ address: IPAddress, _ port: UInt16, isLocal: Bool) {
        self.address = address
        self.port = port
        self.isLocal = isLocal
    }

    package static func < (a: ServiceEndpoint, b: ServiceEndpoint) -> Bool {
        (a.address, a.port) < (b.address, b.port)
    }
}

/// One port of a service, with the endpoints that take its connections now: the ready ones, or those that the caller
/// falls back to.
package struct ServicePort: Hashable, Sendable {
    package var transportProtocol: TransportProtocol
    package var port: UInt16
    package var nodePort: UInt16?
    package var endpoints: [ServiceEndpoint]

    package init(
        _ transportProtocol: TransportProtocol, _ port: UInt16, nodePort: UInt16? = nil, endpoints: [ServiceEndpoint]
    ) {
        self.transportProtocol = transportProtocol
        self.port = port
        self.nodePort = nodePort
        self.endpoints = endpoints
    }
}

/// What a node must know of a service to carry its traffic. Headless and ExternalName services have no rules.
package struct ServiceInput: Hashable, Sendable {
    /// `namespace/name`.
    package var name: String
    package var clusterIPs: [IPAddress]
    /// External addresses, those of load balancers among them.
    package var externalIPs: [IPAddress] = []
    package var ports: [ServicePort]
    /// For how many seconds a client stays with its endpoint after its last connection; nil is no affinity.
    package var affinitySeconds: UInt32?
    package var isExternalTrafficLocal = false
    package var isInternalTrafficLocal = false

    package init(name: String, clusterIPs: [IPAddress], ports: [ServicePort]) {
        self.name = name
        self.clusterIPs = clusterIPs
        self.ports = ports
    }

    /// The host ports of a pod, which are carried as a service with one endpoint is. `address` nil is every address of
    /// the node.
    package static func hostPorts(
        owner: String, pod: IPAddress,
        _ ports: [(protocol: TransportProtocol, hostPort: UInt16, containerPort: UInt16, address: IPAddress?)]
    ) -> [ServiceInput] {
        ports.enumerated().map { index, port in
            let endpoint = ServiceEndpoint(pod, port.containerPort, isLocal: true)
            var input = ServiceInput(
                name: "hostport:\(owner):\(index)", clusterIPs: [],
                ports: [
                    ServicePort(
                        port.protocol, port.hostPort, nodePort: port.address == nil ? port.hostPort : nil,
                        endpoints: [endpoint])
                ])
            if let address = port.address { input.externalIPs = [address] }
            // The pod sees its client's address.
            input.isExternalTrafficLocal = true
            return input
        }
    }
}
