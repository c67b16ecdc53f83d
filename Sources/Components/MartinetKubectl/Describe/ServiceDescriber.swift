import MartinetYAML

/// Services with their endpoints.
struct ServiceDescriber {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func describe(_ service: YAMLNode, _ writer: inout DescribeWriter) async throws {
        let common = Describer(context)
        common.head(service, &writer)
        common.pairs("Labels", service.entries("metadata", "labels"), &writer)
        common.pairs("Annotations", service.entries("metadata", "annotations"), &writer)
        writer.line(0, "Selector:", Describer.selector(service.entries("spec", "selector")))
        writer.line(0, "Type:", service.text("spec", "type"))
        if !service.text("spec", "ipFamilyPolicy").isEmpty {
            writer.line(0, "IP Family Policy:", service.text("spec", "ipFamilyPolicy"))
        }
        let families = service.items("spec", "ipFamilies").compactMap(\.string)
        writer.line(0, "IP Families:", families.isEmpty ? "<none>" : families.joined(separator: ","))
        writer.line(0, "IP:", service.text("spec", "clusterIP"))
        let ips = service.items("spec", "clusterIPs").compactMap(\.string)
        writer.line(0, "IPs:", ips.isEmpty ? "<none>" : ips.joined(separator: ","))
        let external = service.items("spec", "externalIPs").compactMap(\.string)
        if !external.isEmpty { writer.line(0, "External IPs:", external.joined(separator: ",")) }
        for (key, title) in [("loadBalancerIP", "Desired LoadBalancer IP:"), ("externalName", "External Name:")]
        where !service.text("spec", key).isEmpty {
            writer.line(0, title, service.text("spec", key))
        }
        let ingress = service.items("status", "loadBalancer", "ingress").map { $0.text("ip") + $0.text("hostname") }
        if !ingress.isEmpty { writer.line(0, "LoadBalancer Ingress:", ingress.joined(separator: ", ")) }
        let slices = try await slices(service)
        for port in service.items("spec", "ports") {
            let name = port.text("name").isEmpty ? "<unset>" : port.text("name")
            writer.line(0, "Port:", name, "\(port.text("port"))/\(port.text("protocol"))")
            writer.line(0, "TargetPort:", "\(port.text("targetPort"))/\(port.text("protocol"))")
            if let node = port.number("nodePort"), node > 0 {
                writer.line(0, "NodePort:", name, "\(node)/\(port.text("protocol"))")
            }
            writer.line(0, "Endpoints:", Self.endpoints(slices, port.text("name")))
        }
        writer.line(0, "Session Affinity:", service.text("spec", "sessionAffinity"))
        for (key, title) in [
            ("externalTrafficPolicy", "External Traffic Policy:"),
            ("internalTrafficPolicy", "Internal Traffic Policy:"),
        ] where !service.text("spec", key).isEmpty {
            writer.line(0, title, service.text("spec", key))
        }
    }

    private func slices(_ service: YAMLNode) async throws -> [YAMLNode] {
        do {
            let resource = try await context.discovery.resource("endpointslices.discovery.k8s.io")
            return try await context.list(
                resource, service.metaNamespace, labels: "kubernetes.io/service-name=\(service.metaName)")
        } catch is StatusError, is KubectlError {
            return []
        }
    }

    private static func endpoints(_ slices: [YAMLNode], _ name: String) -> String {
        var places: [String] = []
        for slice in slices {
            for port in slice.items("ports") where port.text("name") == name {
                for endpoint in slice.items("endpoints") where endpoint.at("conditions", "ready")?.bool != false {
                    for address in endpoint.items("addresses").compactMap(\.string) {
                        places.append(
                            address.contains(":")
                                ? "[\(address)]:\(port.text("port"))" : "\(address):\(port.text("port"))")
                    }
                }
            }
        }
        let shown = places.prefix(3).joined(separator: ",")
        return places.isEmpty ? "<none>" : places.count > 3 ? "\(shown) + \(places.count - 3) more..." : shown
    }
}
