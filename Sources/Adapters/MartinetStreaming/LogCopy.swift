import MartinetClient
import MartinetTransport
import Synchronization

/// A log on its way from a node to a client.
final class LogCopy: Sendable {
    private struct State {
        var call: ClientCall?
        var out: (any OutgoingStream)?
        var status = 0
        var text: [UInt8] = []
        var gone = false
    }

    private let exchange: any Exchange
    private let refuse: @Sendable (APIError) -> Void
    private let state = Mutex(State())

    init(_ exchange: any Exchange, _ refuse: @escaping @Sendable (APIError) -> Void) {
        self.exchange = exchange
        self.refuse = refuse
        exchange.onClose { [weak self] in self?.gone() }
    }

    func attach(_ call: ClientCall?) {
        let gone = state.withLock { state in
            state.call = call
            return state.gone
        }
        if gone { call?.cancel() }
    }

    @Sendable func head(_ head: ClientHead) {
        guard head.status == 200 else { return state.withLock { $0.status = head.status } }
        let type = head.headers["content-type"] ?? "text/plain"
        let out = exchange.begin(200, [("content-type", type), ("cache-control", "no-cache, private")])
        state.withLock {
            $0.status = 200
            $0.out = out
        }
        out.onClose { [weak self] in self?.gone() }
        out.onWritable { [weak self] in self?.state.withLock { $0.call }?.setReading(true) }
    }

    @Sendable func body(_ bytes: [UInt8]) {
        let (out, call) = state.withLock { state in
            if state.out == nil { state.text += bytes.prefix(max(0, 4096 - state.text.count)) }
            return (state.out, state.call)
        }
        guard let out else { return }
        out.write(bytes)
        guard !out.isWritable else { return }
        call?.setReading(false)
        if out.isWritable { call?.setReading(true) }
    }

    @Sendable func end(_ error: TransportError?) {
        let (out, status, text) = state.withLock { state in
            defer {
                state.call = nil
                state.out = nil
            }
            return (state.out, state.status, String(decoding: state.text, as: UTF8.self))
        }
        if let out {
            if error == nil { out.end() } else { out.abort() }
            return
        }
        if let error, status == 0 {
            let message = "Internal error occurred: error dialing backend: \(error)"
            return refuse(APIError(code: 500, reason: "InternalError", message: message))
        }
        refuse(LogCopy.refusal(status, text))
    }

    /// The node's words, as the API says them.
    static func refusal(_ status: Int, _ text: String) -> APIError {
        let message = text.hasSuffix("\n") ? String(text.dropLast()) : text
        switch status {
        case 400: return APIError(code: 400, reason: "BadRequest", message: message)
        case 404: return APIError(code: 404, reason: "NotFound", message: message)
        case 422: return APIError(code: 422, reason: "Invalid", message: message)
        // The node did not know the API server: nothing that the client could mend.
        default:
            return APIError(code: 500, reason: "InternalError", message: "Internal error occurred: \(message)")
        }
    }

    private func gone() {
        state.withLock { state in
            state.gone = true
            return state.call
        }?.cancel()
    }
}
