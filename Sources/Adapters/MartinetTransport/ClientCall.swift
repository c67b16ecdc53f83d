import NIOCore
import Synchronization

/// One request under way. Usable from any thread.
package final class ClientCall: Sendable {
    private struct State {
        var ended = false
        var reading = true
        var connection: NIOLoopBound<ClientConnection>?
        var eventLoop: (any EventLoop)?
    }

    let request: ClientRequest
    let url: ClientURL
    let upgrade: ClientUpgrade?
    private let onHead: @Sendable (ClientHead) -> Void
    private let onBody: @Sendable ([UInt8]) -> Void
    private let onEnd: @Sendable (TransportError?) -> Void
    private let state = Mutex(State())

    init(
        request: ClientRequest, url: ClientURL, upgrade: ClientUpgrade?,
        onHead: @escaping @Sendable (ClientHead) -> Void,
        onBody: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable (TransportError?) -> Void
    ) {
        self.request = request
        self.url = url
        self.upgrade = upgrade
        self.onHead = onHead
        self.onBody = onBody
        self.onEnd = onEnd
    }

    /// Gives the request up. `onEnd` is called with `.cancelled`, unless the response was complete.
    package func cancel() { fail(TransportError(.cancelled, "the request to \(url.authority) was cancelled")) }

    /// Stops and resumes delivery of the body; while stopped the server is held back by TCP.
    package func setReading(_ reading: Bool) {
        let (connection, eventLoop) = state.withLock { state in
            state.reading = reading
            return (state.connection, state.eventLoop)
        }
        if let connection { eventLoop?.execute { connection.value.update() } }
    }

    var isReading: Bool { state.withLock { $0.reading } }
    var isOver: Bool { state.withLock { $0.ended } }

    /// On the event loop of `connection`; false where the call was cancelled meanwhile.
    func attach(_ connection: ClientConnection, _ eventLoop: any EventLoop) -> Bool {
        state.withLock { state in
            guard !state.ended else { return false }
            state.connection = NIOLoopBound(connection, eventLoop: eventLoop)
            state.eventLoop = eventLoop
            return true
        }
    }

    func detach() {
        state.withLock {
            $0.connection = nil
            $0.eventLoop = nil
        }
    }

    func received(_ head: ClientHead) { if !isOver { onHead(head) } }
    func received(_ bytes: [UInt8]) { if !isOver { onBody(bytes) } }

    func succeed() { if end() { onEnd(nil) } }

    func fail(_ error: TransportError) {
        let (connection, eventLoop) = state.withLock { ($0.connection, $0.eventLoop) }
        guard end() else { return }
        if let connection { eventLoop?.execute { connection.value.abandon(self) } }
        onEnd(error)
    }

    private func end() -> Bool {
        state.withLock { state in
            defer {
                state.ended = true
                state.connection = nil
            }
            return !state.ended
        }
    }
}

/// What a call wants to become where the server answers 101.
enum ClientUpgrade: Sendable {
    case webSocket(offered: [String], key: String, done: @Sendable (WebSocketChannel) -> Void)
    case raw(String, done: @Sendable (ClientHead, PipeChannel) -> Void)
}
