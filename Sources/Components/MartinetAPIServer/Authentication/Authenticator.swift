package import MartinetAPICore
package import MartinetBase
package import MartinetCertificates
import MartinetClient
import MartinetTransport

/// Finds out who sends a request: the word of a believed proxy, then the client certificate, then the bearer token;
/// without any of them nobody in particular, where that is allowed.
package struct Authenticator: Sendable {
    /// Who may come without saying who he is.
    package enum Anonymous: Sendable, Hashable {
        case everywhere
        /// On these paths alone, which are exact.
        case on([String])
        case nowhere
    }

    package struct Configuration: Sendable {
        /// By what names tokens may call this server.
        package var audiences: [String]
        package var anonymous = Anonymous.everywhere
        /// Who issues the certificates of users, where the handshake verifies against others as well.
        package var clientTrust: CertificateTrust?
        package var proxies: RequestHeaders?
        package init(audiences: [String] = [ServiceAccountTokens.issuer]) { self.audiences = audiences }
    }

    package let configuration: Configuration
    private let verifiers: [any TokenVerifier]
    private let remote: [any RemoteTokenVerifier]
    private let runtime: any Runtime

    package init(
        _ configuration: Configuration, verifiers: [any TokenVerifier], remote: [any RemoteTokenVerifier] = [],
        runtime: any Runtime = ProductionRuntime()
    ) {
        self.configuration = configuration
        self.verifiers = verifiers
        self.remote = remote
        self.runtime = runtime
    }

    /// - Parameter tokens: static tokens and whom they stand for.
    package init(
        tokens: [String: Identity] = [:], verifier: (any TokenVerifier)? = nil,
        runtime: any Runtime = ProductionRuntime()
    ) {
        let configuration = Configuration()
        let first: [any TokenVerifier] = [StaticTokens(tokens, audiences: configuration.audiences)]
        self.init(configuration, verifiers: first + [verifier].compactMap { $0 }, runtime: runtime)
    }

    enum Outcome {
        case found(Identity)
        case refused
        /// Somebody must be asked about this token.
        case asks(String)
    }

    /// What a certificate says, found out once a connection.
    private struct Shown: Sendable {
        let user: Identity?
        let isProxy: Bool
        let notAfter: Timestamp

        init(_ certificate: [UInt8], _ configuration: Configuration, now: Timestamp) {
            guard let info = try? CertificateInfo(der: certificate), info.isForClients else {
                (user, isProxy, notAfter) = (nil, false, Timestamp(seconds: 0))
                return
            }
            notAfter = info.notAfter
            isProxy = configuration.proxies?.isProxy(certificate, info, now: now) ?? false
            let isUser = configuration.clientTrust?.issued(certificate, now: now) ?? true
            guard isUser, let name = info.commonName, !name.isEmpty else {
                user = nil
                return
            }
            user = Identity(
                user: name, uid: info.userID ?? "", groups: info.organizations.known,
                extra: [
                    "authentication.kubernetes.io/credential-id": [
                        "X509SHA256=\(CertificateFingerprint.sha256(certificate))"
                    ]
                ])
        }
    }

    func outcome(_ request: HTTPRequest) -> Outcome {
        // The transport has verified the chain against the authorities.
        if let certificate = request.peer.certificates.first {
            let now = runtime.now()
            let shown = request.peer.memo.value { Shown(certificate, configuration, now: now) }
            // A connection may live longer than the certificate that opened it.
            let holds = shown.notAfter > now
            if holds, shown.isProxy, let identity = configuration.proxies?.identity(request.headers) {
                return .found(identity)
            }
            if let user = shown.user { return holds ? .found(user) : .refused }
        }
        guard let token = Authenticator.bearer(request) else {
            // A certificate that stands for nobody is no way to come in as nobody in particular.
            return request.peer.certificates.isEmpty ? anonymous(request.path) : .refused
        }
        switch check(token, for: configuration.audiences) {
        case .accepted(let identity, _)?: return .found(identity)
        case .refused?, .foreign?: return .refused
        case nil: return .asks(token)
        }
    }

    private func anonymous(_ path: String) -> Outcome {
        switch configuration.anonymous {
        case .everywhere: .found(.anonymous)
        case .on(let paths): paths.contains(path) ? .found(.anonymous) : .refused
        case .nowhere: .refused
        }
    }

    /// What a token is good for; nil where somebody must be asked.
    private func check(_ token: String, for audiences: [String]) -> TokenOutcome? {
        var refusals: [String] = []
        for verifier in verifiers {
            switch verifier.check(token, for: audiences) {
            case .accepted(let identity, let common): return .accepted(identity, audiences: common)
            case .refused(let why): refusals.append(why)
            case .foreign: break
            }
        }
        for verifier in remote {
            switch verifier.known(token, for: audiences) {
            case .accepted(let identity, let common)?: return .accepted(identity, audiences: common)
            case .refused(let why)?: refusals.append(why)
            case .foreign?: break
            case nil: return nil
            }
        }
        return refusals.isEmpty ? .foreign : .refused(refusals.joined(separator: ", "))
    }

    /// What a token is good for. `completion` is called at once where nobody has to be asked.
    func check(
        _ token: String, for audiences: [String], _ completion: @escaping @Sendable (TokenOutcome) -> Void
    ) {
        if let outcome = check(token, for: audiences) { return completion(outcome) }
        ask(remote[...], token, audiences, [], completion)
    }

    private func ask(
        _ verifiers: ArraySlice<any RemoteTokenVerifier>, _ token: String, _ audiences: [String], _ refusals: [String],
        _ completion: @escaping @Sendable (TokenOutcome) -> Void
    ) {
        guard let verifier = verifiers.first else {
            return completion(refusals.isEmpty ? .foreign : .refused(refusals.joined(separator: ", ")))
        }
        let next: @Sendable (TokenOutcome) -> Void = { outcome in
            switch outcome {
            case .accepted: completion(outcome)
            case .refused(let why):
                self.ask(verifiers.dropFirst(), token, audiences, refusals + [why], completion)
            case .foreign: self.ask(verifiers.dropFirst(), token, audiences, refusals, completion)
            }
        }
        if let known = verifier.known(token, for: audiences) { return next(known) }
        verifier.check(token, for: audiences, next)
    }

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
