package import MartinetAPI
package import MartinetClient
import MartinetSchema

/// Keeps the older form of a Service's endpoints: one object of its name.
package struct EndpointsPlanner {
    package static let managedBy = "endpoints.kubernetes.io/managed-by"
    package static let manager = "endpoint-controller"
    static let overCapacity = "endpoints.kubernetes.io/over-capacity"
    static let addressesMax = 1000

    /// - Parameters:
    ///   - service: nil where it is gone, and its endpoints with it.
    ///   - endpoints: the object of its name, where there is one.
    package static func plan(_ service: Service?, pods: [Pod], endpoints: Endpoints?) -> Plan {
        var plan = Plan()
        guard let service else {
            guard let endpoints, endpoints.metadata.labels[managedBy] == manager else { return plan }
            if let request = APIRequest.delete(endpoints.object) {
                plan.add(Write(request, tolerates: [.notFound, .conflict]))
            }
            return plan
        }
        guard ServiceEndpoints.isManaged(service) else { return plan }
        var wanted = endpoints ?? Endpoints()
        wanted.metadata.name = service.metadata.name
        wanted.metadata.namespace = service.metadata.namespace
        wanted.metadata.labels = service.metadata.labels
        wanted.metadata.labels[managedBy] = manager
        if service.spec.clusterIP == "None" { wanted.metadata.labels["service.kubernetes.io/headless"] = "" }
        wanted.metadata.annotations[overCapacity] = nil
        fill(&wanted, service, pods)
        if endpoints == nil {
            plan.add(Write(.create(wanted), tolerates: []))
        } else if wanted != endpoints {
            plan.add(Write(.update(wanted)))
        }
        return plan
    }

    private static func fill(_ endpoints: inout Endpoints, _ service: Service, _ pods: [Pod]) {
        let family = service.spec.ipFamilies.first ?? "IPv4"
        var order: [[ServiceEndpoints.Port]] = []
        var subsets: [[ServiceEndpoints.Port]: EndpointSubset] = [:]
        var count = 0
        for backend in ServiceEndpoints(service, pods: pods).backends where !backend.pod.isTerminating {
            guard let ip = ServiceEndpoints.address(backend.pod, family: family) else { continue }
            count += 1
            guard count <= addressesMax else {
                endpoints.metadata.annotations[overCapacity] = "truncated"
                break
            }
            if subsets[backend.ports] == nil {
                order.append(backend.ports)
                subsets[backend.ports] = EndpointSubset { $0.ports = ports(backend.ports) }
            }
            let address = EndpointAddress { address in
                address.ip = ip
                address.hostname = ServiceEndpoints.hostname(backend.pod, service) ?? ""
                if !backend.pod.spec.nodeName.isEmpty { address.nodeName = backend.pod.spec.nodeName }
                address.targetRef = ServiceEndpoints.reference(backend.pod)
            }
            if backend.isServing || service.spec.publishNotReadyAddresses {
                subsets[backend.ports]?.addresses.append(address)
            } else {
                subsets[backend.ports]?.notReadyAddresses.append(address)
            }
        }
        endpoints.subsets = []
        for key in order { if let subset = subsets[key] { endpoints.subsets.append(subset) } }
    }

    private static func ports(_ ports: [ServiceEndpoints.Port]) -> ViewList<EndpointPort> {
        var list = ViewList<EndpointPort>()
        for port in ports {
            list.append(
                EndpointPort {
                    $0.name = port.name
                    $0.port = port.port
                    $0.protocol = port.transport
                    $0.appProtocol = port.appProtocol
                })
        }
        return list
    }
}
