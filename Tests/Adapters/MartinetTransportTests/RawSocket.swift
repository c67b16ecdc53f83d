import Glibc
import MartinetTransport

/// A blocking TCP client that writes what it is told, byte by byte if need be. Every wait ends after 10 s.
final class RawSocket {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), 1, &on, 4)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw TransportError(.connect, "cannot connect: errno \(errno)")
        }
    }

    init(accepted: Int32) { descriptor = accepted }

    deinit { close(descriptor) }

    /// In one piece, or in pieces of `step` bytes; a peer that has closed is no error.
    func send(_ text: String, step: Int = .max) { send(Array(text.utf8), step: step) }

    func send(_ bytes: [UInt8], step: Int = .max) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(step))
            let count = Glibc.send(descriptor, piece, piece.count, Int32(MSG_NOSIGNAL))
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Everything until the peer closes.
    func receiveAll() -> String {
        var all: [UInt8] = []
        while let piece = receive() { all += piece }
        return String(decoding: all, as: UTF8.self)
    }

    /// Everything until `text` has come, or the peer closes.
    func receive(until text: String) -> String {
        var all = ""
        while !all.contains(text), let piece = receive() { all += String(decoding: piece, as: UTF8.self) }
        return all
    }

    func receive() -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &piece, piece.count, 0)
        return count > 0 ? Array(piece[..<count]) : nil
    }
}

/// A blocking TCP server, for peers that misbehave.
final class RawListener: Sendable {
    private let descriptor: Int32
    let port: Int

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, address, &size) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard result else { throw TransportError(.connect, "cannot listen") }
    }

    deinit { close(descriptor) }

    func accept() throws -> RawSocket {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { throw TransportError(.connect, "cannot accept") }
        return RawSocket(accepted: accepted)
    }
}
