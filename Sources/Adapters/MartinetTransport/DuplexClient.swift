import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// Makes HTTP/2 connections with streams that are open in both directions: over TLS (ALPN `h2`), or in the clear by prior
/// knowledge (RFC 9113 §3.3). `http` or `https` in the url says which.
package final class DuplexClient: Sendable {
    private let loops: EventLoops
    private let configuration: ClientConfiguration
    private let tls: NIOSSLContext

    package init(loops: EventLoops, _ configuration: ClientConfiguration = ClientConfiguration()) throws {
        self.loops = loops
        self.configuration = configuration
        tls = try configuration.tlsContext(protocols: ["h2"])
    }

    /// Connects and calls back on an event loop, once.
    package func connect(
        _ url: String, completion: @escaping @Sendable (Result<DuplexPeer, TransportError>) -> Void
    ) {
        let place: ClientURL
        do throws(TransportError) { place = try ClientURL(url) } catch { return completion(.failure(error)) }
        let outcome = ConnectOutcome(completion)
        let loop = loops.group.next()
        ClientBootstrap(group: loop)
            .connectTimeout(.nanoseconds(configuration.connectTimeout.nanosecondsClamped))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try prepare(channel, place, outcome) }
            }
            .connect(host: place.host, port: place.port)
            .whenFailure { error in
                outcome.fail(TransportError(.connect, "cannot connect to \(place.authority)", cause: error))
            }
    }

    private func prepare(_ channel: any Channel, _ place: ClientURL, _ outcome: ConnectOutcome) throws {
        try channel.closeOnExec()
        let pipeline = channel.pipeline.syncOperations
        let peer = Peer(address: place.host, port: place.port, isTLS: place.isTLS)
        guard place.isTLS else {
            try DuplexClient.addHTTP2(channel, peer, place, outcome)
            return
        }
        let name = configuration.serverName ?? place.host
        let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : name))
        let identity: ServerIdentity?
        if case .anybody = configuration.trust { identity = nil } else { identity = ServerIdentity(name: name) }
        try pipeline.addHandler(
            ApplicationProtocolNegotiationHandler { result, channel in
                channel.eventLoop.makeCompletedFuture {
                    let tls = try? channel.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
                    if let identity, let error = identity.check(tls?.peerCertificate) {
                        outcome.fail(error)
                        return channel.close(promise: nil)
                    }
                    guard case .negotiated("h2") = result else {
                        outcome.fail(TransportError(.tls, "\(place.authority) does not speak http/2"))
                        return channel.close(promise: nil)
                    }
                    try DuplexClient.addHTTP2(channel, peer, place, outcome)
                }
            })
        try pipeline.addHandler(HandshakeWatch(place: place, outcome: outcome))
    }

    private static func addHTTP2(
        _ channel: any Channel, _ peer: Peer, _ place: ClientURL, _ outcome: ConnectOutcome
    ) throws {
        let scheme = place.isTLS ? "https" : "http"
        let box = HandleBox()
        let connection = DuplexConnection(eventLoop: channel.eventLoop, peer: peer, accept: nil) {
            if let handle = box.handle { outcome.succeed(handle) }
        }
        let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        let handle = DuplexPeer(connection: bound, authority: place.authority, scheme: scheme)
        box.handle = handle
        try channel.pipeline.syncOperations.addHandlers(
            NIOHTTP2Handler(mode: .client, connectionConfiguration: duplexSettings, streamConfiguration: .init()),
            connection)
        channel.closeFuture.whenComplete { _ in
            handle.closed()
            outcome.fail(TransportError(.closed, "\(place.authority) closed the connection"))
        }
    }
}

/// Limits of both ends.
var duplexSettings: NIOHTTP2Handler.ConnectionConfiguration {
    var settings = NIOHTTP2Handler.ConnectionConfiguration()
    settings.initialSettings = [
        HTTP2Setting(parameter: .maxConcurrentStreams, value: 4096),
        HTTP2Setting(parameter: .maxHeaderListSize, value: 64 << 10),
        HTTP2Setting(parameter: .initialWindowSize, value: DuplexConnection.streamWindow),
    ]
    settings.controlFrameRateLimit.maximumCount = 2000
    settings.controlFrameRateLimit.windowLength = .seconds(10)
    return settings
}

/// A connection that a client opens streams on. Usable from any thread.
package final class DuplexPeer: Sendable {
    private struct State {
        var isOpen = true
        var onClose: [@Sendable () -> Void] = []
    }

    private let connection: NIOLoopBound<DuplexConnection>
    private let authority: String
    private let scheme: String
    private let state = Mutex(State())

    init(connection: NIOLoopBound<DuplexConnection>, authority: String, scheme: String) {
        self.connection = connection
        self.authority = authority
        self.scheme = scheme
    }

    package var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Called when the connection has ended; at once where it already has.
    package func onClose(_ callback: @escaping @Sendable () -> Void) {
        let isOpen = state.withLock { state in
            if state.isOpen { state.onClose.append(callback) }
            return state.isOpen
        }
        if !isOpen { callback() }
    }

    func closed() {
        let callbacks = state.withLock { state in
            state.isOpen = false
            defer { state.onClose = [] }
            return state.onClose
        }
        for callback in callbacks { callback() }
    }

    /// Sends a POST's head (gRPC knows no other method) and leaves both directions open.
    package func open(path: String, headers: [(String, String)], _ events: DuplexEvents) -> any DuplexStream {
        let handle = DuplexHandle(connection: connection)
        let fields =
            [(":method", "POST"), (":scheme", scheme), (":path", path), (":authority", authority)] + headers
        connection.eventLoop.execute { [connection] in connection.value.open(handle, events, fields) }
        return handle
    }

    package func close() {
        connection.eventLoop.execute { [connection] in
            connection.value.abort(TransportError(.shutdown, "the connection was closed here"))
        }
    }
}

/// The first of success and failure is told.
private final class ConnectOutcome: Sendable {
    private let completion: Mutex<(@Sendable (Result<DuplexPeer, TransportError>) -> Void)?>
    init(_ completion: @escaping @Sendable (Result<DuplexPeer, TransportError>) -> Void) {
        self.completion = Mutex(completion)
    }
    private func take() -> (@Sendable (Result<DuplexPeer, TransportError>) -> Void)? {
        completion.withLock { completion in
            defer { completion = nil }
            return completion
        }
    }
    func succeed(_ peer: DuplexPeer) { take()?(.success(peer)) }
    func fail(_ error: TransportError) { take()?(.failure(error)) }
}

/// The handle that the connection's start tells of, which is made after the connection.
private final class HandleBox {
    var handle: DuplexPeer?
}

/// Tells why a handshake failed.
private final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = Any
    private let place: ClientURL
    private let outcome: ConnectOutcome
    init(place: ClientURL, outcome: ConnectOutcome) {
        self.place = place
        self.outcome = outcome
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        outcome.fail(TransportError(.tls, "cannot agree on tls with \(place.authority)", cause: error))
        context.close(promise: nil)
    }
    func channelInactive(context: ChannelHandlerContext) {
        outcome.fail(TransportError(.closed, "\(place.authority) closed during the handshake"))
        context.fireChannelInactive()
    }
}
