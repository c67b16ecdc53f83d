import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import Testing

/// IPAddresses and ServiceCIDRs beside the Services that they are about.
@Suite struct ServiceRangeTests {
    private static let addresses = ResourceName(group: "networking.k8s.io", version: "v1", plural: "ipaddresses")
    private static let ranges = ResourceName(group: "networking.k8s.io", version: "v1", plural: "servicecidrs")

    private func cluster() throws -> TestCluster {
        let cluster = try TestCluster()
        cluster.registry.keepServiceRanges()
        settle(cluster)
        return cluster
    }

    private func settle(_ cluster: TestCluster) {
        _ = cluster.runtime.run(until: cluster.runtime.monotonic() + .seconds(3)) { false }
    }

    private func service(_ name: String, _ address: String = "") -> Service {
        Service {
            $0.metadata.name = name
            $0.metadata.namespace = "shop"
            $0.spec.clusterIP = address
            $0.spec.ports = [ServicePort { ($0.name, $0.port) = ("a", 80) }]
        }
    }

    private func named(_ resource: ResourceName, _ name: String) -> ResourceName {
        var resource = resource
        resource.name = name
        return resource
    }

    private func make(_ resource: ResourceName, _ text: String, _ cluster: TestCluster) throws -> Object {
        let type = try #require(cluster.registry.served[resource]?.kind.type)
        let object = try JSONDecoder.decode(Array(text.utf8), as: type).object
        return try cluster.send(APIRequest(.create, resource, object: object))
    }

    private func range(_ name: String, _ cidr: String, _ cluster: TestCluster) throws {
        _ = try make(Self.ranges, #"{"metadata":{"name":"\#(name)"},"spec":{"cidrs":["\#(cidr)"]}}"#, cluster)
        settle(cluster)
    }

    private func ready(_ name: String, _ cluster: TestCluster) throws -> String {
        let object = try cluster.send(APIRequest(.get, named(Self.ranges, name)))
        return object.part("status")?.parts("conditions").first?.text("status") ?? ""
    }

    @Test func eachAddressHasAnObjectAsLongAsItsService() throws {
        let cluster = try cluster()
        let made = Service(object: try cluster.send(cluster.create(service("a"))))
        let stored = try cluster.send(APIRequest(.get, named(Self.addresses, made.spec.clusterIP)))
        let parent = try #require(stored.part("spec")?.part("parentRef"))
        #expect(
            (parent.text("resource"), parent.text("namespace"), parent.text("name")) == ("services", "shop", "a"))
        #expect(stored.metadata.labels["ipaddress.kubernetes.io/ip-family"] == "IPv4")
        // One that somebody takes away comes back.
        try cluster.send(APIRequest(.delete, named(Self.addresses, made.spec.clusterIP)))
        settle(cluster)
        try cluster.send(APIRequest(.get, named(Self.addresses, made.spec.clusterIP)))
        try cluster.send(try cluster.request(.delete, Service.self, "shop", "a"))
        settle(cluster)
        #expect(try cluster.failure(APIRequest(.get, named(Self.addresses, made.spec.clusterIP))).isNotFound)
    }

    @Test func anAddressOfAnotherOwnerIsTaken() throws {
        let cluster = try cluster()
        let text = #"{"metadata":{"name":"10.96.7.7"},"spec":{"parentRef":{"group":"g","resource":"r","name":"n"}}}"#
        _ = try make(Self.addresses, text, cluster)
        #expect(try cluster.failure(cluster.create(service("a", "10.96.7.7"))).message.contains("already allocated"))
        try cluster.send(APIRequest(.delete, named(Self.addresses, "10.96.7.7")))
        settle(cluster)
        try cluster.send(cluster.create(service("a", "10.96.7.7")))
    }

    @Test func theDefaultRangeIsThereAndComesBack() throws {
        let cluster = try cluster()
        #expect(try ready("kubernetes", cluster) == "True")
        let object = try cluster.send(APIRequest(.get, named(Self.ranges, "kubernetes")))
        #expect(object.metadata.finalizers == ["networking.k8s.io/service-cidr-finalizer"])
        try cluster.send(APIRequest(.delete, named(Self.ranges, "kubernetes")))
        settle(cluster)
        let again = try cluster.send(APIRequest(.get, named(Self.ranges, "kubernetes")))
        #expect(again.metadata.uid != object.metadata.uid)
    }

    @Test func aRangeWidensWhatServicesGetAndStaysWhileItIsUsed() throws {
        let cluster = try cluster()
        #expect(try cluster.failure(cluster.create(service("a", "203.0.113.10"))).message.contains("not in the range"))
        try range("more", "203.0.113.0/24", cluster)
        #expect(try ready("more", cluster) == "True")
        try cluster.send(cluster.create(service("a", "203.0.113.10")))
        try cluster.send(APIRequest(.delete, named(Self.ranges, "more")))
        settle(cluster)
        #expect(try ready("more", cluster) == "False")
        // Nothing more comes out of it.
        #expect(try cluster.failure(cluster.create(service("b", "203.0.113.11"))).code == 422)
        try cluster.send(try cluster.request(.delete, Service.self, "shop", "a"))
        settle(cluster)
        #expect(try cluster.failure(APIRequest(.get, named(Self.ranges, "more"))).isNotFound)
    }

    @Test func aRangeWithinAnotherGoesAtOnce() throws {
        let cluster = try cluster()
        try range("outer", "203.0.113.0/24", cluster)
        try range("inner", "203.0.113.0/28", cluster)
        try cluster.send(cluster.create(service("a", "203.0.113.10")))
        try cluster.send(APIRequest(.delete, named(Self.ranges, "inner")))
        settle(cluster)
        #expect(try cluster.failure(APIRequest(.get, named(Self.ranges, "inner"))).isNotFound)
    }

    @Test func endpointsOfAServiceAreReadyAndOfItsPort() throws {
        let cluster = try cluster()
        try cluster.send(cluster.create(service("a")))
        #expect(cluster.registry.endpoint(ofService: "a", namespace: "shop", port: 80) == nil)
        let slice = EndpointSlice {
            $0.metadata.name = "a-1"
            $0.metadata.namespace = "shop"
            $0.metadata.labels = ["kubernetes.io/service-name": "a"]
            $0.addressType = "IPv4"
            $0.endpoints = [
                Endpoint { ($0.addresses, $0.conditions.ready) = (["10.1.0.1"], false) },
                Endpoint { ($0.addresses, $0.conditions.ready) = (["10.1.0.2"], true) },
                Endpoint { $0.addresses = ["10.1.0.3"] },
            ]
            $0.ports = [
                DiscoveryEndpointPort { ($0.name, $0.port) = ("b", 1) },
                DiscoveryEndpointPort { ($0.name, $0.port) = ("a", 8080) },
            ]
        }
        try cluster.send(cluster.create(slice))
        var seen: Set<String> = []
        for _ in 0..<50 {
            let endpoint = try #require(cluster.registry.endpoint(ofService: "a", namespace: "shop", port: 80))
            #expect(endpoint.port == 8080)
            seen.insert(endpoint.address)
        }
        #expect(seen == ["10.1.0.2", "10.1.0.3"])
        #expect(cluster.registry.endpoint(ofService: "a", namespace: "shop", port: 81) == nil)
        #expect(cluster.registry.endpoint(ofService: "c", namespace: "shop", port: 80) == nil)
    }
}
