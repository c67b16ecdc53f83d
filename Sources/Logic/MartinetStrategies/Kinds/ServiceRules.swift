import MartinetAPI
import MartinetSchema

struct ServiceRules: KindRules {
    var nameForm: NameForm { .dns1035Label }
    var hasGeneration: Bool? { false }
    var allowsCreateOnUpdate: Bool { true }

    func setDefaults(_ object: inout Object) {
        var service = Service(object: object)
        if service.spec.sessionAffinity == "None" { service.spec.sessionAffinityConfig = nil }
        if service.spec.sessionAffinity == "ClientIP",
            service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds == nil
        {
            service.spec.sessionAffinityConfig = SessionAffinityConfig { config in
                config.clientIP = ClientIPConfig { $0.timeoutSeconds = 10_800 }
            }
        }
        for index in service.spec.ports.indices {
            let target = service.spec.ports[index].targetPort
            if target == nil || target == .int(0) || target == .string("") {
                service.spec.ports[index].targetPort = .int(service.spec.ports[index].port)
            }
        }
        let type = service.spec.type
        let isExternal =
            type == "NodePort" || type == "LoadBalancer" || (type == "ClusterIP" && !service.spec.externalIPs.isEmpty)
        if isExternal, service.spec.externalTrafficPolicy.isEmpty { service.spec.externalTrafficPolicy = "Cluster" }
        if ["ClusterIP", "NodePort", "LoadBalancer"].contains(type), service.spec.internalTrafficPolicy == nil {
            service.spec.internalTrafficPolicy = "Cluster"
        }
        if type == "LoadBalancer" {
            if service.spec.allocateLoadBalancerNodePorts == nil { service.spec.allocateLoadBalancerNodePorts = true }
            for index in service.status.loadBalancer.ingress.indices
            where !service.status.loadBalancer.ingress[index].ip.isEmpty
                && service.status.loadBalancer.ingress[index].ipMode == nil
            {
                service.status.loadBalancer.ingress[index].ipMode = "VIP"
            }
        }
        object = service.object
    }

    func prepareForCreate(_ object: inout Object) {
        var service = Service(object: object)
        if !service.spec.clusterIP.isEmpty, service.spec.clusterIPs.isEmpty {
            service.spec.clusterIPs = [service.spec.clusterIP]
        }
        object = service.object
    }

    /// What an update leaves out is kept, unless its meaning goes with a change of type.
    func prepareForUpdate(_ object: inout Object, old: Object) {
        var (service, before) = (Service(object: object), Service(object: old))
        let wasExternalName = before.spec.type == "ExternalName"
        if service.spec.type != "ExternalName", !wasExternalName {
            if service.spec.clusterIP.isEmpty { service.spec.clusterIP = before.spec.clusterIP }
            if service.spec.clusterIPs.isEmpty, service.spec.clusterIP == before.spec.clusterIP {
                service.spec.clusterIPs = before.spec.clusterIPs
            }
            if service.spec.ipFamilies.isEmpty { service.spec.ipFamilies = before.spec.ipFamilies }
            if service.spec.ipFamilyPolicy == nil { service.spec.ipFamilyPolicy = before.spec.ipFamilyPolicy }
        } else if service.spec.type == "ExternalName", !wasExternalName {
            if service.spec.clusterIP == before.spec.clusterIP {
                service.spec.clusterIP = ""
                if service.spec.clusterIPs == before.spec.clusterIPs { service.spec.clusterIPs = [] }
            }
            if service.spec.ipFamilies == before.spec.ipFamilies { service.spec.ipFamilies = [] }
            if service.spec.ipFamilyPolicy == before.spec.ipFamilyPolicy { service.spec.ipFamilyPolicy = nil }
        }
        if !service.spec.clusterIP.isEmpty, service.spec.clusterIPs.isEmpty {
            service.spec.clusterIPs = [service.spec.clusterIP]
        }
        if service.spec.type == before.spec.type, service.spec.type == "NodePort" || service.spec.type == "LoadBalancer"
        {
            for index in service.spec.ports.indices where service.spec.ports[index].nodePort == 0 {
                let port = service.spec.ports[index]
                let same = before.spec.ports.first { $0.port == port.port && $0.protocol == port.protocol }
                if let same { service.spec.ports[index].nodePort = same.nodePort }
            }
        }
        if service.spec.healthCheckNodePort == 0, ServiceRules.needsHealthCheck(service),
            ServiceRules.needsHealthCheck(before)
        {
            service.spec.healthCheckNodePort = before.spec.healthCheckNodePort
        }
        before.spec = service.spec
        object = service.object
    }

