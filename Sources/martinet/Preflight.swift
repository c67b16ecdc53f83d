import Glibc
import MartinetAddresses
import MartinetBase
import MartinetNetwork

/// What must be true of the machine before anything is started: found here, named, and nothing touched.
enum Preflight {
    static func check(_ settings: Settings) throws {
        for port in [settings.apiPort, settings.kubeletPort] {
            guard isFree(port) else {
                let flag = port == settings.apiPort ? "--api-port" : "--kubelet-port"
                throw SettingsError(message: "port \(port) is taken by another program: choose another with \(flag)")
            }
        }
        let obstacles = try ServiceFirewall.foreignObstacles(try NodeSettings.network(settings))
        for obstacle in obstacles { Log.standardError("  warning: \(obstacle)") }
    }

    /// Whether somebody could listen on a TCP port of all addresses.
    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = UInt16(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// The settings as the node's network takes them.
enum NodeSettings {
    static func network(_ settings: Settings) throws(SettingsError) -> NodeNetworkConfiguration {
        func range(_ text: String, _ flag: String) throws(SettingsError) -> IPNetwork {
            guard let range = IPNetwork(text) else {
                throw SettingsError(message: "\(flag) must be an address range such as 10.244.0.0/24, found \(text)")
            }
            return range
        }
        var configuration = NodeNetworkConfiguration(
            podRange: try range(settings.podRange, "--pod-range"),
            clusterRange: try range(settings.clusterRange, "--cluster-range"),
            serviceRange: try range(settings.serviceRange, "--service-range"))
        configuration.name = settings.name
        configuration.bridge = settings.name + "0"
        configuration.linkPrefix = settings.linkPrefix
        configuration.stateFolder = settings.run + "/network"
        configuration.namespaceFolder = settings.run + "/netns"
        if let problem = configuration.problem { throw SettingsError(message: problem) }
        return configuration
    }
}
