import Dispatch
import MartinetStreaming
import Synchronization

/// A node of the tests' own: `cat` copies, `exit N` ends, `yes` writes without end, everything else says what it was.
final class FakeContainers: ContainerStreams {
    let processes = Mutex<[FakeProcess]>([])
    let logs = Mutex<[String: [UInt8]]>([:])

    func check(_ target: ContainerTarget, _ completion: @escaping @Sendable (StreamRefusal?) -> Void) {
        completion(target.pod == "missing" ? StreamRefusal(404, "pod \"missing\" does not exist") : nil)
    }

    func log(
        _ target: ContainerTarget, _ options: LogOptions,
        _ completion: @escaping @Sendable (Result<any LogSource, StreamRefusal>) -> Void
    ) {
        guard let bytes = logs.withLock({ $0[target.container] }) else {
            return completion(
                .failure(StreamRefusal(400, "container \"\(target.container)\" is waiting to start: ContainerCreating"))
            )
        }
        completion(.success(FakeLog(bytes)))
    }

    func exec(
        _ target: ContainerTarget, _ command: [String], _ streams: StandardStreams,
        _ completion: @escaping @Sendable (Result<any ContainerProcess, StreamRefusal>) -> Void
    ) {
        guard command[0] != "nosuch" else {
            return completion(.failure(StreamRefusal(500, "exec \"nosuch\": not found")))
        }
        let process = FakeProcess(command, streams)
        processes.withLock { $0.append(process) }
        completion(.success(process))
    }

    func attach(
        _ target: ContainerTarget, _ streams: StandardStreams,
        _ completion: @escaping @Sendable (Result<any ContainerProcess, StreamRefusal>) -> Void
    ) { exec(target, ["cat"], streams, completion) }

    func portForward(
        namespace: String, pod: String, port: UInt16,
        _ completion: @escaping @Sendable (Result<any ContainerPipe, StreamRefusal>) -> Void
    ) {
        guard port != 81 else { return completion(.failure(StreamRefusal(500, "connect(127.0.0.1:81): ECONNREFUSED"))) }
        completion(.success(FakePipe(port)))
    }

