import NIOCore
import NIOHPACK
import NIOHTTP2

/// A client's end of an HTTP/2 connection with a number of requests under way at once, and Go's window sizes.
final class HTTP2Load: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    static let streamWindow = 4 << 20
    private static let connectionWindow = 1 << 30

    private let fixed: [(String, String)]
    private let authority: String
    private let source: any LoadSource
    private let places: Int
    private var free: Int
    private var nextStream = HTTP2StreamID(1)
    private var tickets: [HTTP2StreamID: (ticket: Int, taken: Int)] = [:]
    private var taken = 0
    private var asking = false
    private var isReady = false

    /// - Parameters:
    ///   - headers: of every request, without the host.
    ///   - places: requests at once.
    init(authority: String, headers: [(String, String)], places: Int, source: any LoadSource) {
        self.authority = authority
        fixed = headers
        self.places = places
        free = places
        self.source = source
    }

    /// Nothing is asked before the server's settings have come: it may allow fewer streams.
    private func ready(_ context: ChannelHandlerContext) {
        isReady = true
        context.write(
            wrapOutboundOut(
                HTTP2Frame(
                    streamID: .rootStream,
                    payload: .windowUpdate(windowSizeIncrement: HTTP2Load.connectionWindow - 65_535))),
            promise: nil)
        ask(context)
        context.flush()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !tickets.isEmpty || !isReady { source.broken("the server closed the connection") }
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is LoadKick {
            ask(context)
            context.flush()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        source.broken("\(error)")
        context.close(promise: nil)
    }

    private func ask(_ context: ChannelHandlerContext) {
        guard !asking, isReady else { return }
        asking = true
        while free > 0, let request = source.next() { open(request, context) }
        asking = false
    }

    private func open(_ request: LoadRequest, _ context: ChannelHandlerContext) {
        free -= 1
        let id = nextStream
        nextStream = nextStream.advanced(by: 2)
        tickets[id] = (request.ticket, 0)
        var headers = HPACKHeaders([
            (":method", request.method), (":scheme", "https"), (":authority", authority), (":path", request.target),
        ])
        for (name, value) in fixed { headers.add(name: name, value: value) }
        if let type = request.contentType {
            headers.add(name: "content-type", value: type)
            headers.add(name: "content-length", value: String(request.body.count))
        }
        let hasBody = !request.body.isEmpty
        send(id, .headers(.init(headers: headers, endStream: !hasBody)), context)
        if hasBody {
            send(id, .data(.init(data: .byteBuffer(ByteBuffer(bytes: request.body)), endStream: true)), context)
        }
    }

    private func send(_ id: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .settings(.settings): if !isReady { ready(context) }
        case .headers(let block):
            guard let state = tickets[frame.streamID] else { return }
            if let status = block.headers.first(name: ":status").flatMap({ Int($0) }), status >= 200 {
                source.head(state.ticket, status: status)
            }
            if block.endStream { finish(frame.streamID, context) }
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data, let state = tickets[frame.streamID] else { return }
            taken += bytes.readableBytes
            if taken > HTTP2Load.connectionWindow / 4 {
                send(.rootStream, .windowUpdate(windowSizeIncrement: taken), context)
                taken = 0
            }
            if bytes.readableBytes > 0 { source.body(state.ticket, bytes) }
            if data.endStream { return finish(frame.streamID, context) }
            let now = state.taken + bytes.readableBytes
            if now > HTTP2Load.streamWindow / 4 {
                send(frame.streamID, .windowUpdate(windowSizeIncrement: now), context)
                tickets[frame.streamID]?.taken = 0
            } else {
                tickets[frame.streamID]?.taken = now
            }
        case .rstStream(let code):
            guard tickets.removeValue(forKey: frame.streamID) != nil else { return }
            source.broken("the server reset a stream: \(code)")
        case .goAway(_, let code, _): if code != .noError { source.broken("the server went away: \(code)") }
        default: break
        }
    }

    private func finish(_ id: HTTP2StreamID, _ context: ChannelHandlerContext) {
        guard let state = tickets.removeValue(forKey: id) else { return }
        free += 1
        source.end(state.ticket)
        ask(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
        context.fireChannelReadComplete()
    }
}
