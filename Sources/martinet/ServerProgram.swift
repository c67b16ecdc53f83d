import Glibc
import MartinetAPI
import MartinetAPICore
import MartinetAPIServer
import MartinetAddresses
import MartinetBase
import MartinetCertificates
import MartinetClient
import MartinetControllers
import MartinetReconcile
import MartinetScheduler
import MartinetSchema
import MartinetStore
import MartinetStreaming
import MartinetTransport
import MartinetWebhookAccess
import MartinetWebhooks

/// The server: API server, controllers and scheduler in one process, or the API server alone.
enum ServerProgram {
    @Sendable static func run(_ arguments: [String]) async -> Int32 {
        await run(arguments, log: Log(component: "server"), runsComponents: true)
    }

    /// As `kube-apiserver`: controllers and scheduler are other programs, upstream's among them.
    @Sendable static func runAlone(_ arguments: [String]) async -> Int32 {
        await run(arguments, log: Log(component: "apiserver"), runsComponents: false)
    }

    private static func run(_ arguments: [String], log: Log, runsComponents: Bool) async -> Int32 {
        do {
            let server = try ServerProcess(try Settings(arguments), log: log, runsComponents: runsComponents)
            try server.start()
            Heartbeat.start()
            await Signals.wait(for: [SIGTERM, SIGINT])
            await server.stop()
            return 0
        } catch {
            log.error("the server cannot start", [("error", "\(error)")])
            return 1
        }
    }
}

/// A running server.
final class ServerProcess: Sendable {
    private let settings: Settings
    private let log: Log
    private let runtime = ProductionRuntime()
    private let loops: EventLoops
    private let store: any ObjectStore
    private let leadership: Leadership?
    private let registry: Registry
    private let api: APIServer
    private let http: HTTPServer
    private let nodeClient: HTTPClient
    private let proxyClient: HTTPClient
    private let aggregator: Aggregator
    private let webhooks: WebhookClients
    private let drivers: [ComponentDriver]
    private let access: ServerAccess
    private let reloads: [IdentityReload]
    /// Nil where the keeper's node does it, which is root.
    private let renewer: CertificateRenewer?

