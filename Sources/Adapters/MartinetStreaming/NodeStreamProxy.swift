import MartinetAPI
package import MartinetClient
package import MartinetSchema
package import MartinetTransport
import Synchronization

/// The API server's side of logs, exec, attach and port-forward: checks what is asked, finds the pod's node, and joins
/// the client to it. Bytes pass through as they are, each side held back by the other.
package final class NodeStreamProxy: Sendable {
    package struct NodeAddress: Sendable, Hashable {
        package let host: String
        package let port: Int
        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    private let client: HTTPClient
    private let scheme: String
    private let address: @Sendable (_ node: String) -> NodeAddress?

    /// - Parameters:
    ///   - client: trusts the nodes' authority and shows the API server's own certificate.
    ///   - address: where a node's endpoint is, from its status; nil where the node is not known.
    package init(
        client: HTTPClient, scheme: String = "https", address: @escaping @Sendable (_ node: String) -> NodeAddress?
    ) {
        self.client = client
        self.scheme = scheme
        self.address = address
    }

    /// Serves the subresource `log`, `exec`, `attach` or `portforward` of a pod that the caller was allowed to reach.
    package func serve(
        _ subresource: String, _ request: HTTPRequest, pod object: Object, _ exchange: any Exchange,
        refuse: @escaping @Sendable (APIError) -> Void
    ) {
        let pod = Pod(object: object)
        do throws(APIError) {
            guard let query = QueryParameters(request.query) else {
                throw .badRequest("the URL is not validly encoded")
            }
            let target = try NodeRequest(subresource, query, pod)
            let node = pod.spec.nodeName
            guard !node.isEmpty else {
                // Nothing has been logged yet, which is no error.
                if subresource == "log" { return exchange.respond(200, text: "") }
                throw .badRequest("pod \(pod.metadata.name) does not have a host assigned")
            }
            guard let address = address(node) else {
                throw APIError(
                    code: 500, reason: "InternalError",
                    message: "Internal error occurred: node \"\(node)\" has no address")
            }
            let host = address.host.utf8.contains(58) ? "[\(address.host)]" : address.host
            let url = "\(scheme)://\(host):\(address.port)\(target.target)"
            join(subresource, url, request, exchange, refuse)
        } catch { refuse(error) }
    }

    private func join(
        _ subresource: String, _ url: String, _ request: HTTPRequest, _ exchange: any Exchange,
        _ refuse: @escaping @Sendable (APIError) -> Void
    ) {
        if exchange.canUpgrade(to: "websocket") { return webSocket(url, request, exchange, refuse) }
        if subresource == "log" { return log(url, exchange, refuse) }
        guard exchange.canUpgrade(to: "SPDY/3.1") else {
            return refuse(.badRequest("Upgrade request required"))
        }
        let served = subresource == "portforward" ? PortForwardServer.protocols : RemoteCommandServer.spdyProtocols
        guard let negotiated = StreamProtocol.negotiate(request.headers, served, exchange) else { return }
        let dial = Dial(exchange, refuse)
        let call = client.upgradeRaw(
            ClientRequest("POST", url, headers: negotiated.headers), to: "SPDY/3.1"
        ) { result in
            guard let node = dial.finish(result) else { return }
            guard let near = exchange.upgradeRaw("SPDY/3.1", negotiated.headers) else { return node.abort() }
            PipeJoint.join(near, node)
        }
        dial.attach(call)
    }

    private func webSocket(
        _ url: String, _ request: HTTPRequest, _ exchange: any Exchange,
        _ refuse: @escaping @Sendable (APIError) -> Void
    ) {
        // A token may come as a subprotocol; it is the API server's, and never the node's.
        let offered = request.headers.tokens("sec-websocket-protocol")
            .filter { !$0.hasPrefix("base64url.bearer.authorization.k8s.io.") }
        let dial = Dial(exchange, refuse)
        let call = client.webSocket(ClientRequest("GET", url), subprotocols: offered) { result in
            guard let node = dial.finish(result) else { return }
            guard let near = exchange.upgradeToWebSocket(subprotocol: node.subprotocol, []) else {
                return node.close(code: 1001, reason: "")
            }
            Splice.join(near, node)
        }
        dial.attach(call)
    }

    private func log(_ url: String, _ exchange: any Exchange, _ refuse: @escaping @Sendable (APIError) -> Void) {
        let copy = LogCopy(exchange, refuse)
        copy.attach(client.open(ClientRequest("GET", url), onHead: copy.head, onBody: copy.body, onEnd: copy.end))
    }
}

/// A connection to a node that is being opened, and given up where the client goes.
private final class Dial: Sendable {
    private let exchange: any Exchange
    private let refuse: @Sendable (APIError) -> Void
    private let state = Mutex((call: nil as ClientCall?, gone: false, done: false))

    init(_ exchange: any Exchange, _ refuse: @escaping @Sendable (APIError) -> Void) {
        self.exchange = exchange
        self.refuse = refuse
        exchange.onClose { [weak self] in
            self?.state.withLock { state in
                state.gone = true
                return state.done ? nil : state.call
            }?.cancel()
        }
    }

    func attach(_ call: ClientCall?) {
        let gone = state.withLock { state in
            if !state.done { state.call = call }
            return state.gone
        }
        if gone { call?.cancel() }
    }

    func finish<T>(_ result: Result<T, TransportError>) -> T? {
        state.withLock {
            $0.done = true
            $0.call = nil
        }
        switch result {
        case .success(let value): return value
        case .failure(let error):
            refuse(
                APIError(
                    code: 500, reason: "InternalError",
                    message: "Internal error occurred: error dialing backend: \(error)"))
            return nil
        }
    }
}

extension APIError {
    static func badRequest(_ message: String) -> APIError {
        APIError(code: 400, reason: "BadRequest", message: message)
    }
}
