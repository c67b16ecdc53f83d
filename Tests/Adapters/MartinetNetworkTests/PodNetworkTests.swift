import Glibc
import MartinetAddresses
import MartinetBase
import MartinetNetlink
import MartinetNetwork
import MartinetServiceRules
import Testing

@Suite(.serialized, .enabled(if: TestNode.isRoot, "needs root: network namespaces are made here"))
struct PodNetworkTests {
    @Test func aPodHasAnAddressAndReachesAnotherPod() throws {
        let node = try TestNode("pods")
        defer { node.remove() }
        let pods = try PodNetwork(node.configuration)
        let first = try pods.attach(owner: "a")
        let second = try pods.attach(owner: "b")
        #expect(try pods.attach(owner: "a") == first)
        #expect(first.address != second.address)
        #expect(pods.list().map(\.owner) == ["a", "b"])
        let server = try TestServer.tcp(second.address, 8080, answering: "b", in: second.namespace)
        defer { server.stop() }
        #expect(try TestClient.tcp(second.address, 8080, in: first.namespace).get() == "b \(first.address)")
        #expect(try TestClient.tcp(second.address, 8080, in: node.namespace).get() == "b \(first.gateway)")
    }

    @Test func whatAProcessLeavesTheNextTakesOver() throws {
        let node = try TestNode("recovery")
        defer { node.remove() }
        var kept: PodAttachment?
        do {
            let pods = try PodNetwork(node.configuration)
            kept = try pods.attach(owner: "kept")
            _ = try pods.attach(owner: "lost")
            while try pods.prepareOne() {}
        }
        // The process ended here; then somebody removed a pod's namespace.
        try NetworkNamespace(path: node.configuration.namespaceFolder + "/mt-10.244.7.3").delete()
        let pods = try PodNetwork(node.configuration)
        #expect(try pods.attach(owner: "kept") == kept)
        #expect(pods.list().map(\.isIntact) == [true, false])
        try pods.detach(owner: "lost")
        try pods.detach(owner: "lost")
        // The ready ones of before are gone with all that they were made of.
        #expect(try node.ports() == ["mt0af40702"])
        try pods.removeAll()
        #expect(try node.ports().isEmpty)
    }

    @Test func anExhaustedRangeIsNamed() throws {
        var node = try TestNode("exhausted", isSetUp: false)
        defer { node.remove() }
        node.configuration.podRange = try #require(IPNetwork("10.244.7.0/29"))
        try NodeNetwork(node.configuration).setUp()
        let pods = try PodNetwork(node.configuration)
        for index in 0..<5 { _ = try pods.attach(owner: "\(index)") }
        let problem = #expect(throws: NetworkProblem.self) { try pods.attach(owner: "one-too-many") }
        #expect(problem?.message == "the pod range 10.244.7.0/29 has no free address (5 used)")
        try pods.detach(owner: "2")
        #expect(try pods.attach(owner: "again").address == IPAddress(10, 244, 7, 4))
    }

    @Test func whatIsInTheWayIsNamed() throws {
        let node = try TestNode("problems", isSetUp: false)
        defer { node.remove() }
        let outside = try node.addOutside()
        defer { try? outside.delete() }
        var taken = node.configuration
        taken.serviceRange = try #require(IPNetwork("192.0.0.0/16"))
        let problem = #expect(throws: NetworkProblem.self) { try NodeNetwork(taken).setUp() }
        #expect(
            problem?.message
                == "the service range 192.0.0.0/16 overlaps 192.0.2.0/24, which is reached over uplink0; "
                + "choose another range")
        var link = node.configuration
        link.bridge = "uplink0"
        #expect(throws: NetworkProblem.self) { try NodeNetwork(link).setUp() }

