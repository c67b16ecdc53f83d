import MartinetAPI
package import MartinetAPICore
package import MartinetBase
package import MartinetCertificates
import MartinetClient
package import MartinetReconcile
import MartinetSchema
import Synchronization

/// Issues and checks the tokens of service accounts: JWTs that name the account and the object they are bound to
/// (KEP-1205), and those without an end that are kept in Secrets.
///
/// A token is good as long as its account, and what it is bound to, are the ones that it was issued for.
package final class ServiceAccountTokens: TokenIssuer, TokenVerifier, Sendable {
    package static let issuer = "https://kubernetes.default.svc"
    static let legacyIssuer = "kubernetes/serviceaccount"

    package struct Configuration: Sendable {
        /// The first issues; tokens of the others are still believed.
        package var issuers = [ServiceAccountTokens.issuer]
        /// By what names tokens may call this server.
        package var audiences: [String]
        package init(issuers: [String] = [ServiceAccountTokens.issuer], audiences: [String] = []) {
            self.issuers = issuers
            self.audiences = audiences.isEmpty ? issuers : audiences
        }
    }

    package let configuration: Configuration
    private let signer: MartinetCertificates.TokenSigner
    private let runtime: any Runtime
    private let stored: StoredObjects
    /// Tokens whose signature has been checked: checking it costs more than answering.
    private let verified = Mutex<[String: VerifiedToken]>([:])
    private static let verifiedMax = 4096
    /// The Secrets whose use has been noted, and on which day.
    private let noted = Mutex<[String: String]>([:])

    package init(
        signer: MartinetCertificates.TokenSigner, runtime: any Runtime, stored: StoredObjects,
        _ configuration: Configuration = Configuration()
    ) {
        self.signer = signer
        self.runtime = runtime
        self.stored = stored
        self.configuration = configuration
    }

    // MARK: - Issuing

    package func issue(_ claims: TokenClaims) -> String {
        let audiences = claims.audiences.isEmpty ? configuration.audiences : claims.audiences
        func map(_ pairs: [(String, Value)]) -> Value {
            .map(Map(unsorted: pairs.map { .init(key: $0.0, value: $0.1) }))
        }
        func reference(_ name: String, _ uid: String) -> Value {
            map([("name", .string(name))] + (uid.isEmpty ? [] : [("uid", .string(uid))]))
        }
        var bound: [(String, Value)] = [
            ("namespace", .string(claims.namespace)),
            ("serviceaccount", reference(claims.account, claims.accountUID)),
        ]
        if !claims.boundKind.isEmpty {
            bound.append((claims.boundKind.lowercased(), reference(claims.boundName, claims.boundUID)))
        }
        if !claims.nodeName.isEmpty, claims.boundKind != "Node" {
            bound.append(("node", reference(claims.nodeName, claims.nodeUID)))
        }
        if let time = claims.warnsAfter { bound.append(("warnafter", .int(time.seconds))) }
        let body = map([
            ("aud", .list(audiences.map(Value.string))), ("exp", .int(claims.expiresAt.seconds)),
            ("iat", .int(claims.issuedAt.seconds)), ("nbf", .int(claims.issuedAt.seconds)),
            ("iss", .string(configuration.issuers.first ?? ServiceAccountTokens.issuer)),
            ("jti", .string(runtime.uid())),
            ("sub", .string("system:serviceaccount:\(claims.namespace):\(claims.account)")),
            ("kubernetes.io", map(bound)),
        ])
        // Signing with a key of one's own cannot fail for what a token can hold; an empty token opens nothing.
        return (try? signer.sign(JSONEncoder.encode(body))) ?? ""
    }

    package var audiences: [String] { configuration.audiences }

    // MARK: - Checking

    package func check(_ token: String, for audiences: [String]) -> TokenOutcome {
        let known = verified.withLock { $0[token] }
        guard let claims = known ?? verify(token) else { return .foreign }
        if known == nil {
            verified.withLock { verified in
                // Forgotten as a whole when it is full: what is in use is back after one check each.
                if verified.count >= ServiceAccountTokens.verifiedMax { verified = [:] }
                verified[token] = claims
            }
        }
        let own = claims.audiences.isEmpty ? configuration.audiences : claims.audiences
        let common = own.filter(audiences.contains)
        guard !common.isEmpty else {
            return .refused("token audiences \(own) is invalid for the target audiences \(audiences)")
        }
        if let why = claims.isLegacy ? legacyRefusal(claims, token) : refusal(claims) { return .refused(why) }
        return .accepted(claims.identity, audiences: common)
    }

    /// What a token says whose signature and issuer are right, whatever has become of what it names.
    private func verify(_ token: String) -> VerifiedToken? {
        guard let bytes = try? signer.verify(token), case .map(let claims)? = try? JSONDecoder.decodeAny(bytes).value,
            let issuer = claims.text("iss")
        else { return nil }
        if issuer == ServiceAccountTokens.legacyIssuer { return VerifiedToken(legacy: claims) }
        return configuration.issuers.contains(issuer) ? VerifiedToken(claims) : nil
    }

    /// Why a token is good for nothing now; nil where it is good.
    private func refusal(_ token: VerifiedToken) -> String? {
        let now = runtime.now().seconds
        let leeway: Int64 = 60
        guard token.expiry > now else { return "service account token has expired" }
        guard token.notBefore <= now + leeway else { return "service account token is not valid yet" }
        guard token.issuedAt <= now + leeway else { return "service account token is issued in the future" }
        guard let account = stored.find("serviceaccounts", namespace: token.namespace, token.name) else {
            return "serviceaccounts \"\(token.name)\" not found"
        }
        guard account.metadata.uid == token.uid else {
            return "service account UID (\(account.metadata.uid)) does not match claim (\(token.uid))"
        }
        guard !account.isGone(now: now) else {
            return "service account \(token.namespace)/\(token.name) has been deleted"
        }
        for (plural, namespace, reference) in [
            ("secrets", token.namespace, token.secret), ("pods", token.namespace, token.pod),
            // A pod's token names the pod's node, which may go before the pod does.
            ("nodes", nil, token.pod == nil ? token.node : nil),
        ] as [(String, String?, VerifiedToken.Reference?)] {
            guard let reference else { continue }
            let found = stored.find(plural, namespace: namespace, reference.name)
            guard let found, found.metadata.uid == reference.uid, !found.isGone(now: now) else {
                return "service account token has been invalidated"
            }
        }
        return nil
    }

    // MARK: - Tokens without an end

    private func legacyRefusal(_ token: VerifiedToken, _ text: String) -> String? {
        let name = token.secret?.name ?? ""
        guard let secret = stored.find("secrets", namespace: token.namespace, name),
            secret.metadata.deletionTimestamp == nil
        else { return "Token has been invalidated" }
        guard case .map(let data)? = secret[field: "data"], case .bytes(let own)? = data["token"],
            constantTimeEqual(String(decoding: own, as: UTF8.self), text)
        else { return "Token does not match server's copy" }
        guard let account = stored.find("serviceaccounts", namespace: token.namespace, token.name) else {
            return "serviceaccounts \"\(token.name)\" not found"
        }
        guard account.metadata.deletionTimestamp == nil else {
            return "ServiceAccount \(token.namespace)/\(token.name) has been deleted"
        }
        guard account.metadata.uid == token.uid else {
            return "ServiceAccount UID (\(account.metadata.uid)) does not match claim (\(token.uid))"
        }
        noteUse(of: secret)
        let mark = "kubernetes.io/legacy-token-invalid-since"
        guard (secret.metadata.labels[mark] ?? "").isEmpty else {
            return "the token in secret \(token.namespace)/\(name) for service account \(token.namespace)/\(token.name)"
                + " has been marked invalid: remove the label \(mark) from the secret to allow its use for a while"
        }
        return nil
    }

    /// Writes once a day when a Secret's token was last used.
    private func noteUse(of secret: Object) {
        let label = "kubernetes.io/legacy-token-last-used"
        let now = runtime.now()
        let today = String(now.rfc3339.prefix(10))
        let tomorrow = String(now.advanced(by: .seconds(86_400)).rfc3339.prefix(10))
        let last = secret.metadata.labels[label]
        guard last != today, last != tomorrow else { return }
        let uid = secret.metadata.uid
        let isFirst = noted.withLock { noted in
            if noted.count >= ServiceAccountTokens.verifiedMax { noted = [:] }
            return noted.updateValue(today, forKey: uid) != today
        }
        guard isFirst, let registry = stored.registry else { return }
        let metadata = secret.metadata
        var request = APIRequest(
            .patch,
            ResourceName(version: "v1", plural: "secrets", namespace: metadata.namespace, name: metadata.name))
        let body = #"{"metadata":{"uid":"\#(uid)","labels":{"\#(label)":"\#(today)"}}}"#
        request.patch = (.merge, Array(body.utf8))
        registry.handle(request, as: .server) { [self] result in
            // The next request tries again.
            if case .failure = result { noted.withLock { $0[uid] = nil } }
        }
    }
}

