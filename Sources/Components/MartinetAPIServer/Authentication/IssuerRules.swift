import MartinetAPICore
import MartinetSchema

/// How the tokens of one issuer become users: what they must say, and what of it is name and groups
/// (`AuthenticationConfiguration.jwt`, `--oidc-*`).
package struct IssuerRules: Sendable {
    enum Source: Sendable {
        case claim(String, prefix: String)
        case expression(ClaimExpression)
    }
    enum Check: Sendable {
        case claim(String, value: String)
        case expression(ClaimExpression, message: String)
    }

    package let url: String
    /// Where the discovery document is, if it is not below the issuer's URL.
    package var discoveryURL: String?
    /// In PEM; nil trusts the machine's own list.
    package var authorities: [UInt8]?
    var audiences: [String] = []
    var algorithms = VerificationAlgorithms.all
    var user = Source.claim("sub", prefix: "")
    var groups: Source?
    var uid: Source?
    var extra: [(key: String, value: ClaimExpression)] = []
    var claimChecks: [Check] = []
    var userChecks: [(expression: ClaimExpression, message: String)] = []

    init(url: String) throws(AccessError) {
        guard url.hasPrefix("https://"), url.count > 8 else {
            throw AccessError("the issuer's url must begin with https://, found \(url.debugDescription)")
        }
        self.url = url
    }

    /// Who a token stands for whose signature, issuer, audience and times are right.
    func identity(_ claims: Map) throws(AccessError) -> Identity {
        let name = try userName(claims)
        let groups = try groupNames(claims)
        var uid = ""
        switch self.uid {
        case .claim(let claim, _)?: uid = claims.text(claim) ?? ""
        case .expression(let expression)?:
            guard let text = expression.text(claims) else {
                throw AccessError("oidc: error evaluating uid claim expression: it must return a string")
            }
            uid = text
        case nil: break
        }
        var extra: [String: [String]] = [:]
        for (key, expression) in self.extra {
            guard let values = expression.texts(claims) else {
                throw AccessError("oidc: error evaluating extra claim expression of \(key): it must return strings")
            }
            if !values.isEmpty { extra[key] = values }
        }
        try check(claims)
        let identity = Identity(user: name, uid: uid, groups: groups, extra: extra)
        try check(identity)
        return Identity(user: name, uid: uid, groups: groups.known, extra: extra)
    }

    private func userName(_ claims: Map) throws(AccessError) -> String {
        switch user {
        case .expression(let expression):
            guard let text = expression.text(claims) else {
                throw AccessError("oidc: error evaluating username claim expression: it must return a string")
            }
            guard !text.isEmpty else { throw AccessError("oidc: empty username via CEL expression is not allowed") }
            return text
        case .claim(let claim, let prefix):
            guard let text = claims.text(claim) else {
                throw AccessError("oidc: parse username claims \(claim.debugDescription): claim not present")
            }
            if claim == "email", let verified = claims["email_verified"], verified != .bool(true) {
                throw AccessError("oidc: email not verified")
            }
            return prefix + text
        }
    }

    private func groupNames(_ claims: Map) throws(AccessError) -> [String] {
        switch groups {
        case nil: return []
        case .expression(let expression)?:
            guard let texts = expression.texts(claims) else {
                throw AccessError("oidc: error evaluating group claim expression: it must return strings")
            }
            return texts
        case .claim(let claim, let prefix)?:
            switch claims[claim] {
            case nil, .string, .list: return claims.texts(claim).map { prefix + $0 }
            default: throw AccessError("oidc: parse groups claim \(claim.debugDescription): it is no list of texts")
            }
        }
    }

    private func check(_ claims: Map) throws(AccessError) {
        for rule in claimChecks {
            switch rule {
            case .claim(let claim, let value):
                guard claims[claim] != nil else {
                    throw AccessError("oidc: required claim \(claim) not present in ID token")
                }
                guard claims.text(claim) == value else {
                    throw AccessError("oidc: required claim \(claim) value does not match")
                }
            case .expression(let expression, let message):
                guard let isTrue = expression.isTrue(claims) else {
                    throw AccessError("oidc: error evaluating claim validation expression")
                }
                guard isTrue else {
                    throw AccessError(
                        "oidc: error evaluating claim validation expression: validation expression '\(expression.source)' failed: \(message)"
                    )
                }
            }
        }
    }

    private func check(_ identity: Identity) throws(AccessError) {
        guard !userChecks.isEmpty else { return }
        let extra = identity.extra.map { Map.Entry(key: $0.key, value: .list($0.value.map(Value.string))) }
        let user = Map(unsorted: [
            .init(key: "username", value: .string(identity.user)), .init(key: "uid", value: .string(identity.uid)),
            .init(key: "groups", value: .list(identity.groups.map(Value.string))),
            .init(key: "extra", value: .map(Map(unsorted: extra))),
        ])
        for (expression, message) in userChecks {
            guard expression.isTrue(user) == true else {
                throw AccessError(
                    "oidc: error evaluating user info validation rule: validation expression '\(expression.source)' failed: \(message)"
                )
            }
        }
    }
}
