import MartinetBase
import MartinetContainers
import MartinetStreaming
import Synchronization

/// A container's own process, over a connection of its own to the pod's monitor: an input that the container does not read
/// holds back nobody else.
final class AttachedProcess: ContainerProcess {
    private struct State {
        var connection: MonitorConnection?
        /// Until `start`, and while the client does not read.
        var isHeld = true
        var held: [(output: ContainerOutput, bytes: [UInt8])] = []
        var heldBytes = 0
        var exit: ProcessExit?
        var queued = 0
        var onOutput: (@Sendable (ContainerOutput, [UInt8]) -> Void)?
        var onExit: (@Sendable (ProcessExit) -> Void)?
        var onWritable: (@Sendable () -> Void)?
    }

    /// The container is not stopped by whoever looks on: one that falls behind by so much is let go.
    private static let heldMax = 8 << 20
    private static let queuedMax = 256 << 10

    private let id: String
    private let isInputOnce: Bool
    private let isTerminal: Bool
    /// Delivers, and never blocks.
    private let output: any SerialExecutorPort
    /// Waits for the monitor.
    private let input: any SerialExecutorPort
    private let state = Mutex(State())

    init(id: String, isInputOnce: Bool, isTerminal: Bool, runtime: any Runtime) {
        self.id = id
        self.isInputOnce = isInputOnce
        self.isTerminal = isTerminal
        output = runtime.executor(named: "martinet.attach.output")
        input = runtime.executor(named: "martinet.attach.input")
    }

    /// Connects to the monitor of the pod's folder. Blocks until it has answered.
    func open(_ folder: String) throws(SystemError) {
        let connection = try MonitorConnection(folder: folder) { [weak self] event in
            guard let self else { return }
            output.submit { self.received(event) }
        }
        state.withLock { $0.connection = connection }
        try connection.attach(id)
        // It may have ended before there was somebody to tell.
        if let known = try connection.status().first(where: { $0.id == id }), known.state == .exited {
            output.submit { self.ended(.code(0)) }
        }
    }

    private func received(_ event: MonitorConnection.Event) {
        switch event {
        case .output(let id, let stream, let bytes) where id == self.id:
            let isBehind = state.withLock { state in
                guard state.exit == nil else { return false }
                state.held.append((stream == 2 ? .stderr : .stdout, bytes))
                state.heldBytes += bytes.count
                return state.heldBytes > AttachedProcess.heldMax
            }
            if isBehind { ended(.failed("the output of the container was not read in time")) } else { deliver() }
        // What it exited with is told by the pod's status; being attached has gone well.
        case .exited(let task) where task.id == id: ended(.code(0))
        case .lost: ended(.failed("the monitor of the container is gone"))
        case .output, .exited, .logBlocked: break
        }
    }

    private func ended(_ exit: ProcessExit) {
        state.withLock { state in
            if state.exit == nil { state.exit = exit }
            state.connection = nil
        }
        deliver()
    }

    /// On `output`.
    private func deliver() {
        while true {
            let (next, onOutput) = state.withLock { state in
                guard !state.isHeld, let next = state.held.first else {
                    return (nil as (output: ContainerOutput, bytes: [UInt8])?, state.onOutput)
                }
                state.held.removeFirst()
                state.heldBytes -= next.bytes.count
                return (next, state.onOutput)
            }
            guard let next else { break }
            onOutput?(next.output, next.bytes)
        }
        let (exit, onExit) = state.withLock { state in
            guard !state.isHeld, state.held.isEmpty, let exit = state.exit else {
                return (nil as ProcessExit?, state.onExit)
            }
            defer {
                state.onOutput = nil
                state.onExit = nil
                state.onWritable = nil
            }
            return (exit, state.onExit)
        }
        if let exit { onExit?(exit) }
    }

    func start(
        onOutput: @escaping @Sendable (ContainerOutput, [UInt8]) -> Void,
        onExit: @escaping @Sendable (ProcessExit) -> Void
    ) {
        state.withLock { state in
            state.onOutput = onOutput
            state.onExit = onExit
        }
        setReading(true)
    }

    func setReading(_ reading: Bool) {
        state.withLock { $0.isHeld = !reading }
        if reading { output.submit { self.deliver() } }
    }

    func write(_ bytes: [UInt8]) {
        state.withLock { $0.queued += bytes.count }
        input.submit { [self] in
            // Fails where the container takes no input or has ended; then it is dropped.
            try? state.withLock { $0.connection }?.write(id, bytes)
            let onWritable = state.withLock { state in
                let wasFull = state.queued >= AttachedProcess.queuedMax
                state.queued -= bytes.count
                return wasFull && state.queued < AttachedProcess.queuedMax ? state.onWritable : nil
            }
            onWritable?()
        }
    }

    var isWritable: Bool { state.withLock { $0.queued < AttachedProcess.queuedMax } }
    func onWritable(_ callback: @escaping @Sendable () -> Void) { state.withLock { $0.onWritable = callback } }

    /// The container's input stays open for the next one, and this one is over; unless the pod says that there is to be only
    /// one (`stdinOnce`), whose end is the container's.
    func closeInput() {
        input.submit { [self] in
            if !endInput() { output.submit { self.ended(.code(0)) } }
        }
    }

    /// On `input`; whether the container's input ends with this one's.
    @discardableResult
    private func endInput() -> Bool {
        guard isInputOnce, !isTerminal else { return false }
        // Fails where the container has ended.
        try? state.withLock { $0.connection }?.closeInput(id)
        return true
    }

    func resize(width: Int, height: Int) {
        guard isTerminal else { return }
        input.submit { [self] in
            try? state.withLock { $0.connection }?
                .resize(id, columns: UInt16(clamping: width), rows: UInt16(clamping: height))
        }
    }

    func hangUp() {
        state.withLock { state in
            state.onOutput = nil
            state.onExit = nil
            state.onWritable = nil
        }
        input.submit { [self] in
            endInput()
            state.withLock { state in
                state.connection = nil
                state.held = []
            }
        }
    }
}
