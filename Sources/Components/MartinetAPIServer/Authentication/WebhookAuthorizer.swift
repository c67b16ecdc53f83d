package import MartinetAPICore
package import MartinetAuthorization
package import MartinetBase
import MartinetCEL
import MartinetCELKubernetes
import MartinetSchema
import Synchronization

/// Decides as a webhook says that is sent a SubjectAccessReview (`--authorization-webhook-*`, or `--authorization-config`).
package final class WebhookAuthorizer: RemoteAuthorizer, Sendable {
    package struct Configuration: Sendable {
        package var version = "v1"
        /// For how long what it allowed, and what it did not, is held to be so still.
        package var allowedFor = Duration.seconds(300)
        package var refusedFor = Duration.seconds(30)
        /// Whether a webhook that gives no answer refuses; else it has no opinion.
        package var refusesOnFailure = false
        /// Only what all of them say yes to is asked.
        var conditions: [CELProgram] = []
        package init() {}
    }
    private struct Known {
        let opinion: AuthorizationOpinion
        let until: Duration
    }
    private struct State {
        var known: [AccessRequest: Known] = [:]
        var waiting: [AccessRequest: [@Sendable () -> Void]] = [:]
    }

    private let name: String
    private let endpoint: OutwardJSON
    private let configuration: Configuration
    private let runtime: any Runtime
    private let log: Log
    private let state = Mutex(State())
    private static let knownMax = 8192
    /// What is not to be remembered is for the request that asked, which comes back at once.
    private static let moment = Duration.milliseconds(500)

    package init(
        _ name: String, endpoint: OutwardJSON, _ configuration: Configuration, runtime: any Runtime, log: Log
    ) {
        self.name = name
        self.endpoint = endpoint
        self.configuration = configuration
        self.runtime = runtime
        self.log = log
    }

    package func known(_ request: AccessRequest) -> AuthorizationOpinion? {
        if !configuration.conditions.isEmpty, let skipped = skips(request) { return skipped }
        let now = runtime.monotonic()
        return state.withLock { state in
            guard let known = state.known[request] else { return nil }
            guard known.until > now else {
                state.known[request] = nil
                return nil
            }
            return known.opinion
        }
    }

    /// What is said of a request that the conditions keep from the webhook; nil where it must be asked.
    private func skips(_ request: AccessRequest) -> AuthorizationOpinion? {
        let spec = CELValue(WebhookAuthorizer.spec(request))
        var hasFailed = false
        for condition in configuration.conditions {
            switch condition.evaluate([spec], costLimit: CELEnvironment.kubernetesCallCostMax).value {
            case .bool(true): break
            case .bool(false): return AuthorizationOpinion.none
            default: hasFailed = true
            }
        }
        guard hasFailed else { return nil }
        return configuration.refusesOnFailure
            ? .refuses("the match conditions of the authorizer \(name) cannot be evaluated") : AuthorizationOpinion.none
    }

    package func ask(_ request: AccessRequest, _ completion: @escaping @Sendable () -> Void) {
        let isFirst = state.withLock { state in
            defer { state.waiting[request, default: []].append(completion) }
            return state.waiting[request] == nil
        }
        guard isFirst else { return }
        let review = Value.map(
            Map(unsorted: [
                .init(key: "apiVersion", value: .string("authorization.k8s.io/\(configuration.version)")),
                .init(key: "kind", value: .string("SubjectAccessReview")),
                .init(key: "spec", value: WebhookAuthorizer.spec(request)),
            ]))
        endpoint.post(JSONEncoder.encode(review)) { [self] result in
            let (opinion, life): (AuthorizationOpinion, Duration)
            switch result {
            case .success(let body): (opinion, life) = read(body)
            case .failure(let error): (opinion, life) = failed(error.message)
            }
            finish(request, opinion, for: max(life, WebhookAuthorizer.moment))
        }
    }

    private func read(_ body: [UInt8]) -> (AuthorizationOpinion, Duration) {
        guard case .map(let review)? = try? JSONDecoder.decodeAny(body).value,
            review.text("kind") == "SubjectAccessReview", case .map(let status)? = review["status"]
        else { return failed("it answers no SubjectAccessReview") }
        let (isAllowed, isDenied) = (status["allowed"] == .bool(true), status["denied"] == .bool(true))
        guard !(isAllowed && isDenied) else { return failed("it allows and denies at once") }
        let reason = status.text("reason") ?? ""
        if isAllowed { return (.allows(reason), configuration.allowedFor) }
        return (isDenied ? .refuses(reason) : AuthorizationOpinion.none, configuration.refusedFor)
    }

    private func failed(_ why: String) -> (AuthorizationOpinion, Duration) {
        log.warning("the authorization webhook gives no answer", [("webhook", name), ("error", why)])
        let opinion =
            configuration.refusesOnFailure
            ? AuthorizationOpinion.refuses("the authorizer \(name) gives no answer") : AuthorizationOpinion.none
        return (opinion, .zero)
    }

    private func finish(_ request: AccessRequest, _ opinion: AuthorizationOpinion, for life: Duration) {
        let until = runtime.monotonic() + life
        let waiting = state.withLock { state in
            if state.known.count >= WebhookAuthorizer.knownMax { state.known = [:] }
            state.known[request] = Known(opinion: opinion, until: until)
            return state.waiting.removeValue(forKey: request) ?? []
        }
        for completion in waiting { completion() }
    }

    /// The review's `spec`.
    private static func spec(_ request: AccessRequest) -> Value {
        func map(_ pairs: [(String, String)]) -> Value {
            .map(Map(unsorted: pairs.filter { !$0.1.isEmpty }.map { .init(key: $0.0, value: .string($0.1)) }))
        }
        var entries: [Map.Entry] = [
            .init(key: "user", value: .string(request.user)),
            .init(key: "groups", value: .list(request.groups.map(Value.string))),
        ]
        if !request.uid.isEmpty { entries.append(.init(key: "uid", value: .string(request.uid))) }
        if !request.extra.isEmpty {
            let extra = request.extra.map { Map.Entry(key: $0.key, value: .list($0.value.map(Value.string))) }
            entries.append(.init(key: "extra", value: .map(Map(unsorted: extra))))
        }
        if let path = request.path {
            entries.append(
                .init(key: "nonResourceAttributes", value: map([("path", path), ("verb", request.verb)])))
        } else {
            entries.append(
                .init(
                    key: "resourceAttributes",
                    value: map([
                        ("namespace", request.namespace), ("verb", request.verb), ("group", request.group),
                        ("version", request.version), ("resource", request.resource),
                        ("subresource", request.subresource), ("name", request.name),
                    ])))
        }
        return .map(Map(unsorted: entries))
    }
}
