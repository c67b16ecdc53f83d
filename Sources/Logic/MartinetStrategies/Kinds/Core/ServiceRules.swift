import MartinetAddresses
import MartinetSchema

struct ServiceRules: KindRules {
    var nameForm: Form { .dnsLabel }

    private static let sourceRanges = "service.beta.kubernetes.io/load-balancer-source-ranges"
    private static let topologyHints = "service.kubernetes.io/topology-aware-hints"
    private static let topologyMode = "service.kubernetes.io/topology-mode"

    /// Addresses are given out before anything else is looked at, so their faults are the only ones.
    private func addressesAreSound(_ new: Part, _ old: Part?) -> Bool {
        let spec = new.spec
        guard spec["type"].text != "ExternalName" else { return true }
        let faults = new.report.errors.count
        ServiceAddressRules.validate(spec, old?.spec)
        return new.report.errors.count == faults
    }

    func validateCreate(_ new: Part) { whole(new, nil) }

    func validateUpdate(_ new: Part, _ old: Part) { whole(new, old) }

    private func whole(_ new: Part, _ old: Part?) {
        let early = Report()
        guard addressesAreSound(new.reporting(to: early), old) else { return new.report.replace(with: early) }
        if let old { change(new, old) }
        service(new, old)
    }

    private func service(_ new: Part, _ old: Part?) {
        let (spec, annotations) = (new.spec, new.metadata.annotations)
        if let mode = annotations.text(key: Self.topologyMode), let hints = annotations.text(key: Self.topologyHints),
            mode != hints
        {
            annotations.keyed(Self.topologyMode).invalid("must be the same as \(Self.topologyHints)")
        }
        let isHeadless = spec.isHeadless
        let type = spec["type"].text
        if spec.ports.count == 0, !isHeadless, type != "ExternalName" { spec.ports.required() }
        switch type {
        case "LoadBalancer", "NodePort":
            if isHeadless { spec.clusterIPs.items.first?.invalid("may not be None for this type") }
        case "ExternalName": externalName(spec)
        default: break
        }
        ports(spec)
        spec.selector.mustBeLabels()
        affinity(spec)
        let known = Set(old?.spec.externalIPs.strings ?? [])
        for ip in spec.externalIPs.items {
            let faults = known.contains(ip.text) ? [] : Form.ip.faults(ip.text)
            if faults.isEmpty { ip.reachableIP() } else { ip.invalid(faults) }
        }
        spec["type"].mustBeOneOf("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
        loadBalancer(new, old)
        traffic(spec)
    }

    private func externalName(_ spec: Part) {
        for name in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] where !spec[name].isEmpty || spec[name].isPolicy {
            spec[name].forbidden("may not be set where type is ExternalName")
        }
        let name = spec.externalName.text
        let domain = name.hasSuffix(".") ? String(name.dropLast()) : name
        if domain.isEmpty {
            spec.externalName.required()
        } else {
            spec.externalName.invalid(Form.dnsSubdomain.faults(domain))
        }
    }

    private func ports(_ spec: Part) {
        var names: Set<String> = []
        var (numbers, nodePorts): (Set<String>, Set<String>) = ([], [])
        for port in spec.ports.items {
            if !port.name.isEmpty {
                port.name.form(.dnsLabel)
                if !names.insert(port.name.text).inserted { port.name.duplicate() }
            } else if spec.ports.count > 1 {
                port.name.required("must be set where there are several ports")
            }
            port.port.mustBePort()
            port.protocol.mustBeOneOf("SCTP", "TCP", "UDP")
            port.targetPort.portNumberOrName()
            port.appProtocol.ifSet(form: .qualifiedName)
            if port.nodePort.int != 0 {
                if spec["type"].text == "ClusterIP" {
                    port.nodePort.forbidden("may not be set where type is ClusterIP")
                }
                if !nodePorts.insert("\(port.protocol.text)/\(port.nodePort.int)").inserted {
                    port.nodePort.duplicate()
                }
            }
            if !numbers.insert("\(port.protocol.text)/\(port.port.int)").inserted { port.duplicate() }
        }
    }

    private func affinity(_ spec: Part) {
        spec.sessionAffinity.mustBeOneOf("ClientIP", "None")
        let config = spec.sessionAffinityConfig
        switch spec.sessionAffinity.text {
        case "ClientIP":
            let seconds = config.clientIP.timeoutSeconds
            if !config.isSet {
                config.required("must be set where sessionAffinity is ClientIP")
            } else if !config.clientIP.isSet {
                config.clientIP.required()
            } else if !seconds.isSet {
                seconds.required()
            } else {
                seconds.range(1...86_400)
            }
        case "None": if config.isSet { config.forbidden("may not be set where sessionAffinity is None") }
        default: break
        }
    }

    private func loadBalancer(_ new: Part, _ old: Part?) {
        let (spec, annotations) = (new.spec, new.metadata.annotations)
        let isBalancer = spec["type"].text == "LoadBalancer"
        let why = "may be set only where type is LoadBalancer"
        if spec.loadBalancerSourceRanges.count > 0 {
            // Upstream writes this name with a capital letter.
            let ranges = spec.loadBalancerSourceRanges.at(spec.place.member("LoadBalancerSourceRanges"))
            if !isBalancer { ranges.forbidden(why) }
            let known = Set(old?.spec.loadBalancerSourceRanges.strings.map({ $0.trimmingWhitespace }) ?? [])
            for range in ranges.items {
                let text = range.text.trimmingWhitespace
                if !known.contains(text) { range.invalid(Form.cidr.faults(text)) }
            }
        } else if let text = annotations.text(key: Self.sourceRanges) {
            let part = annotations.keyed(Self.sourceRanges)
            if !isBalancer { part.forbidden(why) }
            if old?.metadata.annotations.text(key: Self.sourceRanges) != text, !text.trimmingWhitespace.isEmpty {
                for range in text.split(separator: ",", omittingEmptySubsequences: false) {
                    part.invalid(Form.cidr.faults(String(range).trimmingWhitespace))
                }
            }
        }
        if spec.allocateLoadBalancerNodePorts.isSet, !isBalancer { spec.allocateLoadBalancerNodePorts.forbidden(why) }
        balancerClass(spec)
    }

