import MartinetAPICore
package import MartinetBase
import MartinetSchema
import Synchronization

/// Tokens that a webhook knows (`--authentication-token-webhook-config-file`): it is sent a TokenReview.
package final class WebhookTokens: RemoteTokenVerifier, Sendable {
    private struct Known {
        let outcome: TokenOutcome
        let until: Duration
    }
    private struct State {
        var known: [String: Known] = [:]
        /// Who waits for the answer about one token: it is asked about once.
        var waiting: [String: [@Sendable (TokenOutcome) -> Void]] = [:]
    }

    private let endpoint: OutwardJSON
    private let version: String
    private let lifetime: Duration
    private let audiences: [String]
    private let runtime: any Runtime
    private let log: Log
    private let state = Mutex(State())
    private static let knownMax = 4096

    /// - Parameter lifetime: for how long an answer holds; zero asks each time.
    package init(
        _ endpoint: OutwardJSON, version: String, lifetime: Duration, audiences: [String], runtime: any Runtime,
        log: Log
    ) {
        self.endpoint = endpoint
        self.version = version
        self.lifetime = lifetime
        self.audiences = audiences
        self.runtime = runtime
        self.log = log
    }

    private static func key(_ token: String, _ audiences: [String]) -> String {
        audiences.joined(separator: "\n") + "\n\n" + token
    }

    package func known(_ token: String, for audiences: [String]) -> TokenOutcome? {
        let key = WebhookTokens.key(token, audiences)
        let now = runtime.monotonic()
        return state.withLock { state in
            guard let known = state.known[key] else { return nil }
            guard known.until > now else {
                state.known[key] = nil
                return nil
            }
            return known.outcome
        }
    }

    package func check(
        _ token: String, for audiences: [String], _ completion: @escaping @Sendable (TokenOutcome) -> Void
    ) {
        let key = WebhookTokens.key(token, audiences)
        let isFirst = state.withLock { state in
            defer { state.waiting[key, default: []].append(completion) }
            return state.waiting[key] == nil
        }
        guard isFirst else { return }
        let spec = Value.map(
            Map(unsorted: [
                .init(key: "token", value: .string(token)),
                .init(key: "audiences", value: .list(audiences.map(Value.string))),
            ]))
        let review = Value.map(
            Map(unsorted: [
                .init(key: "apiVersion", value: .string("authentication.k8s.io/\(version)")),
                .init(key: "kind", value: .string("TokenReview")), .init(key: "spec", value: spec),
            ]))
        endpoint.post(JSONEncoder.encode(review)) { [self] result in
            switch result {
            case .failure(let error):
                // Not remembered: the webhook may be back in a moment.
                log.warning("the token webhook gives no answer", [("error", error.message)])
                answer(key, .refused("the token webhook gives no answer"), remembers: false)
            case .success(let body): answer(key, outcome(body, audiences), remembers: true)
            }
        }
    }

    private func answer(_ key: String, _ outcome: TokenOutcome, remembers: Bool) {
        let until = runtime.monotonic() + lifetime
        let waiting = state.withLock { state in
            if remembers, lifetime > .zero {
                if state.known.count >= WebhookTokens.knownMax { state.known = [:] }
                state.known[key] = Known(outcome: outcome, until: until)
            }
            return state.waiting.removeValue(forKey: key) ?? []
        }
        for completion in waiting { completion(outcome) }
    }

    private func outcome(_ body: [UInt8], _ wanted: [String]) -> TokenOutcome {
        guard case .map(let review)? = try? JSONDecoder.decodeAny(body).value, review.text("kind") == "TokenReview",
            case .map(let status)? = review["status"]
        else { return .refused("the token webhook answers no TokenReview") }
        guard status["authenticated"] == .bool(true), case .map(let user)? = status["user"] else {
            let why = status.text("error") ?? ""
            return why.isEmpty ? .foreign : .refused(why)
        }
        // A webhook that says nothing of audiences knows only this server.
        let said = status.texts("audiences")
        guard let common = agnosticAudiences(wanted, of: said.isEmpty ? audiences : said) else {
            return .refused("the token is for other audiences")
        }
        var extra: [String: [String]] = [:]
        if case .map(let map)? = user["extra"] { for entry in map.entries { extra[entry.key] = map.texts(entry.key) } }
        let identity = Identity(
            user: user.text("username") ?? "", uid: user.text("uid") ?? "", groups: user.texts("groups").known,
            extra: extra)
        return .accepted(identity, audiences: common)
    }
}
