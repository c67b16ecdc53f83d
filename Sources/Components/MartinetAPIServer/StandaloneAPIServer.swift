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
        /// Who has certified the front proxies that may ask for others, in PEM; nil where there are none.
        package var frontAuthority: [UInt8]?
        package var admission = AdmissionSettings()

        package init(folder: String) { self.folder = folder }
    }

    package let port: Int
    package let authority: CertificateAuthority
    /// A client certificate of `system:masters`.
    package let admin: TLSIdentity
    package let store: SQLiteStore
    package let http: HTTPServer
    private let loops: EventLoops
    private let forwarding: Forwarding?
    private let webhooks: WebhookClients

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
        let tokens = ServiceAccountTokens(signer: TokenSigner(), runtime: runtime)
        let authenticator = Authenticator(
            tokens: configuration.tokens, verifier: tokens,
            frontProxies: configuration.frontAuthority == nil ? [] : [StandaloneAPIServer.frontProxy])
        loops = EventLoops(threads: configuration.threads)
        webhooks = WebhookClients(loops: loops, runtime: runtime)
        let registry = try Registry(
            store: store, runtime: runtime, log: log.named("registry"),
            configuration: .init(admission: configuration.admission), tokenIssuer: tokens,
            reviews: [TokenReviews(authenticator)], webhooks: webhooks)
        webhooks.resolve { [weak registry] namespace, name, port throws(APIError) in
            guard let registry else { throw APIError.internalError("the server has stopped") }
            let found = try registry.resolve(service: name, namespace: namespace, port: port, leavesCluster: true)
            return (found.address, found.port)
        }
        tokens.lookUpAccounts { [weak registry] namespace, name in
            registry?.stored(
                ResourceName(version: "v1", plural: "serviceaccounts", namespace: namespace, name: name))?
                .object.metadata.uid
        }
        if configuration.forwards {
            let front = try authority.issue(.client(StandaloneAPIServer.frontProxy), now: now, validity: validity)
            let aggregator = Aggregator(
                registry: registry, loops: loops,
                identity: TLSIdentity(certificateChain: front.certificatePEM, privateKey: front.privateKeyPEM),
                runtime: runtime, log: log.named("aggregator"))
            let client = try HTTPClient(loops: loops, runtime: runtime, ClientConfiguration(trust: .anybody))
            forwarding = Forwarding(nodes: client, others: client, aggregator: aggregator)
        } else {
            forwarding = nil
        }
        let api = APIServer(registry: registry, authenticator: authenticator, forwarding: forwarding)
        http = try HTTPServer(
            loops: loops,
            tls: ServerTLS(
                identity: TLSIdentity(certificateChain: shown.certificatePEM, privateKey: shown.privateKeyPEM),
                clientAuthorities: authority.certificatePEM + (configuration.frontAuthority ?? [])),
            limits: configuration.limits, log: log.named("http"), limitExceeded: APIServer.limitExceeded, handler: api)
        port = try http.listen(.ip(configuration.address, port: configuration.port), secure: true)
        var request = APIRequest(.create, ResourceName(version: "v1", plural: "namespaces"))
        request.object = Namespace { $0.metadata.name = "default" }.object
        registry.handle(request, as: .server) { [forwarding] _ in
            RoleBootstrap(registry).run {
                FlowBootstrap(registry).run {
                    forwarding?.aggregator?.start()
                    if forwarding != nil { registry.keepServiceRanges() }
                    api.becomeReady()
                }
            }
        }
    }

    private static let frontProxy = "front-proxy-client"

    package func stop() async {
        forwarding?.aggregator?.stop()
        forwarding?.others.shutdown()
        await http.shutdown(grace: .seconds(2))
        webhooks.shutdown()
        await withCheckedContinuation { done in store.close { done.resume() } }
        await loops.shutdown()
    }
}
