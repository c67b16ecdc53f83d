import Glibc
import MartinetBase
import MartinetContainers
import MartinetEngine
import MartinetNetwork

/// Connects from the node to a pod, as probes do. Blocks for at most the time-out.
struct NodeDialer {
    let engine: Engine

    /// Connects, lets `body` use the socket, closes it. Names are not resolved: probes go to addresses.
    func connect(_ host: String, _ port: UInt16, _ timeout: Duration, _ body: (Descriptor) throws -> Void) throws {
        let socket = try dial(host, port, timeout, in: engine.network.configuration.node)
        try body(socket)
    }

    func dial(
        _ host: String, _ port: UInt16, _ timeout: Duration, in place: NetworkNamespace?
    ) throws -> Descriptor {
        var address = sockaddr_storage()
        let length = try NodeDialer.fill(&address, host, port)
        let family = Int32(address.ss_family)
        return try place.run {
            let number = socket(family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
            guard number >= 0 else { throw SystemError.last("socket", host) }
            let descriptor = Descriptor(owning: number)
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(number, $0, length) }
            }
            if result == 0 { return descriptor }
            let code = errno
            guard code == EINPROGRESS else { throw SystemError(call: "connect", operand: host, errno: code) }
            var entry = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
            guard poll(&entry, 1, Int32(clamping: timeout.nanoseconds / 1_000_000)) == 1 else {
                throw SystemError(call: "connect", operand: "\(host):\(port)", errno: ETIMEDOUT)
            }
            var failure: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(number, SOL_SOCKET, SO_ERROR, &failure, &size)
            guard failure == 0 else { throw SystemError(call: "connect", operand: "\(host):\(port)", errno: failure) }
            return descriptor
        }
    }

    /// The status of one GET, HTTP/1.1 without keeping the connection.
    func get(
        _ host: String, _ port: UInt16, path: String, headers: [(String, String)], _ timeout: Duration
    ) throws -> Int {
        let end = engine.runtime.monotonic() + timeout
        var status = 0
        try connect(host, port, timeout) { socket in
            let isClean = { (text: String) in !text.utf8.contains { $0 == 10 || $0 == 13 } }
            let place = path.hasPrefix("/") ? path : "/" + path
            var text = "GET \(place) HTTP/1.1\r\n"
            var given: Set<String> = []
            for (name, value) in headers where isClean(name) && isClean(value) {
                text += "\(name): \(value)\r\n"
                given.insert(name.lowercased())
            }
            guard isClean(place) else {
                throw SystemError(call: "GET", operand: "a path with a line end", errno: EINVAL)
            }
            if !given.contains("host") { text += "Host: \(host):\(port)\r\n" }
            if !given.contains("user-agent") { text += "User-Agent: kube-probe/1.36\r\n" }
            if !given.contains("accept") { text += "Accept: */*\r\n" }
            text += "Connection: close\r\n\r\n"
            try socket.writeAll(Array(text.utf8))
            status = try readStatus(socket, until: end)
        }
        return status
    }

    private func readStatus(_ socket: Descriptor, until end: Duration) throws -> Int {
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 256)
        while !line.contains(10), line.count < 1024 {
            let left = max(.zero, end - engine.runtime.monotonic())
            var entry = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, Int32(clamping: left.nanoseconds / 1_000_000)) == 1 else {
                throw SystemError(call: "read", operand: "response", errno: ETIMEDOUT)
            }
            let got = read(socket.number, &buffer, buffer.count)
            if got < 0, errno == EAGAIN || errno == EINTR { continue }
            guard got > 0 else { throw SystemError(call: "read", operand: "response", errno: ECONNRESET) }
            line += buffer[..<got]
        }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 2)
        guard words.count > 1, words[0].hasPrefix("HTTP/1."), let status = Int(words[1].prefix(3)) else {
            throw SystemError(call: "read", operand: "malformed HTTP response", errno: EPROTO)
        }
        return status
    }

    private static func fill(_ storage: inout sockaddr_storage, _ host: String, _ port: UInt16) throws -> socklen_t {
        var four = sockaddr_in()
        if inet_pton(AF_INET, host, &four.sin_addr) == 1 {
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &storage) { raw in
                withUnsafeBytes(of: four) { raw.copyMemory(from: $0) }
            }
            return socklen_t(MemoryLayout<sockaddr_in>.size)
        }
        var six = sockaddr_in6()
        guard inet_pton(AF_INET6, host, &six.sin6_addr) == 1 else {
            throw EngineError("Unhealthy", "the host \(host) is no address")
        }
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &storage) { raw in
            withUnsafeBytes(of: six) { raw.copyMemory(from: $0) }
        }
        return socklen_t(MemoryLayout<sockaddr_in6>.size)
    }
}
