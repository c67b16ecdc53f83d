import Dispatch
import Glibc
import MartinetContainers
import MartinetStreaming
import Synchronization

/// A process that runs in a container because somebody asked for it.
final class ExecProcess: ContainerProcess {
    private struct State {
        var onOutput: (@Sendable (ContainerOutput, [UInt8]) -> Void)?
        var onExit: (@Sendable (ProcessExit) -> Void)?
        var open = 0
        var exit: ProcessExit?
    }

    private let queue: DispatchQueue
    /// Standard input and output; with a terminal both directions of it.
    private let main: DescriptorPipe
    private let errors: DescriptorPipe?
    private let terminal: Descriptor?
    private let kill: @Sendable () -> Void
    private let state = Mutex(State())

    init(
        input: Descriptor?, output: Descriptor?, errors: Descriptor?, kill: @escaping @Sendable () -> Void
    ) {
        let queue = DispatchQueue(label: "martinet.exec")
        self.queue = queue
        main = DescriptorPipe(output: output, input: input, .pipe, queue: queue)
        self.errors = errors.map { DescriptorPipe(output: $0, input: nil, .pipe, queue: queue) }
        terminal = nil
        self.kill = kill
    }

    init(terminal: Descriptor, takesInput: Bool, kill: @escaping @Sendable () -> Void) {
        queue = DispatchQueue(label: "martinet.exec")
        main = DescriptorPipe(output: terminal, input: takesInput ? terminal : nil, .terminal, queue: queue)
        errors = nil
        self.terminal = terminal
        self.kill = kill
    }

    func start(
        onOutput: @escaping @Sendable (ContainerOutput, [UInt8]) -> Void,
        onExit: @escaping @Sendable (ProcessExit) -> Void
    ) {
        state.withLock { state in
            state.onOutput = onOutput
            state.onExit = onExit
            state.open = errors == nil ? 1 : 2
        }
        main.start(onBytes: { self.produced(.stdout, $0) }, onEnd: { _ in self.ended() })
        errors?.start(onBytes: { self.produced(.stderr, $0) }, onEnd: { _ in self.ended() })
    }

    private func produced(_ output: ContainerOutput, _ bytes: [UInt8]) {
        let onOutput = state.withLock { $0.onOutput }
        onOutput?(output, bytes)
    }

    private func ended() {
        state.withLock { $0.open -= 1 }
        finish()
    }

    /// `code` nil: it cannot be known. May come before `start`.
    func exited(_ code: Int32?) {
        state.withLock { state in
            state.exit = code.map { .code($0) } ?? .failed("the exit code of the process cannot be known")
        }
        queue.async { self.finish() }
    }

    /// Once it has exited and its outputs are read to their end, which others may hold open. On the queue.
    private func finish() {
        let (exit, onExit) = state.withLock { state in
            guard let exit = state.exit, state.open == 0 else { return (nil as ProcessExit?, state.onExit) }
            defer {
                state.onOutput = nil
                state.onExit = nil
            }
            return (exit, state.onExit)
        }
        if let exit { onExit?(exit) }
    }

    /// What it waits for, in words, for whoever looks into one that does not end.
    var progress: String {
        state.withLock { "exit \($0.exit.map { "\($0)" } ?? "not told"), \($0.open) outputs open" }
            + ", \(main.progress)"
    }

    func setReading(_ reading: Bool) {
        main.setReading(reading)
        errors?.setReading(reading)
    }

    func write(_ bytes: [UInt8]) { main.write(bytes) }
    var isWritable: Bool { main.isWritable }
    func onWritable(_ callback: @escaping @Sendable () -> Void) { main.onWritable(callback) }
    func closeInput() { main.closeWriting() }

    func resize(width: Int, height: Int) {
        guard let terminal else { return }
        var size = winsize(
            ws_row: UInt16(clamping: height), ws_col: UInt16(clamping: width), ws_xpixel: 0, ws_ypixel: 0)
        // Fails only where the process has ended.
        _ = ioctl(terminal.number, UInt(TIOCSWINSZ), &size)
    }

    func hangUp() {
        state.withLock { state in
            state.onOutput = nil
            state.onExit = nil
        }
        main.close()
        errors?.close()
        kill()
    }
}
