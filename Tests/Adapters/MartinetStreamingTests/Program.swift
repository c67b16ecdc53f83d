import Glibc
import MartinetBase
import Synchronization

/// Another program as a peer.
final class Program: Sendable, CustomStringConvertible {
    private let pid: pid_t
    private let folder: String
    private let ended = Mutex<Int32?>(nil)

    private init(pid: pid_t, folder: String) {
        self.pid = pid
        self.folder = folder
    }

    deinit {
        for name in ["in", "out", "err"] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    static func start(_ path: String, _ arguments: [String], environment: [String], input: String? = nil) throws
        -> Program
    {
        var template = Array("/tmp/streaming-program-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp", "/tmp") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let descriptor = open("\(folder)/in", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let bytes = Array((input ?? "").utf8)
        _ = write(descriptor, bytes, bytes.count)
        close(descriptor)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "\(folder)/in", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "\(folder)/out", O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, "\(folder)/err", O_WRONLY | O_CREAT, 0o600)
        var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, path, &actions, nil, &argv, &envp)
        guard result == 0 else { throw SystemError(call: "posix_spawn", operand: path, errno: result) }
        return Program(pid: pid, folder: folder)
    }

    /// Runs it to its end; after a minute it is killed.
    static func run(_ path: String, _ arguments: [String], environment: [String], input: String?) async throws
        -> Program
    {
        let program = try start(path, arguments, environment: environment, input: input)
        try await Support.blocking {
            for _ in 0..<30_000 {
                if program.reap(WNOHANG) { return }
                usleep(2000)
            }
            program.stop()
        }
        return program
    }

    var status: Int32 { ended.withLock { $0 } ?? -1 }
    var output: String { read("out") }
    var errors: String { read("err") }
    var description: String { "status \(status): \(errors.prefix(1000))" }

    func stop() {
        kill(pid, SIGKILL)
        _ = reap(0)
    }

    private func reap(_ options: Int32) -> Bool {
        var status: Int32 = 0
        guard waitpid(pid, &status, options) == pid else { return false }
        ended.withLock { $0 = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F }
        return true
    }

    private func read(_ name: String) -> String {
        guard let file = fopen("\(folder)/\(name)", "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A blocking TCP connection to loopback.
final class Socket: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw SystemError.last("connect", "127.0.0.1:\(port)") }
    }

    deinit { close(descriptor) }

    func send(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func receive(count: Int) -> [UInt8] {
        var out: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while out.count < count {
            let got = recv(descriptor, &piece, min(piece.count, count - out.count), 0)
            guard got > 0 else { return out }
            out += piece[..<got]
        }
        return out
    }
}
