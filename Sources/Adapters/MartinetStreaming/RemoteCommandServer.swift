package import MartinetBase
package import MartinetTransport

/// Serves exec and attach over WebSocket and SPDY/3.1.
package struct RemoteCommandServer: Sendable {
    package enum Kind: Sendable, Hashable {
        case exec(command: [String])
        case attach
    }

    /// The stream protocols over SPDY, the newest first. v5 is WebSocket's alone: SPDY could always half-close.
    static let spdyProtocols = ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"]

    private let streams: any ContainerStreams
    private let executor: any SerialExecutorPort
    private let log: Log

    package init(_ streams: any ContainerStreams, runtime: any Runtime, log: Log = Log(component: "streaming")) {
        self.streams = streams
        executor = runtime.executor(named: "martinet.streaming")
        self.log = log
    }

    /// Answers a request to the node: the wanted streams are `input`, `output`, `error` and `tty` of the query.
    package func serve(
        _ kind: Kind, _ target: ContainerTarget, _ query: QueryParameters, _ request: HTTPRequest,
        _ exchange: any Exchange
    ) {
        var wanted = StandardStreams(
            input: query.flag("input"), output: query.flag("output"), errors: query.flag("error"),
            tty: query.flag("tty"))
        // A terminal has one output.
        if wanted.tty { wanted.errors = false }
        guard wanted.input || wanted.output || wanted.errors else {
            return exchange.respond(400, text: "you must specify at least 1 of stdin, stdout, stderr\n")
        }
        if case .exec(let command) = kind, command.isEmpty {
            return exchange.respond(400, text: "you must specify a command to execute\n")
        }
        streams.check(target) { [self, wanted] refusal in
            if let refusal { return exchange.respond(refusal.status, text: refusal.message + "\n") }
            upgrade(kind, target, wanted, request, exchange)
        }
    }

    private func upgrade(
        _ kind: Kind, _ target: ContainerTarget, _ wanted: StandardStreams, _ request: HTTPRequest,
        _ exchange: any Exchange
    ) {
        if exchange.canUpgrade(to: "websocket") {
            let offered = request.headers.tokens("sec-websocket-protocol")
            let chosen = offered.first(where: ChannelCodec.commandProtocols.contains)
            guard offered.isEmpty || chosen != nil else {
                let text = "none of the subprotocols \(offered.joined(separator: ", ")) is served\n"
                return exchange.respond(403, text: text)
            }
            guard let socket = exchange.upgradeToWebSocket(subprotocol: chosen, []) else { return }
            return begin(kind, target, wanted, WebSocketCommandWire(socket, wanted))
        }
        guard exchange.canUpgrade(to: "SPDY/3.1") else {
            return exchange.respond(400, text: "unable to upgrade: missing upgrade headers in request\n")
        }
        guard
            let negotiated = StreamProtocol.negotiate(
                request.headers, RemoteCommandServer.spdyProtocols, exchange),
            let pipe = exchange.upgradeRaw("SPDY/3.1", negotiated.headers)
        else { return }
        SPDYCommandWire.open(pipe, wanted, negotiated.name, executor) { [self] wire in
            begin(kind, target, wanted, wire)
        }
    }

    private func begin(
        _ kind: Kind, _ target: ContainerTarget, _ wanted: StandardStreams, _ wire: any CommandWire
    ) {
        let keepAlive = KeepAlive(executor)
        let completion: @Sendable (Result<any ContainerProcess, StreamRefusal>) -> Void = { result in
            CommandSession.run(wire, result, wanted, keepAlive)
        }
        switch kind {
        case .exec(let command): streams.exec(target, command, wanted, completion)
        case .attach: streams.attach(target, wanted, completion)
        }
    }
}