/// What a token of a service account says, its signature checked.
struct VerifiedToken: Sendable {
    struct Reference: Sendable, Hashable {
        let name: String
        let uid: String
    }
    let namespace: String
    let name: String
    let uid: String
    var audiences: [String] = []
    var expiry = Int64.max
    var notBefore: Int64 = 0
    var issuedAt: Int64 = 0
    var secret: Reference?
    var pod: Reference?
    var node: Reference?
    let isLegacy: Bool
    private(set) var identity = Identity.anonymous

    init?(_ claims: Map) {
        guard let expiry = claims.number("exp"), case .map(let bound)? = claims["kubernetes.io"],
            let namespace = bound.text("namespace"), let account = VerifiedToken.reference(bound, "serviceaccount")
        else { return nil }
        self.namespace = namespace
        (name, uid) = (account.name, account.uid)
        self.expiry = expiry
        notBefore = claims.number("nbf") ?? 0
        issuedAt = claims.number("iat") ?? 0
        audiences = claims.texts("aud")
        secret = VerifiedToken.reference(bound, "secret")
        pod = VerifiedToken.reference(bound, "pod")
        node = VerifiedToken.reference(bound, "node")
        isLegacy = false
        identity = bearer(claims.text("jti") ?? "")
    }

    init?(legacy claims: Map) {
        let prefix = "kubernetes.io/serviceaccount/"
        guard let namespace = claims.text(prefix + "namespace"), let secret = claims.text(prefix + "secret.name"),
            let name = claims.text(prefix + "service-account.name"),
            let uid = claims.text(prefix + "service-account.uid"),
            claims.text("sub") == "system:serviceaccount:\(namespace):\(name)"
        else { return nil }
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.secret = Reference(name: secret, uid: "")
        isLegacy = true
        identity = bearer("")
    }

