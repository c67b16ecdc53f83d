import Glibc
package import MartinetBase
package import MartinetContainers
import Synchronization

/// A process that runs in a container because somebody asked for it.
package final class ExecHandle: Sendable {
    private struct State {
        var input: Descriptor?
        var code: Int32??
        var waiting: [@Sendable (Int32?) -> Void] = []
    }

    /// Its standard output, or with a terminal both directions of it; nil where not asked for.
    package let output: Descriptor?
    package let error: Descriptor?
    package let isTerminal: Bool
    private let state = Mutex(State())
    private let end: @Sendable () -> Void

    init(
        input: Descriptor?, output: Descriptor?, error: Descriptor?, isTerminal: Bool,
        end: @escaping @Sendable () -> Void
    ) {
        self.output = output
        self.error = error
        self.isTerminal = isTerminal
        self.end = end
        state.withLock { $0.input = input }
    }

    /// The end to write its standard input to, handed over once: its last reference going is the input's end.
    package func takeInput() -> Descriptor? {
        state.withLock { state in
            defer { state.input = nil }
            return state.input
        }
    }

    /// In characters; without a terminal nothing happens.
    package func resize(columns: UInt16, rows: UInt16) throws(SystemError) {
        guard isTerminal, let output else { return }
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard ioctl(output.number, UInt(TIOCSWINSZ), &size) == 0 else { throw SystemError.last("ioctl", "TIOCSWINSZ") }
    }

    /// Kills the process.
    package func cancel() { end() }

    /// `body` runs once with the exit code, or nil where it cannot be known; at once where it has ended already.
    package func onExit(_ body: @escaping @Sendable (Int32?) -> Void) {
        let known: Int32?? = state.withLock { state in
            if state.code == nil { state.waiting.append(body) }
            return state.code
        }
        if let known { body(known) }
    }

    func exited(_ code: Int32?) {
        let waiting = state.withLock { state in
            state.code = .some(code)
            state.input = nil
            defer { state.waiting = [] }
            return state.waiting
        }
        for body in waiting { body(code) }
    }
}

/// A connection to a container's own streams.
package final class AttachHandle: Sendable {
    private let connection: MonitorConnection
    private let id: String
    private let end: @Sendable () -> Void

    init(connection: MonitorConnection, id: String, end: @escaping @Sendable () -> Void) {
        self.connection = connection
        self.id = id
        self.end = end
    }

    /// Blocks until the monitor has taken it.
    package func write(_ bytes: [UInt8]) throws(SystemError) { try connection.write(id, bytes) }
    package func closeInput() throws(SystemError) { try connection.closeInput(id) }
    package func resize(columns: UInt16, rows: UInt16) throws(SystemError) {
        try connection.resize(id, columns: columns, rows: rows)
    }
    package func detach() { end() }
}
