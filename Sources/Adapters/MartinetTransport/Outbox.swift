import NIOCore
import Synchronization

/// Where an outbox empties itself; called on its event loop only.
protocol OutboxSink: AnyObject {
    /// Writes and flushes; `done` is fulfilled once the bytes are with the kernel or are lost.
    func drain(_ buffers: [ByteBuffer], end: Bool, done: EventLoopPromise<Void>?)
    /// The peer did not read: give the connection or the stream up.
    func cutOff()
}

/// Bytes on their way from any thread to one connection: ordered, bounded, handed over once per burst.
final class Outbox: Sendable {
    private struct State {
        var buffers: [ByteBuffer] = []
        var pending = 0
        var opened = false
        var scheduled = false
        var ending = false
        /// Given up: what a drain finds must not pass for an end in good order.
        var cut = false
        var finished = false
        var closed = false
        var wasFull = false
        var onWritable: (@Sendable () -> Void)?
        var onClose: (@Sendable () -> Void)?
    }

    let eventLoop: any EventLoop
    private let bound: Int
    private let mark: Int
    private let sink: NIOLoopBoundBox<(any OutboxSink)?>
    private let state: Mutex<State>

    /// Holds everything back until `open(_:)`.
    init(eventLoop: any EventLoop, bound: Int) {
        self.eventLoop = eventLoop
        self.bound = bound
        mark = max(1, bound / 4)
        sink = .makeEmptyBox(eventLoop: eventLoop)
        state = Mutex(State())
    }

    var pending: Int { state.withLock { $0.pending } }
    var isWritable: Bool { state.withLock { !$0.closed && !$0.ending && $0.pending < mark } }

    /// On the event loop: what was held back may go, to `sink`.
    func open(_ sink: any OutboxSink) {
        let cut = state.withLock { state in
            state.opened = true
            return state.closed
        }
        guard !cut else { return sink.cutOff() }
        self.sink.value = sink
        drain()
    }

    func write(_ buffer: ByteBuffer) -> Bool {
        enum Next { case refuse, wait, schedule, cut }
        let next: Next = state.withLock { state in
            guard !state.closed, !state.ending else { return .refuse }
            guard buffer.readableBytes > 0 else { return .wait }
            guard state.pending + buffer.readableBytes <= bound else {
                state.ending = true
                state.cut = true
                state.buffers = []
                return .cut
            }
            state.pending += buffer.readableBytes
            if state.pending >= mark { state.wasFull = true }
            state.buffers.append(buffer)
            return Outbox.shouldSchedule(&state) ? .schedule : .wait
        }
        switch next {
        case .refuse: return false
        case .wait: return true
        case .schedule:
            onLoop { $0.drain() }
            return true
        case .cut:
            onLoop { $0.cutOff() }
            return false
        }
    }

    func end() {
        let schedule = state.withLock { state in
            guard !state.closed, !state.ending else { return false }
            state.ending = true
            return Outbox.shouldSchedule(&state)
        }
        if schedule { onLoop { $0.drain() } }
    }

    func abort() {
        let first = state.withLock { state in
            guard !state.closed, !state.finished else { return false }
            state.ending = true
            state.cut = true
            state.buffers = []
            return true
        }
        guard first else { return }
        onLoop { $0.cutOff() }
    }

    func onWritable(_ callback: @escaping @Sendable () -> Void) { state.withLock { $0.onWritable = callback } }

    func onClose(_ callback: @escaping @Sendable () -> Void) {
        let already = state.withLock { state in
            guard !state.closed else { return true }
            if !state.finished { state.onClose = callback }
            return false
        }
        if already { onLoop { _ in callback() } }
    }

    /// On the event loop: the connection or the stream is gone. Says so once, unless everything had gone through.
    func closed() {
        let callback: (@Sendable () -> Void)? = state.withLock { state in
            guard !state.closed, !state.finished else { return nil }
            state.closed = true
            state.buffers = []
            state.pending = 0
            state.onWritable = nil
            defer { state.onClose = nil }
            return state.onClose
        }
        sink.value = nil
        callback?()
    }

    private func cutOff() {
        let sink = self.sink.value
        closed()
        sink?.cutOff()
    }

    private static func shouldSchedule(_ state: inout State) -> Bool {
        guard state.opened, !state.scheduled else { return false }
        state.scheduled = true
        return true
    }

    private func onLoop(_ work: @escaping @Sendable (Outbox) -> Void) {
        if eventLoop.inEventLoop { work(self) } else { eventLoop.execute { work(self) } }
    }

    private func drain() {
        let taken: (buffers: [ByteBuffer], end: Bool)? = state.withLock { state in
            state.scheduled = false
            guard state.opened, !state.cut, !state.closed, !state.finished, state.ending || !state.buffers.isEmpty
            else {
                return nil
            }
            defer { state.buffers = [] }
            if state.ending {
                state.finished = true
                state.onWritable = nil
                state.onClose = nil
            }
            return (state.buffers, state.ending)
        }
        guard let taken else { return }
        let count = taken.buffers.reduce(0) { $0 + $1.readableBytes }
        let done = eventLoop.makePromise(of: Void.self)
        done.futureResult.whenComplete { [self] _ in wrote(count) }
        guard let sink = sink.value else { return done.fail(ChannelError.ioOnClosedChannel) }
        sink.drain(taken.buffers, end: taken.end, done: done)
        if taken.end { self.sink.value = nil }
    }

    private func wrote(_ count: Int) {
        let callback: (@Sendable () -> Void)? = state.withLock { state in
            guard !state.closed else { return nil }
            state.pending -= count
            guard state.wasFull, state.pending < mark, !state.ending else { return nil }
            state.wasFull = false
            return state.onWritable
        }
        callback?()
    }
}
