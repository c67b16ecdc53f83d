import Glibc
import MartinetBase
import MartinetToolPorts
import Synchronization

/// A TCP port of this machine. Waits are on threads of their own.
final class SystemListener: HostListener {
    let port: UInt16
    private let descriptor: Int32

    init(address: String, port: UInt16) throws {
        let isV6 = address.contains(":")
        let descriptor = socket(
            isV6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError.last("socket", address) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        func fail(_ call: String, _ operand: String) -> SystemError {
            let error = SystemError.last(call, operand)
            Glibc.close(descriptor)
            return error
        }
        let place = isV6 ? "[\(address)]:\(port)" : "\(address):\(port)"
        if isV6 {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, 4)
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            guard inet_pton(AF_INET6, address, &name.sin6_addr) == 1 else {
                Glibc.close(descriptor)
                throw SystemError(call: "inet_pton", operand: address, errno: EINVAL)
            }
            guard Self.bind(descriptor, &name) == 0 else { throw fail("bind", place) }
        } else {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            guard inet_pton(AF_INET, address, &name.sin_addr) == 1 else {
                Glibc.close(descriptor)
                throw SystemError(call: "inet_pton", operand: address, errno: EINVAL)
            }
            guard Self.bind(descriptor, &name) == 0 else { throw fail("bind", place) }
        }
        guard Glibc.listen(descriptor, 128) == 0 else { throw fail("listen", place) }
        var bound = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        _ = withUnsafeMutablePointer(to: &bound) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        // The port lies at the same place in both families.
        self.port = UInt16(bigEndian: bound.sin6_port)
        self.descriptor = descriptor
    }

    private static func bind<Name>(_ descriptor: Int32, _ name: inout Name) -> Int32 {
        withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
            }
        }
    }

    deinit { Glibc.close(descriptor) }

    func accept() async throws -> (any HostConnection)? {
        let descriptor = descriptor
        let accepted = await BlockingThread.run { () -> Int32 in
            while true {
                let accepted = Glibc.accept(descriptor, nil, nil)
                // accept4 is not seen by Swift; nothing is spawned while ports are forwarded.
                if accepted >= 0 { _ = fcntl(accepted, F_SETFD, FD_CLOEXEC) }
                if accepted >= 0 || (errno != EINTR && errno != ECONNABORTED) { return accepted }
            }
        }
        return accepted < 0 ? nil : SystemConnection(accepted)
    }

    func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

final class SystemConnection: HostConnection {
    private let descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { Glibc.close(descriptor) }

    func read() async throws -> [UInt8]? {
        let bytes = await BlockingThread.run { [self] () -> [UInt8]? in
            var buffer = [UInt8](repeating: 0, count: 32 << 10)
            while true {
                let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
                if count > 0 { return Array(buffer.prefix(count)) }
                if count == 0 || errno != EINTR { return nil }
            }
        }
        return bytes
    }

    func write(_ bytes: [UInt8]) async throws {
        let failed = await BlockingThread.run { [self] () -> SystemError? in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno != EINTR { return SystemError.last("write", "a forwarded connection") }
                rest = rest.dropFirst(max(count, 0))
            }
            return nil
        }
        if let failed { throw failed }
    }

    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }
    func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
