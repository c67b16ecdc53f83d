import Glibc
import MartinetAddresses
import MartinetBase
import MartinetNetlink
import MartinetNetwork
import MartinetServiceRules
import Testing

@Suite(.serialized, .enabled(if: TestNode.isRoot, "needs root: network namespaces are made here"))
struct ServiceFirewallTests {
    /// Two pods that serve on 8080 and one that asks, on a node of its own.
    private struct Scene {
        let node: TestNode
        let pods: PodNetwork
        let client: PodAttachment
        let first: PodAttachment
        let second: PodAttachment
        let servers: [TestServer]
        let clusterIP = IPAddress(10, 96, 0, 10)

        init(_ name: String) throws {
            node = try TestNode(name)
            pods = try PodNetwork(node.configuration)
            client = try pods.attach(owner: "client")
            first = try pods.attach(owner: "first")
            second = try pods.attach(owner: "second")
            servers = try [first, second].flatMap { pod in
                [
                    try TestServer.tcp(.unspecified(.v4), 8080, answering: pod.owner, in: pod.namespace),
                    try TestServer.udp(.unspecified(.v4), 8080, answering: pod.owner, in: pod.namespace),
                ]
            }
        }

        func endpoint(_ pod: PodAttachment) -> ServiceEndpoint { ServiceEndpoint(pod.address, 8080, isLocal: true) }

        func service(_ pods: [PodAttachment], nodePort: UInt16? = 30080) -> ServiceInput {
            ServiceInput(
                name: "default/web", clusterIPs: [clusterIP],
                ports: [
                    ServicePort(.tcp, 80, nodePort: nodePort, endpoints: pods.map(endpoint)),
                    ServicePort(.udp, 80, nodePort: nodePort, endpoints: pods.map(endpoint)),
                ])
        }

        func remove() {
            for server in servers { server.stop() }
            node.remove()
        }
    }

    @Test func podsReachAServiceAndSeeOnlyItsAddress() throws {
        let scene = try Scene("service")
        defer { scene.remove() }
        _ = try ServiceFirewall(scene.node.configuration, services: [scene.service([scene.first, scene.second])])
        var answers: Set<String> = []
        for _ in 0..<40 {
            answers.insert(try TestClient.tcp(scene.clusterIP, 80, in: scene.client.namespace).get())
        }
        #expect(answers == ["first \(scene.client.address)", "second \(scene.client.address)"])
        // A connected datagram socket takes answers of the service's address only.
        let datagram = try TestClient.udp(scene.clusterIP, 80, in: scene.client.namespace).get()
        #expect(datagram.hasSuffix("\(scene.client.address)"))
    }

    @Test func theNodeReachesServicesAndNodePorts() throws {
        let scene = try Scene("nodeport")
        defer { scene.remove() }
        _ = try ServiceFirewall(scene.node.configuration, services: [scene.service([scene.first])])
        let gateway = scene.first.gateway
        for (address, port) in [(scene.clusterIP, 80), (gateway, 30080), (IPAddress(127, 0, 0, 1), 30080)] {
            let answer = try TestClient.tcp(address, UInt16(port), in: scene.node.namespace)
            #expect(try answer.get() == "first \(gateway)", "\(address):\(port)")
        }
        #expect(try TestClient.udp(gateway, 30080, in: scene.node.namespace).get() == "first \(gateway)")
    }

    @Test func aPodReachesItselfThroughItsService() throws {
        let scene = try Scene("hairpin")
        defer { scene.remove() }
        _ = try ServiceFirewall(scene.node.configuration, services: [scene.service([scene.first])])
        let answer = try TestClient.tcp(scene.clusterIP, 80, in: scene.first.namespace)
        #expect(try answer.get() == "first \(scene.first.gateway)")
    }

    @Test func aServiceWithoutEndpointsIsRefusedAtOnce() throws {
        let scene = try Scene("refused")
        defer { scene.remove() }
        _ = try ServiceFirewall(scene.node.configuration, services: [scene.service([])])
        for namespace in [scene.client.namespace, scene.node.namespace] {
            for answer in [
                try TestClient.tcp(scene.clusterIP, 80, in: namespace),
                try TestClient.udp(scene.clusterIP, 80, in: namespace),
                try TestClient.tcp(scene.client.gateway, 30080, in: namespace),
                try TestClient.tcp(IPAddress(10, 96, 3, 3), 81, in: namespace),
            ] {
                #expect(throws: SystemError.self) { try answer.get() }
                guard case .failure(let error) = answer else { continue }
                // The node's own datagram is stopped before it is one: its sender hears EPERM instead.
                let isOwnDatagram = error.errno == EPERM && error.call == "send" && namespace == scene.node.namespace
                #expect(error.errno == ECONNREFUSED || isOwnDatagram, "\(error) in \(namespace.path)")
            }
        }
    }

