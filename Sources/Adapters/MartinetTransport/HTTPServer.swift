package import MartinetBase
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// Serves HTTP/1.1 and HTTP/2 on any number of listeners, over TLS (ALPN chooses) or in the clear (HTTP/1.1 only).
package final class HTTPServer: Sendable {
    private struct State {
        var listeners: [any Channel] = []
        var connections: [ObjectIdentifier: @Sendable () -> Void] = [:]
        var channels: [ObjectIdentifier: any Channel] = [:]
        var stopping = false
    }

    private let shared: ServerShared
    private let loops: EventLoops
    private let gate: ConnectionGate
    private let tls: TLSContexts?
    private let state = Mutex(State())

    /// - Parameters:
    ///   - tls: nil where no listener uses TLS.
    ///   - limitExceeded: the answer's headers and body where a request broke a limit; nil leaves a line of plain text.
    package init(
        loops: EventLoops, tls: ServerTLS? = nil, limits: ServerLimits = ServerLimits(),
        log: Log = Log(component: "http"),
        limitExceeded: @escaping @Sendable (LimitViolation) -> (headers: [(String, String)], body: ResponseBody)? = {
            _ in
            nil
        },
        handler: any RequestHandler
    ) throws {
        self.loops = loops
        self.tls = try tls.map { try TLSContexts($0) }
        gate = ConnectionGate(limit: limits.connections)
        shared = ServerShared(handler: handler, limits: limits, log: log, limitExceeded: limitExceeded)
    }

    /// Open connections.
    package var connectionCount: Int { gate.open }

    /// Shows other certificates, and trusts other authorities, from the next connection on.
    package func reload(_ new: ServerTLS) throws {
        guard let tls else { throw TransportError(.invalid, "the server has no tls to reload") }
        try tls.reload(new)
    }

    /// Takes connections at `address`; blocks for the instant that binding takes. Returns the port, 0 for a unix socket.
    ///
    /// - Throws: `TransportError`, which names the address that could not be bound.
    @discardableResult
    package func listen(_ address: ListenAddress, secure: Bool) throws -> Int {
        if secure, tls == nil {
            throw TransportError(.invalid, "the server has no certificate to listen with at \(address)")
        }
        let bootstrap = ServerBootstrap(group: loops.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { [gate] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.closeOnExec()
                    try channel.pipeline.syncOperations.addHandler(AcceptGate(gate: gate))
                }
            }
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try accepted(channel, secure: secure) }
            }
        do {
            let listener = try address.bind(bootstrap)
            let stopped = state.withLock { state in
                if !state.stopping { state.listeners.append(listener) }
                return state.stopping
            }
            if stopped { listener.close(promise: nil) }
            return listener.localAddress?.port ?? 0
        } catch {
            throw TransportError(.connect, "cannot listen at \(address)", cause: error)
        }
    }

    /// Stops accepting, lets requests in flight be answered for `grace`, then ends what is left.
    package func shutdown(grace: Duration) async {
        let (listeners, drains) = state.withLock { state in
            state.stopping = true
            defer { state.listeners = [] }
            return (state.listeners, Array(state.connections.values))
        }
        for listener in listeners { try? await listener.close() }
        for drain in drains { drain() }
        let loop = loops.group.next()
        let deadline = NIODeadline.now() + .nanoseconds(grace.nanosecondsClamped)
        while !state.withLock({ $0.channels.isEmpty }) {
            if NIODeadline.now() >= deadline {
                for channel in state.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) }
            }
            try? await loop.scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
        }
    }

    // MARK: One connection, on its event loop

    private func accepted(_ channel: any Channel, secure: Bool) throws {
        let key = ObjectIdentifier(channel)
        let stopping = state.withLock { state in
            if !state.stopping { state.channels[key] = channel }
            return state.stopping
        }
        guard !stopping else { throw TransportError(.shutdown, "the server is stopping") }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { state in
                state.channels[key] = nil
                state.connections[key] = nil
            }
        }
        if channel.remoteAddress?.protocol != .unix { setTCPOptions(channel) }
        try channel.closeOnExec()
        let pipeline = channel.pipeline.syncOperations
        guard secure, let tls else { return try addHTTP1(channel, secure: false) }
        let handler = NIOSSLServerHandler(context: tls.context)
        try pipeline.addHandler(handler)
        // A handshake that never ends is ended; the connection's own timer takes over behind it.
        let timeout = channel.eventLoop.scheduleTask(in: .nanoseconds(shared.limits.headerTimeout.nanosecondsClamped)) {
            channel.close(promise: nil)
        }
        try pipeline.addHandler(
            ApplicationProtocolNegotiationHandler { [self] result, channel in
                timeout.cancel()
                return channel.eventLoop.makeCompletedFuture {
                    if case .negotiated("h2") = result {
                        try addHTTP2(channel)
                    } else {
                        try addHTTP1(channel, secure: true)
                    }
                }
            })
        channel.closeFuture.whenComplete { _ in timeout.cancel() }
        try pipeline.addHandler(ErrorCloser())
    }

    /// Small answers at once, and peers that vanished found within about a minute and a half.
    private func setTCPOptions(_ channel: any Channel) {
        guard let options = channel.syncOptions else { return }
        try? options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try? options.setOption(.socketOption(.so_keepalive), value: 1)
        // TCP_KEEPIDLE and TCP_KEEPINTVL in seconds, TCP_KEEPCNT (tcp(7)).
        for (name, value) in [(4, 30), (5, 15), (6, 4)] as [(CInt, Int)] {
            let option = ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: name))
            try? options.setOption(option, value: .init(value))
        }
    }

    private func peer(of channel: any Channel, secure: Bool) -> Peer {
        let tls = secure ? try? channel.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self) : nil
        let certificate = tls?.peerCertificate.flatMap { try? $0.toDERBytes() }
        return Peer(
            address: channel.remoteAddress?.ipAddress ?? "", port: channel.remoteAddress?.port ?? 0, isTLS: secure,
            certificates: certificate.map { [$0] } ?? [])
    }

    private func addHTTP1(_ channel: any Channel, secure: Bool) throws {
        var sizes = NIOHTTPDecoderLimitConfiguration()
        sizes.maxHeaderFieldSize = shared.limits.headerBytes
        sizes.maxHeaderListSize = shared.limits.headerBytes
        sizes.maxHeaderFieldCount = shared.limits.headerFields
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(
                leftOverBytesStrategy: .forwardBytes, informationalResponseStrategy: .drop, limitConfiguration: sizes))
        let connection = HTTP1Connection(
            shared: shared, peer: peer(of: channel, secure: secure), decoder: decoder, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.addHandlers(decoder, connection)
        register(connection, channel)
    }

    private func addHTTP2(_ channel: any Channel) throws {
        let limits = shared.limits
        var settings = NIOHTTP2Handler.ConnectionConfiguration()
        settings.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.streams),
            // Some room above the limit: what is a little too large is answered with 431, not with a broken connection.
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headerBytes + limits.headerBytes / 4),
            HTTP2Setting(parameter: .initialWindowSize, value: HTTP2Connection.streamWindow),
        ]
        settings.maximumSequentialContinuationFrames = limits.headerBytes / 4096 + 8
        settings.controlFrameRateLimit.maximumCount = limits.controlFramesPerTenSeconds
        settings.controlFrameRateLimit.windowLength = .seconds(10)
        var streams = NIOHTTP2Handler.StreamConfiguration()
        streams.streamResetFrameRateLimit.maximumCount = limits.resetsPerTenSeconds
        streams.streamResetFrameRateLimit.windowLength = .seconds(10)
        let fate = ConnectionFate()
        let connection = HTTP2Connection(
            shared: shared, peer: peer(of: channel, secure: true), fate: fate, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.addHandlers(
            NIOHTTP2Handler(
                mode: .server, frameDelegate: fate, connectionConfiguration: settings, streamConfiguration: streams),
            connection)
        register(connection, channel)
    }

    private func register(_ connection: any DrainableConnection, _ channel: any Channel) {
        let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        let drain: @Sendable () -> Void = { [eventLoop = channel.eventLoop] in
            eventLoop.execute { bound.value.drain() }
        }
        let stopping = state.withLock { state in
            state.connections[ObjectIdentifier(channel)] = drain
            return state.stopping
        }
        if stopping { drain() }
    }
}

/// Ends a connection whose handshake failed; nothing else listens for errors until the protocol is known.
private final class ErrorCloser: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
