/// A WebSocket (RFC 6455), server or client side. Usable from any thread. Pings are answered, fragments joined.
package protocol WebSocketConnection: AnyObject, Sendable {
    /// The subprotocol that was agreed on.
    var subprotocol: String? { get }
    /// Starts delivery, on the event loop: nothing is read before. `onClose` is called once, with the peer's code and
    /// reason, or code 1006 where it went without a close frame.
    func start(
        onMessage: @escaping @Sendable (WebSocketMessage) -> Void,
        onClose: @escaping @Sendable (_ code: Int, _ reason: String) -> Void)
    /// Queues a message. False where the connection is closing, was cut off, or is cut off by this message.
    @discardableResult
    func send(_ message: WebSocketMessage) -> Bool
    func ping(_ payload: [UInt8])
    /// Called on the event loop for each pong.
    func onPong(_ callback: @escaping @Sendable ([UInt8]) -> Void)
    /// Stops and resumes delivery; while stopped the peer is held back by TCP.
    func setReading(_ reading: Bool)
    /// Bytes queued and not yet handed to the kernel.
    var pending: Int { get }
    var isWritable: Bool { get }
    /// Called on the event loop each time `isWritable` becomes true again.
    func onWritable(_ callback: @escaping @Sendable () -> Void)
    /// Sends a close frame after what is queued, and ends the connection once the peer has answered it or 5 s have passed.
    func close(code: Int, reason: String)
}

package enum WebSocketMessage: Sendable, Hashable {
    case text(String)
    case binary([UInt8])
}
