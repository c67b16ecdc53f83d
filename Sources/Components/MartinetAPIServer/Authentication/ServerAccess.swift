package import MartinetAPICore
package import MartinetBase
package import MartinetCertificates
import MartinetClient
import MartinetSchema
package import MartinetTransport

/// Who may come in and who may do what, made of the flags: what a server is put together from.
package struct ServerAccess: Sendable {
    package struct Dependencies: Sendable {
        package var signer: MartinetCertificates.TokenSigner
        /// In PEM: who issues the cluster's certificates.
        package var authority: [UInt8]
        /// In PEM: who issues the certificates of the cluster's own proxies; nil where there are none.
        package var proxyAuthority: [UInt8]?
        /// How clients reach this server: `https://host:port`.
        package var address: String
        package var loops: EventLoops
        package var runtime: any Runtime
        package var log: Log

        package init(
            signer: MartinetCertificates.TokenSigner, authority: [UInt8], proxyAuthority: [UInt8]? = nil,
            address: String, loops: EventLoops, runtime: any Runtime, log: Log
        ) {
            self.signer = signer
            self.authority = authority
            self.proxyAuthority = proxyAuthority
            self.address = address
            self.loops = loops
            self.runtime = runtime
            self.log = log
        }
    }

    /// Whom the cluster's own aggregator shows itself as.
    package static let proxyName = "front-proxy-client"

    package let tokens: ServiceAccountTokens
    package let authenticator: Authenticator
    package let discovery: IssuerDiscovery
    /// In PEM: whom handshakes verify client certificates against.
    package let handshakeAuthorities: [UInt8]
    package let published: ExtensionAuthentication
    /// For the registry's configuration.
    package let authorization: [AuthorizationStep]
    /// Nil where nothing is audited.
    package let audit: AuditLog?
    private let stored = StoredObjects()

    /// - Parameter tokens: static tokens besides those of the file.
    package init(
        _ flags: AccessFlags, tokens: [String: Identity] = [:], _ parts: Dependencies
    ) throws {
        let issuers = flags.issuers.isEmpty ? [ServiceAccountTokens.issuer] : flags.issuers
        self.tokens = ServiceAccountTokens(
            signer: parts.signer, runtime: parts.runtime, stored: stored,
            .init(issuers: issuers, audiences: flags.audiences))
        let audiences = self.tokens.audiences
        let keysURL = flags.keysURL.isEmpty ? parts.address + IssuerDiscovery.keysPath : flags.keysURL
        discovery = IssuerDiscovery(issuer: issuers[0], keysURL: keysURL, signer: parts.signer)

        var users = parts.authority
        if !flags.clientAuthorities.isEmpty { users += [10] + (try CertificateFile.read(flags.clientAuthorities)) }
        let proxyAuthority =
            flags.proxyAuthorities.isEmpty ? parts.proxyAuthority : try CertificateFile.read(flags.proxyAuthorities)
        handshakeAuthorities = users + (proxyAuthority.map { [10] + $0 } ?? [])
        let proxyNames =
            flags.proxyNames.isEmpty && flags.proxyAuthorities.isEmpty ? [ServerAccess.proxyName] : flags.proxyNames
        published = ExtensionAuthentication(
            clientAuthorities: users, proxyAuthorities: proxyAuthority, proxyNames: proxyNames,
            headers: flags.proxyHeaders)

        authorization = try AuthorizationSettings.steps(flags, parts)
        audit = try AuditLog.make(flags.audit, parts)
        let file = try ServerAccess.file(flags)
        var configuration = Authenticator.Configuration(audiences: audiences)
        if let proxyAuthority {
            configuration.proxies = RequestHeaders(
                trust: try CertificateTrust(pem: proxyAuthority), commonNames: proxyNames, names: flags.proxyHeaders)
            configuration.clientTrust = try CertificateTrust(pem: users)
        }
        configuration.anonymous = file?.anonymous ?? (flags.anonymous == false ? .nowhere : .everywhere)

        var fixed = tokens
        if !flags.tokenFile.isEmpty {
            let text = String(decoding: try CertificateFile.read(flags.tokenFile), as: UTF8.self)
            fixed.merge(try StaticTokens.read(text, file: flags.tokenFile)) { _, new in new }
        }
        var verifiers: [any TokenVerifier] = [StaticTokens(fixed, audiences: audiences), self.tokens]
        if flags.bootstrapTokens {
            verifiers.append(BootstrapTokens(stored: stored, audiences: audiences, runtime: parts.runtime))
        }
        authenticator = Authenticator(
            configuration, verifiers: verifiers,
            remote: try ServerAccess.remote(flags, file, audiences: audiences, own: issuers, parts),
            runtime: parts.runtime)
    }

    /// Looks at what is stored from now on; no token of an account or for bootstrapping is good before.
    package func follow(_ registry: Registry) { stored.follow(registry) }

    private static func file(_ flags: AccessFlags) throws -> AuthenticationFile? {
        guard !flags.authenticationConfig.isEmpty else { return nil }
        guard flags.oidc.issuer.isEmpty, flags.oidc.client.isEmpty else {
            throw AccessError("--authentication-config and --oidc-* exclude each other")
        }
        let document = try AccessDocument.read(flags.authenticationConfig)
        let file = try AuthenticationFile(document, file: flags.authenticationConfig)
        guard file.anonymous == nil || flags.anonymous == nil else {
            throw AccessError("--anonymous-auth and anonymous in --authentication-config exclude each other")
        }
        return file
    }

    private static func remote(
        _ flags: AccessFlags, _ file: AuthenticationFile?, audiences: [String], own: [String], _ parts: Dependencies
    ) throws -> [any RemoteTokenVerifier] {
        var issuers = file?.issuers ?? []
        let authorities = flags.oidc.authorities.isEmpty ? nil : try CertificateFile.read(flags.oidc.authorities)
        if let issuer = try AuthenticationFile.issuer(flags.oidc, authorities: authorities) { issuers.append(issuer) }
        var remote: [any RemoteTokenVerifier] = []
        for rules in issuers {
            guard !own.contains(rules.url) else {
                throw AccessError("the issuer \(rules.url) is the one of this cluster's service accounts")
            }
            let endpoint = try OutwardJSON(
                url: rules.url, trust: rules.authorities.map { .authorities($0) } ?? .system, timeout: .seconds(30),
                loops: parts.loops, runtime: parts.runtime)
            let tokens = OpenIDTokens(
                rules, endpoint: endpoint, audiences: audiences, runtime: parts.runtime,
                log: parts.log.named("openid"))
            tokens.prepare()
            remote.append(tokens)
        }
        if !flags.tokenWebhook.isEmpty {
            remote.append(
                WebhookTokens(
                    try OutwardJSON(
                        kubeconfig: flags.tokenWebhook, timeout: .seconds(30), loops: parts.loops,
                        runtime: parts.runtime),
                    version: flags.tokenWebhookVersion, lifetime: .seconds(flags.tokenWebhookSeconds),
                    audiences: audiences, runtime: parts.runtime, log: parts.log.named("tokens")))
        }
        return remote
    }
}

/// A configuration file in YAML or JSON, as JSON says it.
enum AccessDocument {
    static func read(_ path: String) throws -> Value {
        let bytes = try CertificateFile.read(path)
        do throws(APIError) {
            let json = try BodyDecoder.json(fromYAML: bytes)
            guard let value = try? JSONDecoder.decodeAny(json).value else {
                throw APIError.badRequest("it is no document")
            }
            return value
        } catch {
            throw AccessError("\(path): \(error.message)")
        }
    }
}
