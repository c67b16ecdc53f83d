package import MartinetReconcile
package import MartinetAPICore
package import MartinetBase
package import MartinetCertificates
import MartinetClient
import MartinetSchema
import Synchronization

/// Issues and checks the tokens of service accounts: JWTs that name the account and the object they are bound to (KEP-1205).
package final class ServiceAccountTokens: TokenIssuer, TokenVerifier, Sendable {
    package static let issuer = "https://kubernetes.default.svc"
    private let signer: MartinetCertificates.TokenSigner
    private let runtime: any Runtime
    private struct Verified: Sendable {
        let namespace: String
        let name: String
        let uid: String
        let expiry: Int64
        let identity: Identity
    }
    /// Tokens whose signature has been checked: checking it costs more than answering.
    private let verified = Mutex<[String: Verified]>([:])
    private static let verifiedMax = 4096
    /// Set once the registry exists: a token is only good as long as its account is.
    private let accounts = Mutex<(@Sendable (_ namespace: String, _ name: String) -> String?)?>(nil)

    package init(signer: MartinetCertificates.TokenSigner, runtime: any Runtime) {
        self.signer = signer
        self.runtime = runtime
    }

    /// - Parameter uid: the uid of an account; nil where there is none of that name.
    package func lookUpAccounts(by uid: @escaping @Sendable (_ namespace: String, _ name: String) -> String?) {
        accounts.withLock { $0 = uid }
    }

    package func issue(_ claims: TokenClaims) -> String {
        let audiences = claims.audiences.isEmpty ? [ServiceAccountTokens.issuer] : claims.audiences
        func text(_ pairs: [(String, Value)]) -> Value {
            .map(Map(unsorted: pairs.map { .init(key: $0.0, value: $0.1) }))
        }
        var bound: [(String, Value)] = [
            ("namespace", .string(claims.namespace)),
            ("serviceaccount", text([("name", .string(claims.account)), ("uid", .string(claims.accountUID))])),
        ]
        if !claims.boundKind.isEmpty {
            bound.append(
                (
                    claims.boundKind.lowercased(),
                    text([("name", .string(claims.boundName)), ("uid", .string(claims.boundUID))])
                ))
        }
        let body = text([
            ("aud", .list(audiences.map(Value.string))), ("exp", .int(claims.expiresAt.seconds)),
            ("iat", .int(claims.issuedAt.seconds)), ("nbf", .int(claims.issuedAt.seconds)),
            ("iss", .string(ServiceAccountTokens.issuer)), ("jti", .string(runtime.uid())),
            ("sub", .string("system:serviceaccount:\(claims.namespace):\(claims.account)")),
            ("kubernetes.io", text(bound)),
        ])
        // Signing with a key of one's own cannot fail for what a token can hold; an empty token opens nothing.
        return (try? signer.sign(JSONEncoder.encode(body))) ?? ""
    }

    package func identity(_ token: String) -> Identity? {
        let known = verified.withLock { $0[token] }
        guard let claims = known ?? verify(token), claims.expiry > runtime.now().seconds else { return nil }
        if known == nil {
            verified.withLock { verified in
                // Forgotten as a whole when it is full: what is in use is back after one check each.
                if verified.count >= ServiceAccountTokens.verifiedMax { verified = [:] }
                verified[token] = claims
            }
        }
        // A token is good as long as its account is the one that it was issued for.
        guard let lookUp = accounts.withLock({ $0 }), lookUp(claims.namespace, claims.name) == claims.uid else {
            return nil
        }
        return claims.identity
    }

    /// What a token says whose signature, issuer and audience are right, whenever it expires.
    private func verify(_ token: String) -> Verified? {
        guard let bytes = try? signer.verify(token), case .map(let claims)? = try? JSONDecoder.decodeAny(bytes).value,
            case .int(let expiry)? = claims["exp"],
            claims["iss"] == .string(ServiceAccountTokens.issuer), case .list(let audiences)? = claims["aud"],
            audiences.contains(.string(ServiceAccountTokens.issuer)), case .map(let bound)? = claims["kubernetes.io"],
            case .string(let namespace)? = bound["namespace"], case .map(let account)? = bound["serviceaccount"],
            case .string(let name)? = account["name"], case .string(let uid)? = account["uid"]
        else { return nil }
        let now = Timestamp(seconds: 0)
        let identity = TokenClaims(
            namespace: namespace, account: name, accountUID: uid, audiences: [], issuedAt: now, expiresAt: now
        ).identity
        return Verified(namespace: namespace, name: name, uid: uid, expiry: expiry, identity: identity)
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
                .init(key: "iss", value: .string("kubernetes/serviceaccount")),
                .init(key: "kubernetes.io/serviceaccount/namespace", value: .string(claims.namespace)),
                .init(key: "kubernetes.io/serviceaccount/secret.name", value: .string(claims.secretName)),
                .init(key: "kubernetes.io/serviceaccount/service-account.name", value: .string(claims.accountName)),
                .init(key: "kubernetes.io/serviceaccount/service-account.uid", value: .string(claims.accountUID)),
                .init(key: "sub", value: .string("system:serviceaccount:\(claims.namespace):\(claims.accountName)")),
            ]))
        return try signer.sign(JSONEncoder.encode(body))
    }
}
