import Glibc
import MartinetAddresses
import MartinetBase
import MartinetNetwork
import Synchronization

func socketAddress(_ address: IPAddress, _ port: UInt16) -> sockaddr_in {
    var socket = sockaddr_in()
    socket.sin_family = sa_family_t(AF_INET)
    socket.sin_port = port.bigEndian
    withUnsafeMutableBytes(of: &socket.sin_addr) { $0.copyBytes(from: address.bytes) }
    return socket
}

func withSocketAddress<T>(
    _ address: IPAddress, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T
) -> T {
    var socket = socketAddress(address, port)
    return withUnsafePointer(to: &socket) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}

func ipAddress(_ socket: sockaddr_in) -> String {
    withUnsafeBytes(of: socket.sin_addr) { IPAddress(bytes: Array($0))?.description ?? "?" }
}

/// Answers every connection or datagram with its name and the address that it sees its peer come from.
final class TestServer: Sendable {
    private let descriptor: Int32
    private let done = Atomic(false)

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    static func tcp(
        _ address: IPAddress, _ port: UInt16, answering name: String, in namespace: NetworkNamespace?
    ) throws -> TestServer {
        try start(Int32(SOCK_STREAM.rawValue), address, port, name, namespace)
    }

    static func udp(
        _ address: IPAddress, _ port: UInt16, answering name: String, in namespace: NetworkNamespace?
    ) throws -> TestServer {
        try start(Int32(SOCK_DGRAM.rawValue), address, port, name, namespace)
    }

    private static func start(
        _ type: Int32, _ address: IPAddress, _ port: UInt16, _ name: String, _ namespace: NetworkNamespace?
    ) throws -> TestServer {
        let descriptor = try namespace.run {
            let descriptor = socket(AF_INET, type | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw SystemError.last("socket", "test server") }
            var one: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
            guard withSocketAddress(address, port, { bind(descriptor, $0, $1) }) == 0 else {
                throw SystemError.last("bind", "\(address):\(port)")
            }
            if type == Int32(SOCK_STREAM.rawValue) { listen(descriptor, 64) }
            return descriptor
        }
        let copy = dup(descriptor)
        let work = Answering(descriptor: copy, isStream: type == Int32(SOCK_STREAM.rawValue), name: name)
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            {
                Unmanaged<Answering>.fromOpaque($0!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(work).toOpaque())
        pthread_detach(thread)
        return TestServer(descriptor: descriptor)
    }

    func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        done.store(true, ordering: .relaxed)
    }

    private final class Answering {
        let descriptor: Int32
        let isStream: Bool
        let name: String

        init(descriptor: Int32, isStream: Bool, name: String) {
            self.descriptor = descriptor
            self.isStream = isStream
            self.name = name
            // The thread ends by itself once no test can be waiting for it any more.
            var limit = timeval(tv_sec: 20, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        }

        func run() {
            defer { close(descriptor) }
            while true {
                var peer = sockaddr_in()
                var length = socklen_t(MemoryLayout<sockaddr_in>.size)
                var buffer = [UInt8](repeating: 0, count: 64)
                let result = withUnsafeMutablePointer(to: &peer) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        isStream
                            ? Int(accept(descriptor, $0, &length))
                            : recvfrom(descriptor, &buffer, buffer.count, 0, $0, &length)
                    }
                }
                guard result >= 0 else { return }
                let answer = Array("\(name) \(ipAddress(peer))".utf8)
                if isStream {
                    send(Int32(result), answer, answer.count, Int32(MSG_NOSIGNAL))
                    close(Int32(result))
                } else {
                    _ = withUnsafePointer(to: &peer) {
                        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                            sendto(descriptor, answer, answer.count, 0, $0, length)
                        }
                    }
                }
            }
        }
    }
}

/// Asks a server; the answer, or how the attempt ended.
enum TestClient {
    static func tcp(
        _ address: IPAddress, _ port: UInt16, in namespace: NetworkNamespace?
    ) throws -> Result<String, SystemError> {
        try ask(Int32(SOCK_STREAM.rawValue), address, port, from: 0, namespace)
    }

    /// `from` fixes the client's port, so that two questions belong to one flow.
    static func udp(
        _ address: IPAddress, _ port: UInt16, from source: UInt16 = 0, in namespace: NetworkNamespace?
    ) throws -> Result<String, SystemError> {
        try ask(Int32(SOCK_DGRAM.rawValue), address, port, from: source, namespace)
    }

    private static func ask(
        _ type: Int32, _ address: IPAddress, _ port: UInt16, from source: UInt16, _ namespace: NetworkNamespace?
    ) throws -> Result<String, SystemError> {
        let descriptor = try namespace.run { socket(AF_INET, type | Int32(SOCK_CLOEXEC.rawValue), 0) }
        guard descriptor >= 0 else { throw SystemError.last("socket", "test client") }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        if source != 0 {
            var one: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
            guard withSocketAddress(.unspecified(.v4), source, { bind(descriptor, $0, $1) }) == 0 else {
                throw SystemError.last("bind", "port \(source)")
            }
        }
        guard withSocketAddress(address, port, { connect(descriptor, $0, $1) }) == 0 else {
            return .failure(SystemError.last("connect", "\(address):\(port)"))
        }
        if type == Int32(SOCK_DGRAM.rawValue) {
            guard send(descriptor, [1], 1, 0) == 1 else { return .failure(SystemError.last("send", "\(address)")) }
        }
        var buffer = [UInt8](repeating: 0, count: 256)
        let got = recv(descriptor, &buffer, buffer.count, 0)
        guard got >= 0 else { return .failure(SystemError.last("recv", "\(address):\(port)")) }
        return .success(String(decoding: buffer.prefix(got), as: UTF8.self))
    }
}
