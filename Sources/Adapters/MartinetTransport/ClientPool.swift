import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A client's connections: those that are idle, by where they lead.
final class ClientPool: Sendable {
    struct Key: Hashable, Sendable {
        let isTLS: Bool
        let host: String
        let port: Int
        /// Which of the client's own certificates it shows: counted from the first.
        let generation: Int
    }

    private struct State {
        var tls: NIOSSLContext
        var generation = 0
        var idle: [Key: [NIOLoopBound<ClientConnection>]] = [:]
        var open = 0
        var stopped = false
    }

    let configuration: ClientConfiguration
    let random: @Sendable () -> UInt64
    private let group: any EventLoopGroup
    private let state: Mutex<State>

    init(group: any EventLoopGroup, configuration: ClientConfiguration, random: @escaping @Sendable () -> UInt64) throws
    {
        self.group = group
        self.configuration = configuration
        self.random = random
        state = Mutex(State(tls: try configuration.tlsContext(protocols: ["http/1.1"])))
    }

    /// Shows another certificate from the next connection on. Connections in use go on; none of them is used again.
    func reload(_ identity: TLSIdentity) throws {
        var renewed = configuration
        renewed.identity = identity
        let context = try renewed.tlsContext(protocols: ["http/1.1"])
        let idle = state.withLock { state in
            state.tls = context
            state.generation += 1
            defer { state.idle = [:] }
            return state.idle.values.flatMap { $0 }
        }
        for connection in idle { connection.execute { $0.channel.close(promise: nil) } }
    }

    var openConnections: Int { state.withLock { $0.open } }

    func start(_ call: ClientCall) {
        let key = key(call)
        if call.upgrade == nil, call.request.stream == nil, let idle = state.withLock({ $0.idle[key]?.popLast() }) {
            idle.execute { $0.start(call) }
        } else {
            connect(key, call)
        }
    }

    /// The connection went away before a response: where it had been idle the server may just have closed it, and a
    /// request that may be sent twice is, on a new connection.
    func retry(_ call: ClientCall, reused: Bool, cause: (any Error)?) {
        guard !call.isOver else { return }
        guard reused, call.request.isIdempotent, call.upgrade == nil, call.request.stream == nil else {
            let isTLS =
                (cause as? TransportError)?.code == .tls || cause is NIOSSLError || cause is NIOSSLExtraError
                || cause is BoringSSLError
            let code: TransportError.Code = isTLS ? .tls : .closed
            let message =
                code == .tls
                ? "cannot agree on tls with \(call.url.authority)" : "\(call.url.authority) closed without an answer"
            return call.fail(TransportError(code, message, cause: cause))
        }
        connect(key(call), call)
    }

    private func key(_ call: ClientCall) -> Key {
        let generation = state.withLock { $0.generation }
        return Key(isTLS: call.url.isTLS, host: call.url.host, port: call.url.port, generation: generation)
    }

    /// Keeps an idle connection; false where there are enough.
    func giveBack(_ connection: ClientConnection, _ key: Key) -> Bool {
        let bound = NIOLoopBound(connection, eventLoop: connection.channel.eventLoop)
        return state.withLock { state in
            guard !state.stopped, key.generation == state.generation,
                (state.idle[key]?.count ?? 0) < configuration.idleConnectionsPerHost
            else { return false }
            state.idle[key, default: []].append(bound)
            return true
        }
    }

    func forget(_ connection: ClientConnection, _ key: Key) {
        // The box may only be opened on its own loop, which is where this is called.
        let candidates = state.withLock { state in
            state.open -= 1
            return state.idle[key] ?? []
        }
        guard candidates.contains(where: { $0.isHere && $0.value === connection }) else { return }
        state.withLock { state in
            state.idle[key]?.removeAll { $0.isHere && $0.value === connection }
            if state.idle[key]?.isEmpty == true { state.idle[key] = nil }
        }
    }

    /// An upgraded connection has ended.
    func closed(_ key: Key) { state.withLock { $0.open -= 1 } }

    func stop() {
        let idle = state.withLock { state in
            state.stopped = true
            defer { state.idle = [:] }
            return state.idle.values.flatMap { $0 }
        }
        for connection in idle { connection.execute { $0.channel.close(promise: nil) } }
    }

    func connect(_ key: Key, _ call: ClientCall) {
        let refused: String? = state.withLock { state in
            if state.stopped { return "the client has been shut down" }
            if state.open >= configuration.connections { return "the client has \(state.open) connections open" }
            state.open += 1
            return nil
        }
        if let refused { return call.fail(TransportError(.shutdown, refused)) }
        if key.isTLS, let proxy = configuration.proxy?(key.host, key.port) {
            return connect(key, call, addresses: [proxy.host][...], through: proxy)
        }
        guard let resolve = configuration.resolve, (try? SocketAddress(ipAddress: key.host, port: key.port)) == nil
        else {
            return connect(key, call, addresses: [key.host][...])
        }
        resolve(key.host) { [self] addresses in
            guard !addresses.isEmpty else {
                closed(key)
                return call.fail(TransportError(.connect, "the host \(key.host) has no address"))
            }
            connect(key, call, addresses: addresses[...])
        }
    }

    private func connect(
        _ key: Key, _ call: ClientCall, addresses: ArraySlice<String>, through proxy: ClientProxy? = nil
    ) {
        guard let address = addresses.first else { return }
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(.nanoseconds(configuration.connectTimeout.nanosecondsClamped))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try prepare(channel, key, proxy) }
            }
        bootstrap.connect(host: address, port: proxy?.port ?? key.port).whenComplete { [self] result in
            switch result {
            case .success(let channel): begin(call, on: channel, key)
            case .failure where addresses.count > 1 && !call.isOver:
                connect(key, call, addresses: addresses.dropFirst())
            case .failure(let error):
                closed(key)
                let place = proxy.map { "the proxy \($0.host):\($0.port)" } ?? "\(key.host):\(key.port)"
                call.fail(TransportError(.connect, "cannot connect to \(place)", cause: error))
            }
        }
    }

    private func prepare(_ channel: any Channel, _ key: Key, _ proxy: ClientProxy?) throws {
        try channel.closeOnExec()
        let pipeline = channel.pipeline.syncOperations
        if let proxy { try pipeline.addHandler(ProxyTunnel(proxy, host: key.host, port: key.port)) }
        if key.isTLS {
            let tls = state.withLock { $0.tls }
            let name = configuration.serverName ?? key.host
            let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : name))
        }
        let encoder = HTTPRequestEncoder()
        let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
        var identity: ServerIdentity?
        if key.isTLS {
            if case .anybody = configuration.trust {
            } else {
                identity = ServerIdentity(name: configuration.serverName ?? key.host)
            }
        }
        let connection = ClientConnection(
            channel: channel, pool: self, key: key, identity: identity, encoder: encoder, decoder: decoder)
        try pipeline.addHandlers(encoder, decoder, connection)
    }

    private func begin(_ call: ClientCall, on channel: any Channel, _ key: Key) {
        guard let connection = try? channel.pipeline.syncOperations.handler(type: ClientConnection.self) else {
            // It was closed in the instant between connecting and here; its handler has counted it out.
            return call.fail(TransportError(.closed, "\(call.url.authority) closed without an answer"))
        }
        connection.start(call)
    }
}

extension NIOLoopBound {
    /// Whether the value may be looked at here.
    fileprivate var isHere: Bool { eventLoop.inEventLoop }

    fileprivate func execute(_ work: @escaping @Sendable (Value) -> Void) {
        if eventLoop.inEventLoop { work(value) } else { eventLoop.execute { work(value) } }
    }
}