    @Test func aChangedEndpointTakesNewConnectionsAndKnownDatagrams() throws {
        let scene = try Scene("change")
        defer { scene.remove() }
        let firewall = try ServiceFirewall(scene.node.configuration, services: [scene.service([scene.first])])
        let inside = scene.client.namespace
        #expect(try TestClient.tcp(scene.clusterIP, 80, in: inside).get().hasPrefix("first"))
        #expect(try TestClient.udp(scene.clusterIP, 80, from: 5000, in: inside).get().hasPrefix("first"))
        let cost = try firewall.apply([("default/web", scene.service([scene.second]))])
        // Two protocols with two frontends each: an endpoint leaves and one comes; the hairpin too; two to forget.
        #expect(cost.operations == 12)
        #expect(cost.forgotten == 1)
        #expect(try TestClient.tcp(scene.clusterIP, 80, in: inside).get().hasPrefix("second"))
        #expect(try TestClient.udp(scene.clusterIP, 80, from: 5000, in: inside).get().hasPrefix("second"))
        try firewall.apply([("default/web", nil)])
        #expect(throws: SystemError.self) { try TestClient.tcp(scene.clusterIP, 80, in: inside).get() }
    }

    @Test func aClientStaysWithItsEndpointWhileItIsOne() throws {
        let scene = try Scene("sticky")
        defer { scene.remove() }
        var service = scene.service([scene.first, scene.second])
        service.affinitySeconds = 60
        let firewall = try ServiceFirewall(scene.node.configuration, services: [service])
        let inside = scene.client.namespace
        func ask() throws -> String { try TestClient.tcp(scene.clusterIP, 80, in: inside).get() }
        let chosen = try ask()
        for _ in 0..<20 { #expect(try ask() == chosen) }
        let other = chosen.hasPrefix("first") ? scene.second : scene.first
        var moved = scene.service([other])
        moved.affinitySeconds = 60
        try firewall.apply([("default/web", moved)])
        #expect(try ask().hasPrefix(other.owner))
        // With both back it stays where it went: what was remembered first is forgotten.
        try firewall.apply([("default/web", service)])
        for _ in 0..<20 { #expect(try ask().hasPrefix(other.owner)) }
    }

    @Test func podsReachServicesWhereBridgesDoNotFilter() throws {
        // br_netfilter off, as on a machine without it: the other of the two ways that packets go.
        let scene = try Scene("unfiltered")
        defer { scene.remove() }
        let file = try scene.node.namespace.run { open("/proc/sys/net/bridge/bridge-nf-call-iptables", O_WRONLY) }
        if file >= 0 {
            write(file, "0", 1)
            close(file)
        }
        _ = try ServiceFirewall(scene.node.configuration, services: [scene.service([scene.first])])
        for pod in [scene.client, scene.first] {
            let answer = try TestClient.tcp(scene.clusterIP, 80, in: pod.namespace).get()
            #expect(answer == "first \(pod == scene.first ? pod.gateway : pod.address)")
        }
    }

    @Test func podsLeaveUnderTheNodesAddressAndOthersReachNodePorts() throws {
        let scene = try Scene("outside")
        defer { scene.remove() }
        let outside = try scene.node.addOutside()
        defer { try? outside.delete() }
        _ = try ServiceFirewall(scene.node.configuration, services: [scene.service([scene.first])])
        let server = try TestServer.tcp(TestNode.outsideAddress, 9000, answering: "outside", in: outside)
        defer { server.stop() }
        let answer = try TestClient.tcp(TestNode.outsideAddress, 9000, in: scene.client.namespace)
        #expect(try answer.get() == "outside \(TestNode.nodeAddress)")
        let nodePort = try TestClient.tcp(TestNode.nodeAddress, 30080, in: outside)
        #expect(try nodePort.get() == "first \(scene.first.gateway)")

        // With the Local policy the pod sees who asks.
        var local = scene.service([scene.first])
        local.isExternalTrafficLocal = true
        let firewall = try ServiceFirewall(scene.node.configuration, services: [local])
        #expect(
            try TestClient.tcp(TestNode.nodeAddress, 30080, in: outside).get() == "first \(TestNode.outsideAddress)")

        // A host port is carried the same way.
        for input in ServiceInput.hostPorts(
            owner: "second", pod: scene.second.address,
            [(.tcp, 7070, 8080, nil), (.tcp, 7071, 8080, TestNode.nodeAddress)])
        {
            try firewall.apply([(input.name, input)])
        }
        for port: UInt16 in [7070, 7071] {
            let answer = try TestClient.tcp(TestNode.nodeAddress, port, in: outside)
            #expect(try answer.get() == "second \(TestNode.outsideAddress)")
        }
    }

    @Test func aChangeAmongAThousandServicesCostsWhatChanged() throws {
        let node = try TestNode("thousand")
        defer { node.remove() }
        func service(_ index: Int, _ endpoints: Range<Int>) -> ServiceInput {
            ServiceInput(
                name: "default/s\(index)", clusterIPs: [IPAddress(10, 96, UInt8(index >> 8), UInt8(index & 255))],
                ports: [
                    ServicePort(
                        .tcp, 80, nodePort: index < 100 ? UInt16(30000 + index) : nil,
                        endpoints: endpoints.map {
                            ServiceEndpoint(
                                IPAddress(10, 244, UInt8(index >> 8), UInt8(index & 255)), UInt16(8000 + $0),
                                isLocal: false)
                        })
                ])
        }
        let runtime = ProductionRuntime()
        let begin = runtime.monotonic()
        let firewall = try ServiceFirewall(node.configuration, services: (1...1000).map { service($0, 0..<3) })
        let whole = runtime.monotonic()
        let replaced = try firewall.apply([("default/s500", service(500, 1..<4))])
        let afterReplaced = runtime.monotonic()
        let scaled = try firewall.apply([("default/s500", service(500, 1..<5))])
        let afterScaled = runtime.monotonic()
        let same = try firewall.apply([("default/s500", service(500, 1..<5))])
        print(
            "figure: 1000 services in \(whole - begin); an endpoint replaced:", replaced,
            afterReplaced - whole, "; one more:", scaled, afterScaled - afterReplaced)
        #expect(replaced.operations == 2)
        #expect(replaced.bytes < 400)
        // The frontend leads to another chain, which is made, and one endpoint comes.
        #expect(scaled.operations == 4)
        #expect(same == ServiceFirewall.Cost())
    }

    @Test func theKernelTakesTheTableForIPv6Too() throws {
        let node = try TestNode("v6", isSetUp: false)
        defer { node.remove() }
        var configuration = node.configuration
        configuration.podRange = try #require(IPNetwork("fd00:244:0:7::/64"))
        configuration.clusterRange = try #require(IPNetwork("fd00:244::/48"))
        configuration.serviceRange = try #require(IPNetwork("fd00:96::/112"))
        try NodeNetwork(configuration).setUp()
        let pods = try PodNetwork(configuration)
        defer { try? pods.removeAll() }
        let pod = try pods.attach(owner: "six")
        let address = try #require(IPAddress("fd00:96::a"))
        var service = ServiceInput(
            name: "default/web", clusterIPs: [address],
            ports: [
                ServicePort(
                    .tcp, 80, nodePort: 30080, endpoints: [ServiceEndpoint(pod.address, 8080, isLocal: true)])
            ])
        service.affinitySeconds = 60
        let firewall = try ServiceFirewall(configuration, services: [service])
        service.affinitySeconds = nil
        #expect(try firewall.apply([("default/web", service)]).bytes > 0)
    }

    @Test(arguments: ["0", "1"]) func aServiceMayEndAtTheNodeItself(bridgesFilter: String) throws {
        // As the API server's and the name server's do.
        let scene = try Scene("own-\(bridgesFilter)")
        defer { scene.remove() }
        let file = try scene.node.namespace.run { open("/proc/sys/net/bridge/bridge-nf-call-iptables", O_WRONLY) }
        if file >= 0 {
            write(file, bridgesFilter, 1)
            close(file)
        }
        let gateway = scene.client.gateway
        let servers = [
            try TestServer.tcp(gateway, 6443, answering: "node", in: scene.node.namespace),
            try TestServer.udp(gateway, 6443, answering: "node", in: scene.node.namespace),
        ]
        defer { for server in servers { server.stop() } }
        let endpoint = ServiceEndpoint(gateway, 6443, isLocal: true)
        let service = ServiceInput(
            name: "default/kubernetes", clusterIPs: [scene.clusterIP],
            ports: [
                ServicePort(.tcp, 443, endpoints: [endpoint]), ServicePort(.udp, 443, endpoints: [endpoint]),
            ])
        _ = try ServiceFirewall(scene.node.configuration, services: [service])
        let inside = scene.client.namespace
        #expect(try TestClient.tcp(scene.clusterIP, 443, in: inside).get() == "node \(scene.client.address)")
        #expect(try TestClient.udp(scene.clusterIP, 443, in: inside).get() == "node \(scene.client.address)")
        #expect(try TestClient.tcp(scene.clusterIP, 443, in: scene.node.namespace).get() == "node \(gateway)")
    }

    @Test func aTableThatSomebodyRemovedIsMadeAnew() throws {
        let scene = try Scene("removed")
        defer { scene.remove() }
        let firewall = try ServiceFirewall(scene.node.configuration, services: [scene.service([scene.first])])
        try ServiceFirewall.remove(scene.node.configuration)
        try firewall.apply([("default/web", scene.service([scene.second]))])
        let answer = try TestClient.tcp(scene.clusterIP, 80, in: scene.client.namespace)
        #expect(try answer.get().hasPrefix("second"))
    }
}
