import Glibc
import MartinetBase
import MartinetStore
import Synchronization

/// A relay in front of a port of loopback that can lose replies: what the server says then never arrives, and the connection
/// ends a little later.
final class LossyRelay: Sendable {
    enum Mode: Sendable { case passing, losing, refusing }

    private struct State {
        var mode = Mode.passing
        var sockets: [Int32] = []
        var threads: [ThreadExecutor] = []
        var lost = 0
    }

    private let listener: Int32
    let port: Int
    private let target: Int
    private let state = Mutex(State())

    init(to target: Int) throws {
        self.target = target
        port = try freePort()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = LossyRelay.address(port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) }
        }
        guard bound == 0, listen(listener, 16) == 0 else { throw SystemError.last("listen", "127.0.0.1:\(port)") }
        try run { $0.accept() }
    }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    var mode: Mode {
        get { state.withLock { $0.mode } }
        set { state.withLock { $0.mode = newValue } }
    }

    /// Pieces of replies that were lost.
    var lost: Int { state.withLock { $0.lost } }

    private func run(_ body: @escaping @Sendable (LossyRelay) -> Void) throws {
        let thread = try ThreadExecutor(name: "relay")
        state.withLock { $0.threads.append(thread) }
        thread.submit { [weak self] in if let self { body(self) } }
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = LossyRelay.address(target)
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let connected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(server, $0, size) }
            }
            guard connected == 0, mode != .refusing else {
                close(client)
                close(server)
                continue
            }
            state.withLock { $0.sockets += [client, server] }
            try? run { $0.pump(client, server, isReply: false) }
            try? run { $0.pump(server, client, isReply: true) }
        }
    }

    private func pump(_ from: Int32, _ to: Int32, isReply: Bool) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(from, &buffer, buffer.count)
            if count <= 0 { break }
            if isReply, mode != .passing {
                state.withLock { $0.lost += 1 }
                usleep(100_000)
                break
            }
            var sent = 0
            while sent < count {
                let written = buffer.withUnsafeBytes {
                    send(to, $0.baseAddress! + sent, count - sent, Int32(MSG_NOSIGNAL))
                }
                if written <= 0 { break }
                sent += written
            }
        }
        shutdown(from, Int32(SHUT_RDWR))
        shutdown(to, Int32(SHUT_RDWR))
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        for socket in state.withLock({ $0.sockets }) { shutdown(socket, Int32(SHUT_RDWR)) }
    }
}
