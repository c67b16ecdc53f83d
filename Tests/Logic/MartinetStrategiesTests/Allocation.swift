import MartinetAPI
import MartinetAddresses
import MartinetSchema

/// The addresses and ports that the recorded server gave to services before it looked at anything else; as in a dry
/// run, where ports are counted up from 30000 and their range is not looked at.
enum Allocation {
    /// What could not be given.
    static func allocate(_ object: inout Object) -> [String] {
        guard object.type == Service.type else { return [] }
        var service = Service(object: object)
        defer { object = service.object }
        guard service.spec.type != "ExternalName" else { return [] }
        if service.spec.ipFamilyPolicy == nil {
            let isBare = service.spec.clusterIP == "None" && service.spec.selector.isEmpty
            service.spec.ipFamilyPolicy = isBare ? "RequireDualStack" : "SingleStack"
        }
        if service.spec.ipFamilies.isEmpty { service.spec.ipFamilies = ["IPv4"] }
        if service.spec.clusterIP == "None", service.spec.selector.isEmpty, service.spec.ipFamilies.count == 1,
            service.spec.ipFamilyPolicy != "SingleStack"
        {
            service.spec.ipFamilies.append(service.spec.ipFamilies[0] == "IPv4" ? "IPv6" : "IPv4")
        }
        if service.spec.clusterIP.isEmpty, !service.spec.clusterIPs.isEmpty { return [] }
        if service.spec.clusterIP.isEmpty {
            service.spec.clusterIP = "10.96.0.9"
            service.spec.clusterIPs = ["10.96.0.9"]
        } else if IPAddress(service.spec.clusterIP)?.family == .v4, !service.spec.clusterIP.hasPrefix("10.96.") {
            return ["FieldValueInvalid spec.clusterIPs"]
        }
        return ports(&service.spec)
    }

    private static func ports(_ spec: inout ServiceSpec) -> [String] {
        guard spec.type == "NodePort" || spec.type == "LoadBalancer" else { return [] }
        var taken: Set<Int32> = []
        var known: [Int32: Int32] = [:]
        func next() -> Int32 {
            let port = (taken.max() ?? 29_999) + 1
            taken.insert(port)
            return port
        }
        let allocates = spec.type == "NodePort" || spec.allocateLoadBalancerNodePorts != false
        for index in spec.ports.indices where spec.ports[index].nodePort != 0 || allocates {
            let port = spec.ports[index]
            if let same = known[port.port] {
                if port.nodePort == 0 {
                    spec.ports[index].nodePort = same
                } else if port.nodePort != same, !taken.insert(port.nodePort).inserted {
                    return ["FieldValueInvalid spec.ports[\(index)].nodePort"]
                }
                continue
            }
            let asked = spec.ports.first { $0.port == port.port && $0.nodePort != 0 }?.nodePort
            if let asked, !taken.insert(asked).inserted {
                return ["FieldValueInvalid spec.ports[\(index)].nodePort"]
            }
            spec.ports[index].nodePort = asked ?? next()
            known[port.port] = spec.ports[index].nodePort
        }
        if spec.type == "LoadBalancer", spec.externalTrafficPolicy == "Local", spec.healthCheckNodePort == 0 {
            spec.healthCheckNodePort = next()
        }
        return []
    }

    /// What an update lacks still.
    static func reallocate(_ object: inout Object, old: Object) {
        guard object.type == Service.type else { return }
        var service = Service(object: object)
        guard ["NodePort", "LoadBalancer"].contains(service.spec.type) else { return }
        var next = (Service(object: old).spec.ports + service.spec.ports).map(\.nodePort).max() ?? 0
        next = max(next, 30_100)
        let allocates = service.spec.type == "NodePort" || service.spec.allocateLoadBalancerNodePorts != false
        for index in service.spec.ports.indices where service.spec.ports[index].nodePort == 0 && allocates {
            next += 1
            service.spec.ports[index].nodePort = next
        }
        if service.spec.type == "LoadBalancer", service.spec.externalTrafficPolicy == "Local",
            service.spec.healthCheckNodePort == 0
        {
            service.spec.healthCheckNodePort = next + 1
        }
        object = service.object
    }
}
