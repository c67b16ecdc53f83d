package import MartinetAPI
import MartinetAddresses
import MartinetDNSMessage
package import MartinetNameAnswers
package import MartinetServiceRules

/// From Services and their EndpointSlices to what the firewall and the name server take.
package enum ServiceTranslation {
    /// What carries a Service's traffic; nil for one without addresses (headless, ExternalName).
    package static func input(_ service: Service, _ slices: [EndpointSlice], node: String) -> ServiceInput? {
        guard service.spec.type != "ExternalName", service.spec.clusterIP != "None" else { return nil }
        let addresses = service.spec.clusterIPs.compactMap { IPAddress($0) }
        guard !addresses.isEmpty else { return nil }
        let ports = service.spec.ports.compactMap { port -> MartinetServiceRules.ServicePort? in
            guard let number = UInt16(exactly: port.port), let transport = transport(port.protocol) else { return nil }
            return MartinetServiceRules.ServicePort(
                transport, number, nodePort: port.nodePort == 0 ? nil : UInt16(exactly: port.nodePort),
                endpoints: endpoints(slices, portName: port.name, node: node))
        }
        var input = ServiceInput(
            name: "\(service.metadata.namespace)/\(service.metadata.name)", clusterIPs: addresses, ports: ports)
        input.externalIPs = service.spec.externalIPs.compactMap { IPAddress($0) }
        if service.spec.sessionAffinity == "ClientIP" {
            input.affinitySeconds = UInt32(service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10800)
        }
        input.isExternalTrafficLocal = service.spec.externalTrafficPolicy == "Local"
        input.isInternalTrafficLocal = service.spec.internalTrafficPolicy == "Local"
        return input
    }

    private static func transport(_ name: String) -> TransportProtocol? {
        switch name {
        case "", "TCP": .tcp
        case "UDP": .udp
        case "SCTP": .sctp
        default: nil
        }
    }

    /// The ready endpoints; where there are none, those that are going but still serve (KEP-1669).
    private static func endpoints(_ slices: [EndpointSlice], portName: String, node: String) -> [ServiceEndpoint] {
        func collect(_ isWanted: (EndpointConditions) -> Bool) -> [ServiceEndpoint] {
            var found: Set<ServiceEndpoint> = []
            for slice in slices {
                guard let port = slice.ports.first(where: { ($0.name ?? "") == portName })?.port,
                    let number = UInt16(exactly: port)
                else { continue }
                for endpoint in slice.endpoints where isWanted(endpoint.conditions) {
                    guard let address = endpoint.addresses.first.flatMap({ IPAddress($0) }) else { continue }
                    found.insert(ServiceEndpoint(address, number, isLocal: endpoint.nodeName == node))
                }
            }
            return found.sorted()
        }
        let ready = collect { $0.ready ?? true }
        return ready.isEmpty ? collect { ($0.serving ?? false) && ($0.terminating ?? false) } : ready
    }

    /// The names of a Service; nil where its addresses cannot be read.
    package static func named(_ service: Service, _ slices: [EndpointSlice]) -> NamedService? {
        let metadata = service.metadata
        func named(_ kind: NamedService.Kind) -> NamedService {
            NamedService(namespace: metadata.namespace, name: metadata.name, kind)
        }
        if service.spec.type == "ExternalName" {
            return DNSName(service.spec.externalName).map { named(.external($0)) }
        }
        if service.spec.clusterIP == "None" {
            return named(.headless(headless(slices, publishesUnready: service.spec.publishNotReadyAddresses)))
        }
        let ports = service.spec.ports.compactMap { port in
            UInt16(exactly: port.port).map {
                NamedService.Port(port.name, port.protocol.isEmpty ? "tcp" : port.protocol.lowercased(), $0)
            }
        }
        return named(.cluster(service.spec.clusterIPs.compactMap { IPAddress($0) }, ports))
    }

    private static func headless(_ slices: [EndpointSlice], publishesUnready: Bool) -> [NamedService.Endpoint] {
        slices.flatMap { slice in
            let ports = slice.ports.compactMap { port in
                UInt16(exactly: port.port ?? 0).map {
                    NamedService.Port(port.name ?? "", (port.protocol ?? "TCP").lowercased(), $0)
                }
            }
            return slice.endpoints.compactMap { endpoint -> NamedService.Endpoint? in
                guard publishesUnready || endpoint.conditions.ready ?? true,
                    let address = endpoint.addresses.first.flatMap({ IPAddress($0) })
                else { return nil }
                return NamedService.Endpoint(address, hostname: endpoint.hostname, ports: ports)
            }
        }
    }
}
