package import MartinetAPI
import MartinetBase
package import MartinetClient
import MartinetSchema

/// Where a request to a Service goes: one ready endpoint.
package struct ServiceEndpoint: Sendable, Hashable {
    /// An address in numbers, without brackets; the name of a Service that is elsewhere.
    package let address: String
    package let port: Int

    package init(address: String, port: Int) {
        self.address = address
        self.port = port
    }
}

/// Finds an endpoint of a Service among what the registry has in its caches, for whoever connects from the API server itself:
/// aggregated servers, webhooks, the proxy of services. It depends on no name server and on no rules of the node.
///
/// Source: `ResolveEndpoint` of upstream's `apiserver/pkg/util/proxy`, `ResourceLocation` of its service storage.
extension Registry {
    /// A ready endpoint of a Service's port, by chance; nil where there is none.
    package func endpoint(ofService name: String, namespace: String, port: Int) -> ServiceEndpoint? {
        do throws(APIError) {
            return try resolve(service: name, namespace: namespace, port: port)
        } catch {
            return nil
        }
    }

    /// A ready endpoint of the port of a Service that has this number.
    ///
    /// - Throws: 404 where the Service is not there, 503 where nothing is ready behind it, else what is wrong with it.
    /// - Parameter leavesCluster: whether a Service of the type ExternalName leads to its name, as it does for webhooks.
    package func resolve(
        service name: String, namespace: String, port: Int, leavesCluster: Bool = false
    ) throws(APIError) -> ServiceEndpoint {
        let spec = try service(name, namespace).spec
        guard spec.type != "ExternalName" else {
            if leavesCluster { return ServiceEndpoint(address: spec.externalName, port: port) }
            throw APIError(
                code: 500, reason: "InternalError",
                message: "Internal error occurred: unsupported service type \"ExternalName\"")
        }
        guard let found = spec.ports.first(where: { Int($0.port) == port }) else {
            throw .unavailable("no service port \(port) found for service \"\(name)\"")
        }
        return try resolve(
            service: name, namespace: namespace, portName: found.name, preferred: spec.ipFamilies.first, asked: name)
    }

    /// A ready endpoint of the port that has this name at the endpoints; it may be empty, where the Service has one port.
    ///
    /// - Parameter asked: how the Service was asked for, for the refusal.
    package func resolve(
        service name: String, namespace: String, portName: String, preferred family: String? = nil, asked: String
    ) throws(APIError) -> ServiceEndpoint {
        var all: [(address: String, port: Int, isPreferred: Bool)] = []
        for slice in slices(ofService: name, namespace: namespace) {
            for port in slice.ports where (port.name ?? "") == portName {
                guard let number = port.port, (1...65535).contains(number) else { continue }
                // A condition that is not said holds.
                for endpoint in slice.endpoints where endpoint.conditions.ready != false {
                    guard let address = endpoint.addresses.first else { continue }
                    all.append((address, Int(number), family == nil || slice.addressType == family))
                }
            }
        }
        if all.isEmpty { all = listed(ofService: name, namespace: namespace, portName) }
        let preferred = all.filter(\.isPreferred)
        let candidates = preferred.isEmpty ? all : preferred
        guard !candidates.isEmpty else { throw .unavailable("no endpoints available for service \"\(asked)\"") }
        let chosen = candidates[Int(runtime.random() % UInt64(candidates.count))]
        return ServiceEndpoint(address: chosen.address, port: chosen.port)
    }

    /// What somebody wrote into an Endpoints object by hand, where no slice says anything.
    private func listed(
        ofService name: String, namespace: String, _ portName: String
    ) -> [(address: String, port: Int, isPreferred: Bool)] {
        let key = ResourceName(version: "v1", plural: "endpoints", namespace: namespace, name: name)
        guard let stored = stored(key) else { return [] }
        return Endpoints(object: stored.object).subsets.flatMap { subset in
            subset.ports.filter { $0.name == portName && (1...65535).contains($0.port) }.flatMap { port in
                subset.addresses.map { ($0.ip, Int(port.port), true) }
            }
        }
    }

    /// A stored Service.
    ///
    /// - Throws: 404 where it is not there.
    package func service(_ name: String, _ namespace: String) throws(APIError) -> Service {
        let key = ResourceName(version: "v1", plural: "services", namespace: namespace, name: name)
        guard let stored = stored(key) else { throw .notFound(key) }
        return Service(object: stored.object)
    }

    private func slices(ofService name: String, namespace: String) -> [EndpointSlice] {
        let resource = served[ResourceName(group: "discovery.k8s.io", version: "v1", plural: "endpointslices")]
        let page = resource?.cache.page(Selection(namespace: namespace), from: nil, limit: 0, at: nil)
        return (page?.objects ?? []).compactMap { cached in
            guard cached.label("kubernetes.io/service-name") == name else { return nil }
            return EndpointSlice(object: cached.object)
        }
    }
}
