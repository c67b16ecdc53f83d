import Glibc
import MartinetBase
package import MartinetToolPorts
import Synchronization

/// The standard streams of this process.
package final class SystemTerminal: Terminal {
    private let saved = Mutex<termios?>(nil)
    private let sizes: SignalPipe?

    package init() {
        // A reader that goes away must not end the process before its terminal is put back.
        signal(SIGPIPE, SIG_IGN)
        sizes = SignalPipe.windowChanges
    }

    package func write(_ bytes: [UInt8]) { Self.write(1, bytes) }
    package func writeError(_ bytes: [UInt8]) { Self.write(2, bytes) }

    private static func write(_ descriptor: Int32, _ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE {
                // As a program that SIGPIPE ends: nobody reads on.
                if descriptor == 1 { exit(141) }
                return
            } else if errno != EINTR, errno != EAGAIN {
                return
            }
        }
    }

    package func readInput() async throws -> [UInt8]? {
        let result: Result<[UInt8], SystemError> = await BlockingThread.run {
            var buffer = [UInt8](repeating: 0, count: 32 << 10)
            while true {
                let count = buffer.withUnsafeMutableBytes { read(0, $0.baseAddress, $0.count) }
                if count >= 0 { return .success(Array(buffer.prefix(count))) }
                if errno != EINTR { return .failure(SystemError.last("read", "standard input")) }
            }
        }
        let bytes = try result.get()
        return bytes.isEmpty ? nil : bytes
    }

    package var isInputTerminal: Bool { isatty(0) == 1 }
    package var isOutputTerminal: Bool { isatty(1) == 1 }

    package var size: TerminalSize? {
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return TerminalSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    package func nextSize() async -> TerminalSize? {
        guard let sizes else { return nil }
        await sizes.wait()
        return size
    }

    package func setRaw(_ raw: Bool) {
        saved.withLock { saved in
            if raw, saved == nil {
                var mode = termios()
                guard tcgetattr(0, &mode) == 0 else { return }
                saved = mode
                cfmakeraw(&mode)
                tcsetattr(0, TCSADRAIN, &mode)
            } else if !raw, var mode = saved {
                tcsetattr(0, TCSADRAIN, &mode)
                saved = nil
            }
        }
    }
}

/// Turns SIGWINCH into something that can be waited for: the handler writes a byte, a thread reads it.
private final class SignalPipe: Sendable {
    private let reading: Int32

    /// The handler can reach nothing but a global; it is written once, before the handler is installed.
    nonisolated(unsafe) private static var writing: Int32 = -1

    static let windowChanges: SignalPipe? = {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        writing = ends[1]
        signal(SIGWINCH) { _ in
            var byte: UInt8 = 0
            _ = Glibc.write(SignalPipe.writing, &byte, 1)
        }
        return SignalPipe(reading: ends[0])
    }()

    private init(reading: Int32) { self.reading = reading }

    func wait() async {
        let reading = reading
        await BlockingThread.run {
            var byte: UInt8 = 0
            _ = read(reading, &byte, 1)
        }
    }
}
