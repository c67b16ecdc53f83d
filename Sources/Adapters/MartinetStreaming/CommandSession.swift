import MartinetBase
import Synchronization

/// Moves bytes between a client and a process, each held back by the other.
final class CommandSession: Sendable {
    private let wire: any CommandWire
    private let process: any ContainerProcess
    private let streams: StandardStreams
    private let keepAlive: KeepAlive
    private let over = Mutex(false)

    private init(
        _ wire: any CommandWire, _ process: any ContainerProcess, _ streams: StandardStreams, _ keepAlive: KeepAlive
    ) {
        self.wire = wire
        self.process = process
        self.streams = streams
        self.keepAlive = keepAlive
    }

    static func run(
        _ wire: any CommandWire, _ result: Result<any ContainerProcess, StreamRefusal>, _ streams: StandardStreams,
        _ keepAlive: KeepAlive
    ) {
        switch result {
        case .success(let process): CommandSession(wire, process, streams, keepAlive).start()
        case .failure(let refusal):
            wire.start { _ in }
            wire.finish(CommandStatus(exit: .failed(refusal.message)))
        }
    }

    /// The callbacks keep the session alive; the last of each side lets it go.
    private func start() {
        wire.onWritable { [process] in process.setReading(true) }
        process.onWritable { [wire] in wire.setReading(true) }
        wire.start { self.received($0) }
        process.start(onOutput: { self.produced($0, $1) }, onExit: { self.exited($0) })
        keepAlive.start { [weak wire] in
            wire?.ping()
            return wire != nil
        }
    }

    private func received(_ input: CommandInput) {
        switch input {
        case .bytes(let bytes):
            guard streams.input, !bytes.isEmpty else { return }
            process.write(bytes)
            guard !process.isWritable else { return }
            wire.setReading(false)
            // It may have become writable between the two.
            if process.isWritable { wire.setReading(true) }
        case .inputClosed: if streams.input { process.closeInput() }
        case .resize(let width, let height): if streams.tty { process.resize(width: width, height: height) }
        case .gone:
            keepAlive.stop()
            if end() { process.hangUp() }
            // What it still produces goes nowhere, and must not block it.
            process.setReading(true)
        }
    }

    private func produced(_ output: ContainerOutput, _ bytes: [UInt8]) {
        guard output == .stdout ? streams.output : streams.errors, !over.withLock({ $0 }) else { return }
        wire.write(output, bytes)
        guard !wire.isWritable else { return }
        process.setReading(false)
        if wire.isWritable || over.withLock({ $0 }) { process.setReading(true) }
    }

    private func exited(_ exit: ProcessExit) {
        keepAlive.stop()
        guard end() else { return }
        wire.finish(CommandStatus(exit: exit))
    }

    /// True for the first end of the two.
    private func end() -> Bool {
        over.withLock { over in
            defer { over = true }
            return !over
        }
    }
}