    static func needsHealthCheck(_ service: Service) -> Bool {
        service.spec.type == "LoadBalancer" && service.spec.externalTrafficPolicy == "Local"
    }

    func validate(_ object: Object, _ checker: inout Checker) {
        let service = Service(object: object)
        let spec = service.spec
        // Addresses are given out before anything else is looked at, so their faults are the only ones.
        if spec.type != "ExternalName" {
            var early = Checker()
            addresses(spec, &early)
            for error in checker.errors where error.field.hasPrefix("spec.ipFamil") { early.append([error]) }
            if early.errors.isEmpty, spec.ipFamilyPolicy == "RequireDualStack" {
                early.invalid("spec.ipFamilyPolicy", "this cluster has one family of addresses")
            }
            if !early.errors.isEmpty { return checker.finish(with: early.errors) }
        }
        let isHeadless = spec.clusterIPs == ["None"]
        if spec.ports.isEmpty, !isHeadless, spec.type != "ExternalName" { checker.required("spec.ports") }
        switch spec.type {
        case "LoadBalancer", "NodePort":
            if isHeadless { checker.invalid("spec.clusterIPs[0]", "may not be None for this type") }
        case "ExternalName": externalName(spec, &checker)
        default: break
        }
        ports(spec, &checker)
        checker.labels(spec.selector, "spec.selector")
        if spec.sessionAffinity == "ClientIP" {
            let seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 0
            if seconds <= 0 || seconds > 86_400 {
                checker.invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", "must be between 1 and 86400")
            }
        } else if spec.sessionAffinity == "None", spec.sessionAffinityConfig != nil {
            checker.forbidden("spec.sessionAffinityConfig", "must not be set where sessionAffinity is None")
        }
        for (index, ip) in spec.externalIPs.enumerated() {
            Self.endpointAddress(ip, "spec.externalIPs[\(index)]", &checker)
        }
        loadBalancer(service, &checker)
        traffic(service, &checker)
    }

    private func externalName(_ spec: ServiceSpec, _ checker: inout Checker) {
        let reason = "may not be set for this type"
        if !spec.clusterIPs.isEmpty { checker.forbidden("spec.clusterIPs", reason) }
        if !spec.ipFamilies.isEmpty { checker.forbidden("spec.ipFamilies", reason) }
        if spec.ipFamilyPolicy != nil { checker.forbidden("spec.ipFamilyPolicy", reason) }
        let name = spec.externalName.hasSuffix(".") ? String(spec.externalName.dropLast()) : spec.externalName
        name.isEmpty
            ? checker.required("spec.externalName") : checker.invalid("spec.externalName", Names.dnsSubdomain(name))
    }

    private func ports(_ spec: ServiceSpec, _ checker: inout Checker) {
        var names: Set<String> = []
        var (numbers, nodePorts): (Set<String>, Set<String>) = ([], [])
        for (index, port) in spec.ports.enumerated() {
            let path = "spec.ports[\(index)]"
            if port.name.isEmpty {
                if spec.ports.count > 1 { checker.required(path + ".name") }
            } else {
                checker.invalid(path + ".name", Names.dnsLabel(port.name))
                if !names.insert(port.name).inserted { checker.duplicate(path + ".name", port.name) }
            }
            checker.invalid(path + ".port", Names.portNumber(Int64(port.port)))
            switch port.targetPort {
            case .string(let name): checker.invalid(path + ".targetPort", Names.portName(name))
            case .int(let number): checker.invalid(path + ".targetPort", Names.portNumber(Int64(number)))
            case nil: checker.invalid(path + ".targetPort", Names.portNumber(0))
            }
            if let name = port.appProtocol { checker.invalid(path + ".appProtocol", Names.qualifiedName(name)) }
            if port.nodePort != 0 {
                if spec.type == "ClusterIP" { checker.forbidden(path + ".nodePort", "may not be used with ClusterIP") }
                if !nodePorts.insert("\(port.protocol)/\(port.nodePort)").inserted {
                    checker.duplicate(path + ".nodePort", "\(port.nodePort)")
                }
            }
            if !numbers.insert("\(port.protocol)/\(port.port)").inserted { checker.duplicate(path, "\(port.port)") }
        }
    }

