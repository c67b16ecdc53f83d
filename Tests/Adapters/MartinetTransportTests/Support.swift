import Dispatch
import Glibc
import MartinetTransport

/// What the tests share: other programs as peers, temporary folders, a condition with a deadline.
enum Support {
    struct Program: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    static func path(of program: String) -> String? {
        let folders = String(cString: getenv("PATH") ?? strdup("/usr/bin:/bin")).split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }

    static func has(_ program: String) -> Bool { path(of: program) != nil }

    /// Runs blocking work on a thread of its own.
    static func blocking<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "blocking").async { continuation.resume(with: Result { try work() }) }
        }
    }

    /// Runs a program to its end.
    static func run(_ program: String, _ arguments: [String]) async throws -> Program {
        let folder = try Folder()
        return try await blocking {
            let (out, err) = ("\(folder.path)/out", "\(folder.path)/err")
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT, 0o600)
            posix_spawn_file_actions_addopen(&actions, 2, err, O_WRONLY | O_CREAT, 0o600)
            let path = path(of: program) ?? program
            var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
            defer { for argument in argv { free(argument) } }
            var pid: pid_t = 0
            let result = posix_spawn(&pid, path, &actions, nil, &argv, environ)
            guard result == 0 else { throw TransportError(.invalid, "cannot start \(path)") }
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            return Program(
                status: status >> 8 & 0xFF, output: String(decoding: try folder.read("out"), as: UTF8.self),
                errors: String(decoding: try folder.read("err"), as: UTF8.self))
        }
    }

    /// A folder that goes with the object.
    final class Folder: Sendable {
        let path: String
        init() throws {
            var template = Array("/tmp/martinet-transport-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { throw TransportError(.invalid, "cannot make a temporary folder") }
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        deinit {
            if let folder = opendir(path) {
                while let entry = readdir(folder) {
                    let name = withUnsafePointer(to: &entry.pointee.d_name) {
                        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                    }
                    unlink("\(path)/\(name)")
                }
                closedir(folder)
            }
            rmdir(path)
        }

        func write(_ name: String, _ bytes: [UInt8]) throws -> String {
            let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            guard descriptor >= 0 else { throw TransportError(.invalid, "cannot write \(name)") }
            defer { close(descriptor) }
            guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
                throw TransportError(.invalid, "cannot write \(name)")
            }
            return "\(path)/\(name)"
        }

        func read(_ name: String) throws -> [UInt8] {
            let descriptor = open("\(path)/\(name)", O_RDONLY)
            guard descriptor >= 0 else { throw TransportError(.invalid, "cannot read \(name)") }
            defer { close(descriptor) }
            var out: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = Glibc.read(descriptor, &piece, piece.count)
                guard count > 0 else { return out }
                out += piece[..<count]
            }
        }
    }

    /// Waits until `condition` holds; false after `seconds`.
    static func eventually(_ seconds: Int = 10, _ condition: @escaping @Sendable () -> Bool) async -> Bool {
        let result = try? await blocking {
            for _ in 0..<seconds * 500 {
                if condition() { return true }
                usleep(2000)
            }
            return condition()
        }
        return result ?? false
    }

    /// Runs `work` once nothing listens at `port` any more, all on one thread: the tests' own may be busy for seconds.
    static func afterClosing(_ port: Int, _ work: @escaping @Sendable () -> Void) async -> Bool {
        let result = try? await blocking {
            for _ in 0..<5000 {
                if (try? RawSocket(port: port)) == nil {
                    work()
                    return true
                }
                usleep(2000)
            }
            return false
        }
        return result ?? false
    }

    /// This process's sockets that have `port` at either end, and how many of them are closed on exec.
    static func sockets(atPort port: Int) -> (all: Int, closedOnExec: Int) {
        var counts = (all: 0, closedOnExec: 0)
        for descriptor in 3..<Int32(4096) {
            let found = [getsockname, getpeername].contains { name in
                var address = sockaddr_in()
                var size = socklen_t(MemoryLayout<sockaddr_in>.size)
                let result = withUnsafeMutablePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name(descriptor, $0, &size) }
                }
                return result == 0 && address.sin_family == sa_family_t(AF_INET)
                    && UInt16(bigEndian: address.sin_port) == UInt16(port)
            }
            guard found else { continue }
            counts.all += 1
            if fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0 { counts.closedOnExec += 1 }
        }
        return counts
    }
}
