import MartinetAPI
import MartinetSchema

// What a service has although nobody said it, and what it keeps.
extension ServiceRules {
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

    /// What an update leaves out is kept, and what its new type has no use for goes, unless the update says more of it.
    func prepareForUpdate(_ object: inout Object, old: Object) {
        var service = Service(object: object)
        let before = Service(object: old)
        Self.keepAllocated(&service.spec, before.spec)
        Self.dropUseless(&service.spec, before.spec)
        object = service.object
    }

    private static func keepAllocated(_ spec: inout ServiceSpec, _ old: ServiceSpec) {
        if spec.hasClusterIP, old.hasClusterIP {
            if spec.clusterIP.isEmpty { spec.clusterIP = old.clusterIP }
            if spec.clusterIPs.isEmpty, spec.clusterIP == old.clusterIP { spec.clusterIPs = old.clusterIPs }
            if spec.ipFamilies.isEmpty { spec.ipFamilies = old.ipFamilies }
            if spec.ipFamilyPolicy == nil { spec.ipFamilyPolicy = old.ipFamilyPolicy }
        }
        if spec.clusterIP != old.clusterIP, !spec.clusterIP.isEmpty,
            spec.clusterIPs.isEmpty || spec.clusterIPs == old.clusterIPs
        {
            spec.clusterIPs = [spec.clusterIP]
        }
        if spec.allocatesNodePorts, old.allocatesNodePorts {
            let kept = spec.nodePorts.intersection(old.nodePorts)
            let byName = Dictionary(old.ports.map { ($0.name, $0.nodePort) }) { _, last in last }
            for index in spec.ports.indices where spec.ports[index].nodePort == 0 {
                let port = byName[spec.ports[index].name] ?? 0
                if !kept.contains(port) { spec.ports[index].nodePort = port }
            }
        }
        if spec.needsHealthCheck, old.needsHealthCheck, spec.healthCheckNodePort == 0 {
            spec.healthCheckNodePort = old.healthCheckNodePort
        }
        guard spec.hasClusterIP, spec.ipFamilyPolicy == "SingleStack" else { return }
        if spec.clusterIPs == old.clusterIPs { spec.clusterIPs = Array(spec.clusterIPs.prefix(1)) }
        if spec.ipFamilies == old.ipFamilies { spec.ipFamilies = Array(spec.ipFamilies.prefix(1)) }
    }

    private static func dropUseless(_ spec: inout ServiceSpec, _ old: ServiceSpec) {
        if old.hasClusterIP, !spec.hasClusterIP {
            if spec.clusterIP == old.clusterIP, spec.clusterIPs == old.clusterIPs {
                spec.clusterIP = ""
                spec.clusterIPs = []
            }
            if spec.ipFamilies == old.ipFamilies { spec.ipFamilies = [] }
            if spec.ipFamilyPolicy == old.ipFamilyPolicy { spec.ipFamilyPolicy = nil }
        }
        if old.hasNodePorts, !spec.hasNodePorts, spec.nodePorts.isSubset(of: old.nodePorts) {
            for index in spec.ports.indices { spec.ports[index].nodePort = 0 }
        }
        if old.needsHealthCheck, !spec.needsHealthCheck, spec.healthCheckNodePort == old.healthCheckNodePort {
            spec.healthCheckNodePort = 0
        }
        if old.type == "LoadBalancer", spec.type != "LoadBalancer" {
            if spec.allocateLoadBalancerNodePorts == old.allocateLoadBalancerNodePorts {
                spec.allocateLoadBalancerNodePorts = nil
            }
            if spec.loadBalancerClass == old.loadBalancerClass { spec.loadBalancerClass = nil }
        }
        if old.isReachable, !spec.isReachable, spec.externalTrafficPolicy == old.externalTrafficPolicy {
            spec.externalTrafficPolicy = ""
        }
    }
}

extension ServiceSpec {
    fileprivate var hasClusterIP: Bool { type != "ExternalName" }
    fileprivate var hasNodePorts: Bool { type == "NodePort" || type == "LoadBalancer" }
    fileprivate var allocatesNodePorts: Bool { hasNodePorts && allocateLoadBalancerNodePorts != false }
    fileprivate var needsHealthCheck: Bool { type == "LoadBalancer" && externalTrafficPolicy == "Local" }
    fileprivate var nodePorts: Set<Int32> { Set(ports.map({ $0.nodePort })).subtracting([0]) }
    /// Whether it can be reached from outside of the cluster.
    fileprivate var isReachable: Bool { hasNodePorts || (type == "ClusterIP" && !externalIPs.isEmpty) }
}