    private func addresses(_ spec: ServiceSpec, _ checker: inout Checker) {
        let path = "spec.clusterIPs"
        if !spec.clusterIP.isEmpty {
            if spec.clusterIPs.isEmpty {
                checker.required(path)
            } else if spec.clusterIPs[0] != spec.clusterIP {
                checker.invalid(path, "the first value must be clusterIP")
            }
        } else if !spec.clusterIPs.isEmpty {
            checker.invalid(path, "must be empty where clusterIP is")
        }
        var families: Set<String> = []
        for (index, family) in spec.ipFamilies.enumerated() {
            if !families.insert(family).inserted { checker.duplicate("spec.ipFamilies[\(index)]", family) }
        }
        var isBroken = false
        for (index, ip) in spec.clusterIPs.enumerated() {
            if index == 0, ip == "None" {
                if spec.clusterIPs.count > 1 {
                    isBroken = true
                    checker.invalid(path, "None must be the only value")
                }
            } else if !Names.isIP(ip) {
                isBroken = true
                checker.invalid("\(path)[\(index)]", "must be an IP address")
            }
        }
        if spec.clusterIPs.count > 2 { checker.invalid(path, "may only hold up to 2 values") }
        if isBroken { return }
        if spec.clusterIPs.count > 1, Set(spec.clusterIPs.map(Names.isIPv6)).count != 2 || spec.clusterIPs.count != 2 {
            checker.invalid(path, "may hold one address of each family")
        }
        guard spec.clusterIPs != ["None"] else { return }
        for (index, (ip, family)) in zip(spec.clusterIPs, spec.ipFamilies).enumerated() {
            if (family == "IPv4" && Names.isIPv6(ip)) || (family == "IPv6" && !Names.isIPv6(ip)) {
                checker.invalid("\(path)[\(index)]", "is not of the family that ipFamilies says")
            }
        }
    }

    /// Addresses at which something else than this cluster would answer.
    static func endpointAddress(_ ip: String, _ path: String, _ checker: inout Checker) {
        guard Names.isIP(ip) else { return checker.invalid(path, "must be an IP address") }
        if ip == "0.0.0.0" || ip == "::" { checker.invalid(path, "may not be unspecified") }
        if ip.hasPrefix("127.") || ip == "::1" { checker.invalid(path, "may not be a loopback address") }
        if ip.hasPrefix("169.254.") || ip.lowercased().hasPrefix("fe80:") {
            checker.invalid(path, "may not be link-local")
        }
        if ip.hasPrefix("224.0.0.") || ip.lowercased().hasPrefix("ff02:") {
            checker.invalid(path, "may not be link-local multicast")
        }
    }

    private func loadBalancer(_ service: Service, _ checker: inout Checker) {
        let spec = service.spec
        let isBalancer = spec.type == "LoadBalancer"
        let annotation = "service.beta.kubernetes.io/load-balancer-source-ranges"
        if !spec.loadBalancerSourceRanges.isEmpty {
            let path = "spec.LoadBalancerSourceRanges"
            if !isBalancer { checker.forbidden(path, "may only be used with LoadBalancer") }
            for (index, range) in spec.loadBalancerSourceRanges.enumerated() {
                if !Names.isCIDR(Self.trimmed(range)) { checker.invalid("\(path)[\(index)]", "must be a CIDR") }
            }
        } else if let ranges = service.metadata.annotations[annotation] {
            let path = "metadata.annotations[\(annotation)]"
            if !isBalancer { checker.forbidden(path, "may only be used with LoadBalancer") }
            for range in ranges.split(separator: ",") where !Names.isCIDR(Self.trimmed(String(range))) {
                checker.invalid(path, "must be a list of CIDRs")
            }
        }
        if spec.allocateLoadBalancerNodePorts != nil, !isBalancer {
            checker.forbidden("spec.allocateLoadBalancerNodePorts", "may only be used with LoadBalancer")
        }
        if let name = spec.loadBalancerClass {
            isBalancer
                ? checker.invalid("spec.loadBalancerClass", Names.qualifiedName(name))
                : checker.forbidden("spec.loadBalancerClass", "may only be used with LoadBalancer")
        }
    }

