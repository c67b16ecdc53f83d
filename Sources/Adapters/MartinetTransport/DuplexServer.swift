import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// Serves HTTP/2 streams that are open in both directions, for gRPC: over TLS, or in the clear by prior knowledge.
package final class DuplexServer: Sendable {
    private struct State {
        var listeners: [any Channel] = []
        var channels: [ObjectIdentifier: any Channel] = [:]
        var stopping = false
    }

    private let loops: EventLoops
    private let tls: TLSContexts?
    private let requiresCertificate: Bool
    private let accept: DuplexConnection.Acceptor
    private let state = Mutex(State())
    private static let connectionsMax = 4096

    /// - Parameters:
    ///   - requiresCertificate: a client without a certificate is turned away.
    ///   - accept: called on an event loop with the path and headers of each stream; it must not block.
    package init(
        loops: EventLoops, tls: ServerTLS? = nil, requiresCertificate: Bool = false,
        accept: @escaping @Sendable (_ path: String, HTTPHeaderList, Peer, any DuplexStream) -> DuplexEvents
    ) throws {
        self.loops = loops
        self.tls = try tls.map { try TLSContexts($0) }
        self.requiresCertificate = requiresCertificate
        self.accept = accept
    }

    /// Takes connections; returns the port, 0 for a unix socket.
    package func listen(_ address: ListenAddress) throws -> Int {
        let bootstrap = ServerBootstrap(group: loops.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.closeOnExec() }
            }
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try accepted(channel) }
            }
        do {
            let listener = try address.bind(bootstrap)
            state.withLock { $0.listeners.append(listener) }
            return listener.localAddress?.port ?? 0
        } catch {
            throw TransportError(.connect, "cannot listen at \(address)", cause: error)
        }
    }

    /// Stops accepting and ends every connection.
    package func shutdown() async {
        let (listeners, channels) = state.withLock { state in
            state.stopping = true
            return (state.listeners, Array(state.channels.values))
        }
        for listener in listeners { try? await listener.close() }
        for channel in channels { try? await channel.close() }
    }

    private func accepted(_ channel: any Channel) throws {
        let key = ObjectIdentifier(channel)
        let refused = state.withLock { state in
            if state.stopping || state.channels.count >= DuplexServer.connectionsMax { return true }
            state.channels[key] = channel
            return false
        }
        guard !refused else { throw TransportError(.shutdown, "the server takes no more connections") }
        channel.closeFuture.whenComplete { [self] _ in state.withLock { $0.channels[key] = nil } }
        if channel.remoteAddress?.protocol != .unix {
            try? channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
            try? channel.syncOptions?.setOption(.socketOption(.so_keepalive), value: 1)
        }
        try channel.closeOnExec()
        guard let tls else { return try addHTTP2(channel, certificates: []) }
        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls.context))
        let timeout = channel.eventLoop.scheduleTask(in: .seconds(15)) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in timeout.cancel() }
        try channel.pipeline.syncOperations.addHandler(
            ApplicationProtocolNegotiationHandler { [self] result, channel in
                timeout.cancel()
                return channel.eventLoop.makeCompletedFuture {
                    let handler = try? channel.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
                    let certificate = handler?.peerCertificate.flatMap { try? $0.toDERBytes() }
                    guard case .negotiated("h2") = result, certificate != nil || !requiresCertificate else {
                        return channel.close(promise: nil)
                    }
                    try addHTTP2(channel, certificates: certificate.map { [$0] } ?? [])
                }
            })
    }

    private func addHTTP2(_ channel: any Channel, certificates: [[UInt8]]) throws {
        let peer = Peer(
            address: channel.remoteAddress?.ipAddress ?? "", port: channel.remoteAddress?.port ?? 0,
            isTLS: tls != nil, certificates: certificates)
        var streams = NIOHTTP2Handler.StreamConfiguration()
        streams.streamResetFrameRateLimit.maximumCount = 2000
        streams.streamResetFrameRateLimit.windowLength = .seconds(10)
        try channel.pipeline.syncOperations.addHandlers(
            NIOHTTP2Handler(mode: .server, connectionConfiguration: duplexSettings, streamConfiguration: streams),
            DuplexConnection(eventLoop: channel.eventLoop, peer: peer, accept: accept))
    }
}
