import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import Synchronization
import Testing

@Suite struct ReadTests {
    private func config(_ name: String, labels: StringMap = [:]) -> ConfigMap {
        ConfigMap {
            $0.metadata.name = name
            $0.metadata.namespace = "shop"
            $0.metadata.labels = labels
        }
    }

    private func pass(_ time: Duration, _ cluster: TestCluster) {
        _ = cluster.runtime.run(until: cluster.runtime.monotonic() + time) { false }
    }

    @Test func aContinueTokenIsConsistentForFiveMinutesAndThenGoesOnWithWhatIsThere() throws {
        let cluster = try TestCluster()
        for name in ["a", "b", "c", "d"] { try cluster.send(cluster.create(config(name))) }
        var list = try cluster.request(.list, ConfigMap.self, "shop")
        list.options.limit = 2
        let first = try cluster.send(list)
        #expect(first.itemNames == ["a", "b"])
        let token = first.listMetadata["continue"] ?? ""
        try cluster.send(cluster.request(.delete, ConfigMap.self, "shop", "c"))
        try cluster.send(cluster.create(config("e")))
        list.options.continue = token
        pass(.seconds(240), cluster)
        #expect(try cluster.send(list).itemNames == ["c", "d"], "as it was")
        pass(.seconds(400), cluster)
        let expired = try cluster.failure(list)
        #expect(expired.code == 410)
        #expect(expired.reason == "Expired")
        list.options.continue = expired.continueToken
        #expect(try cluster.send(list).itemNames == ["d", "e"], "as it is")
        var watch = try cluster.request(.watch, ConfigMap.self, "shop")
        watch.options.resourceVersion = "1"
        list.options = .init()
        list.options.resourceVersion = "1"
        list.options.resourceVersionMatch = "Exact"
        #expect(try cluster.failure(list).code == 410)
    }

    @Test func whereNothingIsWrittenNothingIsForgottenAndNoTimerRuns() throws {
        let cluster = try TestCluster()
        try cluster.send(cluster.create(config("a")))
        var steps = 0
        while cluster.runtime.step(), steps < 100_000 { steps += 1 }
        #expect(steps < 100_000)
        #expect(cluster.store.compacted == cluster.store.revision)
    }

    @Test func aWatchFromWhatIsYetToComeSeesOnlyWhatComesAfterIt() throws {
        let cluster = try TestCluster()
        let seen = Mutex<[String]>([])
        var watch = try cluster.request(.watch, ConfigMap.self, "shop")
        watch.options.resourceVersion = String(cluster.store.revision.value + 2)
        let client = RegistryClient(registry: cluster.registry, identity: .admin)
        let handle = client.watch(watch, on: cluster.runtime.executor(named: "watch")) { message in
            seen.withLock { $0.append(message.text) }
        }
        for name in ["a", "b", "c", "d"] { try cluster.send(cluster.create(config(name))) }
        pass(.seconds(1), cluster)
        #expect(seen.withLock { $0 } == ["ADDED c", "ADDED d"])
        handle.cancel()
    }

    @Test func anObjectLargerThanAStoreTakesIsRefused() throws {
        let cluster = try TestCluster()
        // Its JSON is twice as long as what upstream would store.
        let escaped = ConfigMap {
            $0.metadata.name = "escaped"
            $0.metadata.namespace = "shop"
            $0.data = ["k": String(repeating: "\"", count: 900_000)]
        }
        try cluster.send(cluster.create(escaped))
        let text = String(repeating: "y", count: 1_600_000)
        let json =
            #"{"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name":"a","namespace":"shop"},"revision":1,"#
            + #""data":{"x":"\#(text)"}}"#
        let name = ResourceName(group: "apps", version: "v1", plural: "controllerrevisions", namespace: "shop")
        let kind = try #require(cluster.registry.served[name]).kind
        var large = APIRequest(.create, name)
        large.object = try JSONDecoder.decode(Array(json.utf8), as: kind.type).object
        #expect(try cluster.failure(large).code == 413)
    }
}

extension Object {
    fileprivate var listMetadata: [String: String] {
        guard case .map(let map) = PlainText.plain(self), case .map(let metadata)? = map["metadata"] else { return [:] }
        var texts: [String: String] = [:]
        for entry in metadata.entries { if case .string(let text) = entry.value { texts[entry.key] = text } }
        return texts
    }
}
