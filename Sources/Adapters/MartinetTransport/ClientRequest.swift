/// A request of the client.
package struct ClientRequest: Sendable {
    package var method: String
    /// `https://host:port/path?query`, percent-encoded.
    package var url: String
    /// `host`, `content-length` and `connection` are the client's own.
    package var headers: [(String, String)]
    package var body: [UInt8]
    /// A body that is sent as it is read, in the place of `body`.
    package var upload: ClientUpload?
    /// A body that is written while it is sent, in the place of `body`; such a request has a connection of its own.
    package var stream: ClientStream?
    /// What the host field says, where that is not the url's host.
    package var host: String?
    /// How long both ends may be silent while a body is under way; nil: as long as they like.
    package var stallTimeout: Duration?
    /// From now to the head of the response; nil takes the client's.
    package var headTimeout: Duration?
    /// From now to the end of the response; nil: as long as it takes, as for watches.
    package var timeout: Duration?

    package init(
        _ method: String = "GET", _ url: String, headers: [(String, String)] = [], body: [UInt8] = [],
        headTimeout: Duration? = nil, timeout: Duration? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.headTimeout = headTimeout
        self.timeout = timeout
    }

    /// Whether sending it twice does no more than sending it once (RFC 9110 §9.2.2).
    var isIdempotent: Bool { ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"].contains(method) }
}

/// A body that somebody else writes.
package struct ClientStream: Sendable {
    /// Nil sends it in chunks.
    package let length: Int?
    /// Called once, on an event loop, when the body may be written.
    package let start: @Sendable (any OutgoingStream) -> Void

    package init(length: Int?, start: @escaping @Sendable (any OutgoingStream) -> Void) {
        self.length = length
        self.start = start
    }
}

/// A body of known length that is read while it is sent.
package struct ClientUpload: Sendable {
    package let length: Int
    /// Begins it anew, as a request may have to be sent again; pieces come until nil.
    package let open: @Sendable () throws -> @Sendable () async throws -> [UInt8]?

    package init(length: Int, open: @escaping @Sendable () throws -> @Sendable () async throws -> [UInt8]?) {
        self.length = length
        self.open = open
    }
}

/// Status and header fields of a response.
package struct ClientHead: Sendable {
    package let status: Int
    package let headers: HTTPHeaderList
}

/// A response, whole.
package struct ClientResponse: Sendable {
    package let status: Int
    package let headers: HTTPHeaderList
    package let body: [UInt8]
}

/// A response whose body is read as it comes; a reader that stops reading holds the server back.
package struct StreamedResponse: Sendable {
    package let status: Int
    package let headers: HTTPHeaderList
    package let body: ClientBody

    /// Reads the body to its end.
    ///
    /// - Throws: `TransportError`, `.tooLarge` where it is longer than `limit` bytes.
    package func collect(limit: Int = 64 << 20) async throws -> [UInt8] {
        var all: [UInt8] = []
        for try await piece in body {
            guard all.count + piece.count <= limit else {
                throw TransportError(.tooLarge, "the response is longer than \(limit) bytes")
            }
            all += piece
        }
        return all
    }
}
