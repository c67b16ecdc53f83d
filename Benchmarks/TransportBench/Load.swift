import Glibc
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import Synchronization

struct Rate {
    var perSecond: Int
    /// Microseconds of processor time for one exchange, both ends together.
    var cpu: Double
}

/// What this process has used of the processors, in microseconds.
func cpu() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) * 1e6 + Double($1.tv_usec) }
}

/// Keeps connections busy and counts answers.
struct Load {
    var connections: Int
    var seconds: Int
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    func http1(port: Int, secure: Bool) async throws -> Rate {
        let request = ByteBuffer(
            string: "GET /api/v1/namespaces/default/configmaps/a HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\n\r\n")
        return try await run(port: port, secure: secure, protocols: ["http/1.1"], connections: connections) { counter in
            [RepeatClient(request: request, counter: counter)]
        }
    }

    func http2(port: Int) async throws -> Rate {
        try await run(port: port, secure: true, protocols: ["h2"], connections: 4) { counter in
            [NIOHTTP2Handler(mode: .client), StreamClient(streams: 25, counter: counter)]
        }
    }

    static func echo(bytes: Int, connections: Int, seconds: Int) async throws -> Rate {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(EchoServer())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let load = Load(connections: connections, seconds: seconds)
        let request = ByteBuffer(repeating: 120, count: bytes)
        let rate = try await load.run(
            port: server.localAddress?.port ?? 0, secure: false, protocols: [], connections: connections
        ) { [RepeatClient(request: request, counter: $0)] }
        try await server.close()
        return rate
    }

    private func run(
        port: Int, secure: Bool, protocols: [String], connections: Int,
        _ handlers: @escaping @Sendable (Counter) -> [any ChannelHandler]
    ) async throws -> Rate {
        let counter = Counter()
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.applicationProtocols = protocols
        let context = try NIOSSLContext(configuration: configuration)
        var channels: [any Channel] = []
        for _ in 0..<connections {
            channels.append(
                try await ClientBootstrap(group: Load.group)
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            if secure {
                                let handler = try NIOSSLClientHandler(context: context, serverHostname: "localhost")
                                try channel.pipeline.syncOperations.addHandler(handler)
                            }
                            try channel.pipeline.syncOperations.addHandlers(handlers(counter))
                        }
                    }
                    .connect(host: "127.0.0.1", port: port).get())
        }
        let loop = Load.group.next()
        try await loop.scheduleTask(in: .milliseconds(300)) {}.futureResult.get()
        let (before, began) = (counter.value, cpu())
        try await loop.scheduleTask(in: .seconds(Int64(seconds))) {}.futureResult.get()
        let count = max(1, counter.value - before)
        let rate = Rate(perSecond: count / seconds, cpu: (cpu() - began) / Double(count))
        for channel in channels { try? await channel.close() }
        return rate
    }
}

/// How many answers have come.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add() { count.add(1, ordering: .relaxed) }
}

/// Sends back what it gets.
final class EchoServer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.write(data, promise: nil) }
    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }
}

/// Sends the same bytes each time an answer of the first answer's length has come.
final class RepeatClient: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let request: ByteBuffer
    private let counter: Counter
    private var length = 0
    private var received = 0

    init(request: ByteBuffer, counter: Counter) {
        self.request = request
        self.counter = counter
    }

    func channelActive(context: ChannelHandlerContext) { context.writeAndFlush(wrapOutboundOut(request), promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += unwrapInboundIn(data).readableBytes
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // The first answer is taken to come in one piece: it is small and the connection idle.
        if length == 0 { length = received }
        guard length > 0, received >= length else { return }
        received -= length
        counter.add()
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }
}

/// Keeps a number of HTTP/2 streams open at once.
final class StreamClient: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame
    private let streams: Int
    private let counter: Counter
    private var next = HTTP2StreamID(1)
    private var taken = 0
    private static let headers = HPACKHeaders([
        (":method", "GET"), (":scheme", "https"), (":authority", "localhost"),
        (":path", "/api/v1/namespaces/default/configmaps/a"), ("accept", "*/*"),
    ])

    init(streams: Int, counter: Counter) {
        self.streams = streams
        self.counter = counter
    }

    func channelActive(context: ChannelHandlerContext) {
        for _ in 0..<streams { open(context) }
        context.flush()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .data(let data) = unwrapInboundIn(data).payload else { return }
        taken += data.data.readableBytes
        if taken > 16_384 {
            let update = HTTP2Frame(streamID: .rootStream, payload: .windowUpdate(windowSizeIncrement: taken))
            context.write(wrapOutboundOut(update), promise: nil)
            taken = 0
        }
        guard data.endStream else { return }
        counter.add()
        open(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

    private func open(_ context: ChannelHandlerContext) {
        let frame = HTTP2Frame(
            streamID: next, payload: .headers(.init(headers: StreamClient.headers, endStream: true)))
        next = next.advanced(by: 2)
        context.write(wrapOutboundOut(frame), promise: nil)
    }
}
