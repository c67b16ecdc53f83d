import MartinetAPI
import MartinetAPICore
import MartinetAPIServer
import MartinetClient
import MartinetSchema
import MartinetStreaming
import MartinetTransport

/// Reaches nodes where their objects say that they are.
struct RegisteredNodes: NodeStreams {
    private let proxy: NodeStreamProxy

    init(registry: Registry, client: HTTPClient) {
        proxy = NodeStreamProxy(client: client) { name in
            guard let stored = registry.stored(ResourceName(version: "v1", plural: "nodes", name: name)) else {
                return nil
            }
            let status = Node(object: stored.object).status
            let port = Int(status.daemonEndpoints.kubeletEndpoint.Port)
            guard let host = status.addresses.first(where: { $0.type == "InternalIP" })?.address, port > 0 else {
                return nil
            }
            return NodeStreamProxy.NodeAddress(host: host, port: port)
        }
    }

    func serve(
        _ request: StreamRequest, pod: Object, _ exchange: any Exchange,
        refuse: @escaping @Sendable (APIError) -> Void
    ) {
        proxy.serve(request.resource.subresource, request.http, pod: pod, exchange, refuse: refuse)
    }
}
