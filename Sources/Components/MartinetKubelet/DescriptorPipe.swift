import Dispatch
import Glibc
import MartinetBase
import MartinetContainers
import MartinetStreaming
import Synchronization

/// A connected socket, a terminal's master, or the ends of pipes, read and written as the kernel has something or has room:
/// no thread waits for it, and what the other side does not take holds back who writes.
final class DescriptorPipe: ContainerPipe {
    /// What the end of writing is: closing the descriptor, half-closing the connection, or nothing that could be told.
    enum Kind { case pipe, socket, terminal }

    private struct State {
        var output: Descriptor?
        var input: Descriptor?
        var isReading = true
        var unsent: ArraySlice<UInt8> = []
        var pending: [UInt8] = []
        var isFull = false
        var isClosing = false
        var readWait: Readiness?
        var writeWait: Readiness?
        var waitsForRoom = false
        var onBytes: (@Sendable ([UInt8]) -> Void)?
        var onEnd: (@Sendable (String?) -> Void)?
        var onWritable: (@Sendable () -> Void)?
        var queued: Int { unsent.count + pending.count }
    }

    private static let queuedMax = 256 << 10
    private let kind: Kind
    private let queue: DispatchQueue
    private let state: Mutex<State>

    /// - Parameters:
    ///   - output: what is read from; nil has ended already.
    ///   - input: what is written to; nil takes and drops everything.
    ///   - queue: a serial one, on which all callbacks come.
    init(output: Descriptor?, input: Descriptor?, _ kind: Kind, queue: DispatchQueue) {
        self.kind = kind
        self.queue = queue
        for descriptor in [output, input].compactMap({ $0 }) {
            _ = fcntl(descriptor.number, F_SETFL, fcntl(descriptor.number, F_GETFL) | O_NONBLOCK)
        }
        state = Mutex(State(output: output, input: input))
    }

    func start(onBytes: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable (String?) -> Void) {
        state.withLock { state in
            state.onBytes = onBytes
            state.onEnd = onEnd
        }
        queue.async { self.pump() }
    }

    /// What it waits for, in words.
    var progress: String {
        state.withLock { state in
            guard let output = state.output else { return "read to its end" }
            var entry = pollfd(fd: output.number, events: Int16(POLLIN), revents: 0)
            poll(&entry, 1, 0)
            return "to be read: events \(entry.revents), reading \(state.isReading)"
        }
    }

    func setReading(_ reading: Bool) {
        state.withLock { $0.isReading = reading }
        if reading { queue.async { self.pump() } }
    }

    func write(_ bytes: [UInt8]) {
        let isTaken = state.withLock { state in
            guard state.input != nil, !state.isClosing else { return false }
            state.pending += bytes
            if state.queued >= DescriptorPipe.queuedMax { state.isFull = true }
            return !state.waitsForRoom
        }
        if isTaken { queue.async { self.flush() } }
    }

    var isWritable: Bool { state.withLock { !$0.isFull } }

    func onWritable(_ callback: @escaping @Sendable () -> Void) { state.withLock { $0.onWritable = callback } }

    func closeWriting() {
        state.withLock { $0.isClosing = true }
        queue.async { self.flush() }
    }

    func close() {
        let old = state.withLock { state in
            defer { state = State(isReading: false, isClosing: true) }
            return state
        }
        if kind == .socket, let socket = old.output { shutdown(socket.number, Int32(SHUT_RDWR)) }
    }

    /// Reads what is there. On the queue.
    private func pump() {
        while true {
            let (descriptor, onBytes) = state.withLock { ($0.output, $0.isReading ? $0.onBytes : nil) }
            guard let onBytes else { return }
            guard let descriptor else { return ended(nil) }
            var got = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
                got = read(descriptor.number, buffer.baseAddress, buffer.count)
                count = max(0, got)
            }
            let code = errno
            if got > 0 {
                onBytes(bytes)
            } else if got == 0 {
                return ended(nil)
            } else if code == EAGAIN {
                let wait = state.withLock { state in
                    if state.output != nil, state.readWait == nil {
                        state.readWait = Readiness(descriptor, isForReading: true, on: queue)
                    }
                    return state.readWait
                }
                wait?.wait { [weak self] in self?.pump() }
                return
            } else if code != EINTR {
                // A terminal whose last process has gone gives EIO, which is its end.
                let isEnd = kind == .terminal && code == EIO
                return ended(isEnd ? nil : "\(SystemError(call: "read", operand: "the stream", errno: code))")
            }
        }
    }

    private func ended(_ message: String?) {
        let onEnd = state.withLock { state in
            defer {
                state.output = nil
                state.readWait = nil
                state.onBytes = nil
                state.onEnd = nil
            }
            return state.onEnd
        }
        onEnd?(message)
    }

    /// Writes what there is room for. On the queue.
    private func flush() {
        while true {
            let (descriptor, bytes) = state.withLock { state in
                state.waitsForRoom = false
                if state.unsent.isEmpty {
                    state.unsent = state.pending[...]
                    state.pending = []
                }
                return (state.input, state.unsent)
            }
            guard let descriptor else { return }
            guard !bytes.isEmpty else { return finishWriting(descriptor) }
            let put = bytes.withUnsafeBytes { Glibc.write(descriptor.number, $0.baseAddress, $0.count) }
            let code = errno
            if put >= 0 {
                wrote(put)
            } else if code == EAGAIN {
                let wait = state.withLock { state in
                    if state.input != nil, state.writeWait == nil {
                        state.writeWait = Readiness(descriptor, isForReading: false, on: queue)
                    }
                    state.waitsForRoom = state.writeWait != nil
                    return state.writeWait
                }
                wait?.wait { [weak self] in self?.flush() }
                return
            } else if code != EINTR {
                // Nobody reads it any more: what is still written is dropped.
                let onWritable = state.withLock { state in
                    state.input = nil
                    state.writeWait = nil
                    state.unsent = []
                    state.pending = []
                    state.isFull = false
                    return state.onWritable
                }
                onWritable?()
                return
            }
        }
    }

    private func wrote(_ count: Int) {
        let onWritable = state.withLock { state in
            state.unsent = state.unsent.dropFirst(count)
            guard state.isFull, state.queued < DescriptorPipe.queuedMax / 2 else {
                return nil as (@Sendable () -> Void)?
            }
            state.isFull = false
            return state.onWritable
        }
        onWritable?()
    }

    private func finishWriting(_ descriptor: Descriptor) {
        let isEnd = state.withLock { state in
            guard state.isClosing, state.queued == 0, kind != .terminal else { return false }
            state.input = nil
            state.writeWait = nil
            return true
        }
        if isEnd, kind == .socket { shutdown(descriptor.number, Int32(SHUT_WR)) }
    }
}