    private static func reference(_ map: Map, _ key: String) -> Reference? {
        guard case .map(let reference)? = map[key], let name = reference.text("name") else { return nil }
        return Reference(name: name, uid: reference.text("uid") ?? "")
    }

    private func bearer(_ id: String) -> Identity {
        var extra: [String: [String]] = [:]
        func add(_ key: String, _ text: String?) {
            if let text, !text.isEmpty { extra["authentication.kubernetes.io/\(key)"] = [text] }
        }
        add("credential-id", id.isEmpty ? nil : "JTI=\(id)")
        add("pod-name", pod?.name)
        add("pod-uid", pod?.uid)
        add("node-name", node?.name)
        add("node-uid", node?.uid)
        return Identity(
            user: "system:serviceaccount:\(namespace):\(name)", uid: uid,
            groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"],
            extra: extra)
    }
}

extension Map {
    func text(_ key: String) -> String? { if case .string(let text)? = self[key] { text } else { nil } }

    /// A whole number; of another the part before the point.
    func number(_ key: String) -> Int64? {
        switch self[key] {
        case .int(let number): number
        case .double(let number): Int64(exactly: number.rounded(.down))
        default: nil
        }
    }

    /// A text, or a list of texts.
    func texts(_ key: String) -> [String] {
        switch self[key] {
        case .string(let text): [text]
        case .list(let values): values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        default: []
        }
    }
}

enum TokenText {
    static func decodeBase64URL(_ text: String) -> String? {
        var padded = text.replacing("-", with: "+").replacing("_", with: "/")
        while padded.utf8.count % 4 != 0 { padded += "=" }
        return Base64.decode(padded).flatMap { String(validating: $0, as: UTF8.self) }
    }
}

extension ServiceAccountTokens: MartinetReconcile.TokenSigner {
    /// A token without an end, for the Secrets that ask for one.
    package func legacyToken(_ claims: LegacyTokenClaims) throws -> String {
        let body = Value.map(
            Map(unsorted: [
                .init(key: "iss", value: .string(ServiceAccountTokens.legacyIssuer)),
                .init(key: "kubernetes.io/serviceaccount/namespace", value: .string(claims.namespace)),
                .init(key: "kubernetes.io/serviceaccount/secret.name", value: .string(claims.secretName)),
                .init(key: "kubernetes.io/serviceaccount/service-account.name", value: .string(claims.accountName)),
                .init(key: "kubernetes.io/serviceaccount/service-account.uid", value: .string(claims.accountUID)),
                .init(key: "sub", value: .string("system:serviceaccount:\(claims.namespace):\(claims.accountName)")),
            ]))
        return try signer.sign(JSONEncoder.encode(body))
    }
}
