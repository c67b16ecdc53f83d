package import MartinetAPICore
package import MartinetBase
import MartinetCertificates
import MartinetClient
import MartinetTransport

/// Checks the tokens of service accounts.
package protocol TokenVerifier: Sendable {
    /// Who bears the token; nil where it is none of this cluster's, has expired, or its account is gone.
    func identity(_ token: String) -> Identity?
}

/// Finds out who sends a request: by client certificate, then by bearer token; nobody is anonymous.
package struct Authenticator: Sendable {
    private let tokens: [String: Identity]
    private let verifier: (any TokenVerifier)?
    private let runtime: any Runtime
    private let frontProxies: Set<String>

    /// - Parameters:
    ///   - tokens: static tokens and whom they stand for.
    ///   - frontProxies: the common names of client certificates whose holder says in headers who asks.
    package init(
        tokens: [String: Identity] = [:], verifier: (any TokenVerifier)? = nil,
        runtime: any Runtime = ProductionRuntime(), frontProxies: Set<String> = []
    ) {
        self.tokens = tokens
        self.frontProxies = frontProxies
        self.verifier = verifier
        self.runtime = runtime
    }

    /// Whom a client certificate stands for, and until when.
    private struct Bearer: Sendable {
        let identity: Identity?
        let notAfter: Timestamp

        init(_ certificate: [UInt8]) {
            guard let info = try? CertificateInfo(der: certificate), info.isForClients, let user = info.commonName,
                !user.isEmpty
            else {
                (identity, notAfter) = (nil, Timestamp(seconds: 0))
                return
            }
            identity = Identity(user: user, groups: info.organizations + ["system:authenticated"])
            notAfter = info.notAfter
        }
    }

    func identity(_ request: HTTPRequest) throws(APIError) -> Identity {
        // The transport has verified the chain against the cluster's authority.
        if let certificate = request.peer.certificates.first {
            let bearer = request.peer.memo.value { Bearer(certificate) }
            if let identity = bearer.identity {
                // A connection may live longer than the certificate that opened it.
                guard bearer.notAfter > runtime.now() else { throw APIError.unauthorized() }
                if !frontProxies.isEmpty, frontProxies.contains(identity.user),
                    let told = RemoteIdentity.read(request.headers)
                {
                    return told
                }
                return identity
            }
        }
        guard let token = Authenticator.bearer(request) else { return .anonymous }
        guard let identity = identity(ofToken: token) else { throw APIError.unauthorized() }
        return identity
    }

    /// Whom a token stands for; nil where it is good for nothing.
    func identity(ofToken token: String) -> Identity? { tokens[token] ?? verifier?.identity(token) }

    /// From the header, or from the subprotocol that browsers use for want of headers.
    private static func bearer(_ request: HTTPRequest) -> String? {
        if let header = request.headers["authorization"] {
            let parts = header.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
            return String(parts[1])
        }
        let prefix = "base64url.bearer.authorization.k8s.io."
        guard let offered = request.headers.tokens("sec-websocket-protocol").first(where: { $0.hasPrefix(prefix) })
        else {
            return nil
        }
        return TokenText.decodeBase64URL(String(offered.dropFirst(prefix.count)))
    }
}
