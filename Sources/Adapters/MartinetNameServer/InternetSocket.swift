import Glibc
import MartinetAddresses
import MartinetBase

/// An address and port of a peer.
struct Peer: Hashable, Sendable {
    var address: IPAddress
    var port: UInt16
}

/// A non-blocking UDP or TCP socket, closed with its last owner.
struct InternetSocket: ~Copyable {
    let descriptor: Int32
    private let isStream: Bool

    /// Opens one.
    static func open(_ family: IPFamily, isStream: Bool) throws(SystemError) -> InternetSocket {
        let type = isStream ? Int32(SOCK_STREAM.rawValue) : Int32(SOCK_DGRAM.rawValue)
        let flags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(Int32(family.rawValue), type | flags, 0)
        guard descriptor >= 0 else { throw SystemError.last("socket", isStream ? "tcp" : "udp") }
        return InternetSocket(descriptor: descriptor, isStream: isStream)
    }

    private init(descriptor: Int32, isStream: Bool) {
        self.descriptor = descriptor
        self.isStream = isStream
    }

    deinit { close(descriptor) }

    /// Gives the descriptor away.
    consuming func release() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }

    func bind(to peer: Peer) throws(SystemError) {
        // Only a TCP socket: two UDP sockets would share the port without a word (socket(7), SO_REUSEADDR).
        if isStream {
            var one: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        }
        guard InternetSocket.with(peer, { Glibc.bind(descriptor, $0, $1) }) == 0 else {
            throw SystemError.last("bind", "\(peer.address):\(peer.port)")
        }
    }

    /// Connects, or begins to.
    func connect(to peer: Peer) throws(SystemError) {
        guard InternetSocket.with(peer, { Glibc.connect(descriptor, $0, $1) }) == 0 || errno == EINPROGRESS else {
            throw SystemError.last("connect", "\(peer.address):\(peer.port)")
        }
    }

    /// The port that the kernel gave.
    func localPort() -> UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return InternetSocket.peer(storage)?.port ?? 0
    }

    static func with<T>(_ peer: Peer, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
        var storage = sockaddr_storage()
        // `sockaddr_in` and `sockaddr_in6` (ip(7), ipv6(7)): family, port, then the address at 4 or, after the flow, at 8.
        withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.storeBytes(of: UInt16(peer.address.family.rawValue), as: UInt16.self)
            bytes.storeBytes(of: peer.port.bigEndian, toByteOffset: 2, as: UInt16.self)
            let start = peer.address.family == .v4 ? 4 : 8
            for (index, byte) in peer.address.bytes.enumerated() { bytes[start + index] = byte }
        }
        let length = peer.address.family == .v4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        return withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    static func peer(_ storage: sockaddr_storage) -> Peer? {
        withUnsafeBytes(of: storage) { bytes in
            let port = UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
            switch bytes.load(as: UInt16.self) {
            case UInt16(IPFamily.v4.rawValue):
                return IPAddress(bytes: bytes[4..<8]).map { Peer(address: $0, port: port) }
            case UInt16(IPFamily.v6.rawValue):
                return IPAddress(bytes: bytes[8..<24]).map { Peer(address: $0, port: port) }
            default: return nil
            }
        }
    }
}
