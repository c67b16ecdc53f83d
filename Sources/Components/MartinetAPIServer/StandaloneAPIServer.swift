import MartinetAPI
package import MartinetAPICore
package import MartinetBase
package import MartinetCertificates
import MartinetClient
import MartinetSchema
package import MartinetStore
package import MartinetTransport

/// An API server alone: a store in a folder, certificates made for the occasion, one listener. No controllers run.
///
/// For measuring and for tests, which both want the server as it is in production and nothing beside it.
package final class StandaloneAPIServer: Sendable {
    package struct Configuration: Sendable {
        /// Holds the store; must exist.
        package var folder: String
        package var address = "127.0.0.1"
        /// 0 lets the kernel choose.
        package var port = 0
        package var threads = 1
        package var limits = ServerLimits()
        /// Static bearer tokens and whom they stand for.
        package var tokens: [String: Identity] = [:]
        package var runtimeConfig = RuntimeConfig()

        package init(folder: String) { self.folder = folder }
    }

    package let port: Int
    package let authority: CertificateAuthority
    /// A client certificate of `system:masters`.
    package let admin: TLSIdentity
    package let store: SQLiteStore
    package let http: HTTPServer
    private let loops: EventLoops

    /// Returns when the server answers; the namespace `default` is there a moment later.
    package init(_ configuration: Configuration, runtime: any Runtime, log: Log = Log(component: "apiserver")) throws {
        let now = runtime.now()
        let validity = Duration.seconds(86_400)
        authority = try CertificateAuthority.create(commonName: "standalone", now: now)
        let shown = try authority.issue(
            .server("kube-apiserver", dnsNames: ["localhost"], addresses: [configuration.address]), now: now,
            validity: validity)
        let client = try authority.issue(
            .client("kubernetes-admin", groups: ["system:masters"]), now: now, validity: validity)
        admin = TLSIdentity(certificateChain: client.certificatePEM, privateKey: client.privateKeyPEM)
        store = try SQLiteStore(path: configuration.folder + "/objects.db", runtime: runtime)
        let tokens = ServiceAccountTokens(signer: TokenSigner(), runtime: runtime)
        let authenticator = Authenticator(tokens: configuration.tokens, verifier: tokens)
        let registry = try Registry(
            store: store, runtime: runtime, log: log.named("registry"),
            configuration: .init(runtimeConfig: configuration.runtimeConfig), tokenIssuer: tokens,
            reviews: [TokenReviews(authenticator)])
        tokens.lookUpAccounts { [weak registry] namespace, name in
            registry?.stored(
                ResourceName(version: "v1", plural: "serviceaccounts", namespace: namespace, name: name))?
                .object.metadata.uid
        }
        loops = EventLoops(threads: configuration.threads)
        let api = APIServer(registry: registry, authenticator: authenticator)
        http = try HTTPServer(
            loops: loops,
            tls: ServerTLS(
                identity: TLSIdentity(certificateChain: shown.certificatePEM, privateKey: shown.privateKeyPEM),
                clientAuthorities: authority.certificatePEM),
            limits: configuration.limits, log: log.named("http"), limitExceeded: APIServer.limitExceeded, handler: api)
        port = try http.listen(.ip(configuration.address, port: configuration.port), secure: true)
        var request = APIRequest(.create, ResourceName(version: "v1", plural: "namespaces"))
        request.object = Namespace { $0.metadata.name = "default" }.object
        registry.handle(request, as: .server) { _ in
            RoleBootstrap(registry).run { api.becomeReady() }
        }
    }

    package func stop() async {
        await http.shutdown(grace: .seconds(2))
        await withCheckedContinuation { done in store.close { done.resume() } }
        await loops.shutdown()
    }
}
