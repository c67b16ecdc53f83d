import Glibc
import MartinetBase
import MartinetTesting

/// A child process whose standard output is read through a pipe. Killed when it is released.
final class Child {
    let process: pid_t
    private let output: Int32
    private var unread: [UInt8] = []
    private var status: Int32?

    /// The executable that is built beside the tests.
    static var tool: String? { Products.path("martinet-store-bench") }

    init(_ arguments: [String]) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError.last("pipe", "") }
        for end in ends where fcntl(end, F_SETFD, FD_CLOEXEC) != 0 { throw SystemError.last("fcntl", "FD_CLOEXEC") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var pointers = arguments.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var process = pid_t()
        let code = posix_spawn(&process, arguments[0], &actions, nil, &pointers, environ)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw SystemError(call: "posix_spawn", operand: arguments[0], errno: code)
        }
        self.process = process
        output = ends[0]
    }

    deinit {
        if status == nil {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        close(output)
    }

    /// The next line, nil at the end. A last line without an end is dropped.
    func line() -> String? {
        while true {
            if let end = unread.firstIndex(of: 10) {
                defer { unread.removeFirst(end + 1) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = read(output, &buffer, buffer.count)
            if count <= 0 { return nil }
            unread += buffer.prefix(count)
        }
    }

    func killNow() { kill(process, SIGKILL) }

    /// Its wait status, once it has ended.
    func wait() -> Int32 {
        if let status { return status }
        var found: Int32 = 0
        waitpid(process, &found, 0)
        status = found
        return found
    }
}
