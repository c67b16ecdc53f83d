import Glibc
import MartinetAddresses
import MartinetBase
import MartinetNetlink
import MartinetNetwork

/// A node of its own: a namespace with the node's network set up, removed with everything in it at the end.
struct TestNode {
    static var isRoot: Bool { geteuid() == 0 }

    let folder: String
    let namespace: NetworkNamespace
    var configuration: NodeNetworkConfiguration

    init(_ name: String, isSetUp: Bool = true) throws {
        folder = "/tmp/martinet-network-\(name)-\(getpid())"
        mkdir(folder, 0o755)
        namespace = try NetworkNamespace.create(at: folder + "/node")
        guard let pods = IPNetwork("10.244.7.0/24"), let cluster = IPNetwork("10.244.0.0/16"),
            let services = IPNetwork("10.96.0.0/16")
        else { throw NetworkProblem(.badConfiguration, "the test's ranges") }
        configuration = NodeNetworkConfiguration(podRange: pods, clusterRange: cluster, serviceRange: services)
        configuration.node = namespace
        configuration.stateFolder = folder + "/state"
        configuration.namespaceFolder = folder + "/netns"
        var socket = try NetlinkSocket(.route, in: namespace)
        var up = LinkSettings()
        up.isUp = true
        try socket.perform([LinkRequests.change(index: 1, up, called: "lo")])
        if isSetUp { try NodeNetwork(configuration).setUp() }
    }

    /// Removes the pods, the node and the folder; nothing is left even where a test failed half-way.
    func remove() {
        if let pods = try? PodNetwork(configuration) { try? pods.removeAll() }
        try? namespace.delete()
        for sub in ["/state/addresses", "/state", "/netns", ""] {
            for name in (try? names(folder + sub)) ?? [] { unlink(folder + sub + "/" + name) }
            rmdir(folder + sub)
        }
    }

    private func names(_ path: String) throws -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
