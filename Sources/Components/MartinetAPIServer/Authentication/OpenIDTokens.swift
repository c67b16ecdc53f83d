package import MartinetBase
import MartinetCertificates
import MartinetSchema
import Synchronization

enum VerificationAlgorithms {
    static let all = VerificationKey.algorithms
}

/// The tokens of one issuer of OpenID Connect.
///
/// Its discovery document and keys are fetched when the first token of it comes, and again when a token names a key that
/// is not known, at most every few seconds; meanwhile nobody waits but those who have such a token.
package final class OpenIDTokens: RemoteTokenVerifier, Sendable {
    private struct State {
        /// By id; nil before they have been fetched.
        var keys: [String: VerificationKey]?
        var fetchedAt: Duration?
        var waiting: [@Sendable () -> Void] = []
        var isFetching = false
    }

    private let rules: IssuerRules
    private let endpoint: OutwardJSON
    private let audiences: [String]
    private let runtime: any Runtime
    private let log: Log
    private let state = Mutex(State())
    /// Between two fetches that tokens of chance could cause.
    private static let pause = Duration.seconds(10)

    package init(
        _ rules: IssuerRules, endpoint: OutwardJSON, audiences: [String], runtime: any Runtime, log: Log
    ) {
        self.rules = rules
        self.endpoint = endpoint
        self.audiences = audiences
        self.runtime = runtime
        self.log = log
    }

    /// A token of this issuer, believed in nothing yet.
    private struct Candidate {
        let token: CompactToken
        let claims: Map
        let algorithm: String
        let keyID: String
    }

    private func candidate(_ text: String) -> Candidate? {
        guard let token = CompactToken(text),
            case .map(let claims)? = try? JSONDecoder.decodeAny(token.claims).value, claims.text("iss") == rules.url,
            case .map(let header)? = try? JSONDecoder.decodeAny(token.header).value,
            let algorithm = header.text("alg")
        else { return nil }
        return Candidate(token: token, claims: claims, algorithm: algorithm, keyID: header.text("kid") ?? "")
    }

    package func known(_ token: String, for audiences: [String]) -> TokenOutcome? {
        guard let candidate = candidate(token) else { return .foreign }
        guard let common = agnosticAudiences(audiences, of: self.audiences) else { return .foreign }
        guard rules.algorithms.contains(candidate.algorithm) else {
            return .refused("oidc: verify token: the algorithm of the token is not one that is allowed")
        }
        let (keys, isFresh) = state.withLock { state in
            (state.keys, state.fetchedAt.map { runtime.monotonic() - $0 < OpenIDTokens.pause } ?? false)
        }
        guard let keys else { return isFresh ? .refused("oidc: authenticator not initialized") : nil }
        if keys[candidate.keyID] == nil, !candidate.keyID.isEmpty, !isFresh { return nil }
        return judge(candidate, keys, common)
    }

    package func check(
        _ token: String, for audiences: [String], _ completion: @escaping @Sendable (TokenOutcome) -> Void
    ) {
        refresh { [self] in
            completion(known(token, for: audiences) ?? .refused("oidc: authenticator not initialized"))
        }
    }

    private func judge(_ candidate: Candidate, _ keys: [String: VerificationKey], _ common: [String]) -> TokenOutcome {
        let tried = candidate.keyID.isEmpty ? Array(keys.values) : [keys[candidate.keyID]].compactMap { $0 }
        guard tried.contains(where: { $0.verifies(candidate.token, algorithm: candidate.algorithm) }) else {
            return .refused("oidc: verify token: failed to verify signature")
        }
        let claims = candidate.claims
        let now = runtime.now().seconds
        guard let expiry = claims.number("exp"), expiry > now else {
            return .refused("oidc: verify token: the token is expired")
        }
        // Late clocks: as the library has it that upstream verifies with.
        if let notBefore = claims.number("nbf"), notBefore > now + 300 {
            return .refused("oidc: verify token: the token is not valid yet")
        }
        guard claims.texts("aud").contains(where: rules.audiences.contains) else {
            return .refused("oidc: verify token: the token is for another audience")
        }
        do throws(AccessError) {
            return .accepted(try rules.identity(claims), audiences: common)
        } catch {
            return .refused(error.message)
        }
    }

    // MARK: - Keys

    /// Fetches the keys at once, so that the first token need not wait.
    package func prepare() { refresh {} }

    private func refresh(_ done: @escaping @Sendable () -> Void) {
        let isFirst = state.withLock { state in
            state.waiting.append(done)
            defer { state.isFetching = true }
            return !state.isFetching
        }
        guard isFirst else { return }
        let base = rules.url.hasSuffix("/") ? String(rules.url.dropLast()) : rules.url
        endpoint.get(rules.discoveryURL ?? base + "/.well-known/openid-configuration") { [self] result in
            switch result {
            case .failure(let error): finish(error)
            case .success(let body):
                guard case .map(let document)? = try? JSONDecoder.decodeAny(body).value,
                    document.text("issuer") == rules.url
                else { return finish(AccessError("the discovery document of \(rules.url) names another issuer")) }
                guard let keys = document.text("jwks_uri"), keys.hasPrefix("https://") else {
                    return finish(AccessError("the discovery document of \(rules.url) names no https url of keys"))
                }
                endpoint.get(keys) { [self] result in
                    switch result {
                    case .failure(let error): finish(error)
                    case .success(let body): store(body)
                    }
                }
            }
        }
    }

    private func store(_ body: [UInt8]) {
        guard case .map(let set)? = try? JSONDecoder.decodeAny(body).value, case .list(let list)? = set["keys"] else {
            return finish(AccessError("the keys of \(rules.url) are no key set"))
        }
        var keys: [String: VerificationKey] = [:]
        for (index, value) in list.prefix(1024).enumerated() {
            guard case .map(let map) = value, (map.text("use") ?? "sig") == "sig",
                let key = OpenIDTokens.key(map)
            else { continue }
            keys[map.text("kid") ?? "#\(index)"] = key
        }
        let found = keys
        state.withLock { $0.keys = found }
        finish(nil)
    }

    private static func key(_ map: Map) -> VerificationKey? {
        switch map.text("kty") {
        case "RSA": try? VerificationKey(rsaModulus: map.text("n") ?? "", exponent: map.text("e") ?? "")
        case "EC":
            try? VerificationKey(curve: map.text("crv") ?? "", x: map.text("x") ?? "", y: map.text("y") ?? "")
        default: nil
        }
    }

    private func finish(_ error: AccessError?) {
        if let error { log.warning("the keys of an issuer cannot be fetched", [("error", error.message)]) }
        let waiting = state.withLock { state in
            state.fetchedAt = runtime.monotonic()
            state.isFetching = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for done in waiting { done() }
    }
}
