import Glibc
import MartinetBase
import Synchronization

/// A server in a process of its own, that this program starts and ends: so that what is measured shares nothing with the
/// one who measures.
final class BenchChild: Sendable {
    let process: Int
    /// The line that it wrote when it was ready.
    let line: String
    private let input: Mutex<Int32>

    /// Starts this very program with other arguments and waits for the first line that it writes.
    ///
    /// The child ends when its standard input does, so also when this process dies.
    init(_ arguments: [String]) throws {
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw SystemError.last("pipe", "bench") }
        for descriptor in toChild + fromChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        defer {
            close(toChild[0])
            close(fromChild[0])
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for argument in argv { free(argument) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, "/proc/self/exe", &actions, nil, &argv, environ)
        close(fromChild[1])
        guard result == 0 else {
            close(toChild[1])
            throw BenchError("cannot start a server of its own: posix_spawn(/proc/self/exe): errno \(result)")
        }
        process = Int(pid)
        input = Mutex(toChild[1])
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(fromChild[0], &byte, 1) == 1, byte != 10 { bytes.append(byte) }
        line = String(decoding: bytes, as: UTF8.self)
        guard !line.isEmpty else {
            stop()
            throw BenchError("a server of its own has ended before it was ready")
        }
    }

    deinit { stop() }

    func stop() {
        let descriptor = input.withLock { descriptor in
            defer { descriptor = -1 }
            return descriptor
        }
        guard descriptor >= 0 else { return }
        close(descriptor)
        var status: Int32 = 0
        while waitpid(pid_t(process), &status, 0) < 0, errno == EINTR {}
    }

    /// In the child: says that it is ready, and returns when the parent has gone or wants it to end.
    static func serve(_ line: String) {
        let text = Array((line + "\n").utf8)
        _ = write(1, text, text.count)
        var byte: UInt8 = 0
        while read(0, &byte, 1) == 1 {}
    }
}

/// Resident memory of a process in bytes (proc(5), statm); nil where it cannot be read.
func residentBytes(_ process: Int) -> Int? {
    guard let text = readText("/proc/\(process)/statm") else { return nil }
    let fields = text.split(separator: " ")
    return fields.count > 1 ? Int(fields[1]).map { $0 * sysconf(Int32(_SC_PAGESIZE)) } : nil
}

/// The beginning of a file, up to 64 KiB; nil where it cannot be read.
func readText(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    let count = read(descriptor, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
}

/// What a process has used of the processors, in nanoseconds (proc(5), stat); nil where it cannot be read.
func processorTime(_ process: Int) -> Int? {
    // The name in parentheses may hold anything; user and system time are the 12th and 13th fields behind it.
    guard let text = readText("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[end...].split(separator: " ")
    guard fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) else { return nil }
    return (user + system) * (1_000_000_000 / max(1, sysconf(Int32(_SC_CLK_TCK))))
}
