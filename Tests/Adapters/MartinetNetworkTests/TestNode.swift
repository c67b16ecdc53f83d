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

    /// The pods' links on the bridges, by name.
    func ports() throws -> [String] {
        var socket = try NetlinkSocket(.route, in: namespace)
        return try socket.query(LinkRequests.dump()).compactMap(Link.init).filter { $0.master != nil }.map(\.name)
            .sorted()
    }

    /// Everything that a node's network changes, in words.
    func state() throws -> [String] {
        var socket = try NetlinkSocket(.route, in: namespace)
        var firewall = try NetlinkSocket(.netfilter, in: namespace)
        var words = try socket.query(LinkRequests.dump()).compactMap(Link.init).map(\.name)
        words += try socket.query(RouteRequests.dump(.v4)).compactMap(Route.init).map { "\($0.destination)" }
        words += try firewall.query(NftRequests.dumpChains()).compactMap(NftChain.init).map { $0.table + "/" + $0.name }
        for setting in ["ip_forward", "conf/all/send_redirects"] {
            let file = try namespace.run { open("/proc/sys/net/ipv4/" + setting, O_RDONLY) }
            defer { close(file) }
            var byte: UInt8 = 0
            read(file, &byte, 1)
            words.append("\(setting) \(byte)")
        }
        return words.sorted()
    }

    static let nodeAddress = IPAddress(192, 0, 2, 1)
    static let outsideAddress = IPAddress(192, 0, 2, 2)

    /// A machine beside the node that knows no route to pods or services.
    func addOutside() throws -> NetworkNamespace {
        let outside = try NetworkNamespace.create(at: folder + "/outside")
        let descriptor = try outside.open()
        defer { close(descriptor) }
        var peer = LinkSettings()
        peer.name = "eth0"
        peer.namespace = descriptor
        var uplink = LinkSettings()
        uplink.name = "uplink0"
        try connect(outside, uplink, peer)
        return outside
    }

    private func connect(_ outside: NetworkNamespace, _ uplink: LinkSettings, _ peer: LinkSettings) throws {
        var up = LinkSettings()
        up.isUp = true
        var socket = try NetlinkSocket(.route, in: namespace)
        try socket.perform([LinkRequests.add(.veth(peer: peer), uplink)])
        let here = try socket.query(LinkRequests.get(name: "uplink0")).compactMap(Link.init)
        for link in here {
            try socket.perform([
                LinkRequests.change(index: link.index, up, called: link.name),
                AddressRequests.add(TestNode.nodeAddress, prefix: 24, link: link.index),
            ])
        }
        var other = try NetlinkSocket(.route, in: outside)
        for link in try other.query(LinkRequests.get(name: "eth0")).compactMap(Link.init) {
            try other.perform([
                LinkRequests.change(index: link.index, up, called: link.name),
                AddressRequests.add(TestNode.outsideAddress, prefix: 24, link: link.index),
            ])
        }
    }

    /// Removes the pods, the node and the folder; nothing is left even where a test failed half-way.
    func remove() {
        if let pods = try? PodNetwork(configuration) { try? pods.removeAll() }
        try? namespace.delete()
        for sub in ["/state-second/addresses", "/state-second", "/state/addresses", "/state", "/netns", ""] {
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

enum ServiceFirewallFixture {
    static func empty(_ node: TestNode) throws -> ServiceFirewall { try ServiceFirewall(node.configuration) }
}
