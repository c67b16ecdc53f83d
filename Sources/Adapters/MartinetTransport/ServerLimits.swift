/// What one server and one connection may take. Sizes are in bytes.
package struct ServerLimits: Sendable {
    /// Open connections; more wait in the kernel's backlog until one closes.
    package var connections = 4096
    /// Names and values of a request's header fields together (Go's default for the same).
    package var headerBytes = 1 << 20
    package var headerFields = 1000
    /// A request's body. Upstream's API server takes 3 MiB.
    package var bodyBytes = 3 << 20
    /// Bodies that are still arriving on one HTTP/2 connection, together.
    package var connectionBodyBytes = 32 << 20
    /// Requests at once on one HTTP/2 connection.
    package var streams = 250
    /// What may wait for a slow reader of a streamed answer before it is cut off.
    package var streamBuffer = 16 << 20
    /// One WebSocket message, joined from its fragments.
    package var webSocketMessage = 1 << 20
    /// From accepting a connection to the end of its first request's header, TLS handshake included.
    package var headerTimeout: Duration = .seconds(15)
    /// From the end of a request's header to the end of its body.
    package var bodyTimeout: Duration = .seconds(60)
    /// Without any request on a connection.
    package var idleTimeout: Duration = .seconds(180)
    /// RST_STREAM frames that one HTTP/2 connection may send in ten seconds (CVE-2023-44487); every ended watch is one.
    package var resetsPerTenSeconds = 1000
    /// SETTINGS, PING and PRIORITY frames that one HTTP/2 connection may send in ten seconds.
    package var controlFramesPerTenSeconds = 500

    package init() {}
}

/// Which limit a request broke.
package enum LimitViolation: Sendable, Hashable {
    /// 431
    case headersTooLarge
    /// 413
    case bodyTooLarge
    /// 408
    case bodyTimeout

    package var status: Int {
        switch self {
        case .headersTooLarge: 431
        case .bodyTooLarge: 413
        case .bodyTimeout: 408
        }
    }
}
