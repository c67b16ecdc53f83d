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

    @Test func aNodeChangesItselfAndWhatRunsOnItOnly() throws {
        let cluster = try TestCluster(admission: try AdmissionSettings(enable: ["NodeRestriction"], disable: []))
        func node(_ name: String, _ label: String) throws -> APIRequest {
            try cluster.create(
                Node {
                    $0.metadata.name = name
                    $0.metadata.labels = [label: "x"]
                })
        }
        try cluster.send(node("a", "kubernetes.io/hostname"), as: .node("a"))
        #expect(try cluster.failure(node("b", "color"), as: .node("a")).code == 403)
        #expect(try cluster.failure(node("c", "node-restriction.kubernetes.io/x"), as: .node("c")).code == 403)
    }

    @Test func aDroppedPluginIsNotThereUnlessItIsAskedFor() throws {
        let spec = #""securityContext":{"runAsUser":5},"#
        _ = try make(pod("a", spec), in: cluster())
        let strict = try TestCluster(
            admission: try AdmissionSettings(
                enable: ["SecurityContextDeny"], disable: ["ServiceAccount"]))
        #expect(throws: APIError.self) { try make(pod("a", spec), in: strict) }
        #expect(throws: AdmissionSettings.Invalid.self) {
            try AdmissionSettings(enable: ["ImagePolicyWebhook"], disable: [])
        }
    }

    @Test func aNamespaceThatIsEnforcedAnewWarnsOfThePodsThatItHas() throws {
        let cluster = try cluster()
        _ = try make(pod("a", #""hostNetwork":true,"#), in: cluster)
        let stored = try #require(
            cluster.registry.stored(ResourceName(version: "v1", plural: "namespaces", name: "shop")))
        var namespace = Namespace(object: stored.object)
        namespace.metadata.labels["pod-security.kubernetes.io/enforce"] = "baseline"
        var request = try cluster.request(.update, Namespace.self, nil, "shop")
        request.object = namespace.object
        let notes = RequestNotes()
        request.notes = notes
        try cluster.send(request)
        #expect(notes.warnings.count == 2)
        #expect(notes.warnings.last?.hasPrefix("a: host namespaces") == true)
        let error = #expect(throws: APIError.self) { try make(pod("b", #""hostNetwork":true,"#), in: cluster) }
        #expect(error?.code == 403)
        namespace.metadata.labels["pod-security.kubernetes.io/enforce"] = "some"
        request.object = namespace.object
        request.object?.change("metadata") { $0[field: "resourceVersion"] = nil }
        #expect(try cluster.failure(request).code == 422)
    }

    @Test func nobodyBecomesAMasterByACertificate() throws {
        // openssl req -new -newkey ed25519 -subj /O=system:masters/CN=eve
        let request = """
            LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlHbU1Gb0NBUUF3SnpFWE1CVUdBMVVFQ2d3T2MzbH\
            pkR1Z0T20xaGMzUmxjbk14RERBS0JnTlZCQU1NQTJWMgpaVEFxTUFVR0F5dGxjQU1oQUVYVE1rZDN3YWVWcDlBS0th\
            ZUhyN0o1dEVRNnlMMmFOeVN4R0ROUFlDaURvQUF3CkJRWURLMlZ3QTBFQXlEV0tzY3pwV0IrSHFFYUJvVEtKVk5vb2\
            9KOGNDVks5blBycytxcVExU2FqRlQ2T2VtZ1IKU1E5YkJrSE5vZktNRnF6YkxDb2hQVEZOcGkydThZSzNEdz09Ci0t\
            LS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=
            """
        let json = """
            {"kind":"CertificateSigningRequest","apiVersion":"certificates.k8s.io/v1","metadata":{"name":"c"},"spec":{\
            "request":"\(request)","signerName":"kubernetes.io/kube-apiserver-client","usages":["client auth"]}}
            """
        let cluster = try cluster()
        let error = #expect(throws: APIError.self) { try make(json, in: cluster) }
        #expect(error?.message.contains("system:masters group is not allowed") == true)
    }
}
