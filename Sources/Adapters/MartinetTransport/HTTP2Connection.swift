import NIOCore
import NIOHPACK
import NIOHTTP2

/// The server's end of an HTTP/2 connection (RFC 9113).
///
/// Works on the frames themselves: a stream is an entry of a dictionary, not a channel with a pipeline, with nothing to
/// allocate but what the request itself is. `NIOHTTP2Handler` below it keeps the protocol's state, checks header blocks and
/// holds back data for which the client's window has no room.
final class HTTP2Connection: ChannelInboundHandler, ExchangeHost, DrainableConnection {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private struct Stream {
        var request: HTTPRequest
        var core: ExchangeCore?
        var body: RequestStream?
        var arrived: NIODeadline
        /// Bytes taken from the stream's window and not given back.
        var taken = 0
        var hasBody = true
        var answered = false
        /// What still comes of the body is dropped.
        var refused = false
    }

    static let streamWindow = 256 << 10
    static let connectionWindow = 1 << 20

    let shared: ServerShared
    let eventLoop: any EventLoop
    private let peer: Peer
    private let fate: ConnectionFate
    private var context: ChannelHandlerContext?
    private var timer: DeadlineTimer?
    private var streams: [HTTP2StreamID: Stream] = [:]
    private var arriving = 0
    private var bodyBytes = 0
    private var connectionTaken = 0
    private var lastStream = HTTP2StreamID.rootStream
    private var inRead = false
    private var flushNeeded = false
    private var draining = false
    /// The client has been told the last stream that is served: when all have ended, so may the connection.
    private var lastTold = false
    private var closing = false

    var limits: ServerLimits { shared.limits }

