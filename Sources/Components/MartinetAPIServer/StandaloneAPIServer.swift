import MartinetAPI
package import MartinetAPICore
package import MartinetBase
package import MartinetCertificates
import MartinetClient
import MartinetSchema
package import MartinetStore
package import MartinetTransport
import MartinetWebhookAccess

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
        /// Whether it passes requests on to nodes, pods, services and other API servers.
        package var forwards = false
        /// The names beside `localhost` that its certificate is for.
        package var names: [String] = []
        package var access = AccessFlags()
        /// In PEM: who issues the certificates of proxies that are believed.
        package var proxyAuthority: [UInt8]?
        package var admission = AdmissionSettings()
        package var runtimeConfig = RuntimeConfig()

        package init(folder: String) { self.folder = folder }
    }

    package let port: Int
    package let authority: CertificateAuthority
    /// A client certificate of `system:masters`.
    package let admin: TLSIdentity
    package let store: SQLiteStore
    package let signer: TokenSigner
    package let registry: Registry
    package let http: HTTPServer
    private let loops: EventLoops
    private let forwarding: Forwarding?
    private let webhooks: WebhookClients
    private let audit: AuditLog?
    /// For tests that want to see it stop.
    package let health: HealthChecks

    /// Returns when the server answers; the namespace `default` is there a moment later.
    package init(_ configuration: Configuration, runtime: any Runtime, log: Log = Log(component: "apiserver")) throws {
        let now = runtime.now()
        let validity = Duration.seconds(86_400)
        authority = try CertificateAuthority.create(commonName: "standalone", now: now)
        let shown = try authority.issue(
            .server(
                "kube-apiserver", dnsNames: ["localhost"] + configuration.names,
                addresses: Set([configuration.address, "127.0.0.1"]).sorted()),
            now: now, validity: validity)
        let client = try authority.issue(
            .client("kubernetes-admin", groups: ["system:masters"]), now: now, validity: validity)
        admin = TLSIdentity(certificateChain: client.certificatePEM, privateKey: client.privateKeyPEM)
        store = try SQLiteStore(path: configuration.folder + "/objects.db", runtime: runtime)
        loops = EventLoops(threads: configuration.threads)
        webhooks = WebhookClients(loops: loops, runtime: runtime)
        signer = TokenSigner()
        let access = try ServerAccess(
            configuration.access, tokens: configuration.tokens,
            .init(
                signer: signer, authority: authority.certificatePEM, proxyAuthority: configuration.proxyAuthority,
                address: "https://\(configuration.address):\(configuration.port)", loops: loops, runtime: runtime,
                log: log))
        var settings = Registry.Configuration(
            runtimeConfig: configuration.runtimeConfig, admission: configuration.admission)
        settings.authorization = access.authorization
        registry = try Registry(
            store: store, runtime: runtime, log: log.named("registry"), configuration: settings,
            tokenIssuer: access.tokens, reviews: [TokenReviews(access.authenticator)], webhooks: webhooks)
        let registry = registry
        access.follow(registry)
        webhooks.resolve { [weak registry] namespace, name, port throws(APIError) in
            guard let registry else { throw APIError.internalError("the server has stopped") }
            let found = try registry.resolve(service: name, namespace: namespace, port: port, leavesCluster: true)
            return (found.address, found.port)
        }
        if configuration.forwards {
            let front = try authority.issue(.client(ServerAccess.proxyName), now: now, validity: validity)
            let aggregator = Aggregator(
                registry: registry, loops: loops,
                identity: TLSIdentity(certificateChain: front.certificatePEM, privateKey: front.privateKeyPEM),
                runtime: runtime, log: log.named("aggregator"))
            let client = try HTTPClient(loops: loops, runtime: runtime, ClientConfiguration(trust: .anybody))
            forwarding = Forwarding(nodes: client, others: client, aggregator: aggregator)
        } else {
            forwarding = nil
        }
        let api = APIServer(
            registry: registry, authenticator: access.authenticator, discovery: access.discovery,
            forwarding: forwarding,
            audit: access.audit)
        audit = access.audit
        health = api.health
        http = try HTTPServer(
            loops: loops,
            tls: ServerTLS(
                identity: TLSIdentity(certificateChain: shown.certificatePEM, privateKey: shown.privateKeyPEM),
                clientAuthorities: access.handshakeAuthorities),
            limits: configuration.limits, log: log.named("http"), limitExceeded: APIServer.limitExceeded, handler: api)
        port = try http.listen(.ip(configuration.address, port: configuration.port), secure: true)
        StandaloneAPIServer.makeNamespaces(["default", "kube-system"], in: registry) { [forwarding] in
            api.health.completed(.systemNamespaces)
            RoleBootstrap(registry).run {
                api.health.completed(.roles)
                FlowBootstrap(registry).run {
                    api.health.completed(.flows)
                    forwarding?.aggregator?.start()
                    if forwarding != nil { registry.keepServiceRanges() }
                    access.published.publish(in: registry) { api.becomeReady() }
                }
            }
        }
    }

    private static func makeNamespaces(
        _ names: ArraySlice<String>, in registry: Registry, _ done: @escaping @Sendable () -> Void
    ) {
        guard let name = names.first else { return done() }
        var request = APIRequest(.create, ResourceName(version: "v1", plural: "namespaces"))
        request.object = Namespace { $0.metadata.name = name }.object
        registry.handle(request, as: .server) { _ in makeNamespaces(names.dropFirst(), in: registry, done) }
    }

    package func stop() async {
        forwarding?.aggregator?.stop()
        forwarding?.others.shutdown()
        health.stop()
        await http.shutdown(grace: .seconds(2))
        await audit?.close()
        webhooks.shutdown()
        await withCheckedContinuation { done in store.close { done.resume() } }
        await loops.shutdown()
    }
}
