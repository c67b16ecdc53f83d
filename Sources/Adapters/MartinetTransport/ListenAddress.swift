import NIOCore
import NIOPosix

/// Where a server takes connections.
package enum ListenAddress: Sendable, CustomStringConvertible {
    /// A numeric address and a port; port 0 takes a free one.
    case ip(String, port: Int)
    /// A unix socket at this path; what is left there by an earlier process is replaced.
    case unix(String)
    /// A socket that is bound and listening already, such as one that a keeper holds. The server owns it from then on.
    case descriptor(Int32)

    package var description: String {
        switch self {
        case .ip(let address, let port): address.utf8.contains(58) ? "[\(address)]:\(port)" : "\(address):\(port)"
        case .unix(let path): "unix:\(path)"
        case .descriptor(let descriptor): "descriptor \(descriptor)"
        }
    }
}

extension ListenAddress {
    /// Blocks for the instant that binding takes.
    func bind(_ bootstrap: ServerBootstrap) throws -> any Channel {
        switch self {
        case .ip(let host, let port): try bootstrap.bind(to: SocketAddress(ipAddress: host, port: port)).wait()
        case .unix(let path): try bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).wait()
        case .descriptor(let descriptor): try bootstrap.withBoundSocket(descriptor).wait()
        }
    }
}
