import CMartinetContainers
package import Dispatch
import MartinetBase
import Synchronization

/// The process' one thread that waits for descriptors of one direction, by epoll(7).
///
/// Not Dispatch's sources: on Linux they lose hang-ups, and fall over what was let go while an event was on its way. Here an
/// event carries a number that is never used twice, so that one that comes late finds nobody.
final class ReadinessLoop: Sendable {
    /// Two, as a descriptor may be in an epoll once only, and some are waited for in both directions.
    static let reading = ReadinessLoop(isForWriting: false, "martinet.readiness.reading")
    static let writing = ReadinessLoop(isForWriting: true, "martinet.readiness.writing")

    private struct Entry: Sendable {
        let queue: DispatchQueue
        var body: (@Sendable () -> Void)?
        var isAdded = false
    }

    private struct State {
        var next: UInt64 = 1
        var entries: [UInt64: Entry] = [:]
        var isStarted = false
    }

    private let isForWriting: Bool
    private let thread: DispatchQueue
    private let epoll: Int32
    private let state = Mutex(State())

    private init(isForWriting: Bool, _ name: String) {
        self.isForWriting = isForWriting
        thread = DispatchQueue(label: name)
        epoll = martinet_epoll_create()
        precondition(epoll >= 0, "the kernel gives no epoll: \(SystemError.name(of: -epoll))")
    }

    func register(on queue: DispatchQueue) -> UInt64 {
        let (token, isFirst) = state.withLock { state in
            defer {
                state.next += 1
                state.isStarted = true
            }
            state.entries[state.next] = Entry(queue: queue)
            return (state.next, !state.isStarted)
        }
        if isFirst { thread.async { self.run() } }
        return token
    }

    /// Runs `body` once, on the queue, when the descriptor is ready. Whoever waits already goes on waiting, with this body.
    func wait(_ token: UInt64, _ descriptor: Int32, _ body: @escaping @Sendable () -> Void) {
        let isAdded: Bool? = state.withLock { state in
            guard let entry = state.entries[token] else { return nil }
            state.entries[token]?.body = body
            state.entries[token]?.isAdded = true
            return entry.isAdded
        }
        guard let isAdded else { return }
        // What cannot be waited for, such as a plain file, is always ready.
        if martinet_epoll_arm(epoll, descriptor, isAdded ? 0 : 1, isForWriting ? 1 : 0, token) != 0 { fire(token) }
    }

    /// From now on nothing is told. The descriptor must still be open.
    func remove(_ token: UInt64, _ descriptor: Int32) {
        let entry = state.withLock { $0.entries.removeValue(forKey: token) }
        if entry?.isAdded == true { _ = martinet_epoll_remove(epoll, descriptor) }
    }

    private func fire(_ token: UInt64) {
        let (queue, body) = state.withLock { state in
            defer { state.entries[token]?.body = nil }
            return (state.entries[token]?.queue, state.entries[token]?.body)
        }
        if let queue, let body { queue.async(execute: body) }
    }

    private func run() {
        var tokens = [UInt64](repeating: 0, count: 64)
        while true {
            let count = martinet_epoll_wait(epoll, &tokens, Int32(tokens.count))
            for token in tokens.prefix(max(0, Int(count))) { fire(token) }
        }
    }
}

/// Tells once, each time it is asked, that a descriptor can be read or written, or has been hung up.
package final class Readiness: Sendable {
    private let descriptor: Descriptor
    private let loop: ReadinessLoop
    private let token: UInt64

    /// - Parameter queue: a serial one, on which it is told.
    package init(_ descriptor: Descriptor, isForReading: Bool, on queue: DispatchQueue) {
        self.descriptor = descriptor
        loop = isForReading ? .reading : .writing
        token = loop.register(on: queue)
    }

    package func wait(_ body: @escaping @Sendable () -> Void) { loop.wait(token, descriptor.number, body) }

    deinit { loop.remove(token, descriptor.number) }
}
