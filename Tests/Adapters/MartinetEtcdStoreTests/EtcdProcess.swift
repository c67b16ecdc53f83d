import Glibc
import MartinetBase
import MartinetTesting

/// Where Debian's etcd is: the folder of `MARTINET_ETCD`, else the search path.
enum EtcdPrograms {
    static let server = find("etcd")
    static let control = find("etcdctl")
    static let isThere = server != nil
    static let absent = "etcd is not on this machine (make etcd; MARTINET_ETCD is its folder)"

    private static func find(_ name: String) -> String? {
        let folders = [getenv("MARTINET_ETCD"), getenv("PATH")].compactMap { $0.map { String(cString: $0) } }
        for folder in folders.flatMap({ $0.split(separator: ":") }) where access("\(folder)/\(name)", X_OK) == 0 {
            return "\(folder)/\(name)"
        }
        return nil
    }
}

/// A port of loopback that nobody has at this moment.
func freePort() throws -> Int {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { throw SystemError.last("socket", "AF_INET") }
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            guard bind(socket, pointer, length) == 0 else { return Int32(-1) }
            return getsockname(socket, pointer, &length)
        }
    }
    guard bound == 0 else { throw SystemError.last("bind", "127.0.0.1:0") }
    return Int(UInt16(bigEndian: address.sin_port))
}

/// A child process, ended with the object.
final class ChildProcess: @unchecked Sendable {
    private(set) var pid: pid_t = 0
    private var reaped = false

    init(_ path: String, _ arguments: [String], log: String, environment: [String] = []) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        let settings: [UnsafeMutablePointer<CChar>?] =
            (["PATH=/usr/bin:/bin", "HOME=/tmp"] + environment).map { strdup($0) } + [nil]
        defer { for word in words + settings { free(word) } }
        let code = posix_spawn(&pid, path, &actions, nil, words, settings)
        guard code == 0 else { throw SystemError(call: "posix_spawn", operand: path, errno: code) }
    }

    func signal(_ number: Int32) { if !reaped { kill(pid, number) } }

    @discardableResult
    func wait() -> Int32 {
        guard !reaped else { return 0 }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        reaped = true
        return status
    }

    func end(_ number: Int32 = SIGKILL) {
        signal(number)
        wait()
    }

    deinit { end() }
}

/// A folder under /tmp, removed with all that is in it.
final class ScratchFolder: Sendable {
    let path: String
    init() throws {
        var template = Array("/tmp/martinet-etcd-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp", "/tmp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    deinit { ScratchFolder.remove(path) }

    static func remove(_ path: String) {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { remove("\(path)/\(name)") }
            }
            closedir(folder)
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}

/// One or several members of an etcd, each a process of the test's own on loopback.
final class EtcdCluster: @unchecked Sendable {
    struct Member {
        let name: String
        let client: Int
        let peer: Int
        var process: ChildProcess?
    }

    let folder: ScratchFolder
    private(set) var members: [Member]
    private let extra: [String]
    private let scheme: String

    init(members count: Int = 1, scheme: String = "http", _ extra: [String] = []) throws {
        folder = try ScratchFolder()
        self.extra = extra
        self.scheme = scheme
        members = try (0..<count).map { Member(name: "m\($0)", client: try freePort(), peer: try freePort()) }
        for index in members.indices { try start(index) }
    }

    var endpoints: [String] { members.map { "\(scheme)://127.0.0.1:\($0.client)" } }

    func start(_ index: Int) throws {
        guard let program = EtcdPrograms.server else { throw SystemError(call: "find", operand: "etcd", errno: ENOENT) }
        let member = members[index]
        let cluster = members.map { "\($0.name)=http://127.0.0.1:\($0.peer)" }.joined(separator: ",")
        let client = "\(scheme)://127.0.0.1:\(member.client)"
        let peer = "http://127.0.0.1:\(member.peer)"
        members[index].process = try ChildProcess(
            program,
            [
                "--name", member.name, "--data-dir", "\(folder.path)/\(member.name)", "--listen-client-urls", client,
                "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--initial-cluster", cluster, "--initial-cluster-token", folder.path, "--logger", "zap",
            ] + extra, log: "\(folder.path)/\(member.name).log")
    }

    func kill(_ index: Int) {
        members[index].process?.end()
        members[index].process = nil
    }

    func pause(_ index: Int, _ paused: Bool) { members[index].process?.signal(paused ? SIGSTOP : SIGCONT) }
}
