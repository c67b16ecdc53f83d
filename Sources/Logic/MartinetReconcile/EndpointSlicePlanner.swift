package import MartinetAPI
package import MartinetClient
import MartinetSchema

/// Keeps a Service's EndpointSlices: at most 100 endpoints in each, and no more slices touched than must change.
package struct EndpointSlicePlanner {
    package static let serviceName = "kubernetes.io/service-name"
    package static let managedBy = "endpointslice.kubernetes.io/managed-by"
    package static let manager = "endpointslice-controller.k8s.io"
    static let endpointsMax = 100

    private struct Group: Hashable {
        let family: String
        let ports: [ServiceEndpoints.Port]
    }

    let service: Service
    let pods: [Pod]
    /// The slices of this Service that this controller manages.
    let slices: [EndpointSlice]
    /// A node's zone.
    let zone: (String) -> String?

    package init(
        service: Service, pods: [Pod], slices: [EndpointSlice], zone: @escaping (String) -> String?
    ) {
        self.service = service
        self.pods = pods
        self.slices = slices
        self.zone = zone
    }

    package func plan(suffix: () -> String) -> Plan {
        var plan = Plan()
        guard ServiceEndpoints.isManaged(service) else { return plan }
        var wanted = wantedGroups()
        var existing: [Group: [EndpointSlice]] = [:]
        var writes: [Write] = []
        for slice in slices where slice.metadata.deletionTimestamp == nil {
            let group = Group(family: slice.addressType, ports: EndpointSlicePlanner.ports(of: slice))
            if wanted[group] == nil {
                writes += APIRequest.delete(slice.object).map { [Write($0, tolerates: [.notFound, .conflict])] } ?? []
            } else {
                existing[group, default: []].append(slice)
            }
        }
        for group in wanted.keys.sorted(by: EndpointSlicePlanner.precedes) {
            let endpoints = wanted.removeValue(forKey: group) ?? []
            writes += fill(group, endpoints, existing[group] ?? [], suffix)
        }
        if !writes.isEmpty { plan.steps.append(writes) }
        return plan
    }

    /// Where nothing is behind the Service, one empty slice of each family says so.
    private func wantedGroups() -> [Group: [Endpoint]] {
        var result: [Group: [Endpoint]] = [:]
        let backends = ServiceEndpoints(service, pods: pods).backends
        for family in service.spec.ipFamilies.isEmpty ? ["IPv4"] : service.spec.ipFamilies {
            var isEmpty = true
            for backend in backends {
                guard let address = ServiceEndpoints.address(backend.pod, family: family) else { continue }
                let group = Group(family: family, ports: backend.ports)
                result[group, default: []].append(endpoint(backend, address))
                isEmpty = false
            }
            if isEmpty { result[Group(family: family, ports: [])] = [] }
        }
        return result
    }

    private func endpoint(_ backend: ServiceEndpoints.Backend, _ address: String) -> Endpoint {
        Endpoint { endpoint in
            let pod = backend.pod
            endpoint.addresses = [address]
            let isReady =
                service.spec.publishNotReadyAddresses || (backend.isServing && !pod.isTerminating)
            endpoint.conditions.ready = isReady
            endpoint.conditions.serving = backend.isServing
            endpoint.conditions.terminating = pod.isTerminating
            endpoint.targetRef = ServiceEndpoints.reference(pod)
            endpoint.hostname = ServiceEndpoints.hostname(pod, service)
            if !pod.spec.nodeName.isEmpty {
                endpoint.nodeName = pod.spec.nodeName
                endpoint.zone = zone(pod.spec.nodeName)
            }
        }
    }

    private func fill(
        _ group: Group, _ endpoints: [Endpoint], _ existing: [EndpointSlice], _ suffix: () -> String
    ) -> [Write] {
        var open: [String: Endpoint] = [:]
        for endpoint in endpoints { open[endpoint.targetRef?.uid ?? ""] = endpoint }
        // Whoever is in a slice already stays there.
        var contents: [[Endpoint]] = existing.map { slice in
            slice.endpoints.compactMap { open.removeValue(forKey: $0.targetRef?.uid ?? "") }
        }
        var rest = endpoints.filter { open[$0.targetRef?.uid ?? ""] != nil }[...]
        for index in contents.indices {
            let room = max(0, EndpointSlicePlanner.endpointsMax - contents[index].count)
            contents[index] += rest.prefix(room)
            rest = rest.dropFirst(room)
        }
        var writes: [Write] = []
        let isPlaceholder = endpoints.isEmpty
        for (index, slice) in existing.enumerated() {
            if contents[index].isEmpty, !(isPlaceholder && index == 0) {
                writes += APIRequest.delete(slice.object).map { [Write($0, tolerates: [.notFound, .conflict])] } ?? []
                continue
            }
            var updated = slice
            updated.endpoints = list(contents[index])
            label(&updated)
            if updated != slice { writes.append(Write(.update(updated))) }
        }
        while !rest.isEmpty || (isPlaceholder && existing.isEmpty) {
            writes.append(creation(group, Array(rest.prefix(EndpointSlicePlanner.endpointsMax)), suffix()))
            rest = rest.dropFirst(EndpointSlicePlanner.endpointsMax)
            if rest.isEmpty { break }
        }
        return writes
    }

    private func list(_ endpoints: [Endpoint]) -> ViewList<Endpoint> {
        var list = ViewList<Endpoint>()
        list.append(contentsOf: endpoints)
        return list
    }

    private func creation(_ group: Group, _ endpoints: [Endpoint], _ suffix: String) -> Write {
        var slice = EndpointSlice { slice in
            slice.metadata.generateName = "\(service.metadata.name)-"
            slice.metadata.name = "\(service.metadata.name)-\(suffix)"
            slice.metadata.namespace = service.metadata.namespace
            slice.metadata.ownerReferences = [.controller(service.object)]
            slice.addressType = group.family
            slice.endpoints = list(endpoints)
            for port in group.ports {
                slice.ports.append(
                    DiscoveryEndpointPort {
                        $0.name = port.name
                        $0.protocol = port.transport
                        $0.port = port.port
                        $0.appProtocol = port.appProtocol
                    })
            }
        }
        label(&slice)
        return Write(.create(slice))
    }

    private func label(_ slice: inout EndpointSlice) {
        slice.metadata.labels = service.metadata.labels
        slice.metadata.labels[EndpointSlicePlanner.serviceName] = service.metadata.name
        slice.metadata.labels[EndpointSlicePlanner.managedBy] = EndpointSlicePlanner.manager
        if service.spec.clusterIP == "None" { slice.metadata.labels["service.kubernetes.io/headless"] = "" }
    }

    private static func ports(of slice: EndpointSlice) -> [ServiceEndpoints.Port] {
        slice.ports.map {
            .init(
                name: $0.name ?? "", transport: $0.protocol ?? "TCP", port: $0.port ?? 0, appProtocol: $0.appProtocol)
        }
    }

    private static func precedes(_ a: Group, _ b: Group) -> Bool {
        func text(_ group: Group) -> String {
            group.family + group.ports.map { " \($0.name) \($0.transport) \($0.port)" }.joined()
        }
        return text(a).precedes(text(b))
    }
}
