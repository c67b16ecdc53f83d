import Dispatch
import MartinetBase
import MartinetTransport
import MartinetWebhooks
import Synchronization

/// An answer that a thread waits for.
final class PendingAnswer: Sendable {
    private struct State {
        var result: Result<[UInt8], WebhookFailure>?
        var call: ClientCall?
        var isCancelled = false
    }
    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    func attach(_ call: ClientCall?) {
        let isCancelled = state.withLock { state in
            state.call = call
            return state.isCancelled
        }
        if isCancelled { call?.cancel() }
    }

    func cancel() {
        let call = state.withLock { state in
            state.isCancelled = true
            return state.call
        }
        call?.cancel()
    }

    func finish(_ result: Result<[UInt8], WebhookFailure>) {
        let isFirst = state.withLock { state in
            guard state.result == nil else { return false }
            state.result = result
            return true
        }
        if isFirst { signal.signal() }
    }

    /// - Returns: nil where nothing has come in time; the call is given up then.
    func wait(_ time: Duration) -> Result<[UInt8], WebhookFailure>? {
        pause(time)
        if let result = state.withLock({ $0.result }) { return result }
        cancel()
        return nil
    }

    /// Waits for the answer or for as long.
    func pause(_ time: Duration) {
        let (seconds, attoseconds) = time.components
        let nanoseconds = Int(clamping: seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue)
        _ = signal.wait(timeout: .now() + .nanoseconds(nanoseconds + Int(attoseconds / 1_000_000_000)))
    }
}

/// Collects the body of one answer, up to a limit.
final class AnswerCollector: Sendable {
    private struct State {
        var status = 0
        var body: [UInt8] = []
        var isTooLarge = false
    }
    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { state.withLock { $0.status == 0 } }

    func begin(_ status: Int) { state.withLock { $0.status = status } }

    /// - Returns: whether it is enough.
    func add(_ piece: [UInt8]) -> Bool {
        state.withLock { state in
            guard !state.isTooLarge, piece.count <= limit - state.body.count else {
                state.isTooLarge = true
                state.body = []
                return true
            }
            state.body += piece
            return false
        }
    }

    func result(_ call: WebhookCall, _ error: TransportError?) -> Result<[UInt8], WebhookFailure> {
        let state = state.withLock { $0 }
        let post = "Post \(call.url.debugDescription): "
        if state.isTooLarge {
            return .failure(WebhookFailure("\(post)the answer is longer than \(limit) bytes"))
        }
        if let error {
            guard error.code != .timeout else {
                return .failure(WebhookFailure("\(post)context deadline exceeded", isTimeout: true))
            }
            return .failure(WebhookFailure(post + AnswerCollector.chain(error)))
        }
        guard (200..<300).contains(state.status) else {
            let text = String(decoding: state.body.prefix(1024), as: UTF8.self)
            return .failure(
                WebhookFailure(
                    "the server answered \(state.status)" + (text.isEmpty ? "" : ": \(text)")))
        }
        return .success(state.body)
    }

    /// What happened, and why.
    private static func chain(_ error: TransportError) -> String {
        error.cause.map { "\(error.message): \($0)" } ?? error.message
    }
}
