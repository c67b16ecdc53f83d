import NIOCore
import NIOWebSocket
import Synchronization

/// One end of a WebSocket: the callers' side. `WebSocketHandler` is the pipeline's.
final class WebSocketChannel: WebSocketConnection, ConnectionUpgrade {
    enum Role: Sendable {
        case server
        /// Gives the frames' masks.
        case client(random: @Sendable () -> UInt64)
    }

    private struct State {
        var closing = false
        var reading = true
        var onMessage: (@Sendable (WebSocketMessage) -> Void)?
        var onClose: (@Sendable (Int, String) -> Void)?
        var onPong: (@Sendable ([UInt8]) -> Void)?
        /// What came, and how it ended, before `start`.
        var ended: (code: Int, reason: String)?
    }

    let eventLoop: any EventLoop
    let role: Role
    let subprotocol: String?
    let maximum: Int
    let outbox: Outbox
    private let state = Mutex(State())
    private let handler: NIOLoopBoundBox<WebSocketHandler?>

    init(eventLoop: any EventLoop, role: Role, subprotocol: String?, maximum: Int, bound: Int) {
        self.eventLoop = eventLoop
        self.role = role
        self.subprotocol = subprotocol
        self.maximum = maximum
        outbox = Outbox(eventLoop: eventLoop, bound: bound)
        handler = .makeEmptyBox(eventLoop: eventLoop)
    }

    func start(
        onMessage: @escaping @Sendable (WebSocketMessage) -> Void,
        onClose: @escaping @Sendable (_ code: Int, _ reason: String) -> Void
    ) {
        let ended = state.withLock { state in
            state.onMessage = onMessage
            if state.ended == nil { state.onClose = onClose }
            return state.ended
        }
        onLoop { socket in
            socket.handler.value?.update()
            if let ended { onClose(ended.code, ended.reason) }
        }
    }

    func send(_ message: WebSocketMessage) -> Bool {
        guard !state.withLock({ $0.closing }) else { return false }
        switch message {
        case .text(let text): return outbox.write(frame(.text, text.utf8))
        case .binary(let bytes): return outbox.write(frame(.binary, bytes))
        }
    }

    func ping(_ payload: [UInt8]) {
        guard !state.withLock({ $0.closing }) else { return }
        _ = outbox.write(frame(.ping, payload.prefix(125)))
    }

    func onPong(_ callback: @escaping @Sendable ([UInt8]) -> Void) { state.withLock { $0.onPong = callback } }

    func setReading(_ reading: Bool) {
        state.withLock { $0.reading = reading }
        onLoop { $0.handler.value?.update() }
    }

    var pending: Int { outbox.pending }
    var isWritable: Bool { outbox.isWritable }
    func onWritable(_ callback: @escaping @Sendable () -> Void) { outbox.onWritable(callback) }

    func close(code: Int, reason: String) {
        guard startClosing(code: code, reason: reason) else { return }
        onLoop { $0.handler.value?.awaitClose() }
    }

    // MARK: For the handler, on the event loop

    var isReading: Bool { state.withLock { $0.reading && $0.onMessage != nil } }
    var isStarted: Bool { state.withLock { $0.onMessage != nil } }

    /// Queues a close frame; false where one has gone out already.
    func startClosing(code: Int, reason: String) -> Bool {
        let first = state.withLock { state in
            defer { state.closing = true }
            return !state.closing
        }
        guard first else { return false }
        var payload: [UInt8] = []
        if WebSocketFraming.isValid(closeCode: code) {
            payload = [UInt8(truncatingIfNeeded: code >> 8), UInt8(truncatingIfNeeded: code)]
            payload += reason.utf8.prefix(120)
            while String(validating: payload.dropFirst(2), as: UTF8.self) == nil { payload.removeLast() }
        }
        _ = outbox.write(frame(.close, payload))
        return true
    }

    func received(_ message: WebSocketMessage) { state.withLock { $0.onMessage }?(message) }
    func receivedPong(_ payload: [UInt8]) { state.withLock { $0.onPong }?(payload) }
    func receivedPing(_ payload: [UInt8]) {
        guard !state.withLock({ $0.closing }) else { return }
        _ = outbox.write(frame(.pong, payload))
    }

    func ended(code: Int, reason: String) {
        let callback: (@Sendable (Int, String) -> Void)? = state.withLock { state in
            guard state.ended == nil else { return nil }
            state.ended = (code, reason)
            state.closing = true
            defer {
                state.onClose = nil
                if state.onMessage != nil { state.onMessage = { _ in } }
            }
            return state.onClose
        }
        callback?(code, reason)
    }

    // MARK: ConnectionUpgrade

    func install(in pipeline: ChannelPipeline.SynchronousOperations, after: any ChannelHandler) throws {
        let handler = WebSocketHandler(socket: self)
        try pipeline.addHandler(handler, position: .after(after))
        try pipeline.addHandler(
            ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: maximum)), position: .before(handler))
        self.handler.value = handler
    }

    func activate() {
        guard let handler = handler.value else { return }
        outbox.open(handler)
        handler.update()
    }

    func failed() {
        outbox.abort()
        ended(code: 1006, reason: "the client has gone")
    }

    private func frame(_ opcode: WebSocketFraming.Opcode, _ payload: some Collection<UInt8>) -> ByteBuffer {
        switch role {
        case .server: WebSocketFraming.frame(opcode, payload, mask: nil)
        case .client(let random):
            WebSocketFraming.frame(opcode, payload, mask: UInt32(truncatingIfNeeded: random()))
        }
    }

    private func onLoop(_ work: @escaping @Sendable (WebSocketChannel) -> Void) {
        if eventLoop.inEventLoop { work(self) } else { eventLoop.execute { work(self) } }
    }
}