    init(shared: ServerShared, peer: Peer, fate: ConnectionFate, eventLoop: any EventLoop) {
        self.shared = shared
        self.fate = fate
        self.peer = peer
        self.eventLoop = eventLoop
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        timer = DeadlineTimer(eventLoop: eventLoop) { [weak self] in self?.timedOut() }
        timer?.set(limits.headerTimeout)
        // The protocol starts with 65 535 bytes for the whole connection (RFC 9113 §6.9.2).
        send(.rootStream, .windowUpdate(windowSizeIncrement: Self.connectionWindow - 65_535), nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        self.context = nil
    }

    // MARK: What comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inRead = true
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers): takeHeaders(frame.streamID, headers)
        case .data(let data): takeData(frame.streamID, data)
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        inRead = false
        if flushNeeded {
            flushNeeded = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let closed = event as? StreamClosedEvent { forget(closed.streamID) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        closing = true
        let cores = streams.values.compactMap(\.core)
        streams = [:]
        for core in cores { core.clientGone() }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // One stream's error has been answered with RST_STREAM by the handler below, a connection's with GOAWAY; all that
        // comes from further below, TLS or the socket, is the end.
        if error is any NIOHTTP2Error, !fate.isSealed { return }
        context.close(promise: nil)
    }

    private func takeHeaders(_ id: HTTP2StreamID, _ block: HTTP2Frame.FramePayload.Headers) {
        if streams[id] != nil {
            // Trailers: they end the body, and nothing of them is needed.
            if block.endStream { if let body = streams[id]?.body { body.ended(whole: true) } else { dispatch(id) } }
            return
        }
        guard !closing else { return }
        lastStream = max(lastStream, id)
        var method = ""
        var target = ""
        var fields = HTTPHeaderList()
        var size = 0
        for (name, value, _) in block.headers {
            size += name.utf8.count + value.utf8.count + 32
            switch name {
            case ":method": method = value
            case ":path": target = value
            case ":authority": fields.append("host", value)
            case ":scheme": break
            case "host" where fields["host"] != nil: break
            default: fields.append(name, value)
            }
        }
        let split = HTTP1Head.target(target)
        streams[id] = Stream(
            request: HTTPRequest(
                method: method, path: split?.path ?? "/", query: split?.query, headers: fields, peer: peer,
                version: .http2),
            arrived: .now())
        arriving += 1
        if arriving == 1 { timer?.set(limits.bodyTimeout) }
        guard size <= limits.headerBytes, block.headers.count <= limits.headerFields else {
            return refuse(id, .headersTooLarge)
        }
        guard split != nil, method != "CONNECT", method.utf8.allSatisfy(HTTP1Head.isTokenByte) else {
            return refuse(id, 400, [], .bytes(Array("the request target is malformed\n".utf8)))
        }
        var isStreamed = false
        if !block.endStream, let request = streams[id]?.request { isStreamed = shared.handler.takesStream(request) }
        let length = fields["content-length"].flatMap { Int($0) }
        if !isStreamed, fields["content-length"] != nil {
            // A number that does not fit is larger than every limit; the handler below has checked its form.
            guard let length, length <= limits.bodyBytes else { return refuse(id, .bodyTooLarge) }
        }
        guard !block.endStream else { return dispatch(id) }
        if let expected = fields["expect"], HTTPHeaderList.same(expected, "100-continue") {
            send(id, .headers(.init(headers: HPACKHeaders([(":status", "100")]))), nil)
        }
        if isStreamed { dispatchStreamed(id, length) }
    }

    private func dispatchStreamed(_ id: HTTP2StreamID, _ length: Int?) {
        let body = RequestStream(length: length, eventLoop: eventLoop) { [weak self] in self?.giveWindow(id) }
        streams[id]?.body = body
        streams[id]?.request.stream = body
        dispatch(id)
    }

    /// What was taken of a stream's window is given back as its body is read.
    private func giveWindow(_ id: HTTP2StreamID) {
        guard let state = streams[id], !state.answered, state.taken >= Self.streamWindow / 4 else { return }
        streams[id]?.taken = 0
        send(id, .windowUpdate(windowSizeIncrement: state.taken), nil)
    }

    private func takeData(_ id: HTTP2StreamID, _ data: HTTP2Frame.FramePayload.Data) {
        guard case .byteBuffer(let bytes) = data.data else { return }
        let size = bytes.readableBytes + (data.paddingBytes.map { $0 + 1 } ?? 0)
        connectionTaken += size
        if connectionTaken >= Self.connectionWindow / 2 {
            send(.rootStream, .windowUpdate(windowSizeIncrement: connectionTaken), nil)
            connectionTaken = 0
        }
        guard let state = streams[id], !state.refused else { return }
        if let body = state.body {
            streams[id]?.taken += size
            body.received(Array(bytes.readableBytesView))
            return data.endStream ? body.ended(whole: true) : ()
        }
        guard state.request.body.count + bytes.readableBytes <= limits.bodyBytes else {
            return refuse(id, .bodyTooLarge)
        }
        guard bodyBytes + bytes.readableBytes <= limits.connectionBodyBytes else {
            return reset(id, .enhanceYourCalm)
        }
        bodyBytes += bytes.readableBytes
        streams[id]?.request.body.append(contentsOf: bytes.readableBytesView)
        if data.endStream { return dispatch(id) }
        streams[id]?.taken += size
        if let taken = streams[id]?.taken, taken >= Self.streamWindow / 2 {
            streams[id]?.taken = 0
            send(id, .windowUpdate(windowSizeIncrement: taken), nil)
        }
    }

    private func dispatch(_ id: HTTP2StreamID) {
        guard let request = streams[id]?.request, streams[id]?.core == nil, streams[id]?.refused == false else {
            return
        }
        let core = ExchangeCore(id: Int(id), host: self)
        streams[id]?.core = core
        streams[id]?.request.body = []
        bodyBytes -= request.body.count
        arrivedWhole()
        shared.handler.handle(request, ServerExchange(core: core, request: request, limits: limits))
    }

    private func arrivedWhole() {
        arriving -= 1
        if arriving == 0 { timer?.set(nil) }
    }

    /// The stream is closed, by whichever side.
    private func forget(_ id: HTTP2StreamID) {
        guard let state = streams.removeValue(forKey: id) else { return }
        if state.core == nil {
            bodyBytes -= state.request.body.count
            arrivedWhole()
        }
        state.body?.ended(whole: false)
        if state.answered { state.core?.finished() } else { state.core?.clientGone() }
        guard streams.isEmpty else { return }
        if lastTold { closeAfterWrites() } else { timer?.set(limits.idleTimeout) }
    }

    // MARK: What goes out

    func respond(_ id: Int, _ status: Int, _ headers: [(String, String)], _ body: ResponseBody) {
        let stream = HTTP2StreamID(id)
        guard let state = streams[stream], !state.answered else { return }
        let count = body.count
        let hasBody = HTTP1Head.hasBody(status, method: state.request.method) && count > 0
        let block = HTTP2Connection.block(status, headers, length: count)
        if !hasBody {
            streams[stream]?.answered = true
            dropRest(of: stream)
        }
        send(stream, .headers(.init(headers: block, endStream: !hasBody)), nil)
        guard hasBody else { return }
        guard count <= Self.piece else { return pump(id, body) }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count)
        buffer.write(body)
        streams[stream]?.answered = true
        dropRest(of: stream)
        send(stream, .data(.init(data: .byteBuffer(buffer), endStream: true)), nil)
    }

    func begin(_ id: Int, _ status: Int, _ headers: [(String, String)]) {
        let stream = HTTP2StreamID(id)
        guard let state = streams[stream], !state.answered else { return }
        streams[stream]?.hasBody = HTTP1Head.hasBody(status, method: state.request.method)
        let length = HTTP1Head.length(headers)
        send(stream, .headers(.init(headers: HTTP2Connection.block(status, headers, length: length))), nil)
    }

