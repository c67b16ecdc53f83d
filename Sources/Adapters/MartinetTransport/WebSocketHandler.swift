import NIOCore
import NIOWebSocket

/// Joins frames into messages, answers pings, and closes as RFC 6455 §7 asks.
final class WebSocketHandler: ChannelDuplexHandler, OutboxSink {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let socket: WebSocketChannel
    private var context: ChannelHandlerContext?
    private var readWanted = false
    /// What came while nobody took it: at most what one read brought.
    private var waiting: [WebSocketFrame] = []
    private var fragments: (isText: Bool, bytes: [UInt8])?
    private var over = false

    init(socket: WebSocketChannel) { self.socket = socket }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        if socket.isReading || over { context.read() } else { readWanted = true }
    }

    /// Delivery was started, stopped or resumed.
    func update() {
        guard let context else { return }
        while socket.isReading, !waiting.isEmpty { take(waiting.removeFirst(), context) }
        guard socket.isReading, readWanted else { return }
        readWanted = false
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        if waiting.isEmpty, socket.isReading { take(frame, context) } else if !over { waiting.append(frame) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        over = true
        socket.outbox.closed()
        socket.ended(code: 1006, reason: "the peer has gone")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: fail(1009, "a frame is too large", context)
        case is NIOWebSocketError: fail(1002, "the frame is malformed", context)
        default: context.close(promise: nil)
        }
    }

    func drain(_ buffers: [ByteBuffer], end: Bool, done: EventLoopPromise<Void>?) {
        guard let context else {
            done?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.writeAll(buffers, thenClose: end, done: done)
    }

    func cutOff() { context?.close(promise: nil) }

    /// The close frame has gone out: the peer has 5 s to answer it.
    func awaitClose() {
        guard context != nil, !over else { return }
        socket.eventLoop.assumeIsolated().scheduleTask(in: .seconds(5)) { [weak self] in
            self?.context?.close(promise: nil)
        }
    }

    private func take(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
        guard !over else { return }
        let masked = frame.maskKey != nil
        let fromClient = if case .server = socket.role { true } else { false }
        guard masked == fromClient, frame.reservedBits.isEmpty else {
            return fail(1002, "the frame is malformed", context)
        }
        var data = frame.unmaskedData
        let bytes = data.readBytes(length: data.readableBytes) ?? []
        switch frame.opcode {
        case .text, .binary:
            guard fragments == nil else { return fail(1002, "a message began inside another", context) }
            fragments = (frame.opcode == .text, bytes)
            deliverIfWhole(frame.fin, context)
        case .continuation:
            guard fragments != nil else { return fail(1002, "a fragment continues no message", context) }
            guard (fragments?.bytes.count ?? 0) + bytes.count <= socket.maximum else {
                return fail(1009, "the message is too large", context)
            }
            fragments?.bytes += bytes
            deliverIfWhole(frame.fin, context)
        case .ping: socket.receivedPing(bytes)
        case .pong: socket.receivedPong(bytes)
        case .connectionClose: receivedClose(bytes, context)
        default: fail(1002, "the opcode is unknown", context)
        }
    }

    private func deliverIfWhole(_ fin: Bool, _ context: ChannelHandlerContext) {
        guard fin, let (isText, bytes) = fragments else { return }
        fragments = nil
        guard isText else { return socket.received(.binary(bytes)) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return fail(1007, "the text is not UTF-8", context)
        }
        socket.received(.text(text))
    }

    private func receivedClose(_ payload: [UInt8], _ context: ChannelHandlerContext) {
        var code = 1005
        var reason = ""
        if payload.count >= 2 {
            code = Int(payload[0]) << 8 | Int(payload[1])
            guard WebSocketFraming.isValid(closeCode: code),
                let text = String(validating: payload.dropFirst(2), as: UTF8.self)
            else { return fail(1002, "the close frame is malformed", context) }
            reason = text
        } else if payload.count == 1 {
            return fail(1002, "the close frame is malformed", context)
        }
        over = true
        _ = socket.startClosing(code: code, reason: reason)
        // Told first: without TLS the end may close the channel at once, and that would be told as 1006.
        socket.ended(code: code, reason: reason)
        socket.outbox.end()
    }

    private func fail(_ code: Int, _ reason: String, _ context: ChannelHandlerContext) {
        guard !over else { return }
        over = true
        _ = socket.startClosing(code: code, reason: reason)
        // Told first: without TLS the end may close the channel at once, and that would be told as 1006.
        socket.ended(code: code, reason: reason)
        socket.outbox.end()
    }
}
