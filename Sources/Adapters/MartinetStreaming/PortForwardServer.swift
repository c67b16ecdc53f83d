package import MartinetBase
package import MartinetTransport
import Synchronization

/// Serves port-forward: SPDY/3.1 on the connection itself, SPDY/3.1 inside of WebSocket messages (KEP-4006), and the
/// older WebSocket channels.
package struct PortForwardServer: Sendable {
    static let protocols = ["portforward.k8s.io"]
    static let tunnel = "SPDY/3.1+portforward.k8s.io"
    static let channelProtocols = ["v4.channel.k8s.io", "v4.base64.channel.k8s.io"]

    private let streams: any ContainerStreams
    private let executor: any SerialExecutorPort

    package init(_ streams: any ContainerStreams, runtime: any Runtime) {
        self.streams = streams
        executor = runtime.executor(named: "martinet.portforward")
    }

    package func serve(
        namespace: String, pod: String, _ query: QueryParameters, _ request: HTTPRequest, _ exchange: any Exchange
    ) {
        let target = ContainerTarget(namespace: namespace, pod: pod, container: "")
        streams.check(target) { [self] refusal in
            if let refusal { return exchange.respond(refusal.status, text: refusal.message + "\n") }
            upgrade(target, query, request, exchange)
        }
    }

    private func upgrade(
        _ target: ContainerTarget, _ query: QueryParameters, _ request: HTTPRequest, _ exchange: any Exchange
    ) {
        if exchange.canUpgrade(to: "websocket") {
            let offered = request.headers.tokens("sec-websocket-protocol")
            if offered.contains(PortForwardServer.tunnel) {
                guard let socket = exchange.upgradeToWebSocket(subprotocol: PortForwardServer.tunnel, []) else {
                    return
                }
                return begin(target, WebSocketTunnel(socket))
            }
            return channels(target, query, offered, exchange)
        }
        guard exchange.canUpgrade(to: "SPDY/3.1") else {
            return exchange.respond(400, text: "unable to upgrade: missing upgrade headers in request\n")
        }
        guard let negotiated = StreamProtocol.negotiate(request.headers, PortForwardServer.protocols, exchange),
            let pipe = exchange.upgradeRaw("SPDY/3.1", negotiated.headers)
        else { return }
        begin(target, pipe)
    }

    private func begin(_ target: ContainerTarget, _ pipe: any BytePipe) {
        PortForwardSession(streams, target, SPDYConnection(pipe, executor), executor).start()
    }

    private func channels(
        _ target: ContainerTarget, _ query: QueryParameters, _ offered: [String], _ exchange: any Exchange
    ) {
        let chosen = offered.first(where: PortForwardServer.channelProtocols.contains)
        guard offered.isEmpty || chosen != nil else {
            return exchange.respond(
                403, text: "none of the subprotocols \(offered.joined(separator: ", ")) is served\n")
        }
        let words = query.all("port").flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let ports = words.compactMap { UInt16($0) }.filter { $0 > 0 }
        // Two channels each, and one byte for the number of a channel.
        guard !words.isEmpty, ports.count == words.count, ports.count <= 64 else {
            return exchange.respond(400, text: "the query must name 1 to 64 ports from 1 to 65535 as port\n")
        }
        guard let socket = exchange.upgradeToWebSocket(subprotocol: chosen, []) else { return }
        ChannelPortForward(streams, target, ports, socket, KeepAlive(executor)).start()
    }
}