    static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }

    private func traffic(_ service: Service, _ checker: inout Checker) {
        let spec = service.spec
        let isExternal =
            spec.type == "LoadBalancer" || spec.type == "NodePort"
            || (spec.type == "ClusterIP" && !spec.externalIPs.isEmpty)
        if !isExternal, !spec.externalTrafficPolicy.isEmpty {
            checker.drop { $0.field == "spec.externalTrafficPolicy" }
            checker.invalid("spec.externalTrafficPolicy", "may only be set for services that are reached from outside")
        }
        let port = spec.healthCheckNodePort
        if !Self.needsHealthCheck(service) {
            if port != 0 { checker.invalid("spec.healthCheckNodePort", "may only be set for LoadBalancer and Local") }
        } else if port != 0 {
            checker.invalid("spec.healthCheckNodePort", Names.portNumber(Int64(port)))
        }
        let known = ["PreferClose", "PreferSameNode", "PreferSameZone"]
        if let distribution = spec.trafficDistribution, !known.contains(distribution) {
            checker.notSupported("spec.trafficDistribution", distribution, known)
        }
    }

    func validateUpdate(_ object: Object, old: Object, _ checker: inout Checker) {
        if checker.isFinal { return }
        let (spec, before) = (Service(object: object).spec, Service(object: old).spec)
        if let name = spec.loadBalancerClass {
            spec.type == "LoadBalancer"
                ? checker.invalid("spec.loadBalancerClass", Names.qualifiedName(name))
                : checker.forbidden("spec.loadBalancerClass", "may only be used with LoadBalancer")
        }
        if spec.type != "ExternalName", before.type != "ExternalName" {
            if let first = before.clusterIPs.first, let now = spec.clusterIPs.first, first != now {
                checker.invalid("spec.clusterIPs[0]", "may not change once set")
            }
            if let first = before.ipFamilies.first, let now = spec.ipFamilies.first, first != now {
                checker.invalid("spec.ipFamilies[0]", "may not change once set")
            }
        }
        if before.type == "LoadBalancer", spec.type == "LoadBalancer",
            before.loadBalancerClass != spec.loadBalancerClass
        {
            checker.invalid("spec.loadBalancerClass", "may not change once set")
        }
    }

    func validateStatusUpdate(_ object: Object, old: Object, _ checker: inout Checker) {
        let service = Service(object: object)
        let path = "status.loadBalancer.ingress"
        let ingress = service.status.loadBalancer.ingress
        if service.spec.type != "LoadBalancer" {
            if !ingress.isEmpty { checker.forbidden(path, "may only be used with LoadBalancer") }
            return
        }
        for (index, entry) in ingress.enumerated() {
            let place = "\(path)[\(index)]"
            if !entry.ip.isEmpty, !Names.isIP(entry.ip) { checker.invalid(place + ".ip", "must be an IP address") }
            if let mode = entry.ipMode {
                if entry.ip.isEmpty {
                    checker.forbidden(place + ".ipMode", "may not be set without ip")
                } else if mode != "VIP", mode != "Proxy" {
                    checker.notSupported(place + ".ipMode", mode, ["Proxy", "VIP"])
                }
            } else if !entry.ip.isEmpty {
                checker.required(place + ".ipMode")
            }
            if !entry.hostname.isEmpty {
                checker.invalid(place + ".hostname", Names.dnsSubdomain(entry.hostname))
                if Names.isIP(entry.hostname) { checker.invalid(place + ".hostname", "must not be an address") }
            }
        }
    }
}
