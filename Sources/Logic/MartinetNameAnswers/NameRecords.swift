package import MartinetAddresses
package import MartinetDNSMessage

/// A service as its names need it.
package struct NamedService: Hashable, Sendable {
    package struct Port: Hashable, Sendable {
        /// Empty where the port has no name.
        package var name: String
        /// `tcp`, `udp` or `sctp`.
        package var transportProtocol: String
        package var port: UInt16

        package init(_ name: String, _ transportProtocol: String, _ port: UInt16) {
            self.name = name
            self.transportProtocol = transportProtocol
            self.port = port
        }
    }

    /// An address of a headless service, with the ports that it has there.
    package struct Endpoint: Hashable, Sendable {
        package var address: IPAddress
        package var hostname: String?
        package var ports: [Port]

        package init(_ address: IPAddress, hostname: String? = nil, ports: [Port] = []) {
            self.address = address
            self.hostname = hostname
            self.ports = ports
        }

        /// Its own label: the hostname, or its address with dashes.
        var label: String {
            hostname?.lowercased() ?? address.description.map { $0 == "." || $0 == ":" ? "-" : String($0) }.joined()
        }
    }

    package enum Kind: Hashable, Sendable {
        case cluster([IPAddress], [Port])
        /// The endpoints are the ready ones, or all where the service publishes the others too.
        case headless([Endpoint])
        case external(DNSName)
    }

    package var namespace: String
    package var name: String
    package var kind: Kind

    package init(namespace: String, name: String, _ kind: Kind) {
        self.namespace = namespace
        self.name = name
        self.kind = kind
    }
}

/// Everything that the cluster's names are answered from: an immutable snapshot, replaced whole.
package struct NameRecords: Sendable {
    package let zone: DNSName
    /// In seconds, of every record and of every absence.
    package let ttl: UInt32
    let services: [String: [String: NamedService.Kind]]
    let namespaces: Set<String>
    let reverse: [IPAddress: DNSName]
    let ownRanges: [IPNetwork]
    let serverAddresses: [IPAddress]
    /// Grows with every snapshot.
    let serial: UInt32

    /// - Parameters:
    ///   - namespaces: all there are; those of `services` are added.
    ///   - ownRanges: addresses whose names nobody else knows: their reverse names are never forwarded.
    ///   - serverAddresses: of this server, for its own name `ns.dns`.
    package init(
        zone: DNSName, services: [NamedService], namespaces: [String], ownRanges: [IPNetwork] = [],
        serverAddresses: [IPAddress] = [], serial: UInt32 = 1, ttl: UInt32 = 5
    ) {
        self.zone = zone
        self.ttl = ttl
        self.ownRanges = ownRanges
        self.serverAddresses = serverAddresses
        self.serial = serial
        var byName: [String: [String: NamedService.Kind]] = [:]
        var reverse: [IPAddress: DNSName] = [:]
        for service in services {
            byName[service.namespace.lowercased(), default: [:]][service.name.lowercased()] = service.kind
            let labels = [service.name, service.namespace, "svc"]
            switch service.kind {
            case .cluster(let addresses, _):
                for address in addresses { reverse[address] = NameRecords.name(labels, zone) }
            case .headless(let endpoints):
                // An address without a hostname of its own has no name of its own.
                for endpoint in endpoints where endpoint.hostname != nil && reverse[endpoint.address] == nil {
                    reverse[endpoint.address] = NameRecords.name([endpoint.label] + labels, zone)
                }
            case .external: break
            }
        }
        self.services = byName
        self.reverse = reverse
        self.namespaces = Set(namespaces.map { $0.lowercased() }).union(byName.keys)
    }

    static func name(_ labels: [String], _ zone: DNSName) -> DNSName? {
        DNSName(labels: labels.map { Array($0.utf8) } + zone.labels)
    }
}
