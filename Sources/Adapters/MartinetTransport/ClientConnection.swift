import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS

/// The client's end of an HTTP/1.1 connection: one call at a time.
final class ClientConnection: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    let channel: any Channel
    private let pool: ClientPool
    private let key: ClientPool.Key
    private let identity: ServerIdentity?
    /// Nothing is sent, a token least of all, before it is known who will read it.
    private var handshaking: Bool
    private let decoder: any ChannelHandler & RemovableChannelHandler
    private let encoder: any ChannelHandler & RemovableChannelHandler
    private var context: ChannelHandlerContext?
    private var timer: DeadlineTimer?
    private var total: Scheduled<Void>?
    private var call: ClientCall?
    private var used = 0
    private var headReceived = false
    private var keepAlive = true
    private var readWanted = false
    /// A body is still being sent: the connection is no good for anything else.
    private var uploading = false
    /// Where a body comes from that is written while it is sent.
    private var outgoing: Outbox?
    /// The fields of a 101, whose end has not come yet.
    private var switching: HTTPHeaderList?
    private var failure: (any Error)?

    init(
        channel: any Channel, pool: ClientPool, key: ClientPool.Key, identity: ServerIdentity?,
        encoder: any ChannelHandler & RemovableChannelHandler,
        decoder: any ChannelHandler & RemovableChannelHandler
    ) {
        self.channel = channel
        self.pool = pool
        self.key = key
        self.identity = identity
        handshaking = key.isTLS
        self.encoder = encoder
        self.decoder = decoder
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        timer = DeadlineTimer(eventLoop: context.eventLoop) { [weak self] in self?.timedOut() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        self.context = nil
    }

    /// Sends the call's request; on the event loop, when no other call is under way.
    func start(_ call: ClientCall) {
        guard let context, channel.isActive, self.call == nil else {
            // Nothing has been sent: where this connection had been idle, another may be tried whatever the method.
            return used > 0 ? pool.connect(key, call) : pool.retry(call, reused: false, cause: nil)
        }
        guard call.attach(self, context.eventLoop) else { return release() }
        self.call = call
        used += 1
        headReceived = false
        keepAlive = true
        let request = call.request
        timer?.set(request.headTimeout ?? pool.configuration.headTimeout)
        if let limit = request.timeout {
            total = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(limit.nanosecondsClamped)) {
                [weak self] in self?.timedOut()
            }
        }
        if !handshaking { sendRequest(call, context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent, handshaking {
            handshaking = false
            let tls = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
            if let identity, let error = identity.check(tls?.peerCertificate) {
                if failure == nil { failure = error }
                context.close(promise: nil)
            } else if let call {
                sendRequest(call, context)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func sendRequest(_ call: ClientCall, _ context: ChannelHandlerContext) {
        let request = call.request
        var headers = HTTPHeaders()
        let host = request.host.flatMap { HTTP1Head.isSafe(name: "host", value: $0) ? $0 : nil }
        headers.add(name: "host", value: host ?? call.url.authority)
        for (name, value) in request.headers where HTTP1Head.isSafe(name: name, value: value) {
            if !HTTPHeaderList.same(name, "host") { headers.add(name: name, value: value) }
        }
        if let token = pool.configuration.bearer?(), !headers.contains(name: "authorization"),
            HTTP1Head.isSafe(name: "authorization", value: token)
        {
            headers.add(name: "authorization", value: "Bearer \(token)")
        }
        switch call.upgrade {
        case nil: break
        case .webSocket(let offered, let key, _):
            headers.add(name: "connection", value: "Upgrade")
            headers.add(name: "upgrade", value: "websocket")
            headers.add(name: "sec-websocket-version", value: "13")
            headers.add(name: "sec-websocket-key", value: key)
            if !offered.isEmpty { headers.add(name: "sec-websocket-protocol", value: offered.joined(separator: ", ")) }
        case .raw(let name, _):
            headers.add(name: "connection", value: "Upgrade")
            headers.add(name: "upgrade", value: name)
        }
        if let upload = request.upload {
            headers.add(name: "content-length", value: String(upload.length))
        } else if let stream = request.stream {
            if let length = stream.length {
                headers.add(name: "content-length", value: String(length))
            } else {
                headers.add(name: "transfer-encoding", value: "chunked")
            }
        } else if !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method) {
            headers.add(name: "content-length", value: String(request.body.count))
        }
        let head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: call.url.target, headers: headers)
        if let upload = request.upload {
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            return send(upload, of: call, context.eventLoop)
        }
        if let stream = request.stream {
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            outgoing = send(stream, of: call, context.eventLoop, bound: pool.configuration.streamBuffer)
            return
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !request.body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: request.body)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// While a body is sent the peer has nothing to answer yet: what counts is that it takes what is sent.
    func began(_ call: ClientCall) {
        uploading = true
        timer?.set(call.request.stallTimeout)
    }

    func sent(_ call: ClientCall, all: Bool) {
        guard self.call === call else { return }
        if all { uploading = false }
        guard !headReceived else { return }
        timer?.set(
            all ? call.request.headTimeout ?? pool.configuration.headTimeout : call.request.stallTimeout)
    }

    /// The caller does not want the rest: what is under way on this connection cannot be told apart from a next response.
    func abandon(_ call: ClientCall) {
        guard self.call === call else { return }
        self.call = nil
        total?.cancel()
        context?.close(promise: nil)
    }

    func update() {
        guard readWanted, call?.isReading ?? true else { return }
        readWanted = false
        context?.read()
    }

    func read(context: ChannelHandlerContext) {
        if call?.isReading ?? true { context.read() } else { readWanted = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // A response that nobody asked for: the connection is out of step.
        guard let call else { return context.close(promise: nil) }
        switch unwrapInboundIn(data) {
        case .head(let head):
            headReceived = true
            timer?.set(call.request.stallTimeout)
            keepAlive = head.isKeepAlive
            let fields = HTTPHeaderList(head.headers.map { ($0.name, $0.value) })
            if head.status == .switchingProtocols {
                switching = fields
            } else {
                call.received(ClientHead(status: Int(head.status.code), headers: fields))
            }
        case .body(let bytes):
            if let limit = call.request.stallTimeout { timer?.set(limit) }
            call.received(Array(bytes.readableBytesView))
        case .end:
            // Not at the head: the decoder still has this end to hand on, which the next protocol would not understand.
            if let switching { upgrade(call, switching, context) } else { finish(call) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        pool.forget(self, key)
        outgoing?.closed()
        outgoing = nil
        timer?.cancel()
        total?.cancel()
        if let call {
            self.call = nil
            call.detach()
            if headReceived {
                call.fail(TransportError(.closed, "\(call.url.authority) ended the response early", cause: failure))
            } else {
                pool.retry(call, reused: used > 1, cause: failure)
            }
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if failure == nil { failure = error }
        context.close(promise: nil)
    }

    private func finish(_ call: ClientCall) {
        self.call = nil
        outgoing = nil
        total?.cancel()
        call.detach()
        if keepAlive, call.upgrade == nil, !uploading { release() } else { context?.close(promise: nil) }
        call.succeed()
    }

    private func release() {
        timer?.set(pool.configuration.idleTimeout)
        update()
        if !pool.giveBack(self, key) { context?.close(promise: nil) }
    }

    private func upgrade(_ call: ClientCall, _ headers: HTTPHeaderList, _ context: ChannelHandlerContext) {
        let what: (any ConnectionUpgrade)?
        let done: @Sendable () -> Void
        let configuration = pool.configuration
        switch call.upgrade {
        case .webSocket(let offered, let key, let hand):
            let chosen = headers["sec-websocket-protocol"]
            guard headers["sec-websocket-accept"] == WebSocketHandshake.accept(key),
                headers.contains("upgrade", token: "websocket"), chosen.map(offered.contains) ?? true
            else { return refuse(call, context) }
            let socket = WebSocketChannel(
                eventLoop: context.eventLoop, role: .client(random: pool.random), subprotocol: chosen,
                maximum: configuration.webSocketMessage, bound: configuration.streamBuffer)
            what = socket
            done = { hand(socket) }
        case .raw(let name, let hand):
            guard headers.contains("upgrade", token: name) else { return refuse(call, context) }
            let pipe = PipeChannel(eventLoop: context.eventLoop, bound: configuration.streamBuffer)
            what = pipe
            let head = ClientHead(status: 101, headers: headers)
            done = { hand(head, pipe) }
        case nil: return refuse(call, context)
        }
        guard let what else { return }
        self.call = nil
        total?.cancel()
        call.detach()
        let pipeline = context.pipeline.syncOperations
        do {
            try what.install(in: pipeline, after: decoder)
            let pool = pool
            let key = key
            channel.closeFuture.whenComplete { _ in pool.closed(key) }
            pipeline.removeHandler(self, promise: nil)
            pipeline.removeHandler(encoder, promise: nil)
            // The decoder is in the middle of its work and leaves a little later; until then it takes what is written for
            // requests.
            pipeline.removeHandler(decoder).assumeIsolated().whenComplete { _ in
                what.activate()
                done()
                call.succeed()
            }
        } catch {
            context.close(promise: nil)
            call.fail(TransportError(.protocol, "cannot upgrade the connection to \(call.url.authority)", cause: error))
        }
    }

    private func refuse(_ call: ClientCall, _ context: ChannelHandlerContext) {
        call.fail(TransportError(.protocol, "\(call.url.authority) switched to what was not asked for"))
        context.close(promise: nil)
    }

    private func timedOut() {
        guard let call else {
            context?.close(promise: nil)
            return
        }
        if headReceived, !call.isReading {
            // It is we who do not read.
            timer?.set(call.request.stallTimeout)
            return
        }
        let what = headReceived ? "sent nothing for \(call.request.stallTimeout ?? .zero)" : "did not answer in time"
        call.fail(TransportError(.timeout, "\(call.url.authority) \(what)"))
    }
}
