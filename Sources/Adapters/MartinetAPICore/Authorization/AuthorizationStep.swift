package import MartinetAuthorization
package import MartinetClient
import Synchronization

/// One of those who are asked whether somebody may do something, in their order.
package enum AuthorizationStep: Sendable {
    /// Nodes may do what their pods need.
    case nodes
    case roles
    case policies(AttributePolicies)
    case remote(any RemoteAuthorizer)
    case everything
    case nothing
}

/// What one of them says. Who has no opinion leaves it to the next; a refusal ends the question.
package enum AuthorizationOpinion: Sendable, Hashable {
    case allows(String)
    case refuses(String)
    case none
}

/// Somebody outside of this process who is asked.
package protocol RemoteAuthorizer: Sendable {
    /// What is known without asking; nil where he must be asked.
    func known(_ request: AccessRequest) -> AuthorizationOpinion?

    /// Asks; what comes back is known for a moment at least when `completion` is called, on a thread that may wait.
    func ask(_ request: AccessRequest, _ completion: @escaping @Sendable () -> Void)
}

/// Questions that nobody here can answer yet: a request that needs one is given up with an error that names the question,
/// and tried again when the answer is there. So nothing ever waits on an event loop, or anywhere else.
final class OpenQuestions: Sendable {
    private struct State {
        var questions: [Int: (any RemoteAuthorizer, AccessRequest)] = [:]
        var next = 0
    }
    private let state = Mutex(State())
    private static let max = 10_000

    static let reason = "AuthorizationOpen"

    func add(_ authorizer: any RemoteAuthorizer, _ request: AccessRequest) -> APIError {
        let ticket = state.withLock { state in
            // Those that nobody came back for.
            if state.questions.count >= OpenQuestions.max { state.questions = [:] }
            state.next += 1
            state.questions[state.next] = (authorizer, request)
            return state.next
        }
        return APIError(code: 503, reason: OpenQuestions.reason, message: String(ticket))
    }

    func take(_ error: APIError) -> (any RemoteAuthorizer, AccessRequest)? {
        guard error.reason == OpenQuestions.reason, let ticket = Int(error.message) else { return nil }
        return state.withLock { $0.questions.removeValue(forKey: ticket) }
    }
}

extension Authorizer {
    /// How often a request is tried again that needs an answer of somebody else.
    package static let triesMax = 32

    /// Has a question answered that stopped a request.
    ///
    /// - Returns: false where the error is another one; then `again` is never called.
    package func settle(_ error: APIError, _ again: @escaping @Sendable () -> Void) -> Bool {
        guard mayWait, let (remote, request) = questions.take(error) else { return false }
        remote.ask(request, again)
        return true
    }

    /// Decides, asking whomever must be asked. `completion` is called at once where nobody must.
    package func decide(
        _ request: AccessRequest, tries: Int = 0, _ completion: @escaping @Sendable (Decision) -> Void
    ) {
        let decision = decide(request)
        guard let open = decision.open, tries < Authorizer.triesMax,
            settle(open, { [self] in decide(request, tries: tries + 1, completion) })
        else { return completion(decision) }
    }
}
