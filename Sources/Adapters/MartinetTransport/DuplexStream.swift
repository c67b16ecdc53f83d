/// One HTTP/2 stream that is open in both directions (RFC 9113 §5), for gRPC. Usable from any thread.
///
/// What is sent after the stream has ended goes nowhere; `DuplexEvents.closed` has said so.
package protocol DuplexStream: AnyObject, Sendable {
    /// Sends the head of a response. A client's stream has sent its head already.
    func begin(_ status: Int, _ headers: [(String, String)])
    /// Sends bytes, in the order of the calls.
    func send(_ bytes: [UInt8])
    /// Ends this side, with trailers where there are any.
    func finish(_ trailers: [(String, String)])
    /// Gives the stream up at once (RST_STREAM, CANCEL).
    func reset()
    /// Bytes that were sent and that the connection has not taken yet: who goes on sending looks at it first.
    var pendingBytes: Int { get }
}

/// What the other side does, told on the connection's event loop, in order. Nothing of it may block.
package struct DuplexEvents: Sendable {
    /// The peer's head: a response's, or (empty for servers, who have it already) nothing.
    package var head: @Sendable (_ status: Int, HTTPHeaderList) -> Void
    package var data: @Sendable ([UInt8]) -> Void
    /// The peer has ended its side, with these trailers.
    package var end: @Sendable (HTTPHeaderList) -> Void
    /// The stream is gone: without an error where both sides had ended. Once, and the last of all.
    package var closed: @Sendable (TransportError?) -> Void
    /// `pendingBytes` fell to nothing after it had been something.
    package var drained: @Sendable () -> Void

    package init(
        head: @escaping @Sendable (_ status: Int, HTTPHeaderList) -> Void = { _, _ in },
        data: @escaping @Sendable ([UInt8]) -> Void = { _ in },
        end: @escaping @Sendable (HTTPHeaderList) -> Void = { _ in },
        closed: @escaping @Sendable (TransportError?) -> Void = { _ in },
        drained: @escaping @Sendable () -> Void = {}
    ) {
        self.head = head
        self.data = data
        self.end = end
        self.closed = closed
        self.drained = drained
    }
}
