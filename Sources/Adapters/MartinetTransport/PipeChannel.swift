import NIOCore
import Synchronization

/// The bytes of an upgraded connection: the callers' side. `PipeHandler` is the pipeline's.
final class PipeChannel: BytePipe, OutboxStream, ConnectionUpgrade {
    private struct State {
        var reading = true
        var onBytes: (@Sendable ([UInt8]) -> Void)?
        var onEnd: (@Sendable () -> Void)?
        var ended = false
    }

    let eventLoop: any EventLoop
    let outbox: Outbox
    private let state = Mutex(State())
    private let handler: NIOLoopBoundBox<PipeHandler?>

    init(eventLoop: any EventLoop, bound: Int) {
        self.eventLoop = eventLoop
        outbox = Outbox(eventLoop: eventLoop, bound: bound)
        handler = .makeEmptyBox(eventLoop: eventLoop)
    }

    func start(onBytes: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable () -> Void) {
        let ended = state.withLock { state in
            state.onBytes = onBytes
            if !state.ended { state.onEnd = onEnd }
            return state.ended
        }
        onLoop { pipe in
            pipe.handler.value?.update()
            if ended { onEnd() }
        }
    }

    func setReading(_ reading: Bool) {
        state.withLock { $0.reading = reading }
        onLoop { $0.handler.value?.update() }
    }

    // MARK: For the handler, on the event loop

    var isReading: Bool { state.withLock { $0.reading && $0.onBytes != nil } }
    func received(_ bytes: [UInt8]) { state.withLock { $0.onBytes }?(bytes) }
    func ended() {
        let callback: (@Sendable () -> Void)? = state.withLock { state in
            guard !state.ended else { return nil }
            state.ended = true
            defer { state.onEnd = nil }
            return state.onEnd
        }
        callback?()
    }

    func install(in pipeline: ChannelPipeline.SynchronousOperations, after: any ChannelHandler) throws {
        let handler = PipeHandler(pipe: self)
        try pipeline.addHandler(handler, position: .after(after))
        self.handler.value = handler
    }

    func activate() {
        guard let handler = handler.value else { return }
        outbox.open(handler)
        handler.update()
    }

    func failed() {
        outbox.abort()
        ended()
    }

    private func onLoop(_ work: @escaping @Sendable (PipeChannel) -> Void) {
        if eventLoop.inEventLoop { work(self) } else { eventLoop.execute { work(self) } }
    }
}

/// Moves bytes between the connection and its pipe.
final class PipeHandler: ChannelDuplexHandler, OutboxSink {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let pipe: PipeChannel
    private var context: ChannelHandlerContext?
    private var readWanted = false
    private var waiting: [ByteBuffer] = []

    init(pipe: PipeChannel) { self.pipe = pipe }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        if pipe.isReading { context.read() } else { readWanted = true }
    }

    func update() {
        guard let context else { return }
        while pipe.isReading, !waiting.isEmpty { pipe.received(Array(waiting.removeFirst().readableBytesView)) }
        guard pipe.isReading, readWanted else { return }
        readWanted = false
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        if waiting.isEmpty, pipe.isReading {
            pipe.received(Array(buffer.readableBytesView))
        } else {
            waiting.append(buffer)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        pipe.outbox.closed()
        pipe.ended()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func drain(_ buffers: [ByteBuffer], end: Bool, done: EventLoopPromise<Void>?) {
        guard let context else {
            done?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.writeAll(buffers, thenClose: end, done: done)
    }

    func cutOff() { context?.close(promise: nil) }
}
