import MartinetBase
import NIOCore
import NIOHTTP1

/// The server's end of an HTTP/1.1 connection: one request at a time, whole, to the handler; answers in order.
final class HTTP1Connection: ChannelDuplexHandler, RemovableChannelHandler, ExchangeHost, DrainableConnection {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The request whose answer is not complete yet.
    private struct Current {
        var head: HTTPRequestHead
        var request: HTTPRequest
        var whole = false
        var core: ExchangeCore?
        var stream: RequestStream?
        var framing = HTTP1Head.Framing.none
        var hasBody = true
    }

    let shared: ServerShared
    let eventLoop: any EventLoop
    private let peer: Peer
    private let decoder: any ChannelHandler & RemovableChannelHandler
    private var context: ChannelHandlerContext?
    private var timer: DeadlineTimer?

    private var current: Current?
    private var nextID = 0
    /// Parts of later requests that came in the same read as an unanswered one.
    private var queue: [HTTPServerRequestPart] = []
    private var queuedBytes = 0
    private var readHeld = false
    private var processing = false
    private var inRead = false
    private var flushNeeded = false
    private var closing = false
    /// The last answer has gone out before its request was read: what still comes is dropped until the client has read it.
    private var lingering = false
    private var draining = false

    var limits: ServerLimits { shared.limits }