    private func balancerClass(_ spec: Part) {
        guard spec.loadBalancerClass.isSet else { return }
        if spec["type"].text == "LoadBalancer" {
            spec.loadBalancerClass.form(.qualifiedName)
        } else {
            spec.loadBalancerClass.forbidden("may be set only where type is LoadBalancer")
        }
    }

    private func traffic(_ spec: Part) {
        let type = spec["type"].text
        let isExternal =
            type == "LoadBalancer" || type == "NodePort" || (type == "ClusterIP" && spec.externalIPs.count > 0)
        if isExternal {
            spec.externalTrafficPolicy.mustBeOneOf("Cluster", "Local")
        } else if !spec.externalTrafficPolicy.isEmpty {
            spec.externalTrafficPolicy.invalid("may be set only for services that are reached from outside")
        }
        let port = spec.healthCheckNodePort
        if !spec.needsHealthCheck {
            if port.int != 0 { port.invalid("may be set only where type is LoadBalancer and the policy Local") }
        } else if port.int != 0 {
            port.mustBePort()
        }
        if ["ClusterIP", "NodePort", "LoadBalancer"].contains(type), !spec.internalTrafficPolicy.isSet {
            spec.internalTrafficPolicy.required()
        }
        spec.internalTrafficPolicy.ifSet(oneOf: "Cluster", "Local")
        spec.trafficDistribution.ifSet(oneOf: "PreferClose", "PreferSameZone", "PreferSameNode")
    }

    // MARK: - Changes

    private func change(_ new: Part, _ old: Part) {
        let (spec, before) = (new.spec, old.spec)
        ServiceAddressRules.change(spec, before)
        if before["type"].text == "LoadBalancer", spec["type"].text == "LoadBalancer",
            before.loadBalancerClass.value != spec.loadBalancerClass.value
        {
            spec.loadBalancerClass.invalid("may not change once it is set")
        }
        balancerClass(spec)
        if before.needsHealthCheck, spec.needsHealthCheck,
            before.healthCheckNodePort.int != spec.healthCheckNodePort.int
        {
            spec.healthCheckNodePort.forbidden("may not change")
        }
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        let ingress = new.status.loadBalancer.ingress
        if new.spec["type"].text != "LoadBalancer", ingress.count > 0 {
            return ingress.forbidden("may be set only where type is LoadBalancer")
        }
        let known = Set(old.status.loadBalancer.ingress.items.map({ $0.ip.text }))
        for entry in ingress.items {
            IngressRules.address(entry, known)
            let mode = entry.ipMode
            if !mode.isSet {
                if !entry.ip.isEmpty { mode.required("must be set where ip is") }
            } else if entry.ip.isEmpty {
                mode.forbidden("may not be set where ip is not")
            } else {
                mode.oneOf("Proxy", "VIP")
            }
        }
    }

    func warn(_ new: Part, _ old: Part?) {
        let (spec, annotations) = (new.spec, new.metadata.annotations)
        let isHeadless = spec["type"].text == "ClusterIP" && spec.clusterIP.text == "None"
        if annotations.has(key: Self.topologyHints) { annotations.keyed(Self.topologyHints).warn("is deprecated") }
        if !spec.clusterIP.isEmpty, spec.clusterIP.text != "None" {
            for ip in spec.clusterIPs.items { ip.warnOfUnusualAddress() }
        }
        if isHeadless {
            for name in ["loadBalancerIP", "externalIPs"] where !spec[name].isEmpty {
                spec[name].warn("has no effect for headless services")
            }
            if spec.sessionAffinity.text != "None" { spec.sessionAffinity.warn("has no effect for headless services") }
        }
        for ip in spec.externalIPs.items { ip.warnOfUnusualAddress() }
        if spec.externalIPs.count > 0, !isHeadless, spec["type"].text != "ExternalName" {
            spec.externalIPs.warn("is deprecated")
        }
        if !spec.loadBalancerIP.isEmpty { spec.loadBalancerIP.warnOfUnusualAddress() }
        for range in spec.loadBalancerSourceRanges.items { range.warnOfUnusualNetwork() }
        if spec["type"].text == "ExternalName", spec.externalIPs.count > 0 {
            spec.externalIPs.warn("has no effect for ExternalName services")
        }
        if spec["type"].text != "ExternalName", !spec.externalName.isEmpty {
            spec.externalName.warn("has no effect unless type is ExternalName")
        }
        if spec.trafficDistribution.text == "PreferClose" {
            spec.trafficDistribution.warn("PreferClose is deprecated: use PreferSameZone")
        }
    }
}

extension Part {
    /// Of a service's spec.
    fileprivate var isHeadless: Bool { self.clusterIPs.strings == ["None"] }
    fileprivate var needsHealthCheck: Bool {
        self["type"].text == "LoadBalancer" && self.externalTrafficPolicy.text == "Local"
    }
    fileprivate var isPolicy: Bool { if case .string = value { true } else { false } }
}
