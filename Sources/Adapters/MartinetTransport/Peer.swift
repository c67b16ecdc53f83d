/// Who is at the other end of a connection.
package struct Peer: Sendable {
    /// The numeric address, or the empty string on a unix socket.
    package let address: String
    package let port: Int
    package let isTLS: Bool
    /// The client's certificate in DER, leaf first. Empty where none was presented; one that does not verify against the
    /// server's pool of client authorities ends the handshake, so what is here has been verified.
    package let certificates: [[UInt8]]
    /// Shared by every request of the connection.
    package let memo = PeerMemo()

    package init(address: String, port: Int, isTLS: Bool, certificates: [[UInt8]] = []) {
        self.address = address
        self.port = port
        self.isTLS = isTLS
        self.certificates = certificates
    }
}
