import MartinetAPI
import MartinetAPICore
import MartinetClient
import MartinetSchema
import Testing

/// What classes and limits do to new objects.
@Suite struct AdmissionTests {
    private func make(_ json: String, in cluster: TestCluster) throws -> Object {
        let meta = try JSONDecoder.typeMeta(of: Array(json.utf8))
        let type = try #require(Schema.builtin.type(named: "\(meta.apiVersion ?? "").\(meta.kind ?? "")"))
        let object = try JSONDecoder.decode(Array(json.utf8), as: type).object
        let kind = try #require(type.kind)
        return try cluster.send(
            APIRequest(.create, ResourceName(kind, namespace: kind.isNamespaced ? "shop" : nil), object: object))
    }

    private func pod(_ name: String, _ more: String = "", _ container: String = "", labels: String = "{}") -> String {
        """
        {"kind":"Pod","apiVersion":"v1","metadata":{"name":"\(name)","labels":\(labels)},"spec":{\(more)"containers":[{"name":"c",\
        "image":"i:1"\(container)}]}}
        """
    }

    private func cluster() throws -> TestCluster {
        let cluster = try TestCluster()
        _ = try make(#"{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"default"}}"#, in: cluster)
        return cluster
    }

    @Test func aPodHasThePriorityOfItsClassOrOfTheDefaultOne() throws {
        let cluster = try cluster()
        func priorityClass(_ name: String, _ value: Int, _ more: String) -> String {
            """
            {"kind":"PriorityClass","apiVersion":"scheduling.k8s.io/v1","metadata":{"name":"\(name)"},"value":\(value)\(more)}
            """
        }
        _ = try make(priorityClass("high", 1000, #","preemptionPolicy":"Never""#), in: cluster)
        #expect(Pod(object: try make(pod("a"), in: cluster)).spec.priority == 0)
        let high = Pod(object: try make(pod("b", #""priorityClassName":"high","#), in: cluster)).spec
        #expect(high.priority == 1000)
        #expect(high.preemptionPolicy == "Never")
        _ = try make(priorityClass("usual", 7, #","globalDefault":true"#), in: cluster)
        let usual = Pod(object: try make(pod("c"), in: cluster)).spec
        #expect(usual.priority == 7)
        #expect(usual.priorityClassName == "usual")
        #expect(throws: APIError.self) { try make(priorityClass("other", 8, #","globalDefault":true"#), in: cluster) }
        #expect(throws: APIError.self) { try make(pod("d", #""priorityClassName":"none","#), in: cluster) }
        #expect(throws: APIError.self) { try make(pod("e", #""priority":5,"#), in: cluster) }
    }

    @Test func aClaimGetsTheDefaultClass() throws {
        let cluster = try cluster()
        let claim = """
            {"kind":"PersistentVolumeClaim","apiVersion":"v1","metadata":{"name":"NAME"},"spec":{"accessModes":["ReadWriteOnce"],\
            "resources":{"requests":{"storage":"1Gi"}}}}
            """
        func className(_ name: String) throws -> Value? {
            try make(claim.replacing("NAME", with: name), in: cluster).value(at: ".spec.storageClassName")
        }
        #expect(try className("a") == nil)
        _ = try make(
            """
            {"kind":"StorageClass","apiVersion":"storage.k8s.io/v1","metadata":{"name":"fast","annotations":{\
            "storageclass.kubernetes.io/is-default-class":"true"}},"provisioner":"example.com/p"}
            """, in: cluster)
        #expect(try className("b") == .string("fast"))
    }

    @Test func limitsFillContainersInAndRefuseWhatIsBeyondThem() throws {
        let cluster = try cluster()
        _ = try make(
            """
            {"kind":"LimitRange","apiVersion":"v1","metadata":{"name":"l"},"spec":{"limits":[{"type":"Container","default":{"cpu":"1"},\
            "defaultRequest":{"cpu":"500m"},"max":{"cpu":"2"}}]}}
            """, in: cluster)
        let filled = Pod(object: try make(pod("a"), in: cluster))
        #expect(filled.spec.containers[0].resources.limits["cpu"] == "1")
        #expect(filled.spec.containers[0].resources.requests["cpu"] == "500m")
        #expect(filled.status.qosClass == "Burstable")
        #expect(throws: APIError.self) {
            try make(pod("b", "", #","resources":{"limits":{"cpu":"3"},"requests":{"cpu":"1"}}"#), in: cluster)
        }
    }

    @Test func anEvictionTakesFromTheBudgetAndStopsAtItsEnd() throws {
        let cluster = try cluster()
        for name in ["a", "b"] {
            var running = Pod(object: try make(pod(name, labels: #"{"app":"x"}"#), in: cluster))
            running.status.phase = "Running"
            running.status.conditions = [PodCondition { ($0.type, $0.status) = ("Ready", "True") }]
            var update = APIRequest(
                .update, ResourceName(Pod.kind, namespace: "shop", name: name, subresource: "status"))
            update.object = running.object
            try cluster.send(update)
        }
        var budget = try make(
            """
            {"kind":"PodDisruptionBudget","apiVersion":"policy/v1","metadata":{"name":"p"},"spec":{"minAvailable":1,\
            "selector":{"matchLabels":{"app":"x"}}}}
            """, in: cluster)
        budget.change("status") { status in
            status[field: "observedGeneration"] = .int(1)
            status[field: "disruptionsAllowed"] = .int(1)
        }
        let kind = try #require(budget.type.kind)
        var update = APIRequest(.update, ResourceName(kind, namespace: "shop", name: "p", subresource: "status"))
        update.object = budget
        try cluster.send(update)
        func evict(_ name: String) throws {
            let eviction = Eviction { $0.metadata.name = name }
            var request = APIRequest(
                .create, ResourceName(Pod.kind, namespace: "shop", name: name, subresource: "eviction"))
            request.object = eviction.object
            try cluster.send(request)
        }
        try evict("a")
        let after = try cluster.send(APIRequest(.get, ResourceName(kind, namespace: "shop", name: "p")))
        #expect(after.value(at: ".status.disruptedPods")?.member("a") != nil)
        let refusal = #expect(throws: APIError.self) { try evict("b") }
        #expect(refusal?.code == 429)
    }
}
