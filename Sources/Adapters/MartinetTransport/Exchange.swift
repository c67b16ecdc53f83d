/// The answering side of one request. Usable from any thread; takes exactly one answer, and ignores any after it.
///
/// An exchange that is dropped without an answer is answered with 500, so that a forgotten path is seen and not waited for.
package protocol Exchange: AnyObject, Sendable {
    /// Answers whole. `content-length` is added; for HEAD, 204 and 304 no body is sent.
    func respond(_ status: Int, _ headers: [(String, String)], _ body: ResponseBody)

    /// Sends the head and leaves the body open, for watches and logs. A `content-length` among the headers is kept: exactly
    /// that many bytes must be written then.
    func begin(_ status: Int, _ headers: [(String, String)]) -> any OutgoingStream

    /// Whether the request asks for this upgrade (`websocket`, `SPDY/3.1`), on a connection that can be upgraded
    /// (HTTP/1.1).
    func canUpgrade(to protocolName: String) -> Bool

    /// Switches to WebSocket (RFC 6455) with the subprotocol that the handler chose among those that were offered.
    /// Nil where the request is no valid upgrade; it has then been answered (400, or 426 for the version).
    func upgradeToWebSocket(subprotocol: String?, _ headers: [(String, String)]) -> (any WebSocketConnection)?

    /// Switches to `protocolName` and hands over the bytes of the connection, for SPDY and the like. Nil where the request
    /// does not ask for it; it has then been answered (400).
    func upgradeRaw(_ protocolName: String, _ headers: [(String, String)]) -> (any BytePipe)?

    /// Called once, on the event loop, when the client has gone before the answer was complete; at once where it already
    /// has. The last callback set counts. A stream's or connection's own `onClose` replaces it.
    func onClose(_ callback: @escaping @Sendable () -> Void)
}

extension Exchange {
    package func respond(_ status: Int, _ headers: [(String, String)] = [], text: String) {
        respond(status, headers + [("content-type", "text/plain; charset=utf-8")], .bytes(Array(text.utf8)))
    }
}
