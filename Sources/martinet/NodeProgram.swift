import MartinetCertificates
import MartinetAPICore
import Glibc
import MartinetAPIConnection
import MartinetAddresses
import MartinetBase
import MartinetClient
import MartinetContainers
import MartinetDNSMessage
import MartinetEngine
import MartinetImages
import MartinetKubelet
import MartinetNameAnswers
import MartinetNameServer
import MartinetNetwork
import MartinetServiceProxy
import MartinetServiceRules
import MartinetStreaming
import MartinetTransport
import Synchronization

/// The node: kubelet, engine, service proxy and name server in one process, as root.
enum NodeProgram {
    @Sendable static func run(_ arguments: [String]) async -> Int32 {
        let log = Log(component: "node")
        do {
            let node = try NodeProcess(try Settings(arguments), log: log)
            try node.start()
            Heartbeat.start()
            await Signals.wait(for: [SIGTERM, SIGINT])
            await node.stop()
            return 0
        } catch {
            log.error("the node cannot start", [("error", "\(error)")])
            return 1
        }
    }
}

/// A running node. Stopping it touches no container.
final class NodeProcess: Sendable {
    private let kubelet: Kubelet
    private let services: ComponentDriver
    private let plane: NodeServicePlane
    private let pods: PodNetwork
    private let settings: Settings
    /// Where the API server asks for logs, commands and ports of the pods.
    private let endpoint: HTTPServer
    private let renewer: CertificateRenewer
    private let reloads: [IdentityReload]

    init(_ settings: Settings, log: Log) throws {
        self.settings = settings
        let runtime = ProductionRuntime()
        let range = try ServerAddresses(settings)
        let credentials = try ClusterCredentials(settings, serviceAddress: range.network.apiServer, runtime: runtime)
        let loops = EventLoops(threads: 1)
        let http = try HTTPClient(
            loops: loops, runtime: runtime,
            ClientConfiguration(
                trust: .authorities(credentials.authorityPEM), identity: try credentials.identity(.node)))
        let client = HTTPAPIClient(
            client: http, server: "https://127.0.0.1:\(settings.apiPort)", userAgent: "martinet-node")

        let proxyHTTP = try HTTPClient(
            loops: loops, runtime: runtime,
            ClientConfiguration(
                trust: .authorities(credentials.authorityPEM), identity: try credentials.identity(.proxy)))
        let proxyClient = HTTPAPIClient(
            client: proxyHTTP, server: "https://127.0.0.1:\(settings.apiPort)", userAgent: "kube-proxy")

        let network = try NodeSettings.network(settings)
        try NodeNetwork(network).setUp()
        pods = try PodNetwork(network)
        let firewall = try ServiceFirewall(network)
        plane = try NodeServicePlane(
            firewall: firewall, network: network, settings: settings, runtime: runtime, log: log)

        let engine = try NodeEngine.make(
            settings, network: pods, firewall: firewall,
            puller: try NodePuller(settings, loops: loops, runtime: runtime, log: log.named("images")), log: log)
        var agent = KubeletConfiguration(nodeName: settings.nodeName, nodeAddresses: [settings.advertised])
        agent.port = Int32(settings.kubeletPort)
        agent.dataFolder = engine.configuration.dataFolder
        kubelet = Kubelet(
            configuration: agent, client: client, runtime: runtime, engine: engine, log: log.named("kubelet"))
        let streams = try KubeletStreams(kubelet)
        let shown = try credentials.identity(.kubelet)
        let endpoint = try HTTPServer(
            loops: loops,
            tls: ServerTLS(
                identity: shown, clientAuthorities: credentials.authorityPEM),
            log: log.named("endpoint"),
            handler: KubeletEndpoint(
                streams, runtime: runtime, log: log.named("streams"),
                reports: KubeletReports(kubelet, streams: streams),
                delegate: DelegatedAuthorizer(client: client, nodeName: settings.nodeName, runtime: runtime)))
        self.endpoint = endpoint
        renewer = CertificateRenewer(
            settings, serviceAddress: range.network.apiServer, runtime: runtime, log: log.named("certificates"))
        func reload(
            _ name: ClusterCredentials.Name, _ apply: @escaping @Sendable (TLSIdentity) throws -> Void
        ) throws -> IdentityReload {
            IdentityReload(
                credentials.file(name), shown: try credentials.identity(name),
                every: CertificateRenewal.interval(validity: settings.certificateValidity), runtime: runtime,
                log: log.named("certificates"), apply: apply)
        }
        let authority = credentials.authorityPEM
        reloads = [
            try reload(.node) { try http.reload($0) }, try reload(.proxy) { try proxyHTTP.reload($0) },
            try reload(.kubelet) { try endpoint.reload(ServerTLS(identity: $0, clientAuthorities: authority)) },
        ]
        services = ComponentDriver(
            [ServiceProxy(node: settings.nodeName, plane: plane)], client: proxyClient, runtime: runtime,
            log: log.named("services"))
    }

