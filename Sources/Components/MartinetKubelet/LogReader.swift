import Glibc
import MartinetBase
package import MartinetContainers
import MartinetEngine
import Synchronization

/// Reads a container's log in pieces; a following one waits for the kernel's word that there is more (inotify(7)).
///
/// One caller at a time; `cancel` may come from any thread.
package final class LogReader: Sendable {
    private struct State: Sendable {
        var rest: [UInt8] = []
        var skipLines = 0
        var left: Int?
        var isPartial = false
        var isDone = false
    }

    private let file: Descriptor
    private let options: LogOptions
    /// Becomes readable when the file grows; nil where nothing is waited for.
    private let watch: Descriptor?
    private let wake: (read: Descriptor, write: Descriptor)
    private let isRunning: @Sendable () -> Bool
    private let state = Mutex(State())

    init(path: String, options: LogOptions, isRunning: @escaping @Sendable () -> Bool) throws {
        file = try Descriptor.open(path, O_RDONLY)
        self.options = options
        self.isRunning = isRunning
        wake = try Descriptor.pipe()
        _ = fcntl(wake.read.number, F_SETFL, O_NONBLOCK)
        _ = fcntl(wake.write.number, F_SETFL, O_NONBLOCK)
        if options.follow {
            let number = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
            guard number >= 0 else { throw SystemError.last("inotify_init1", path) }
            let watch = Descriptor(owning: number)
            guard inotify_add_watch(number, path, UInt32(IN_MODIFY)) >= 0 else {
                throw SystemError.last("inotify_add_watch", path)
            }
            self.watch = watch
        } else {
            watch = nil
        }
        var state = State()
        state.left = options.limitBytes
        if let lines = options.tailLines { state.skipLines = max(0, try countLines() - max(0, lines)) }
        let begin = state
        self.state.withLock { $0 = begin }
    }

    /// How many lines match, counted in one pass over the file.
    private func countLines() throws -> Int {
        var count = 0
        var buffer = [UInt8](repeating: 0, count: 65536)
        var rest: [UInt8] = []
        while true {
            let got = read(file.number, &buffer, buffer.count)
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            rest += buffer[..<got]
            guard let end = rest.lastIndex(of: 10) else { continue }
            for line in rest[..<end].split(separator: 10) {
                if let parsed = ContainerLog.parse(line), isWanted(parsed), !parsed.isPartial { count += 1 }
            }
            rest = Array(rest[(end + 1)...])
        }
        lseek(file.number, 0, Int32(SEEK_SET))
        return count
    }

    /// The next piece; nil at the end. Blocks while it follows and there is nothing new.
    package func next() throws -> [UInt8]? {
        while true {
            if state.withLock({ $0.isDone }) { return nil }
            // Asked before the file is read: what was written before the end is read after it.
            let mayGrow = options.follow && isRunning()
            let piece = try readPiece()
            if !piece.isEmpty { return piece }
            guard mayGrow, let watch else {
                state.withLock { $0.isDone = true }
                return nil
            }
            var entries = [
                pollfd(fd: watch.number, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake.read.number, events: Int16(POLLIN), revents: 0),
            ]
            poll(&entries, 2, -1)
            var buffer = [UInt8](repeating: 0, count: 4096)
            while read(watch.number, &buffer, buffer.count) > 0 {}
            while read(wake.read.number, &buffer, buffer.count) > 0 {}
        }
    }

    /// Ends it from another thread.
    package func cancel() {
        state.withLock { $0.isDone = true }
        nudge()
    }

    /// The container has ended, perhaps: look again.
    func nudge() {
        var byte: UInt8 = 1
        _ = write(wake.write.number, &byte, 1)
    }

    private func readPiece() throws -> [UInt8] {
        var out: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while out.isEmpty {
            let got = read(file.number, &buffer, buffer.count)
            if got < 0 {
                let code = errno
                if code == EINTR { continue }
                throw SystemError(call: "read", operand: "log", errno: code)
            }
            if got == 0 { break }
            state.withLock { state in
                state.rest += buffer[..<got]
                guard let end = state.rest.lastIndex(of: 10) else { return }
                for line in state.rest[..<end].split(separator: 10) { add(line, to: &out, &state) }
                state.rest = Array(state.rest[(end + 1)...])
            }
        }
        return out
    }

    private func isWanted(_ line: ContainerLog.Line) -> Bool {
        if let stream = options.stream, stream != "All", (stream == "Stderr") != line.isError { return false }
        guard let since = options.since, let time = Timestamp(rfc3339: line.time) else { return true }
        return time >= since
    }

    private func add(_ bytes: ArraySlice<UInt8>, to out: inout [UInt8], _ state: inout State) {
        guard !state.isDone, let line = ContainerLog.parse(bytes), isWanted(line) else { return }
        if state.skipLines > 0 {
            if !line.isPartial { state.skipLines -= 1 }
            return
        }
        var piece: [UInt8] = []
        if options.timestamps, !state.isPartial { piece += Array(line.time.utf8) + [32] }
        piece += line.text
        if !line.isPartial { piece.append(10) }
        state.isPartial = line.isPartial
        if let left = state.left {
            piece = Array(piece.prefix(left))
            state.left = left - piece.count
            if left - piece.count <= 0 { state.isDone = true }
        }
        out += piece
    }
}
