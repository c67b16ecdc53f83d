import Glibc
package import MartinetAddresses
import MartinetBase
import MartinetNetlink

/// What a node's pods stand on: the bridge, forwarding, and the firewall's tables.
package struct NodeNetwork: Sendable {
    package let configuration: NodeNetworkConfiguration

    package init(_ configuration: NodeNetworkConfiguration) { self.configuration = configuration }

    /// Makes what is missing; what is there already stays, so that it can be called at every start.
    package func setUp() throws {
        if let problem = configuration.problem { throw NetworkProblem(.badConfiguration, problem) }
        var socket = try NetlinkSocket(.route, in: configuration.node)
        try checkRanges(&socket)
        let bridge = try makeBridge(&socket)
        if configuration.podRange.family == .v4 {
            try remember("net/ipv4/ip_forward", setting: "1")
            // A pod is to be told of no shorter way to another pod: there is none. And a redirect counts against the
            // rate of the unreachable messages that refuse a connection (icmp(7), icmp_ratelimit), which then go
            // missing. Redirects are sent unless both this and the bridge's own setting say no (ip-sysctl).
            try remember("net/ipv4/conf/all/send_redirects", setting: "0")
            try configuration.node.run {
                try StateFolder.setKernel("net/ipv4/conf/\(configuration.bridge)/send_redirects", "0")
                // A reply to a connection from 127.0.0.1 to a node port comes back over the bridge.
                try StateFolder.setKernel("net/ipv4/conf/\(configuration.bridge)/route_localnet", "1")
            }
        } else {
            try remember("net/ipv6/conf/all/forwarding", setting: "1")
        }
        // Without a route a connection from the node ends before its translation: a machine may have no way out at all.
        try socket.perform([
            RouteRequests.replace(
                Route(configuration.serviceRange, link: bridge, preferredSource: configuration.gateway))
        ])
    }

    /// Another node: its pods, and its address on a link that this node shares with it.
    package struct Peer: Hashable, Sendable {
        package var podRange: IPNetwork
        package var address: IPAddress

        package init(podRange: IPNetwork, address: IPAddress) {
            self.podRange = podRange
            self.address = address
        }
    }

    /// Routes to exactly these nodes' pods; those that are right already are not touched.
    package func setPeers(_ peers: [Peer]) throws {
        for peer in peers where !configuration.clusterRange.contains(peer.podRange.address) {
            throw NetworkProblem(
                .badConfiguration,
                "the pod range \(peer.podRange) of the node at \(peer.address) is not inside the cluster's range "
                    + "\(configuration.clusterRange)")
        }
        var socket = try NetlinkSocket(.route, in: configuration.node)
        let there = try socket.query(RouteRequests.dump(configuration.podRange.family)).compactMap(Route.init).filter {
            $0.owner == Route.martinet && $0.gateway != nil
                && configuration.clusterRange.contains($0.destination.address)
        }
        let wanted = Dictionary(peers.map { ($0.podRange, $0.address) }) { first, _ in first }
        for route in there where wanted[route.destination] == nil { try socket.perform([RouteRequests.delete(route)]) }
        for (range, address) in wanted.sorted(by: { $0.key < $1.key })
        where !there.contains(where: { $0.destination == range && $0.gateway == address }) {
            try socket.perform([RouteRequests.replace(Route(range, gateway: address))])
        }
    }

    /// Removes the bridge with its routes, and gives the kernel's settings back.
    ///
    /// Pods' places go before, with `PodNetwork.removeAll`.
    package func tearDown() throws {
        try setPeers([])
        var socket = try NetlinkSocket(.route, in: configuration.node)
        do {
            try socket.perform([LinkRequests.delete(name: configuration.bridge)])
        } catch let error as NetlinkError where error.errno == ENODEV {}
        let folder = try StateFolder(configuration.stateFolder)
        for name in try folder.names() where name.hasPrefix("before-") {
            let setting = name.dropFirst(7).split(separator: "-").joined(separator: "/")
            if let value = try folder.read(name) {
                try configuration.node.run { try StateFolder.setKernel(setting, value) }
            }
            try folder.remove(name)
        }
        for sub in ["/addresses", ""] { rmdir(configuration.stateFolder + sub) }
        rmdir(configuration.namespaceFolder)
    }

    private func makeBridge(_ socket: inout NetlinkSocket) throws -> UInt32 {
        let links = try socket.query(LinkRequests.dump()).compactMap(Link.init)
        if let there = links.first(where: { $0.name == configuration.bridge }), there.kind != "bridge" {
            throw NetworkProblem(
                .bridgeTaken,
                "the link \(configuration.bridge) exists and is a \(there.kind ?? "device"), not a bridge")
        }
        var settings = LinkSettings()
        settings.name = configuration.bridge
        settings.mtu = configuration.mtu
        // Fixed: by itself a bridge takes its lowest port's, which changes with the pods.
        settings.hardwareAddress = PodNetwork.hardwareAddress(configuration.gateway, isPod: false)
        settings.isUp = true
        if !links.contains(where: { $0.name == configuration.bridge }) {
            try socket.perform([LinkRequests.add(.bridge, settings)])
        }
        guard
            let bridge = try socket.query(LinkRequests.get(name: configuration.bridge)).compactMap(Link.init).first
        else { throw NetlinkError(.malformed, "the bridge \(configuration.bridge) is not there after its creation") }
        settings.name = nil
        try socket.perform([
            LinkRequests.change(index: bridge.index, settings, called: configuration.bridge),
            AddressRequests.add(
                configuration.gateway, prefix: configuration.podRange.prefix, link: bridge.index, replacing: true),
        ])
        return bridge.index
    }

    /// Refuses ranges that something else on this machine already routes or has an address in.
    private func checkRanges(_ socket: inout NetlinkSocket) throws {
        let links = try socket.query(LinkRequests.dump()).compactMap(Link.init)
        let names = Dictionary(links.map { ($0.index, $0.name) }) { first, _ in first }
        let routes = try socket.query(RouteRequests.dump(configuration.podRange.family)).compactMap(Route.init)
        for route in routes where route.destination.prefix > 0 {
            guard let index = route.link, let name = names[index], name != configuration.bridge else { continue }
            for (what, range) in [("pod", configuration.podRange), ("service", configuration.serviceRange)]
            where range.overlaps(route.destination) {
                throw NetworkProblem(
                    .rangeTaken,
                    "the \(what) range \(range) overlaps \(route.destination), which is reached over \(name); "
                        + "choose another range")
            }
        }
    }

    /// Sets a kernel setting and keeps what it was for `tearDown`, once.
    private func remember(_ setting: String, setting value: String) throws {
        let before = try configuration.node.run { StateFolder.kernelSetting(setting) }
        guard before != value else { return }
        let folder = try StateFolder(configuration.stateFolder)
        let name = "before-" + setting.split(separator: "/").joined(separator: "-")
        if let before, try folder.read(name) == nil { try folder.write(name, before) }
        try configuration.node.run { try StateFolder.setKernel(setting, value) }
    }
}
