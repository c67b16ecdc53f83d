import MartinetBase
import MartinetAPI
package import MartinetClient
import MartinetSchema

extension Registry {
    /// Where a port of a service can be reached now: one of its ready endpoints.
    ///
    /// - Throws: what there is none for, in upstream's words (aggregator's ResolveEndpoint).
    package func endpoint(
        ofService name: String, in namespace: String, port: Int
    ) throws(APIError) -> (host: String, port: Int) {
        let serviceName = ResourceName(version: "v1", plural: "services", namespace: namespace, name: name)
        guard let stored = stored(serviceName) else { throw APIError.notFound(serviceName) }
        let service = Service(object: stored.object)
        let wanted = service.spec.ports.first { Int($0.port) == port }
        if service.spec.type == "ExternalName" { return (service.spec.externalName, port) }
        guard let wanted else {
            throw .unavailable("no service port \(port) found for service \(name.debugDescription)")
        }
        let slices = objects(
            ResourceName(group: "discovery.k8s.io", version: "v1", plural: "endpointslices", namespace: namespace))
        var found: [(host: String, port: Int)] = []
        for object in slices {
            let slice = EndpointSlice(object: object)
            guard slice.metadata.labels["kubernetes.io/service-name"] == name else { continue }
            guard let number = slice.ports.first(where: { ($0.name ?? "") == wanted.name })?.port else { continue }
            for endpoint in slice.endpoints where endpoint.conditions.ready != false {
                found += endpoint.addresses.map { ($0, Int(number)) }
            }
        }
        guard !found.isEmpty else {
            throw .unavailable("no endpoints available for service \(name.debugDescription)")
        }
        return found[Int(runtime.random() % UInt64(found.count))]
    }
}
