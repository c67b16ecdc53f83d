import Glibc
import MartinetAddresses
import MartinetBase
import MartinetContainers
import MartinetEngine
import MartinetImages
import MartinetNetwork
import MartinetServiceRules
import MartinetStagePlan

/// The network of the containers, and an engine on it. Several commands may work at once: whoever changes the network does
/// it under one lock, from what is on disk.
struct DockerEngine {
    let configuration: DockerConfiguration
    let runtime: any Runtime
    let log: Log
    private let network: NodeNetworkConfiguration

    init(_ configuration: DockerConfiguration, runtime: any Runtime, log: Log) throws {
        self.configuration = configuration
        self.runtime = runtime
        self.log = log
        guard let range = IPNetwork(configuration.range), let services = IPNetwork(configuration.serviceRange) else {
            throw DockerError("\(configuration.range) is no address range")
        }
        var network = NodeNetworkConfiguration(podRange: range, clusterRange: range, serviceRange: services)
        network.name = configuration.networkName
        network.bridge = configuration.bridge
        network.linkPrefix = configuration.linkPrefix
        network.stateFolder = configuration.run + "/network"
        network.namespaceFolder = configuration.run + "/netns"
        network.readyNamespaces = 0
        network.node = configuration.node
        self.network = network
    }

    /// While `body` runs nobody else changes the network or a container's record.
    func locked<T>(_ body: () throws -> T) throws -> T {
        try Files.makeFolders(configuration.run, mode: 0o711)
        let lock = try Descriptor.open(configuration.lock, O_RDWR | O_CREAT, mode: 0o600)
        while flock(lock.number, LOCK_EX) != 0 {
            guard errno == EINTR else { throw SystemError.last("flock", configuration.lock) }
        }
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }

    /// For one change, under the lock.
    ///
    /// - Parameter published: the ports of the containers that run: the firewall's table is made of them, whole.
    func engine(published: [ServiceInput], images: ImageStore) throws -> Engine {
        try NodeNetwork(network).setUp()
        var settings = EngineConfiguration(nodeName: DockerEngine.hostName, nodeAddresses: ["127.0.0.1"])
        settings.runFolder = configuration.pods
        settings.dataFolder = configuration.data + "/pods"
        settings.logFolder = configuration.data + "/logs"
        settings.containerLogFolder = configuration.data + "/links"
        settings.cgroupParent = configuration.cgroupParent
        return try Engine(
            configuration: settings, runtime: runtime, containers: try ContainerRuntime(), images: images,
            network: try PodNetwork(network), firewall: try ServiceFirewall(network, services: published),
            puller: NoPuller(), log: log)
    }

    /// A place in the network for a step of a build; the path of its namespace.
    func attach(owner: String) throws -> String {
        try locked {
            try NodeNetwork(network).setUp()
            let pods = try PodNetwork(network)
            let published = try ContainerBook(folder: configuration.containers).published(configuration)
            _ = try ServiceFirewall(network, services: published)
            return try pods.attach(owner: owner).namespace.path
        }
    }

    func detach(owner: String) throws {
        try locked {
            try PodNetwork(network).detach(owner: owner)
            try tearDownIfUnused()
        }
    }

    /// Where no container is left, what they shared goes. Under the lock.
    func tearDownIfUnused() throws {
        guard try ContainerBook(folder: configuration.containers).all().isEmpty,
            try PodNetwork(network).list().isEmpty
        else { return }
        try ServiceFirewall.remove(network)
        // A cluster that came up meanwhile forwards, too: the kernel's settings stay, as docker leaves them.
        for name in try Files.names(in: network.stateFolder) where name.hasPrefix("before-") {
            unlink("\(network.stateFolder)/\(name)")
        }
        try NodeNetwork(network).tearDown()
        try Cgroup(layout: try Host.facts().cgroups, path: configuration.cgroupParent).remove()
    }

    static var hostName: String {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, bytes.count - 1) == 0 else { return "localhost" }
        return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