    init(_ settings: Settings, log: Log, runsComponents: Bool) throws {
        self.settings = settings
        self.log = log
        let range = try ServerAddresses(settings)
        let credentials = try ClusterCredentials(settings, serviceAddress: range.network.apiServer, runtime: runtime)
        renewer =
            geteuid() == 0
            ? CertificateRenewer(
                settings, serviceAddress: range.network.apiServer, runtime: runtime, log: log.named("certificates"))
            : nil
        // Started by hand and as root, it stays root, and leaves what it makes to the one that a keeper starts.
        if geteuid() == 0, settings.etcdServers.isEmpty { try ServerUser.giveStore(settings) }
        store = try Stores.open(settings, runtime: runtime, log: log)
        leadership = store.isShared ? Leadership(store, runtime: runtime, log: log.named("leadership")) : nil
        loops = EventLoops(threads: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2))
        webhooks = WebhookClients(loops: loops, runtime: runtime)
        let access = try ServerAccess(
            settings.access,
            .init(
                signer: try credentials.tokens(), authority: credentials.authorityPEM,
                proxyAuthority: credentials.proxyAuthorityPEM,
                address: "https://\(settings.advertised):\(settings.apiPort)", loops: loops, runtime: runtime,
                log: log))
        self.access = access
        var configuration = Registry.Configuration(
            serviceNetwork: range.network,
            runtimeConfig: try RuntimeConfig(
                settings.runtimeConfig.split(separator: ",").map(String.init), servesLegacy: settings.servesLegacy),
            admission: try AdmissionSettings(
                enable: settings.admissionEnabled, disable: settings.admissionDisabled,
                configuration: settings.admissionConfiguration.map { file in
                    try AdmissionConfiguration.read(
                        CertificateFile.read(file), file: file, read: { try CertificateFile.read($0) })
                }))
        configuration.authorization = access.authorization
        registry = try Registry(
            store: store, runtime: runtime, log: log.named("registry"), configuration: configuration,
            tokenIssuer: access.tokens, reviews: [TokenReviews(access.authenticator)], webhooks: webhooks)
        let registry = registry
        access.follow(registry)
        webhooks.resolve { [weak registry] namespace, name, port throws(APIError) in
            guard let registry else { throw APIError.internalError("the server has stopped") }
            let found = try registry.resolve(service: name, namespace: namespace, port: port, leavesCluster: true)
            return (found.address, found.port)
        }
        nodeClient = try HTTPClient(
            loops: loops, runtime: runtime,
            ClientConfiguration(
                trust: .authorities(credentials.authorityPEM), identity: try credentials.identity(.kubeletClient)))
        proxyClient = try HTTPClient(loops: loops, runtime: runtime, ClientConfiguration(trust: .anybody))
        aggregator = Aggregator(
            registry: registry, loops: loops, identity: try credentials.identity(.frontProxy), runtime: runtime,
            log: log.named("aggregator"))
        api = APIServer(
            registry: registry, authenticator: access.authenticator,
            nodes: RegisteredNodes(registry: registry, client: nodeClient), discovery: access.discovery,
            forwarding: Forwarding(nodes: nodeClient, others: proxyClient, aggregator: aggregator),
            audit: access.audit)
        let shown = try credentials.identity(.server)
        let http = try HTTPServer(
            loops: loops,
            tls: ServerTLS(identity: shown, clientAuthorities: access.handshakeAuthorities),
            log: log.named("http"), limitExceeded: APIServer.limitExceeded, handler: api)
        self.http = http
        let interval = CertificateRenewal.interval(validity: settings.certificateValidity)
        let nodeClient = nodeClient
        reloads = [
            IdentityReload(
                credentials.file(.server), shown: shown, every: interval, runtime: runtime, log: log
            ) { try http.reload(ServerTLS(identity: $0, clientAuthorities: access.handshakeAuthorities)) },
            IdentityReload(
                credentials.file(.kubeletClient), shown: try credentials.identity(.kubeletClient), every: interval,
                runtime: runtime, log: log
            ) { try nodeClient.reload($0) },
        ]
        let authority = String(decoding: credentials.authorityPEM, as: UTF8.self)
        let controllers = StandardControllers.make(
            .init(
                kinds: registry.served.stored.map(\.kind), rootPEM: authority, signer: access.tokens,
                certificates: ClusterSigner(try credentials.authority(), authorizer: registry.authorizer)))
        let drivers = [
            ComponentDriver(
                controllers,
                client: RegistryClient(registry: registry, identity: .component("kube-controller-manager")),
                clientOf: { name in
                    StandardControllers.account(of: name).map {
                        RegistryClient(registry: registry, identity: .controller($0))
                    }
                }, runtime: runtime, log: log.named("controllers")),
            ComponentDriver(
                [Scheduler()], client: RegistryClient(registry: registry, identity: .component("kube-scheduler")),
                runtime: runtime, log: log.named("scheduler")),
        ]
        self.drivers = runsComponents ? drivers : []
    }

    func start() throws {
        let address: ListenAddress =
            Heartbeat.listener.map(ListenAddress.descriptor) ?? .ip(settings.apiAddress, port: settings.apiPort)
        let port = try http.listen(address, secure: true)
        renewer?.start()
        for reload in reloads { reload.start() }
        let bootstrap = Bootstrap(registry: registry, settings: settings, published: access.published, port: port)
        bootstrap.run { [self] in
            api.health.completed(.systemNamespaces)
            api.health.completed(.authentication)
            RoleBootstrap(registry).run { [self] in
                api.health.completed(.roles)
                FlowBootstrap(registry).run { [self] in
                    api.health.completed(.flows)
                    startDrivers()
                    bootstrap.keep(on: runtime.executor(named: "martinet.server.bootstrap"))
                    aggregator.start()
                    api.becomeReady()
                    log.info("ready", [("port", String(port))])
                }
            }
        }
    }

    /// Of several servers on one etcd, one runs the controllers and the scheduler.
    private func startDrivers() {
        guard let leadership else { return drivers.forEach { $0.start() } }
        leadership.whenWon { [self] in drivers.forEach { $0.start() } }
    }

    func stop() async {
        api.health.stop()
        renewer?.stop()
        for reload in reloads { reload.stop() }
        for driver in drivers { driver.stop() }
        aggregator.stop()
        leadership?.resign()
        await http.shutdown(grace: .seconds(5))
        await access.audit?.close()
        nodeClient.shutdown()
        proxyClient.shutdown()
        webhooks.shutdown()
        await withCheckedContinuation { done in store.close { done.resume() } }
        await loops.shutdown()
    }
}

/// The address ranges of the settings, read and checked.
struct ServerAddresses {
    let network: ServiceNetwork

    init(_ settings: Settings) throws(SettingsError) {
        guard let range = IPNetwork(settings.serviceRange), range.family == .v4, (8...28).contains(range.prefix) else {
            throw SettingsError(
                message:
                    "--service-range must be an IPv4 range with a prefix from 8 to 28, found \(settings.serviceRange)")
        }
        guard let pods = IPNetwork(settings.clusterRange) else {
            throw SettingsError(message: "--cluster-range must be an address range, found \(settings.clusterRange)")
        }
        guard !pods.overlaps(range) else {
            throw SettingsError(message: "the ranges of services (\(range)) and pods (\(pods)) overlap")
        }
        var base: UInt32 = 0
        for byte in range.address.bytes { base = base << 8 | UInt32(byte) }
        network = ServiceNetwork(base: base, prefixLength: range.prefix)
    }
}
