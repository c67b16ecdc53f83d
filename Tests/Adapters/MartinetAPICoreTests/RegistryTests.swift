import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import Synchronization
import Testing

/// A registry over a store in memory, in virtual time.
struct TestCluster {
    let runtime: SimulatedRuntime
    let registry: Registry
    let store: SQLiteStore

    init(
        seed: UInt64 = 1, runtimeConfig: RuntimeConfig = RuntimeConfig(), namespaces: [String] = ["default", "shop"],
        serviceNetwork: ServiceNetwork = ServiceNetwork(), admission: AdmissionSettings = AdmissionSettings(),
        history: HistoryWindow? = nil
    ) throws {
        runtime = SimulatedRuntime(seed: seed)
        var configuration = SQLiteStore.Configuration()
        configuration.history = history
        store = try SQLiteStore(
            inMemory: "test", runtime: runtime, executor: runtime.executor(named: "store"),
            configuration: configuration)
        registry = try Registry(
            store: store, runtime: runtime, log: Log(component: "test", minimum: .error),
            configuration: .init(
                serviceNetwork: serviceNetwork, runtimeConfig: runtimeConfig, admission: admission))
        for name in namespaces { _ = try send(create(Namespace { $0.metadata.name = name })) }
    }

    func request<V: View>(_ verb: APIRequest.Verb, _ type: V.Type, _ namespace: String? = nil, _ name: String? = nil)
        throws -> APIRequest
    {
        APIRequest(verb, ResourceName(try #require(V.type.kind), namespace: namespace, name: name))
    }

    func create<V: View>(_ view: V) throws -> APIRequest {
        let namespace = view.object.metadata.namespace
        var request = try request(.create, V.self, namespace.isEmpty ? nil : namespace)
        request.object = view.object
        return request
    }

    @discardableResult
    func send(_ request: APIRequest, as identity: Identity = .admin) throws -> Object {
        let answer = Mutex<Result<Reply, APIError>?>(nil)
        registry.handle(request, as: identity) { result in answer.withLock { $0 = result } }
        _ = runtime.run(until: runtime.monotonic() + .seconds(60)) { answer.withLock { $0 != nil } }
        return try #require(answer.withLock { $0 }).get().tree
    }

    func failure(_ request: APIRequest, as identity: Identity = .admin) throws -> APIError {
        do {
            try send(request, as: identity)
            throw APIError(code: 0, reason: "", message: "the request was granted")
        } catch let error as APIError {
            return error
        }
    }
}

@Suite struct RegistryTests {
    private func config(_ name: String, _ data: StringMap = [:], labels: StringMap = [:]) -> ConfigMap {
        ConfigMap {
            $0.metadata.name = name
            $0.metadata.namespace = "shop"
            $0.metadata.labels = labels
            $0.data = data
        }
    }

    @Test func anObjectIsCreatedReadChangedAndDeleted() throws {
        let cluster = try TestCluster()
        let created = ConfigMap(object: try cluster.send(cluster.create(config("a", ["x": "1"]))))
        #expect(created.metadata.uid.utf8.count == 36)
        #expect(!created.metadata.resourceVersion.isEmpty)
        #expect(try cluster.failure(cluster.create(config("a"))).reason == "AlreadyExists")

        var changed = created
        changed.data["x"] = "2"
        var update = try cluster.request(.update, ConfigMap.self, "shop", "a")
        update.object = changed.object
        let updated = ConfigMap(object: try cluster.send(update))
        #expect(updated.data["x"] == "2")
        #expect(updated.metadata.resourceVersion != created.metadata.resourceVersion)
        #expect(updated.metadata.uid == created.metadata.uid)
        #expect(try cluster.failure(update).reason == "Conflict", "the update is based on an old version")

        try cluster.send(cluster.request(.delete, ConfigMap.self, "shop", "a"))
        #expect(try cluster.failure(cluster.request(.get, ConfigMap.self, "shop", "a")).code == 404)
    }

    @Test func whatChangesNothingIsNotWritten() throws {
        let cluster = try TestCluster()
        let created = try cluster.send(cluster.create(config("a", ["x": "1"])))
        var update = try cluster.request(.update, ConfigMap.self, "shop", "a")
        update.object = created
        #expect(try cluster.send(update) == created)
    }

    @Test func patchesOfEveryFormApply() throws {
        let cluster = try TestCluster()
        try cluster.send(cluster.create(config("a", ["x": "1"])))
        for (type, document) in [
            (APIRequest.Patch.merge, #"{"data":{"m":"1"}}"#), (.strategic, #"{"data":{"s":"1"}}"#),
            (.json, #"[{"op":"add","path":"/data/j","value":"1"}]"#),
        ] {
            var patch = try cluster.request(.patch, ConfigMap.self, "shop", "a")
            patch.patch = (type, Array(document.utf8))
            try cluster.send(patch)
        }
        let result = ConfigMap(object: try cluster.send(cluster.request(.get, ConfigMap.self, "shop", "a")))
        #expect(Array(result.data.keys) == ["j", "m", "s", "x"])
    }

    @Test func listsComeInChunksThatAreOneSnapshot() throws {
        let cluster = try TestCluster()
        for index in 0..<7 { try cluster.send(cluster.create(config("c\(index)"))) }
        var list = try cluster.request(.list, ConfigMap.self, "shop")
        list.options.limit = 3
        let first = try cluster.send(list)
        // A write between two chunks is not seen by the second.
        try cluster.send(cluster.create(config("c5x")))
        var names = first.itemNames
        var token = first.listMetadata.continue
        while !token.isEmpty {
            list.options.continue = token
            let page = try cluster.send(list)
            #expect(page.listMetadata.resourceVersion == first.listMetadata.resourceVersion)
            names += page.itemNames
            token = page.listMetadata.continue
        }
        #expect(names == (0..<7).map { "c\($0)" })
    }

    @Test func selectorsSelectInListsAndWatches() throws {
        let cluster = try TestCluster()
        try cluster.send(cluster.create(config("a", labels: ["app": "web"])))
        try cluster.send(cluster.create(config("b", labels: ["app": "db"])))
        var list = try cluster.request(.list, ConfigMap.self)
        list.options.labelSelector = "app=web"
        #expect(try cluster.send(list).itemNames == ["a"])
        list.options.labelSelector = ""
        list.options.fieldSelector = "metadata.name=b"
        #expect(try cluster.send(list).itemNames == ["b"])
        list.options.fieldSelector = "data.x=b"
        #expect(try cluster.failure(list).code == 400)
    }

    @Test func aWatchSeesObjectsComeIntoAndGoOutOfSight() throws {
        let cluster = try TestCluster()
        try cluster.send(cluster.create(config("a", labels: ["app": "web"])))
        let seen = Mutex<[String]>([])
        var watch = try cluster.request(.watch, ConfigMap.self, "shop")
        watch.options.labelSelector = "app=web"
        watch.options.sendInitialEvents = true
        watch.options.resourceVersionMatch = "NotOlderThan"
        watch.options.allowWatchBookmarks = true
        let client = RegistryClient(registry: cluster.registry, identity: .admin)
        let handle = client.watch(watch, on: cluster.runtime.executor(named: "watch")) { message in
            seen.withLock { $0.append(message.text) }
        }
        for label in ["db", "web"] {
            var patch = try cluster.request(.patch, ConfigMap.self, "shop", "a")
            patch.patch = (.merge, Array(#"{"metadata":{"labels":{"app":"\#(label)"}}}"#.utf8))
            try cluster.send(patch)
        }
        try cluster.send(cluster.create(config("other")))
        try cluster.send(cluster.request(.delete, ConfigMap.self, "shop", "a"))
        while cluster.runtime.step() {}
        #expect(seen.withLock { $0 } == ["ADDED a", "BOOKMARK end", "DELETED a", "ADDED a", "DELETED a"])
        handle.cancel()
    }

    @Test func aPodGoesGracefullyAndIsBoundOnce() throws {
        let cluster = try TestCluster()
        try cluster.send(
            cluster.create(
                ServiceAccount {
                    $0.metadata.name = "default"
                    $0.metadata.namespace = "shop"
                }))
        let pod = Pod {
            $0.metadata.generateName = "web-"
            $0.metadata.namespace = "shop"
            $0.spec.containers = [Container { ($0.name, $0.image) = ("web", "nginx") }]
        }
        let created = Pod(object: try cluster.send(cluster.create(pod)))
        #expect(created.metadata.name.hasPrefix("web-"))
        #expect(created.spec.volumes.contains { $0.name.hasPrefix("kube-api-access-") })
        #expect(created.spec.tolerations.count == 2)
        var binding = try cluster.request(.create, Pod.self, "shop", created.metadata.name)
        binding.resource.subresource = "binding"
        binding.object = Binding { $0.target.name = "node-1" }.object
        try cluster.send(binding)
        #expect(try cluster.failure(binding).code == 409)
        let deleted = Pod(object: try cluster.send(cluster.request(.delete, Pod.self, "shop", created.metadata.name)))
        #expect(deleted.metadata.deletionGracePeriodSeconds == 30)
        var now = try cluster.request(.delete, Pod.self, "shop", created.metadata.name)
        now.object = DeleteOptions { $0.gracePeriodSeconds = 0 }.object
        try cluster.send(now)
        #expect(try cluster.failure(cluster.request(.get, Pod.self, "shop", created.metadata.name)).isNotFound)
    }

    @Test func servicesGetAddressesAndPorts() throws {
        let cluster = try TestCluster()
        func service(_ name: String, _ type: String, address: String = "") throws -> Service {
            Service(
                object: try cluster.send(
                    cluster.create(
                        Service {
                            $0.metadata.name = name
                            $0.metadata.namespace = "shop"
                            $0.spec.type = type
                            $0.spec.clusterIP = address
                            $0.spec.ports = [ServicePort { $0.port = 80 }]
                        })))
        }
        let first = try service("a", "ClusterIP")
        let second = try service("b", "NodePort")
        #expect(first.spec.clusterIP.hasPrefix("10.96."))
        #expect(first.spec.clusterIP != second.spec.clusterIP)
        #expect((30000...32767).contains(second.spec.ports.first?.nodePort ?? 0))
        #expect(throws: APIError.self) { try service("c", "ClusterIP", address: first.spec.clusterIP) }
        #expect(throws: APIError.self) { try service("c", "ClusterIP", address: "192.0.2.1") }
    }

    @Test func whoIsNobodyMayDoNothing() throws {
        let cluster = try TestCluster()
        let error = try cluster.failure(cluster.request(.list, ConfigMap.self, "shop"), as: .anonymous)
        #expect(error.code == 403)
        #expect(error.message.contains("system:anonymous"))
    }

    @Test func nothingIsCreatedInANamespaceThatIsNotThere() throws {
        let cluster = try TestCluster()
        var map = config("a")
        map.metadata.namespace = "nowhere"
        #expect(try cluster.failure(cluster.create(map)).isNotFound)
    }
}

extension Object {
    var itemNames: [String] { items.map { $0.metadata.name } }
}

extension WatchMessage {
    var text: String {
        switch self {
        case .added(let object): "ADDED \(object.metadata.name)"
        case .modified(let object): "MODIFIED \(object.metadata.name)"
        case .deleted(let object): "DELETED \(object.metadata.name)"
        case .bookmark(_, let end): end ? "BOOKMARK end" : "BOOKMARK"
        case .ended: "ENDED"
        }
    }
}