    func pods(_ completion: @escaping @Sendable ([UInt8]) -> Void) {
        completion(Array(#"{"kind":"PodList","apiVersion":"v1","items":[]}"#.utf8))
    }
}

/// A process that runs on a queue, with a bounded pipe on its input.
final class FakeProcess: ContainerProcess {
    private struct State {
        var input: [[UInt8]] = []
        var queued = 0
        var queuedMax = 0
        var closed = false
        var reading = true
        var exited = false
        var full = false
        var hungUp = false
        var sizes: [String] = []
        var onOutput: (@Sendable (ContainerOutput, [UInt8]) -> Void)?
        var onExit: (@Sendable (ProcessExit) -> Void)?
        var onWritable: (@Sendable () -> Void)?
    }

    private let command: [String]
    private let streams: StandardStreams
    private let queue = DispatchQueue(label: "fake")
    private let state = Mutex(State())

    init(_ command: [String], _ streams: StandardStreams) {
        self.command = command
        self.streams = streams
    }

    var hungUp: Bool { state.withLock { $0.hungUp } }
    var queuedMax: Int { state.withLock { $0.queuedMax } }
    var sizes: [String] { state.withLock { $0.sizes } }

    func start(
        onOutput: @escaping @Sendable (ContainerOutput, [UInt8]) -> Void,
        onExit: @escaping @Sendable (ProcessExit) -> Void
    ) {
        state.withLock {
            $0.onOutput = onOutput
            $0.onExit = onExit
        }
        queue.async { [self] in
            switch command[0] {
            case "cat": turn()
            case "exit":
                onOutput(.stdout, Array("out\n".utf8))
                onOutput(.stderr, Array("err\n".utf8))
                exit(Int32(command[1]) ?? 0)
            default:
                onOutput(.stdout, Array((command.joined(separator: " ") + "\n").utf8))
                exit(0)
            }
        }
    }

    private func exit(_ code: Int32) {
        let onExit = state.withLock { state in
            state.exited = true
            state.onOutput = nil
            defer { state.onExit = nil }
            return state.onExit
        }
        onExit?(.code(code))
    }

    private func turn() {
        while true {
            let (bytes, onOutput, room, done) = state.withLock { state in
                guard state.reading, !state.exited, !state.hungUp else {
                    return (nil as [UInt8]?, state.onOutput, nil as (@Sendable () -> Void)?, false)
                }
                guard !state.input.isEmpty else { return (nil, state.onOutput, nil, state.closed) }
                let bytes = state.input.removeFirst()
                state.queued -= bytes.count
                let room = state.full && state.queued < 256 << 10
                if room { state.full = false }
                return (bytes, state.onOutput, room ? state.onWritable : nil, false)
            }
            room?()
            if done { return exit(0) }
            guard let bytes else { return }
            onOutput?(.stdout, bytes)
        }
    }

    func setReading(_ reading: Bool) {
        state.withLock { $0.reading = reading }
        if reading, command[0] == "cat" { queue.async { [self] in turn() } }
    }
    func write(_ bytes: [UInt8]) {
        state.withLock { state in
            state.input.append(bytes)
            state.queued += bytes.count
            state.queuedMax = max(state.queuedMax, state.queued)
            if state.queued >= 256 << 10 { state.full = true }
        }
        queue.async { [self] in turn() }
    }
    var isWritable: Bool { state.withLock { $0.queued < 256 << 10 } }
    func onWritable(_ callback: @escaping @Sendable () -> Void) { state.withLock { $0.onWritable = callback } }
    func closeInput() {
        state.withLock { $0.closed = true }
        queue.async { [self] in turn() }
    }
    func resize(width: Int, height: Int) { state.withLock { $0.sizes.append("\(width)x\(height)") } }
    func hangUp() {
        state.withLock { state in
            state.hungUp = true
            state.onOutput = nil
            state.onExit = nil
        }
    }
}

/// What listens at every port: says its number, then echoes.
final class FakePipe: ContainerPipe {
    private struct State {
        var waiting: [[UInt8]]
        var queued = 0
        var reading = true
        var closing = false
        var onBytes: (@Sendable ([UInt8]) -> Void)?
        var onEnd: (@Sendable (String?) -> Void)?
        var onWritable: (@Sendable () -> Void)?
    }
    private let queue = DispatchQueue(label: "pipe")
    private let state: Mutex<State>

    init(_ port: UInt16) { state = Mutex(State(waiting: [Array("port \(port)\n".utf8)])) }

    func start(onBytes: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable (String?) -> Void) {
        state.withLock {
            $0.onBytes = onBytes
            $0.onEnd = onEnd
        }
        turn()
    }
    func setReading(_ reading: Bool) {
        state.withLock { $0.reading = reading }
        turn()
    }
    func write(_ bytes: [UInt8]) {
        state.withLock {
            $0.waiting.append(bytes)
            $0.queued += bytes.count
        }
        turn()
    }
    var isWritable: Bool { state.withLock { $0.queued < 256 << 10 } }
    func onWritable(_ callback: @escaping @Sendable () -> Void) { state.withLock { $0.onWritable = callback } }
    func closeWriting() { close() }
    func close() {
        state.withLock { $0.closing = true }
        turn()
    }

    private func turn() {
        queue.async { [self] in
            while true {
                let (bytes, onBytes, onEnd, room) = state.withLock { state in
                    guard state.reading, let onBytes = state.onBytes else {
                        return (
                            nil as [UInt8]?, nil as (@Sendable ([UInt8]) -> Void)?,
                            nil as (@Sendable (String?) -> Void)?, nil as (@Sendable () -> Void)?
                        )
                    }
                    guard !state.waiting.isEmpty else {
                        guard state.closing else { return (nil, nil, nil, nil) }
                        state.onBytes = nil
                        defer { state.onEnd = nil }
                        return (nil, nil, state.onEnd, nil)
                    }
                    let bytes = state.waiting.removeFirst()
                    let wasFull = state.queued >= 256 << 10
                    state.queued = max(0, state.queued - bytes.count)
                    return (bytes, onBytes, nil, wasFull && state.queued < 256 << 10 ? state.onWritable : nil)
                }
                onEnd?(nil)
                room?()
                guard let bytes else { return }
                onBytes?(bytes)
            }
        }
    }
}

final class FakeLog: LogSource {
    private let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    func start(onBytes: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable (String?) -> Void) {
        if !bytes.isEmpty { onBytes(bytes) }
        onEnd(nil)
    }
    func setReading(_ reading: Bool) {}
    func cancel() {}
}
