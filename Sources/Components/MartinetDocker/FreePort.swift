import Glibc
import MartinetBase
import MartinetServiceRules

/// Ports of this machine.
enum FreePort {
    /// One that nobody listens on now.
    static func take(_ transport: String) throws -> UInt16 { try bind(0, nil, transport) }

    /// Whether a container's ports can be had: neither another container nor a program of this machine has them.
    static func check(_ record: ContainerRecord, _ published: [ServiceInput]) throws {
        let taken = Set(published.flatMap(\.ports).map { "\($0.port)/\($0.transportProtocol)" })
        for port in record.options.ports {
            guard let host = port.host else { continue }
            let text = "\(port.address ?? "0.0.0.0"):\(host)"
            if taken.contains("\(host)/\(port.transport)") {
                throw DockerError("the port \(text) is already allocated to another container", status: 125)
            }
            do {
                _ = try bind(host, port.address, port.transport)
            } catch let error as SystemError where error.errno == EADDRINUSE {
                throw DockerError("the port \(text) is in use by a program of this machine", status: 125)
            }
        }
    }

    private static func bind(_ port: UInt16, _ address: String?, _ transport: String) throws -> UInt16 {
        let kind = transport == "udp" ? SOCK_DGRAM : SOCK_STREAM
        let descriptor = socket(AF_INET, Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError.last("socket", transport) }
        defer { close(descriptor) }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        if let address, inet_pton(AF_INET, address, &place.sin_addr) != 1 {
            throw DockerError("--publish: \(address) is no address", status: 125)
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                let result = Glibc.bind(descriptor, raw, length)
                return result != 0 ? result : getsockname(descriptor, raw, &length)
            }
        }
        guard result == 0 else { throw SystemError.last("bind", "\(address ?? "0.0.0.0"):\(port)") }
        return UInt16(bigEndian: place.sin_port)
    }
}
