package import MartinetAPICore
package import MartinetClient
package import MartinetSchema

/// Says whom a token stands for, to those who are shown tokens and cannot read them.
package struct TokenReviews: ReviewHandler {
    private let authenticator: Authenticator
    package let kinds = ["authentication.k8s.io/v1.TokenReview"]

    package init(_ authenticator: Authenticator) { self.authenticator = authenticator }

    package func review(
        _ review: Object, _ resource: ResourceName, as identity: Identity,
        _ completion: @escaping @Sendable (Result<Object, APIError>) -> Void
    ) {
        let spec = review.part("spec")
        let token = spec?.text("token") ?? ""
        guard !token.isEmpty else { return completion(.failure(.badRequest("token is required for TokenReview"))) }
        var wanted: [String] = []
        if case .list(let values)? = spec?[field: "audiences"] {
            wanted = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        }
        let audiences = wanted.isEmpty ? authenticator.configuration.audiences : wanted
        authenticator.check(token, for: audiences) { outcome in
            var answer = review
            answer[field: "status"] = TokenReviews.status(review, outcome)
            completion(.success(answer))
        }
    }

    /// What was sent stays where there is nothing to say instead, as upstream has it.
    private static func status(_ review: Object, _ outcome: TokenOutcome) -> Value? {
        let sent = review.part("status")
        return review.made("status") { status in
            if let sent { status = sent }
            status[field: "authenticated"] = nil
            status[field: "error"] = nil
            let (found, audiences): (Identity, [String])
            switch outcome {
            case .foreign:
                status[field: "error"] = .string("[invalid bearer token]")
                return
            case .refused(let why):
                status[field: "error"] = .string("[invalid bearer token, \(why)]")
                return
            case .accepted(let identity, let common): (found, audiences) = (identity, common)
            }
            status[field: "authenticated"] = .bool(true)
            if !audiences.isEmpty { status[field: "audiences"] = .list(audiences.map(Value.string)) }
            status[field: "user"] = nil
            status.change("user") { user in
                user[field: "username"] = .string(found.user)
                if !found.uid.isEmpty { user[field: "uid"] = .string(found.uid) }
                user[field: "groups"] = .list(found.groups.map(Value.string))
                guard !found.extra.isEmpty else { return }
                let extra = found.extra.map { Map.Entry(key: $0.key, value: .list($0.value.map(Value.string))) }
                user[field: "extra"] = .map(Map(unsorted: extra))
            }
        }
    }
}
