package import MartinetBase
import NIOCore
import Synchronization

/// Sends HTTP/1.1 requests over TLS or in the clear, and keeps connections for the next. Redirects are not followed.
///
/// `open` and `send(_:completion:)` call back on an event loop and use no task; their callbacks must not block.
package final class HTTPClient: Sendable {
    private let pool: ClientPool
    private let runtime: any Runtime

    package init(loops: EventLoops, runtime: any Runtime, _ configuration: ClientConfiguration) throws {
        self.runtime = runtime
        pool = try ClientPool(group: loops.group, configuration: configuration) { runtime.random() }
    }

    /// Shows another certificate from the next connection on; calls under way go on over the connections that they have.
    package func reload(_ identity: TLSIdentity) throws { try pool.reload(identity) }

    /// Connections that are open, idle ones included.
    package var connectionCount: Int { pool.openConnections }

    /// Sends a request and gives the response away as it comes. `onHead` at most once, then `onBody` for each piece, then
    /// `onEnd` exactly once, with the error where the response is not whole. An error of the url is told that way too.
    @discardableResult
    package func open(
        _ request: ClientRequest, onHead: @escaping @Sendable (ClientHead) -> Void,
        onBody: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable (TransportError?) -> Void
    ) -> ClientCall? {
        start(request, upgrade: nil, onHead: onHead, onBody: onBody, onEnd: onEnd)
    }

    /// Sends a request and hands over the whole response, of at most `collectedBytes`.
    @discardableResult
    package func send(
        _ request: ClientRequest, completion: @escaping @Sendable (Result<ClientResponse, TransportError>) -> Void
    ) -> ClientCall? {
        let collector = ResponseCollector(limit: pool.configuration.collectedBytes, completion: completion)
        let call = open(request, onHead: collector.head, onBody: collector.body, onEnd: collector.end)
        collector.attach(call)
        return call
    }

    /// Sends a request; returns when the head of the response is there. Cancelling the task gives the request up.
    package func send(_ request: ClientRequest) async throws -> StreamedResponse {
        let queue = BodyQueue()
        let cell = CallCell()
        let response = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let box = ContinuationBox(continuation)
                // The queue's reader is the response: the call must not keep it alive, so that dropping it cancels.
                let weak = WeakQueue(queue)
                let call = open(
                    request,
                    onHead: { head in
                        guard let queue = weak.value else { return }
                        box.take()?.resume(
                            returning: StreamedResponse(
                                status: head.status, headers: head.headers, body: ClientBody(queue: queue)))
                    },
                    onBody: { weak.value?.push($0) },
                    onEnd: { error in
                        weak.value?.end(error)
                        box.take()?.resume(
                            throwing: error ?? TransportError(.protocol, "the response ended without a head"))
                    })
                if let call {
                    queue.attach(call)
                    cell.set(call)
                }
            }
        } onCancel: {
            cell.cancel()
        }
        withExtendedLifetime(queue) {}
        return response
    }

    /// Opens a WebSocket; `completion` gets it before anything is read from it. A response other than 101 is an error
    /// whose message has the status and the beginning of its body.
    @discardableResult
    package func webSocket(
        _ request: ClientRequest, subprotocols: [String] = [],
        completion: @escaping @Sendable (Result<any WebSocketConnection, TransportError>) -> Void
    ) -> ClientCall? {
        let words = [runtime.random(), runtime.random()]
        let key = WebSocketHandshake.base64(
            words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) } })
        let outcome = UpgradeOutcome<any WebSocketConnection>(completion)
        return start(
            request, upgrade: .webSocket(offered: subprotocols, key: key, done: { outcome.succeed($0) }),
            onHead: outcome.head, onBody: outcome.body, onEnd: outcome.end)
    }

    package func webSocket(_ request: ClientRequest, subprotocols: [String] = []) async throws
        -> any WebSocketConnection
    {
        try await withCheckedThrowingContinuation { continuation in
            webSocket(request, subprotocols: subprotocols) { continuation.resume(with: $0) }
        }
    }

    /// Asks for an upgrade to another protocol, such as `SPDY/3.1`, and hands over the connection's bytes.
    @discardableResult
    package func upgradeRaw(
        _ request: ClientRequest, to protocolName: String,
        completion: @escaping @Sendable (Result<any BytePipe, TransportError>) -> Void
    ) -> ClientCall? {
        let outcome = UpgradeOutcome<any BytePipe>(completion)
        return start(
            request, upgrade: .raw(protocolName, done: { outcome.succeed($1) }), onHead: outcome.head,
            onBody: outcome.body, onEnd: outcome.end)
    }

    /// Asks for an upgrade as somebody else wants it, WebSocket's fields among the request's: the head of the 101 and the
    /// connection's bytes are handed over as they are. Any other answer comes as that of `open` does. `onEnd` is called in
    /// both cases.
    @discardableResult
    package func passUpgrade(
        _ request: ClientRequest, to protocolName: String,
        onUpgrade: @escaping @Sendable (ClientHead, any BytePipe) -> Void,
        onHead: @escaping @Sendable (ClientHead) -> Void, onBody: @escaping @Sendable ([UInt8]) -> Void,
        onEnd: @escaping @Sendable (TransportError?) -> Void
    ) -> ClientCall? {
        start(
            request, upgrade: .raw(protocolName, done: { onUpgrade($0, $1) }), onHead: onHead, onBody: onBody,
            onEnd: onEnd)
    }

    /// Closes idle connections and starts no others; calls under way go on.
    package func shutdown() { pool.stop() }

    private func start(
        _ request: ClientRequest, upgrade: ClientUpgrade?, onHead: @escaping @Sendable (ClientHead) -> Void,
        onBody: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable (TransportError?) -> Void
    ) -> ClientCall? {
        do throws(TransportError) {
            guard !request.method.isEmpty, request.method.utf8.allSatisfy(HTTP1Head.isTokenByte) else {
                throw TransportError(.invalid, "the method \(request.method.debugDescription) is no token")
            }
            let call = ClientCall(
                request: request, url: try ClientURL(request.url), upgrade: upgrade, onHead: onHead, onBody: onBody,
                onEnd: onEnd)
            pool.start(call)
            return call
        } catch {
            onEnd(error)
            return nil
        }
    }
}
