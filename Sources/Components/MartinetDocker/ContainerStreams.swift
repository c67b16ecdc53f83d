import Dispatch
import Glibc
import MartinetBase
import MartinetContainers
import Synchronization

/// A container's streams and this program's, joined: what `run`, `attach` and `start -a` wait in.
final class ContainerStreams: Sendable {
    enum End: Sendable {
        case exited(Int32)
        /// ctrl-p ctrl-q, or the monitor has gone.
        case detached
    }

    private let console: Console
    private let events = EventQueue()
    private let connection = Mutex<MonitorConnection?>(nil)
    private let task = Mutex("")

    init(console: Console) { self.console = console }

    /// From now on its output is kept for `follow`.
    func attach(_ task: String, folder: String) throws {
        let events = events
        let connection = try MonitorConnection(folder: folder) { events.add($0) }
        try connection.attach(task)
        self.connection.withLock { $0 = connection }
        self.task.withLock { $0 = task }
    }

    /// Copies until the container ends or is left.
    func follow(
        _ record: ContainerRecord, _ configuration: DockerConfiguration, input: Bool, signals: Bool
    ) throws -> End {
        guard let connection = connection.withLock({ $0 }) else { return .detached }
        let task = task.withLock { $0 }
        let terminal = TerminalMode()
        if record.options.hasTerminal {
            if input { terminal.setRaw() }
            resize(connection, task)
        }
        defer { terminal.restore() }
        let forwarding = SignalForwarding(
            signals && !(record.options.hasTerminal && input) ? [SIGINT, SIGTERM, SIGHUP, SIGQUIT] : []
        ) { signal in
            try? connection.signal(task, signal)  // it may have ended meanwhile
        }
        let sizes = SignalForwarding(record.options.hasTerminal ? [SIGWINCH] : []) { [weak self] _ in
            self?.resize(connection, task)
        }
        defer { withExtendedLifetime((forwarding, sizes)) {} }
        if input { pumpInput(connection, task, hasTerminal: record.options.hasTerminal) }
        // It may have ended before anybody listened.
        if let status = try connection.status().first(where: { $0.id == task }), status.state == .exited {
            events.add(.exited(status))
        }
        while true {
            switch events.next() {
            case .output(_, let stream, let bytes): stream == 2 ? console.err(bytes) : console.out(bytes)
            case .exited(let status) where status.id == task: return .exited(status.exitCode ?? 137)
            case .lost: return .detached
            default: break
            }
        }
    }

    private func resize(_ connection: MonitorConnection, _ task: String) {
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return }
        try? connection.resize(task, columns: size.ws_col, rows: size.ws_row)  // it may have ended meanwhile
    }

    /// On a thread of its own, which ends with the program.
    private func pumpInput(_ connection: MonitorConnection, _ task: String, hasTerminal: Bool) {
        let events = events
        let thread = Thread {
            var buffer = [UInt8](repeating: 0, count: 32 << 10)
            var keys = DetachKeys()
            while true {
                let count = buffer.withUnsafeMutableBytes { read(0, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    if !hasTerminal { try? connection.closeInput(task) }  // nobody may be left to read it
                    return
                }
                let bytes = Array(buffer[..<count])
                if hasTerminal, keys.take(bytes) {
                    events.add(.lost)
                    return
                }
                do throws(SystemError) { try connection.write(task, bytes) } catch { return }
            }
        }
        thread.start()
    }
}

/// ctrl-p ctrl-q leaves a container that goes on.
struct DetachKeys {
    private var sawFirst = false

    mutating func take(_ bytes: [UInt8]) -> Bool {
        for byte in bytes {
            if sawFirst, byte == 17 { return true }
            sawFirst = byte == 16
        }
        return false
    }
}

/// This program's terminal, raw while a container has it.
final class TerminalMode {
    private var saved: termios?

    func setRaw() {
        var mode = termios()
        guard isatty(0) == 1, tcgetattr(0, &mode) == 0 else { return }
        saved = mode
        cfmakeraw(&mode)
        tcsetattr(0, TCSADRAIN, &mode)
    }

    func restore() {
        guard var mode = saved else { return }
        tcsetattr(0, TCSADRAIN, &mode)
        saved = nil
    }

    deinit { restore() }
}

/// Hands signals on for as long as it lives.
final class SignalForwarding {
    private var sources: [any DispatchSourceSignal] = []

    init(_ signals: [Int32], _ handle: @escaping @Sendable (Int32) -> Void) {
        for number in signals {
            if number != SIGWINCH { signal(number, SIG_IGN) }
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { handle(number) }
            source.resume()
            sources.append(source)
        }
    }

    deinit { for source in sources { source.cancel() } }
}

/// A thread that may block for as long as it likes.
private struct Thread {
    private let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    func start() { DispatchQueue(label: "martinet.docker.input").async(execute: body) }
}
