import Glibc
import MartinetAddresses
import MartinetBase
import MartinetNetlink
import MartinetNetwork

/// A machine for one cluster: a network namespace with an uplink, and a folder. Its kernel, cgroups and pids are the host's.
final class Machine {
    static let address = IPAddress(192, 0, 2, 1)

    let folder: String
    let namespace: NetworkNamespace

    init() throws {
        folder = "/tmp/martinet-whole-\(getpid())-\(ProductionRuntime().random() % 10_000)"
        guard mkdir(folder, 0o755) == 0 else { throw SystemError.last("mkdir", folder) }
        namespace = try NetworkNamespace.create(at: folder + "/netns")
        var up = LinkSettings()
        up.isUp = true
        var socket = try NetlinkSocket(.route, in: namespace)
        try socket.perform([LinkRequests.change(index: 1, up, called: "lo")])
        var (uplink, peer) = (LinkSettings(), LinkSettings())
        (uplink.name, peer.name) = ("uplink0", "outside0")
        try socket.perform([LinkRequests.add(.veth(peer: peer), uplink)])
        for name in ["uplink0", "outside0"] {
            for link in try socket.query(LinkRequests.get(name: name)).compactMap(Link.init) {
                try socket.perform([LinkRequests.change(index: link.index, up, called: name)])
                guard name == "uplink0" else { continue }
                try socket.perform([AddressRequests.add(Machine.address, prefix: 24, link: link.index)])
            }
        }
    }

    /// Takes away the namespace and the folder. Whatever a cluster left in them is a finding of its test, not of this.
    func remove() {
        // While there is a namespace to run it in; the namespace itself is a mount, and goes by its own way.
        let content = names(folder).filter { $0 != "netns" }.map { "\(folder)/\($0)" }
        _ = try? run(["/bin/rm", "-rf"] + content)
        try? namespace.delete()
        rmdir(folder)
    }

    /// The links, nftables' tables and everything mounted or left of this machine, in words.
    func traces() throws -> [String] {
        var socket = try NetlinkSocket(.route, in: namespace)
        var firewall = try NetlinkSocket(.netfilter, in: namespace)
        var words = try socket.query(LinkRequests.dump()).compactMap(Link.init).map { "link \($0.name)" }
        words += Set(try firewall.query(NftRequests.dumpChains()).compactMap(NftChain.init).map(\.table))
            .map { "table \($0)" }
        words += text("/proc/self/mounts").split(separator: "\n").filter { $0.contains(folder) }
            .filter { !$0.contains("/netns ") }.map { "mount \($0)" }
        words += processes().map { "process \($0.pid) \($0.words)" }
        return words.sorted()
    }

    /// The processes on this machine: those of its network namespace, which every one that is started here is in.
    func processes() -> [(pid: pid_t, words: String)] {
        var (own, other) = (stat(), stat())
        guard stat(namespace.path, &own) == 0 else { return [] }
        return names("/proc").compactMap { pid_t($0) }.filter { pid in
            stat("/proc/\(pid)/ns/net", &other) == 0 && other.st_ino == own.st_ino && other.st_dev == own.st_dev
        }.map { ($0, text("/proc/\($0)/cmdline").replacing("\0", with: " ")) }
    }

    struct Outcome {
        let code: Int32
        let output: String
    }

    /// Runs a program inside, to its end. Standard output and error come as one text.
    @discardableResult
    func run(_ arguments: [String], input: String = "") throws -> Outcome {
        let name = "\(folder).\(arguments.hashValue)"
        let (read, write) = (name + ".in", name + ".out")
        let source = open(read, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let sink = open(write, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        unlink(read)
        unlink(write)
        defer {
            close(source)
            close(sink)
        }
        let bytes = Array(input.utf8)
        guard source >= 0, sink >= 0, pwrite(source, bytes, bytes.count, 0) == bytes.count else {
            throw SystemError.last("open", name)
        }
        var status: Int32 = 0
        let process = try spawn(arguments, input: source, output: sink)
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let code = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
        return Outcome(code: code, output: text("/proc/self/fd/\(sink)"))
    }

    /// A child of the namespace has the thread's namespace, so it is started on a thread that is inside.
    private func spawn(_ arguments: [String], input: Int32, output: Int32) throws -> pid_t {
        try namespace.run {
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            for (from, to) in [(input, 0), (output, 1), (output, 2)] {
                posix_spawn_file_actions_adddup2(&actions, from, Int32(to))
            }
            let words = arguments.map { strdup($0) } + [nil]
            let environment = [
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=\(folder)", "KUBECONFIG=\(folder)/kubeconfig",
            ]
            let variables = environment.map { strdup($0) } + [nil]
            defer { for word in words + variables { free(word) } }
            var process = pid_t()
            let code = posix_spawn(&process, arguments[0], &actions, nil, words, variables)
            guard code == 0 else { throw SystemError(call: "posix_spawn", operand: arguments[0], errno: code) }
            return process
        }
    }

    /// The body of an HTTP answer, as somebody on this machine gets it.
    func get(_ address: IPAddress, port: UInt16, path: String = "/") throws -> String {
        try namespace.run {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw SystemError.last("socket", "\(address)") }
            defer { close(descriptor) }
            var limit = timeval(tv_sec: 5, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            var to = sockaddr_in()
            to.sin_family = sa_family_t(AF_INET)
            to.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &to.sin_addr) { $0.copyBytes(from: address.bytes) }
            let connected = withUnsafePointer(to: &to) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard connected == 0 else { throw SystemError.last("connect", "\(address):\(port)") }
            let request = Array("GET \(path) HTTP/1.1\r\nHost: hello\r\nConnection: close\r\n\r\n".utf8)
            guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
                throw SystemError.last("send", "\(address):\(port)")
            }
            var answer: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 { answer += buffer[..<count] }
            let whole = String(decoding: answer, as: UTF8.self)
            return whole.split(separator: "\r\n\r\n", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
        }
    }
}

/// What a file says; empty where there is none.
func text(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
}

func names(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}
