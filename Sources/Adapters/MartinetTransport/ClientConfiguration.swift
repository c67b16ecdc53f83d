/// Whom a client trusts, who it is, and how long it waits.
package struct ClientConfiguration: Sendable {
    package enum Trust: Sendable {
        /// These authorities, in PEM.
        case authorities([UInt8])
        /// The machine's own list.
        case system
        /// The machine's own list and these, in PEM.
        case systemAnd([UInt8])
        /// Anybody. For `--insecure-skip-tls-verify` alone.
        case anybody
    }

    package var trust: Trust
    /// Shown to servers that ask for a client certificate.
    package var identity: TLSIdentity?
    /// Asked at each request for the bearer token to send, since such tokens are renewed.
    package var bearer: (@Sendable () -> String?)?
    /// The name that the server's certificate must be for, where it is not the url's host.
    package var serverName: String?
    /// Turns a host name into numeric addresses, in the order of preference, on any thread; nil asks the C library on a
    /// thread of its own.
    package var resolve: (@Sendable (String, @escaping @Sendable ([String]) -> Void) -> Void)?
    /// Which proxy leads to a host and port that is reached over TLS; nil where none does (CONNECT, RFC 9110 §9.3.6).
    package var proxy: (@Sendable (_ host: String, _ port: Int) -> ClientProxy?)?
    /// Until the TCP connection stands.
    package var connectTimeout: Duration = .seconds(10)
    /// From sending a request to the head of its response, the TLS handshake included.
    package var headTimeout: Duration = .seconds(60)
    /// How long an unused connection is kept.
    package var idleTimeout: Duration = .seconds(60)
    package var idleConnectionsPerHost = 16
    /// Connections at once, watches included.
    package var connections = 2048
    /// What `send(_:completion:)` collects.
    package var collectedBytes = 64 << 20
    /// What may wait in a WebSocket or pipe for a peer that does not read.
    package var streamBuffer = 16 << 20
    package var webSocketMessage = 16 << 20

    package init(trust: Trust = .system, identity: TLSIdentity? = nil) {
        self.trust = trust
        self.identity = identity
    }
}
