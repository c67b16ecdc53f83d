import MartinetBase
import MartinetClient
import MartinetSchema

/// Whether the code that asks runs where it may wait, and until when.
enum Waiting {
    /// Monotonic; nil on event loops, on the store's thread and wherever else nobody may wait.
    @TaskLocal static var deadline: Duration?
}

extension Registry {
    /// The longest that a request may take which waits for somebody outside, as upstream's `--request-timeout`.
    static let waitMax = Duration.seconds(60)

    /// Goes on with a request on a thread that may wait, with what is left of its time.
    func offLoop(
        _ request: APIRequest, refuse: @escaping @Sendable (APIError) -> Void,
        _ work: @escaping @Sendable (APIRequest) -> Void
    ) {
        var request = request
        let deadline =
            request.deadline ?? runtime.monotonic() + min(request.options.timeout ?? Self.waitMax, Self.waitMax)
        request.deadline = deadline
        let final = request
        webhooks.workers.run {
            Waiting.$deadline.withValue(deadline) { work(final) }
        } refused: {
            refuse(.tooManyWait)
        }
    }

    func offLoop(
        _ request: APIRequest, _ completion: @escaping Completion, _ work: @escaping @Sendable (APIRequest) -> Void
    ) {
        offLoop(request, refuse: { completion(.failure($0)) }, work)
    }

    /// Whether a request must leave the thread that it is on: a webhook may want to see it, and here nobody may wait.
    ///
    /// - Parameter operation: `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    @inline(__always)
    func mustLeave(_ request: APIRequest, _ resource: ServedResource, _ operation: String) -> Bool {
        if !webhooks.isActive, resource.conversion == nil { return false }
        guard Waiting.deadline == nil else { return false }
        return resource.conversion != nil || webhooks.concern(request, resource.kind, operation)
    }

    /// What is left of the time of the request that this thread works for.
    func timeLeft() -> Duration {
        guard let deadline = Waiting.deadline else { return .zero }
        return deadline - runtime.monotonic()
    }
}

extension APIError {
    static let tooManyWait: APIError = {
        var error = APIError(
            code: 429, reason: "TooManyRequests",
            message: "too many requests wait for webhooks: no thread became free for this one, please try again later")
        error.retryAfterSeconds = 1
        return error
    }()

    /// The time of the whole request is over.
    static let requestTimeout = APIError(
        code: 504, reason: "Timeout", message: "Timeout: request did not complete within requested timeout")
}
