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

/// The server: API server, controllers and scheduler in one process.
enum ServerProgram {
    @Sendable static func run(_ arguments: [String]) async -> Int32 {
        let log = Log(component: "server")
        do {
            let server = try ServerProcess(try Settings(arguments), log: log)
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
    private let store: SQLiteStore
    private let registry: Registry
    private let api: APIServer
    private let http: HTTPServer
    private let nodeClient: HTTPClient
    private let drivers: [ComponentDriver]

    init(_ settings: Settings, log: Log) throws {
        self.settings = settings
        self.log = log
        let range = try ServerAddresses(settings)
        let credentials = try ClusterCredentials(settings, serviceAddress: range.network.apiServer, runtime: runtime)
        // Started by hand and as root, it stays root, and leaves what it makes to the one that a keeper starts.
        if geteuid() == 0 { try ServerUser.giveStore(settings) }
        var storing = SQLiteStore.Configuration()
        storing.history = HistoryWindow()
        store = try SQLiteStore(path: settings.store, runtime: runtime, configuration: storing)
        let tokens = ServiceAccountTokens(signer: try credentials.tokens(), runtime: runtime)
        let authenticator = Authenticator(verifier: tokens)
        registry = try Registry(
            store: store, runtime: runtime, log: log.named("registry"),
            configuration: .init(
                serviceNetwork: range.network,
                runtimeConfig: try RuntimeConfig(
                    settings.runtimeConfig.split(separator: ",").map(String.init), servesLegacy: settings.servesLegacy),
                admission: try AdmissionSettings(
                    enable: settings.admissionEnabled, disable: settings.admissionDisabled)),
            tokenIssuer: tokens, reviews: [TokenReviews(authenticator)])
        let registry = registry
        tokens.lookUpAccounts { namespace, name in
            registry.stored(ResourceName(version: "v1", plural: "serviceaccounts", namespace: namespace, name: name))?
                .object.metadata.uid
        }
        loops = EventLoops(threads: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2))
        nodeClient = try HTTPClient(
            loops: loops, runtime: runtime,
            ClientConfiguration(
                trust: .authorities(credentials.authorityPEM), identity: try credentials.identity(.kubeletClient)))
        api = APIServer(
            registry: registry, authenticator: authenticator,
            nodes: RegisteredNodes(registry: registry, client: nodeClient))
        http = try HTTPServer(
            loops: loops,
            tls: ServerTLS(identity: try credentials.identity(.server), clientAuthorities: credentials.authorityPEM),
            log: log.named("http"), limitExceeded: APIServer.limitExceeded, handler: api)
        let authority = String(decoding: credentials.authorityPEM, as: UTF8.self)
        let controllers = StandardControllers.make(
            .init(kinds: registry.served.stored.map(\.kind), rootPEM: authority, signer: tokens))
        drivers = [
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
    }

    func start() throws {
        let address: ListenAddress =
            Heartbeat.listener.map(ListenAddress.descriptor) ?? .ip(settings.apiAddress, port: settings.apiPort)
        let port = try http.listen(address, secure: true)
        Bootstrap(registry: registry, settings: settings, port: port).run { [self] in
            RoleBootstrap(registry).run { [self] in
                for driver in drivers { driver.start() }
                api.becomeReady()
                log.info("ready", [("port", String(port))])
            }
        }
    }

    func stop() async {
        for driver in drivers { driver.stop() }
        await http.shutdown(grace: .seconds(5))
        nodeClient.shutdown()
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