        var socket = try NetlinkSocket(.netfilter, in: node.namespace)
        let foreign = NftRequests(table: "filter", family: .v4)
        let hook = NftHook(.filter, .forward, priority: 0, dropsByDefault: true)
        try socket.commit([foreign.addTable(), foreign.addChain("FORWARD", hook: hook)])
        _ = try ServiceFirewallFixture.empty(node)
        #expect(
            try ServiceFirewall.foreignObstacles(node.configuration) == [
                "the firewall chain FORWARD of table ip filter drops by default what is forwarded; "
                    + "accept traffic of the link martinet0 there"
            ])
    }

    @Test func nothingIsLeftAfterTearDown() throws {
        let node = try TestNode("teardown", isSetUp: false)
        defer { node.remove() }
        let before = try node.state()
        for _ in 0..<2 {
            try NodeNetwork(node.configuration).setUp()
            try NodeNetwork(node.configuration).setUp()
            let pods = try PodNetwork(node.configuration)
            _ = try pods.attach(owner: "a")
            while try pods.prepareOne() {}
            let firewall = try ServiceFirewallFixture.empty(node)
            #expect(try node.state() != before)
            try pods.removeAll()
            try firewall.remove()
            try NodeNetwork(node.configuration).tearDown()
            #expect(try node.state() == before)
            #expect(access(node.configuration.stateFolder, F_OK) != 0)
        }
    }

    @Test func twoClustersLiveSideBySide() throws {
        let node = try TestNode("two")
        defer { node.remove() }
        var other = node.configuration
        other.name = "second"
        other.bridge = "second0"
        other.linkPrefix = "sc"
        other.podRange = try #require(IPNetwork("10.245.0.0/24"))
        other.clusterRange = other.podRange
        other.stateFolder += "-second"
        #expect(throws: NetworkProblem.self) { try NodeNetwork(other).setUp() }
        other.serviceRange = try #require(IPNetwork("10.97.0.0/16"))
        try NodeNetwork(other).setUp()
        let pods = try PodNetwork(node.configuration)
        let others = try PodNetwork(other)
        let mine = try pods.attach(owner: "a")
        let theirs = try others.attach(owner: "a")
        #expect(theirs.address == IPAddress(10, 245, 0, 2))
        #expect(mine.address == IPAddress(10, 244, 7, 2))
        try others.removeAll()
        try NodeNetwork(other).tearDown()
        #expect(try node.ports() == [mine.hostLink])
    }

    @Test func podsOfTwoNodesReachEachOtherUnderTheirOwnAddresses() throws {
        let node = try TestNode("peers")
        defer { node.remove() }
        var other = node.configuration
        other.node = try node.addOutside()
        defer { try? other.node?.delete() }
        other.podRange = try #require(IPNetwork("10.244.8.0/24"))
        other.stateFolder += "-second"
        other.linkPrefix = "sc"
        try NodeNetwork(other).setUp()
        let here = NodeNetwork.Peer(podRange: node.configuration.podRange, address: TestNode.nodeAddress)
        let there = NodeNetwork.Peer(podRange: other.podRange, address: TestNode.outsideAddress)
        for _ in 0..<2 { try NodeNetwork(node.configuration).setPeers([there]) }
        try NodeNetwork(other).setPeers([here])
        let others = try PodNetwork(other)
        defer { try? others.removeAll() }
        let near = try PodNetwork(node.configuration).attach(owner: "near")
        let far = try others.attach(owner: "far")
        let servers = [
            try TestServer.tcp(far.address, 8080, answering: "far", in: far.namespace),
            try TestServer.tcp(near.address, 8080, answering: "near", in: near.namespace),
        ]
        defer { for server in servers { server.stop() } }
        // A service's endpoint on the other node, asked by a pod, by the node, and through the node's port from there.
        let endpoint = ServiceEndpoint(far.address, 8080, isLocal: false)
        let address = IPAddress(10, 96, 0, 9)
        let firewall = try ServiceFirewall(
            node.configuration,
            services: [
                ServiceInput(
                    name: "default/far", clusterIPs: [address],
                    ports: [ServicePort(.tcp, 80, nodePort: 30009, endpoints: [endpoint])])
            ])
        #expect(try TestClient.tcp(far.address, 8080, in: near.namespace).get() == "far \(near.address)")
        #expect(try TestClient.tcp(near.address, 8080, in: far.namespace).get() == "near \(far.address)")
        #expect(try TestClient.tcp(address, 80, in: near.namespace).get() == "far \(near.address)")
        #expect(try TestClient.tcp(address, 80, in: node.namespace).get() == "far \(near.gateway)")
        let through = try TestClient.tcp(TestNode.nodeAddress, 30009, in: other.node)
        #expect(try through.get() == "far \(TestNode.nodeAddress)")
        try firewall.remove()
        try NodeNetwork(node.configuration).setPeers([])
        #expect(throws: SystemError.self) { try TestClient.tcp(far.address, 8080, in: near.namespace).get() }
    }

    @Test func attachingTakesAboutAMillisecond() throws {
        let node = try TestNode("speed")
        defer { node.remove() }
        let runtime = ProductionRuntime()
        var configuration = node.configuration
        configuration.readyNamespaces = 20
        let pods = try PodNetwork(configuration)
        let begin = runtime.monotonic()
        while try pods.prepareOne() {}
        let prepared = runtime.monotonic()
        for index in 0..<20 { _ = try pods.attach(owner: "ready-\(index)") }
        let attached = runtime.monotonic()
        for index in 0..<20 { _ = try pods.attach(owner: "fresh-\(index)") }
        let made = runtime.monotonic()
        for index in 0..<20 { try pods.detach(owner: "ready-\(index)") }
        let end = runtime.monotonic()
        print(
            "figure: a namespace made ready in \((prepared - begin) / 20), attached in \((attached - prepared) / 20)",
            "made and attached in \((made - attached) / 20), detached in \((end - made) / 20)")
        #expect((attached - prepared) / 20 < .milliseconds(20))
    }
}
