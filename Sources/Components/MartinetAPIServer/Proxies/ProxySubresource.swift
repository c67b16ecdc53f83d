import MartinetAPI
import MartinetAPICore
import MartinetAddresses
import MartinetAuthorization
import MartinetClient
import MartinetReverseProxy
import MartinetTransport

/// The subresource `proxy` of nodes, pods and services.
///
/// Source: `ResourceLocation` of upstream's pod and node strategies and of its service storage.
struct ProxySubresource: Sendable {
    static let methods: Set<String> = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]

    let registry: Registry
    let forwarding: Forwarding

    /// Whether a resource has a proxy.
    static func isProxy(_ name: ResourceName) -> Bool {
        name.subresource == "proxy" && name.group.isEmpty && name.version == "v1"
            && ["nodes", "pods", "services"].contains(name.plural) && name.name != nil
            && (name.namespace == nil) == (name.plural == "nodes")
    }

    /// What is asked for: the verb follows the method, as for any other resource.
    static func access(_ identity: Identity, _ name: ResourceName, _ method: String) -> AccessRequest {
        var access = AccessRequest(identity, APIRequest(.get, name))
        switch method {
        case "GET", "HEAD": access.verb = "get"
        case "POST": access.verb = "create"
        case "PUT": access.verb = "update"
        case "PATCH": access.verb = "patch"
        case "DELETE": access.verb = "delete"
        default: access.verb = ""
        }
        return access
    }

    /// Passes a request on that its sender may make.
    func serve(
        _ name: ResourceName, _ request: HTTPRequest, _ identity: Identity, _ exchange: any Exchange,
        refuse: @escaping @Sendable (APIError) -> Void
    ) throws(APIError) {
        guard ProxySubresource.methods.contains(request.method) else { throw .methodNotAllowed(request.method) }
        let (target, client) = try locate(name, request, identity)
        ReverseProxy(client).serve(request, exchange, to: target, refuse: refuse)
    }

    private func locate(
        _ name: ResourceName, _ request: HTTPRequest, _ identity: Identity
    ) throws(APIError) -> (ProxyTarget, HTTPClient) {
        let path = ProxyPath(request.path, count: name.namespace == nil ? 5 : 7)
        switch name.plural {
        case "nodes": return try node(name, path)
        case "pods": return (try pod(name, path, identity), forwarding.others)
        default: return (try service(name, path), forwarding.others)
        }
    }

    private func node(_ name: ResourceName, _ path: ProxyPath) throws(APIError) -> (ProxyTarget, HTTPClient) {
        let asked = try ProxyName(name.name ?? "", "node")
        let key = ResourceName(version: "v1", plural: "nodes", name: asked.name)
        guard let stored = registry.stored(key) else { throw .notFound(key) }
        let status = Node(object: stored.object).status
        let own = Int(status.daemonEndpoints.kubeletEndpoint.Port)
        guard let host = status.addresses.first(where: { $0.type == "InternalIP" })?.address else {
            throw .internalError("node \(asked.name.debugDescription) has no address")
        }
        try check(host)
        let number = try asked.number()
        if number == nil || number == own {
            guard let client = forwarding.nodes, own > 0 else {
                throw .internalError("this server reaches no kubelets")
            }
            return (ProxyTarget(scheme: "https", host: host, port: own, path: path.rest, prefix: path.prefix), client)
        }
        let scheme = asked.scheme.isEmpty ? "http" : asked.scheme
        return (
            ProxyTarget(scheme: scheme, host: host, port: number, path: path.rest, prefix: path.prefix),
            forwarding.others
        )
    }

    private func pod(
        _ name: ResourceName, _ path: ProxyPath, _ identity: Identity
    ) throws(APIError) -> ProxyTarget {
        let asked = try ProxyName(name.name ?? "", "pod")
        let key = ResourceName(version: "v1", plural: "pods", namespace: name.namespace, name: asked.name)
        guard let stored = registry.stored(key) else { throw .notFound(key) }
        if let refusal = registry.connectRefusal(name, pod: stored.object, identity) { throw refusal }
        let pod = Pod(object: stored.object)
        let declared = pod.spec.containers.first { !$0.ports.isEmpty }?.ports.first?.containerPort
        let port = try asked.number() ?? declared.map(Int.init)
        let host = pod.status.podIPs.first?.ip ?? pod.status.podIP
        try check(host)
        return ProxyTarget(
            scheme: asked.scheme.isEmpty ? "http" : asked.scheme, host: host, port: port, path: path.rest,
            prefix: path.prefix)
    }

    private func service(_ name: ResourceName, _ path: ProxyPath) throws(APIError) -> ProxyTarget {
        let asked = try ProxyName(name.name ?? "", "service")
        let namespace = name.namespace ?? ""
        let service = try registry.service(asked.name, namespace)
        var portName = asked.port
        if let number = Int(asked.port) {
            guard let found = service.spec.ports.first(where: { Int($0.port) == number }) else {
                throw APIError(
                    code: 503, reason: "ServiceUnavailable",
                    message: "no service port \(number) found for service \(asked.name.debugDescription)")
            }
            portName = found.name
        }
        let endpoint = try registry.resolve(
            service: asked.name, namespace: namespace, portName: portName, preferred: service.spec.ipFamilies.first,
            asked: name.name ?? "")
        try check(endpoint.address)
        return ProxyTarget(
            scheme: asked.scheme.isEmpty ? "http" : asked.scheme, host: endpoint.address, port: endpoint.port,
            path: path.rest, prefix: path.prefix)
    }

    /// An object must not lead to the API server's own machine, nor to all of a network.
    private func check(_ host: String) throws(APIError) {
        guard let address = IPAddress(host), ProxySubresource.isUnicast(address) else {
            throw .badRequest("address not allowed")
        }
    }

    /// Whether packets to an address go to one machine, which is not this one nor only a neighbour (RFC 6890).
    static func isUnicast(_ address: IPAddress) -> Bool {
        let bytes = Array(address.bytes)
        guard bytes.count >= 4 else { return false }
        if address.family == .v4 {
            return bytes[0] != 127 && !(224...239).contains(bytes[0]) && !(bytes[0] == 169 && bytes[1] == 254)
                && bytes[0..<4] != [0, 0, 0, 0] && bytes[0..<4] != [255, 255, 255, 255]
        }
        let isZero = bytes.dropLast().allSatisfy { $0 == 0 }
        return bytes[0] != 0xff && !(bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80) && !(isZero && bytes[15] <= 1)
    }
}