    func write(_ id: Int, _ buffers: [ByteBuffer], end: Bool, done: EventLoopPromise<Void>?) {
        let stream = HTTP2StreamID(id)
        guard let state = streams[stream], !state.answered else {
            done?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        var joined = state.hasBody ? buffers.first ?? ByteBuffer() : ByteBuffer()
        if state.hasBody, buffers.count > 1 {
            joined.reserveCapacity(minimumWritableBytes: buffers.dropFirst().reduce(0) { $0 + $1.readableBytes })
            for var buffer in buffers.dropFirst() { joined.writeBuffer(&buffer) }
        }
        if end {
            streams[stream]?.answered = true
            dropRest(of: stream)
        }
        guard joined.readableBytes > 0 || end else {
            done?.succeed()
            return
        }
        send(stream, .data(.init(data: .byteBuffer(joined), endStream: end)), done)
    }

    /// A stream that is answered before its body came whole is not waited for.
    private func dropRest(of id: HTTP2StreamID) {
        guard let body = streams[id]?.body, !body.isOver else { return }
        body.ended(whole: false)
        eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [weak self] in
            guard let self, streams[id] != nil else { return }
            reset(id, .noError)
        }
    }

    func abort(_ id: Int) {
        let stream = HTTP2StreamID(id)
        guard let state = streams[stream], !state.answered else { return }
        reset(stream, .internalError)
    }

    func upgrade(_ id: Int, _ headers: [(String, String)], _ upgrade: any ConnectionUpgrade) {
        // HTTP/2 has no upgrade (RFC 9113 §8.6); an exchange refuses before it comes to this.
        upgrade.failed()
        abort(id)
    }

    func drain() {
        guard !draining, !closing else { return }
        draining = true
        guard !streams.isEmpty else { return goAway(lastStream, thenClose: true) }
        // First without a last stream, so that requests on their way are still served; a little later with it.
        goAway(.maxID, thenClose: false)
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(250)) { [weak self] in
            guard let self, !closing else { return }
            goAway(lastStream, thenClose: streams.isEmpty)
        }
    }

    private static func block(_ status: Int, _ headers: [(String, String)], length: Int?) -> HPACKHeaders {
        var block = HPACKHeaders()
        block.reserveCapacity(headers.count + 2)
        block.add(name: ":status", value: String(status))
        for (name, value) in headers where HTTP1Head.isSafe(name: name, value: value) {
            let lower = name.utf8.contains { $0 >= 65 && $0 <= 90 } ? name.lowercased() : name
            block.add(name: lower, value: value)
        }
        if let length, status >= 200, status != 204, status != 304 {
            block.add(name: "content-length", value: String(length))
        }
        return block
    }

    private func send(_ id: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload, _ done: EventLoopPromise<Void>?) {
        guard let context else {
            done?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: done)
        guard !flushNeeded else { return }
        flushNeeded = true
        guard !inRead else { return }
        // Answers that come from another thread come in groups, as commits do: what is queued behind this one on the loop
        // shares its flush, its TLS record and its system call.
        eventLoop.assumeIsolated().execute { [weak self] in self?.flushLate() }
    }

    private func flushLate() {
        guard flushNeeded, !inRead else { return }
        flushNeeded = false
        context?.flush()
    }

    private func refuse(_ id: HTTP2StreamID, _ violation: LimitViolation) {
        let (headers, body) = shared.answer(violation)
        refuse(id, violation.status, headers, body)
    }

    /// Answers in the handler's place; what the client still sends of the request is not wanted.
    private func refuse(_ id: HTTP2StreamID, _ status: Int, _ headers: [(String, String)], _ body: ResponseBody) {
        guard let state = streams[id], !state.refused else { return }
        bodyBytes -= state.request.body.count
        streams[id]?.request.body = []
        streams[id]?.refused = true
        send(id, .headers(.init(headers: HTTP2Connection.block(status, headers, length: body.count))), nil)
        var buffer = ByteBuffer()
        if state.request.method != "HEAD" { buffer.write(body) }
        streams[id]?.answered = true
        // A reset overtakes data that is still queued, so it waits for them.
        let done = eventLoop.makePromise(of: Void.self)
        done.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            guard let self, streams[id] != nil else { return }
            reset(id, .noError)
        }
        send(id, .data(.init(data: .byteBuffer(buffer), endStream: true)), done)
    }

    private func reset(_ id: HTTP2StreamID, _ code: HTTP2ErrorCode) { send(id, .rstStream(code), nil) }

    private func goAway(_ last: HTTP2StreamID, thenClose: Bool) {
        if last != .maxID { lastTold = true }
        send(.rootStream, .goAway(lastStreamID: last, errorCode: .noError, opaqueData: nil), nil)
        if thenClose { closeAfterWrites() }
    }

    private func closeAfterWrites() {
        guard let context, !closing else { return }
        closing = true
        // The frames before this one are with the kernel once the ping behind them is.
        let done = eventLoop.makePromise(of: Void.self)
        done.futureResult.whenComplete { [channel = context.channel] _ in channel.close(promise: nil) }
        context.writeAndFlush(
            wrapOutboundOut(
                HTTP2Frame(streamID: .rootStream, payload: .ping(HTTP2PingData(withInteger: 0), ack: false))),
            promise: done)
    }

    private func timedOut() {
        guard arriving > 0 else { return drain() }
        let limit = NIODeadline.now() - .nanoseconds(limits.bodyTimeout.nanosecondsClamped)
        for (id, state) in streams where state.core == nil && state.arrived <= limit { refuse(id, .bodyTimeout) }
        if arriving > 0 { timer?.set(limits.bodyTimeout / 4) }
    }
}
