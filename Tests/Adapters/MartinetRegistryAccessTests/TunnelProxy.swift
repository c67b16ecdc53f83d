import Dispatch
import Glibc
import Synchronization

/// A proxy for one connection after another: answers CONNECT, and leads everything to one port of this machine.
final class TunnelProxy: Sendable {
    let port: Int
    private let listener: Int32
    private let asked = Mutex<[String]>([])
    private let status: String

    /// The heads of the requests that came.
    var heads: [String] { asked.withLock { $0 } }

    init(leadingTo target: Int, status: String = "200 Connection established") throws {
        self.status = status
        let made = TunnelProxy.socketOnLoopback()
        listener = made.descriptor
        port = made.port
        listen(listener, 16)
        let (listener, serve) = (listener, self.serve)
        DispatchQueue(label: "proxy").async {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                DispatchQueue(label: "tunnel").async { serve(client, target) }
            }
        }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func serve(_ client: Int32, _ target: Int) {
        defer { close(client) }
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while !head.suffix(4).elementsEqual([13, 10, 13, 10]), head.count < 8192 {
            guard read(client, &byte, 1) == 1 else { return }
            head.append(byte)
        }
        asked.withLock { $0.append(String(decoding: head, as: UTF8.self)) }
        let answer = Array("HTTP/1.1 \(status)\r\n\r\n".utf8)
        guard write(client, answer, answer.count) == answer.count, status.hasPrefix("200") else { return }
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(server) }
        var place = TunnelProxy.loopback(port: UInt16(target))
        guard TunnelProxy.with(&place, { connect(server, $0, $1) }) == 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var entries = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: server, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&entries, 2, 20_000) > 0 else { return }
            for (from, to, entry) in [(client, server, entries[0]), (server, client, entries[1])]
            where entry.revents != 0 {
                let count = read(from, &buffer, buffer.count)
                guard count > 0, write(to, buffer, count) == count else { return }
            }
        }
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return place
    }

    private static func with(
        _ place: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafeMutablePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func socketOnLoopback() -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var place = loopback(port: 0)
        _ = with(&place) { bind(descriptor, $0, $1) }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = with(&place) { pointer, _ in getsockname(descriptor, pointer, &length) }
        return (descriptor, Int(UInt16(bigEndian: place.sin_port)))
    }
}
