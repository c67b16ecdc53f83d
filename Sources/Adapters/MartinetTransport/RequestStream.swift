import NIOCore
import Synchronization

/// The body of a request, given to its handler as it comes. Usable from any thread.
///
/// What is not read is not asked for: at most what one read of the connection brought, or one stream's window, waits here.
package final class RequestStream: Sendable {
    private struct State {
        var reading = false
        var delivering = false
        var waiting: [[UInt8]] = []
        /// Whether the body is whole; nil while more is to come.
        var end: Bool?
        var told = false
        var onBytes: (@Sendable ([UInt8]) -> Void)?
        var onEnd: (@Sendable (Bool) -> Void)?
    }

    /// The body's length, where the request says it.
    package let length: Int?
    private let eventLoop: any EventLoop
    private let state = Mutex(State())
    /// Asks the connection for more, on the event loop.
    private let resume: NIOLoopBound<() -> Void>

    init(length: Int?, eventLoop: any EventLoop, resume: @escaping () -> Void) {
        self.length = length
        self.eventLoop = eventLoop
        self.resume = NIOLoopBound(resume, eventLoop: eventLoop)
    }

    /// Starts delivery, on the event loop. `onEnd` is called once, with false where the client went before the end.
    package func start(
        onBytes: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable (_ isWhole: Bool) -> Void
    ) {
        state.withLock { state in
            state.onBytes = onBytes
            state.onEnd = onEnd
            state.reading = true
        }
        onLoop { $0.deliver() }
    }

    /// Stops and resumes delivery; while stopped the client is held back.
    package func setReading(_ reading: Bool) {
        state.withLock { $0.reading = reading }
        if reading { onLoop { $0.deliver() } }
    }

    // MARK: For the connection, on its event loop

    var isReading: Bool { state.withLock { $0.reading && $0.waiting.isEmpty } }
    var isOver: Bool { state.withLock { $0.end != nil } }

    func received(_ bytes: [UInt8]) {
        state.withLock { $0.waiting.append(bytes) }
        deliver()
    }

    func ended(whole: Bool) {
        state.withLock { state in
            guard state.end == nil else { return }
            state.end = whole
            if !whole { state.waiting = [] }
        }
        deliver()
    }

    private func onLoop(_ work: @escaping @Sendable (RequestStream) -> Void) {
        if eventLoop.inEventLoop { work(self) } else { eventLoop.execute { work(self) } }
    }

    private func deliver() {
        // A callback may stop and resume the reading: what it sets off is done by the loop that is running.
        let first = state.withLock { state in
            defer { state.delivering = true }
            return !state.delivering
        }
        guard first else { return }
        while let work = next() { work() }
        if isReading, !isOver { resume.value() }
    }

    private func next() -> (() -> Void)? {
        state.withLock { state in
            let mayRead = state.reading || state.end == false
            if mayRead, let onBytes = state.onBytes, !state.waiting.isEmpty {
                let bytes = state.waiting.removeFirst()
                return { onBytes(bytes) }
            }
            if mayRead, let end = state.end, let onEnd = state.onEnd, !state.told {
                state.told = true
                state.onBytes = nil
                state.onEnd = nil
                return { onEnd(end) }
            }
            state.delivering = false
            return nil
        }
    }
}
