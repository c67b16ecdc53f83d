import NIOCore
import NIOHPACK
import NIOHTTP2

/// An HTTP/2 connection whose streams are open in both directions, from either end of it.
///
/// As in `HTTP2Connection` a stream is an entry of a dictionary; `NIOHTTP2Handler` below keeps the protocol's state and
/// holds back what the peer's window has no room for.
final class DuplexConnection: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// A server's answer to a stream that a client opens: who takes its events.
    typealias Acceptor = @Sendable (_ path: String, HTTPHeaderList, Peer, any DuplexStream) -> DuplexEvents

    private struct Stream {
        let handle: DuplexHandle
        var events: DuplexEvents
        var taken = 0
        var headSeen: Bool
        var endSent = false
    }

    static let streamWindow = 4 << 20
    static let connectionWindow = 16 << 20
    /// A quiet connection is asked whether it is alive so often, and given up when it does not say so in time.
    static let pingEvery = TimeAmount.seconds(10)

    let eventLoop: any EventLoop
    private let peer: Peer
    private let accept: Acceptor?
    private var context: ChannelHandlerContext?
    private var streams: [HTTP2StreamID: Stream] = [:]
    private var nextID = HTTP2StreamID(1)
    private var connectionTaken = 0
    private var flushScheduled = false
    private var goingAway = false
    private var failure: TransportError?
    private var pinger: Scheduled<Void>?
    private var heard = true
    private var started = false
    private let onStart: () -> Void

    /// - Parameter accept: nil at a client's end.
    init(eventLoop: any EventLoop, peer: Peer, accept: Acceptor?, onStart: @escaping () -> Void = {}) {
        self.onStart = onStart
        self.eventLoop = eventLoop
        self.peer = peer
        self.accept = accept
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { start() }
    }

    func channelActive(context: ChannelHandlerContext) {
        start()
        context.fireChannelActive()
    }

    private func start() {
        guard !started else { return }
        started = true
        write(.rootStream, .windowUpdate(windowSizeIncrement: Self.connectionWindow - 65_535), nil)
        if accept == nil { schedulePing() }
        onStart()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        pinger?.cancel()
        self.context = nil
    }

    var isOpen: Bool { context != nil && !goingAway && failure == nil }

    // MARK: What others want

    /// Opens a stream of the client's.
    func open(_ handle: DuplexHandle, _ events: DuplexEvents, _ headers: [(String, String)]) {
        guard isOpen else {
            handle.close()
            return events.closed(failure ?? TransportError(.closed, "the connection has ended"))
        }
        let id = nextID
        nextID = HTTP2StreamID(Int(id) + 2)
        handle.id.value = id
        streams[id] = Stream(handle: handle, events: events, headSeen: false)
        send(id, .head(headers, end: false))
        drain(handle)
    }

    /// Sends what the handle has gathered.
    func drain(_ handle: DuplexHandle) {
        guard let id = handle.id.value, streams[id] != nil else { return }
        for item in handle.take() { send(id, item) }
    }

    private func send(_ id: HTTP2StreamID, _ item: DuplexHandle.Item) {
        guard let stream = streams[id] else { return }
        switch item {
        case .head(let fields, let end):
            write(id, .headers(.init(headers: Self.block(fields), endStream: end)), nil)
        case .data(let bytes):
            guard !stream.endSent else { return }
            let done = eventLoop.makePromise(of: Void.self)
            let handle = stream.handle
            let drained = stream.events.drained
            done.futureResult.whenComplete { _ in if handle.taken(bytes.count) { drained() } }
            write(id, .data(.init(data: .byteBuffer(ByteBuffer(bytes: bytes)), endStream: false)), done)
        case .finish(let trailers):
            guard !stream.endSent else { return }
            streams[id]?.endSent = true
            if trailers.isEmpty {
                write(id, .data(.init(data: .byteBuffer(ByteBuffer()), endStream: true)), nil)
            } else {
                write(id, .headers(.init(headers: Self.block(trailers), endStream: true)), nil)
            }
        case .reset:
            write(id, .rstStream(.cancel), nil)
        }
    }

    /// Lets go of everything at once.
    func abort(_ error: TransportError) {
        if failure == nil { failure = error }
        context?.close(promise: nil)
    }

    private static func block(_ fields: [(String, String)]) -> HPACKHeaders {
        var block = HPACKHeaders()
        for (name, value) in fields { block.add(name: name, value: value) }
        return block
    }

    private func write(_ id: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload, _ done: EventLoopPromise<Void>?) {
        guard let context else {
            done?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: done)
        guard !flushScheduled else { return }
        flushScheduled = true
        eventLoop.assumeIsolated().execute { [weak self] in
            guard let self else { return }
            flushScheduled = false
            self.context?.flush()
        }
    }

    private func schedulePing() {
        pinger = eventLoop.assumeIsolated().scheduleTask(in: Self.pingEvery) { [weak self] in
            guard let self, context != nil else { return }
            guard heard else { return abort(TransportError(.timeout, "the peer does not answer any more")) }
            heard = false
            if !streams.isEmpty {
                write(.rootStream, .ping(HTTP2PingData(withInteger: 1), ack: false), nil)
            } else {
                heard = true
            }
            schedulePing()
        }
    }

    // MARK: What comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        heard = true
        switch frame.payload {
        case .headers(let headers): takeHeaders(frame.streamID, headers)
        case .data(let data): takeData(frame.streamID, data)
        case .goAway: goingAway = true
        default: break
        }
    }

    private func takeHeaders(_ id: HTTP2StreamID, _ block: HTTP2Frame.FramePayload.Headers) {
        var path = ""
        var status = 0
        var fields = HTTPHeaderList()
        for (name, value, _) in block.headers {
            switch name {
            case ":path": path = value
            case ":status": status = Int(value) ?? 0
            default: fields.append(name, value)
            }
        }
        if let stream = streams[id] {
            if stream.headSeen {
                if block.endStream { stream.events.end(fields) }
                return
            }
            guard status >= 200 else { return }
            streams[id]?.headSeen = true
            stream.events.head(status, fields)
            // A response of trailers alone.
            if block.endStream { stream.events.end(fields) }
        } else if let accept {
            let handle = DuplexHandle(connection: self, id: id)
            streams[id] = Stream(handle: handle, events: DuplexEvents(), headSeen: true)
            let events = accept(path, fields, peer, handle)
            streams[id]?.events = events
            if block.endStream { events.end([]) }
        }
    }

    private func takeData(_ id: HTTP2StreamID, _ data: HTTP2Frame.FramePayload.Data) {
        guard case .byteBuffer(let bytes) = data.data else { return }
        let size = bytes.readableBytes + (data.paddingBytes.map { $0 + 1 } ?? 0)
        connectionTaken += size
        if connectionTaken >= Self.connectionWindow / 2 {
            write(.rootStream, .windowUpdate(windowSizeIncrement: connectionTaken), nil)
            connectionTaken = 0
        }
        guard let stream = streams[id] else { return }
        if !data.endStream {
            let taken = stream.taken + size
            streams[id]?.taken = taken
            if taken >= Self.streamWindow / 2 {
                streams[id]?.taken = 0
                write(id, .windowUpdate(windowSizeIncrement: taken), nil)
            }
        }
        if bytes.readableBytes > 0 { stream.events.data(Array(bytes.readableBytesView)) }
        if data.endStream { stream.events.end([]) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let closed = event as? StreamClosedEvent {
            let error = closed.reason.map { TransportError(.closed, "the stream was reset (\($0))") }
            forget(closed.streamID, error)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func forget(_ id: HTTP2StreamID, _ error: TransportError?) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        stream.handle.close()
        stream.events.closed(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        pinger?.cancel()
        let error = failure ?? TransportError(.closed, "the connection was closed by the peer")
        failure = error
        let ended = streams
        streams = [:]
        for stream in ended.values {
            stream.handle.close()
            stream.events.closed(error)
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is any NIOHTTP2Error { return }
        if failure == nil { failure = TransportError(.closed, "the connection failed", cause: error) }
        context.close(promise: nil)
    }
}
