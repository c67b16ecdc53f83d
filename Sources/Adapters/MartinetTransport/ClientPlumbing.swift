import Synchronization

/// Gathers a response for `send(_:completion:)`.
final class ResponseCollector: Sendable {
    private struct State {
        var head: ClientHead?
        var body: [UInt8] = []
        var overflow = false
        var call: ClientCall?
        var completion: (@Sendable (Result<ClientResponse, TransportError>) -> Void)?
    }

    private let limit: Int
    private let state: Mutex<State>

    init(limit: Int, completion: @escaping @Sendable (Result<ClientResponse, TransportError>) -> Void) {
        self.limit = limit
        state = Mutex(State(completion: completion))
    }

    func attach(_ call: ClientCall?) { state.withLock { if $0.completion != nil { $0.call = call } } }

    @Sendable func head(_ head: ClientHead) { state.withLock { $0.head = head } }

    @Sendable func body(_ bytes: [UInt8]) {
        let call: ClientCall? = state.withLock { state in
            guard state.body.count + bytes.count <= limit else {
                state.overflow = true
                state.body = []
                return state.call
            }
            if !state.overflow { state.body += bytes }
            return nil
        }
        call?.cancel()
    }

    @Sendable func end(_ error: TransportError?) {
        let (completion, result) = state.withLock { state in
            defer {
                state.completion = nil
                state.call = nil
                state.body = []
            }
            let result: Result<ClientResponse, TransportError>
            if state.overflow {
                result = .failure(TransportError(.tooLarge, "the response is longer than \(limit) bytes"))
            } else if let error {
                result = .failure(error)
            } else if let head = state.head {
                result = .success(ClientResponse(status: head.status, headers: head.headers, body: state.body))
            } else {
                result = .failure(TransportError(.protocol, "the response ended without a head"))
            }
            return (state.completion, result)
        }
        completion?(result)
    }
}

/// One of two: the upgraded connection, or why there is none.
final class UpgradeOutcome<Value: Sendable>: Sendable {
    private struct State {
        var status = 0
        var text: [UInt8] = []
        var completion: (@Sendable (Result<Value, TransportError>) -> Void)?
    }

    private let state: Mutex<State>

    init(_ completion: @escaping @Sendable (Result<Value, TransportError>) -> Void) {
        state = Mutex(State(completion: completion))
    }

    func succeed(_ value: Value) { take()?(.success(value)) }
    @Sendable func head(_ head: ClientHead) { state.withLock { $0.status = head.status } }
    @Sendable func body(_ bytes: [UInt8]) {
        state.withLock { $0.text += bytes.prefix(max(0, 1024 - $0.text.count)) }
    }
    @Sendable func end(_ error: TransportError?) {
        let (status, text) = state.withLock { ($0.status, String(decoding: $0.text, as: UTF8.self)) }
        take()?(.failure(error ?? TransportError(.protocol, "the server answered \(status) to the upgrade: \(text)")))
    }

    private func take() -> (@Sendable (Result<Value, TransportError>) -> Void)? {
        state.withLock { state in
            defer { state.completion = nil }
            return state.completion
        }
    }
}

/// A continuation that is resumed once, by whoever comes first.
final class ContinuationBox: Sendable {
    private let waiting: Mutex<CheckedContinuation<StreamedResponse, any Error>?>
    init(_ continuation: CheckedContinuation<StreamedResponse, any Error>) { waiting = Mutex(continuation) }
    func take() -> CheckedContinuation<StreamedResponse, any Error>? {
        waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
    }
}

/// The call that a task's cancellation gives up, whichever of the two comes first.
final class CallCell: Sendable {
    private let state = Mutex<(call: ClientCall?, cancelled: Bool)>((nil, false))
    func set(_ call: ClientCall) {
        let cancelled = state.withLock { state in
            state.call = call
            return state.cancelled
        }
        if cancelled { call.cancel() }
    }
    func cancel() {
        let call = state.withLock { state in
            state.cancelled = true
            return state.call
        }
        call?.cancel()
    }
}

/// A body queue that its call does not keep alive.
final class WeakQueue: Sendable {
    private let reference: Mutex<Reference>
    private struct Reference { weak var queue: BodyQueue? }
    init(_ queue: BodyQueue) { reference = Mutex(Reference(queue: queue)) }
    var value: BodyQueue? { reference.withLock { $0.queue } }
}