    init(
        shared: ServerShared, peer: Peer, decoder: any ChannelHandler & RemovableChannelHandler,
        eventLoop: any EventLoop
    ) {
        self.shared = shared
        self.peer = peer
        self.decoder = decoder
        self.eventLoop = eventLoop
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        timer = DeadlineTimer(eventLoop: eventLoop) { [weak self] in self?.timedOut() }
        timer?.set(limits.headerTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        self.context = nil
    }

    // MARK: What comes in

    func read(context: ChannelHandlerContext) {
        let isHeld = queuedBytes > 64 << 10 || current?.stream.map { !$0.isReading && !$0.isOver } ?? false
        if isHeld { readHeld = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inRead = true
        guard !closing, !lingering else { return }
        let part = unwrapInboundIn(data)
        guard processing || !queue.isEmpty || current?.whole == true else { return take(part) }
        queue.append(part)
        queuedBytes += HTTP1Connection.size(part)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        inRead = false
        if flushNeeded {
            flushNeeded = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        closing = true
        queue = []
        let (core, stream) = (current?.core, current?.stream)
        current = nil
        stream?.ended(whole: false)
        core?.clientGone()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !closing, let parser = error as? HTTPParserError else {
            context.close(promise: nil)
            return
        }
        // Something unreadable behind a request that is being answered: that answer is the last.
        guard current?.core == nil else { return draining = true }
        if parser == .headerOverflow { refuse(.headersTooLarge) } else { refuse(400, "the request is malformed\n") }
    }

    func drain() {
        draining = true
        if current == nil, queue.isEmpty { close() }
    }

    private static func size(_ part: HTTPServerRequestPart) -> Int {
        switch part {
        case .head(let head): 256 + head.uri.utf8.count + head.headers.count * 64
        case .body(let bytes): bytes.readableBytes
        case .end: 16
        }
    }

    private func take(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head): takeHead(head)
        case .body(let bytes):
            guard current != nil else { return }
            if let stream = current?.stream { return stream.received(Array(bytes.readableBytesView)) }
            guard (current?.request.body.count ?? 0) + bytes.readableBytes <= limits.bodyBytes else {
                return refuse(.bodyTooLarge)
            }
            current?.request.body.append(contentsOf: bytes.readableBytesView)
        case .end:
            guard let stream = current?.stream else { return dispatch() }
            current?.whole = true
            stream.ended(whole: true)
        }
    }

    private func takeHead(_ head: HTTPRequestHead) {
        let fields = HTTPHeaderList(head.headers.map { ($0.name, $0.value) })
        guard let target = HTTP1Head.target(head.uri) else { return refuse(400, "the request target is malformed\n") }
        let version: HTTPRequest.Version = head.version == .http1_0 ? .http10 : .http11
        current = Current(
            head: head,
            request: HTTPRequest(
                method: head.method.rawValue, path: target.path, query: target.query, headers: fields, peer: peer,
                version: version))
        let hosts = fields.all("host")
        guard hosts.count <= 1, hosts.count == 1 || version == .http10 else {
            return refuse(400, "the request needs exactly one host field\n")
        }
        guard head.method != .CONNECT else { return refuse(405, "the method is not served\n") }
        let lengths = fields.all("content-length")
        let codings = fields.tokens("transfer-encoding")
        // Any doubt about where a request ends is how one is smuggled behind another (RFC 9112 §11.2).
        guard lengths.count <= 1, lengths.isEmpty || codings.isEmpty, codings.isEmpty || version == .http11 else {
            return refuse(400, "the request's length is ambiguous\n")
        }
        guard codings.isEmpty || codings.count == 1 && HTTPHeaderList.same(codings[0], "chunked") else {
            return refuse(501, "the transfer coding is not served\n")
        }
        var isStreamed = false
        if let request = current?.request, !codings.isEmpty || lengths.first.map({ $0 != "0" }) ?? false {
            isStreamed = shared.handler.takesStream(request)
        }
        var length: Int?
        if let text = lengths.first {
            guard let count = Int(text), text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else {
                return refuse(400, "the request's length is malformed\n")
            }
            length = count
            guard isStreamed || count <= limits.bodyBytes else { return refuse(.bodyTooLarge) }
            current?.request.body.reserveCapacity(min(count, 64 << 10))
        }
        timer?.set(limits.bodyTimeout)
        if let expected = fields["expect"] {
            guard HTTPHeaderList.same(expected, "100-continue") else {
                return refuse(417, "the expectation is not served\n")
            }
            if version == .http11 { send(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"), nil) }
        }
        if isStreamed { dispatchStreamed(length) }
    }

    private func dispatchStreamed(_ length: Int?) {
        let stream = RequestStream(length: length, eventLoop: eventLoop) { [weak self] in
            guard let self, readHeld, queuedBytes <= 64 << 10 else { return }
            readHeld = false
            context?.read()
        }
        current?.stream = stream
        current?.request.stream = stream
        dispatch()
        if current?.stream === stream { current?.whole = false }
    }

    private func dispatch() {
        guard current != nil, let request = current?.request else { return }
        timer?.set(nil)
        nextID += 1
        let core = ExchangeCore(id: nextID, host: self)
        current?.whole = true
        current?.core = core
        current?.request.body = []
        shared.handler.handle(request, ServerExchange(core: core, request: request, limits: limits))
    }

    // MARK: What goes out

    func respond(_ id: Int, _ status: Int, _ headers: [(String, String)], _ body: ResponseBody) {
        guard start(id, status, bodyLength: body.count), let state = current else { return }
        let count = body.count
        var buffer = ByteBuffer()
        let together = !state.hasBody || count <= Self.piece
        buffer.reserveCapacity(256 + (together ? count : 0))
        writeHead(status, headers, &buffer)
        guard together else {
            send(buffer, nil)
            return pump(id, body)
        }
        if state.hasBody { buffer.write(body) }
        complete(buffer, nil)
    }

    func begin(_ id: Int, _ status: Int, _ headers: [(String, String)]) {
        guard start(id, status, bodyLength: HTTP1Head.length(headers)) else { return }
        var buffer = ByteBuffer()
        writeHead(status, headers, &buffer)
        send(buffer, nil)
    }

    func write(_ id: Int, _ buffers: [ByteBuffer], end: Bool, done: EventLoopPromise<Void>?) {
        guard let state = current, state.core?.id == id, let context else {
            done?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        var out = ByteBuffer()
        if state.hasBody {
            let count = buffers.reduce(0) { $0 + $1.readableBytes }
            let chunked = if case .chunked = state.framing { true } else { false }
            if chunked, count > 0 { out.writeString(String(count, radix: 16) + "\r\n") }
            for var buffer in buffers {
                // Small pieces are joined: one segment is cheaper than many buffers.
                if buffer.readableBytes < 4096 {
                    out.writeBuffer(&buffer)
                } else {
                    if out.readableBytes > 0 { context.write(wrapOutboundOut(out), promise: nil) }
                    context.write(wrapOutboundOut(buffer), promise: nil)
                    out = ByteBuffer()
                }
            }
            if chunked, count > 0 { out.writeStaticString("\r\n") }
            if chunked, end { out.writeStaticString("0\r\n\r\n") }
        }
        if end { complete(out, done) } else { send(out, done) }
    }

    func abort(_ id: Int) {
        guard current?.core?.id == id else { return }
        context?.close(promise: nil)
    }

    func upgrade(_ id: Int, _ headers: [(String, String)], _ upgrade: any ConnectionUpgrade) {
        guard let core = current?.core, core.id == id, let context, !closing else { return upgrade.failed() }
        var buffer = ByteBuffer()
        HTTP1Head.write(101, headers, framing: .none, close: false, into: &buffer)
        buffer.moveWriterIndex(to: buffer.writerIndex - 2)
        buffer.writeStaticString("connection: Upgrade\r\n\r\n")
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        core.finished()
        current = nil
        closing = true
        let pipeline = context.pipeline.syncOperations
        do {
            // The decoder forwards what it has not parsed when it leaves: its successor must be in place, and this handler,
            // which expects requests, gone.
            try upgrade.install(in: pipeline, after: decoder)
            pipeline.removeHandler(self, promise: nil)
            pipeline.removeHandler(decoder, promise: nil)
            upgrade.activate()
        } catch {
            shared.log.error("cannot upgrade a connection", [("error", "\(error)")])
            upgrade.failed()
            context.close(promise: nil)
        }
    }

    /// Decides how the answer is framed; false where it is not awaited any more.
    private func start(_ id: Int, _ status: Int, bodyLength: Int?) -> Bool {
        guard let state = current, state.core?.id == id, context != nil else { return false }
        let version = state.request.version
        if version == .http10 || state.request.headers.contains("connection", token: "close")
            || state.request.headers.contains("connection", token: "upgrade")
        {
            // The decoder stops reading behind a request that asked for an upgrade: without one, the connection is done.
            draining = true
        }
        current?.hasBody = HTTP1Head.hasBody(status, method: state.request.method)
        if let bodyLength {
            current?.framing = status < 200 || status == 204 || status == 304 ? .none : .length(bodyLength)
        } else if !HTTP1Head.hasBody(status, method: "GET") {
            current?.framing = .none
        } else {
            current?.framing = version == .http10 ? .untilClose : .chunked
        }
        return true
    }

    private func writeHead(_ status: Int, _ headers: [(String, String)], _ buffer: inout ByteBuffer) {
        guard let state = current else { return }
        HTTP1Head.write(status, headers, framing: state.framing, close: draining, into: &buffer)
    }

    private func send(_ buffer: ByteBuffer, _ done: EventLoopPromise<Void>?) {
        guard let context else {
            done?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(wrapOutboundOut(buffer), promise: done)
        if inRead { flushNeeded = true } else { context.flush() }
    }

    /// Writes the last bytes of an answer and turns to the next request.
    private func complete(_ buffer: ByteBuffer, _ done: EventLoopPromise<Void>?) {
        guard let context else { return }
        let whole = current?.whole == true
        current?.stream?.ended(whole: false)
        current?.core?.finished()
        current = nil
        if !whole {
            lingering = true
            queue = []
            send(buffer, done)
            timer?.set(.seconds(1))
        } else if draining {
            queue = []
            closing = true
            timer?.set(limits.bodyTimeout)
            context.writeAll([buffer], thenClose: true, done: done)
        } else {
            send(buffer, done)
            timer?.set(limits.idleTimeout)
            takeQueued()
        }
    }

    private func takeQueued() {
        guard !processing else { return }
        processing = true
        while current?.whole != true, !queue.isEmpty, !closing, !lingering {
            let part = queue.removeFirst()
            queuedBytes -= HTTP1Connection.size(part)
            take(part)
        }
        processing = false
        if queue.isEmpty { queuedBytes = 0 }
        if readHeld, queuedBytes <= 64 << 10 {
            readHeld = false
            context?.read()
        }
    }

    private func refuse(_ violation: LimitViolation) {
        let (headers, body) = shared.answer(violation)
        refuse(violation.status, headers, body)
    }

    private func refuse(_ status: Int, _ text: String) {
        refuse(status, [("content-type", "text/plain; charset=utf-8")], .bytes(Array(text.utf8)))
    }

    /// Answers in the handler's place and gives the connection up: where the next request begins is not known.
    private func refuse(_ status: Int, _ headers: [(String, String)], _ body: ResponseBody) {
        var buffer = ByteBuffer()
        HTTP1Head.write(status, headers, framing: .length(body.count), close: true, into: &buffer)
        if current?.head.method != .HEAD { buffer.write(body) }
        draining = true
        current?.whole = false
        complete(buffer, nil)
    }

    private func timedOut() {
        guard let state = current, !state.whole, !lingering else { return close() }
        refuse(.bodyTimeout)
    }

    private func close() {
        closing = true
        context?.close(promise: nil)
    }
}
