import MartinetBase
import MartinetSchema

extension ColumnStrategies {
    static let network: [String: Strategy] = [
        "serviceClusterIP": text { CellText.or($0.texts("spec.clusterIPs").first ?? "") },
        "serviceExternalIP": { .string(serviceExternalIP($0.object, wide: $0.wide)) },
        "servicePortS": text { service in
            CellText.or(
                service.objects("spec.ports").map { port in
                    let node = port.number("nodePort")
                    let number = node > 0 ? "\(port.number("port")):\(node)" : "\(port.number("port"))"
                    return "\(number)/\(port.text("protocol"))"
                }.joined(separator: ","))
        },
        "serviceSelector": text { CellText.labels($0.map("spec.selector")) },
        "endpointsEndpoints": text(endpoints),
        "endpointSlicePorts": text { slice in
            CellText.list(
                slice.objects("ports").map { port in
                    port.optionalNumber("port").map(String.init) ?? port.optionalText("name") ?? "*"
                })
        },
        "endpointSliceEndpoints": text { slice in
            CellText.list(slice.objects("endpoints").flatMap { $0.texts("addresses") })
        },
        "ingressClass": text { $0.optionalText("spec.ingressClassName") ?? CellText.none },
        "ingressHosts": text { ingress in
            let rules = ingress.objects("spec.rules")
            var hosts: [String] = []
            var more = false
            for rule in rules {
                if hosts.count == 3 { more = true }
                if !more, !rule.text("host").isEmpty { hosts.append(rule.text("host")) }
            }
            if hosts.isEmpty { return "*" }
            let text = hosts.joined(separator: ",")
            return more ? "\(text) + \(rules.count - 3) more..." : text
        },
        "ingressAddress": { .string(CellText.loadBalancer($0.object, wide: $0.wide)) },
        "ingressPorts": text { $0.objects("spec.tls").isEmpty ? "80" : "80, 443" },
        "ingressClassParameters": text { ingress in
            guard let parameters = ingress.object("spec.parameters") else { return CellText.none }
            let group = parameters.optionalText("apiGroup").map { ".\($0)" } ?? ""
            return "\(parameters.text("kind"))\(group)/\(parameters.text("name"))"
        },
        "ingressClassName": defaultName(["ingressclass.kubernetes.io/is-default-class"]),
        "networkPolicyPodSelector": text { CellText.selectorOrNone($0.object("spec.podSelector")) },
        "serviceCIDRCIDRs": text { $0.texts("spec.cidrs").joined(separator: ",") },
        "ipAddressParentRef": text { address in
            guard let parent = address.object("spec.parentRef") else { return CellText.none }
            let group = parent.text("group").isEmpty ? "" : ".\(parent.text("group"))"
            let namespace = parent.text("namespace").isEmpty ? "" : "/\(parent.text("namespace"))"
            return "\(parent.text("resource"))\(group)".lowercased() + "\(namespace)/\(parent.text("name"))"
        },
        "apiServiceService": text { service in
            guard let reference = service.object("spec.service") else { return "Local" }
            return "\(reference.text("namespace"))/\(reference.text("name"))"
        },
        "apiServiceAvailable": text { service in
            guard let available = service.condition("Available") else { return "Unknown" }
            let status = available.text("status")
            return status == "True" || available.text("reason").isEmpty
                ? status : "\(status) (\(available.text("reason")))"
        },
    ]

    /// The name, with a mark where an annotation makes it the default of its kind.
    static func defaultName(_ annotations: [String]) -> Strategy {
        text { object in
            let isDefault = annotations.contains { object.annotation($0) == "true" }
            return object.text("metadata.name") + (isDefault ? " (default)" : "")
        }
    }

    private static func serviceExternalIP(_ service: Object, wide: Bool) -> String {
        let external = service.texts("spec.externalIPs").joined(separator: ",")
        switch service.text("spec.type") {
        case "ClusterIP", "NodePort": return CellText.or(external)
        case "LoadBalancer":
            let both = [CellText.loadBalancer(service, wide: wide), external].filter { !$0.isEmpty }
            return CellText.or(both.joined(separator: ","), "<pending>")
        case "ExternalName": return service.text("spec.externalName")
        default: return CellText.unknown
        }
    }

    private static func endpoints(_ object: Object) -> String {
        let subsets = object.objects("subsets")
        if subsets.isEmpty { return CellText.none }
        var all: [String] = []
        for subset in subsets {
            let addresses = subset.objects("addresses").map { $0.text("ip") }
            let ports = subset.objects("ports")
            if ports.isEmpty { all += addresses }
            for port in ports {
                all += addresses.map {
                    $0.utf8.contains(58) ? "[\($0)]:\(port.number("port"))" : "\($0):\(port.number("port"))"
                }
            }
        }
        return CellText.list(all, empty: "")
    }
}