    func start() throws {
        services.start()
        // Before the node says that it is there.
        try endpoint.listen(.ip("0.0.0.0", port: settings.kubeletPort), secure: true)
        try kubelet.start()
        renewer.start()
        for reload in reloads { reload.start() }
    }

    func stop() async {
        renewer.stop()
        for reload in reloads { reload.stop() }
        await endpoint.shutdown(grace: .seconds(1))
        kubelet.stop()
        services.stop()
        plane.stop()
    }
}

/// The engine as the settings have it, for the node and for what cleans up after it.
enum NodeEngine {
    static func make(
        _ settings: Settings, network: PodNetwork? = nil, firewall: ServiceFirewall? = nil,
        puller: any ImagePuller = NoPuller(), log: Log
    ) throws -> Engine {
        let runtime = ProductionRuntime()
        let networkSettings = try NodeSettings.network(settings)
        var configuration = EngineConfiguration(nodeName: settings.nodeName, nodeAddresses: [settings.advertised])
        configuration.runFolder = settings.run + "/pods"
        configuration.dataFolder = settings.state + "/pods"
        configuration.cgroupParent = settings.cgroupParent
        configuration.clusterDNS = ["\(networkSettings.gateway)"]
        let images = try ImageStore(root: settings.state + "/images", runtime: runtime, log: log.named("images"))
        return try Engine(
            configuration: configuration, runtime: runtime, containers: try ContainerRuntime(), images: images,
            network: try network ?? PodNetwork(networkSettings), firewall: firewall, puller: puller,
            log: log.named("engine"))
    }
}

/// Carries what the service proxy decides to the kernel and to the name server.
final class NodeServicePlane: ServicePlane {
    private let firewall: ServiceFirewall
    private let names: NameServer
    private let network: NodeNetworkConfiguration
    private let log: Log
    private let serial = Mutex<UInt32>(1)

    init(
        firewall: ServiceFirewall, network: NodeNetworkConfiguration, settings: Settings, runtime: any Runtime, log: Log
    ) throws {
        self.firewall = firewall
        self.network = network
        self.log = log.named("services")
        var configuration = NameServer.Configuration(address: network.gateway)
        let resolver = ResolverConfiguration(readText("/etc/resolv.conf") ?? "")
        configuration.upstream = resolver.servers.map { ($0, 53) }
        names = try NameServer(
            configuration, records: try NodeServicePlane.records([], network, serial: 1), runtime: runtime,
            log: log.named("names"))
    }

    func apply(_ changes: [(name: String, service: ServiceInput?)]) {
        do {
            _ = try firewall.apply(changes)
        } catch {
            log.error("the rules of services cannot be changed", [("error", "\(error)")])
        }
    }

    func update(_ services: [NamedService]) {
        let next = serial.withLock { serial in
            serial &+= 1
            return serial
        }
        guard let records = try? NodeServicePlane.records(services, network, serial: next) else { return }
        names.update(records)
    }

    func stop() { names.stop() }

    private static func records(
        _ services: [NamedService], _ network: NodeNetworkConfiguration, serial: UInt32
    ) throws(SettingsError) -> NameRecords {
        guard let zone = DNSName("cluster.local") else { throw SettingsError(message: "cluster.local is no name") }
        return NameRecords(
            zone: zone, services: services, namespaces: [], ownRanges: [network.clusterRange, network.serviceRange],
            serverAddresses: [network.gateway], serial: serial)
    }
}
