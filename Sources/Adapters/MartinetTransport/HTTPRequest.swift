/// One request, whole: its body has been read and is within the server's limit; but for handlers that take it as it comes.
package struct HTTPRequest: Sendable {
    package enum Version: Sendable, Hashable { case http10, http11, http2 }

    package var method: String
    /// The path as it was sent, still percent-encoded, beginning with `/` (or `*` for `OPTIONS *`). ASCII only.
    package var path: String
    /// What follows the first `?`, undecoded; nil where there is none.
    package var query: String?
    /// Over HTTP/2 the names are in lower case and `:authority` appears as `host`.
    package var headers: HTTPHeaderList
    package var body: [UInt8]
    /// The body as it comes, where the handler asked for that (`takesStream`); `body` is empty then.
    package var stream: RequestStream?
    package var peer: Peer
    package var version: Version

    package init(
        method: String, path: String, query: String? = nil, headers: HTTPHeaderList = [], body: [UInt8] = [],
        peer: Peer = Peer(address: "", port: 0, isTLS: false), version: Version = .http11
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.peer = peer
        self.version = version
    }
}
