import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import Synchronization
import Testing

@Suite struct PastTests {
    private func config(_ name: String, _ data: StringMap = [:]) -> ConfigMap {
        ConfigMap {
            $0.metadata.name = name
            $0.metadata.namespace = "shop"
            $0.data = data
        }
    }

    private func pass(_ time: Duration, _ cluster: TestCluster) {
        _ = cluster.runtime.run(until: cluster.runtime.monotonic() + time) { false }
    }

    private func list(_ cluster: TestCluster, _ past: PastOptions?) throws -> APIRequest {
        var request = try cluster.request(.list, ConfigMap.self, "shop")
        request.options.past = past
        return request
    }

    @Test func aListAndAnObjectAreReadAsTheyWere() throws {
        let cluster = try TestCluster(history: HistoryWindow())
        for name in ["a", "b", "c"] { try cluster.send(cluster.create(config(name, ["k": "1"]))) }
        let revision = cluster.store.revision
        let time = cluster.runtime.now().rfc3339Micro
        pass(.seconds(600), cluster)
        try cluster.send(cluster.request(.delete, ConfigMap.self, "shop", "b"))
        var update = try cluster.request(.update, ConfigMap.self, "shop", "a")
        update.object = config("a", ["k": "2"]).object
        try cluster.send(update)
        pass(.seconds(3600), cluster)
        #expect(try cluster.send(list(cluster, nil)).itemNames == ["a", "c"])
        for past in [
            PastOptions(revision: String(revision.value)), PastOptions(time: time), PastOptions(time: "1h5m"),
        ] {
            #expect(try cluster.send(list(cluster, past)).itemNames == ["a", "b", "c"])
            var get = try cluster.request(.get, ConfigMap.self, "shop", "a")
            get.options.past = past
            #expect(try cluster.send(get).view(ConfigMap.self)?.data["k"] == "1")
            get = try cluster.request(.get, ConfigMap.self, "shop", "b")
            #expect(try cluster.failure(get).code == 404)
            get.options.past = past
            #expect(try cluster.send(get).metadata.name == "b")
        }
        // In pages: ten minutes ago stays the same ten minutes ago.
        var paged = try list(cluster, PastOptions(time: "65m"))
        paged.options.limit = 2
        let first = try cluster.send(paged)
        #expect(first.itemNames == ["a", "b"])
        pass(.seconds(600), cluster)
        paged.options.continue = first.listMetadata.continue
        #expect(try cluster.send(paged).itemNames == ["c"])
    }

    @Test func theWindowOfClientsIsTheirOwn() throws {
        let cluster = try TestCluster(history: HistoryWindow())
        try cluster.send(cluster.create(config("a")))
        let old = cluster.store.revision
        for _ in 0..<3 {
            pass(.seconds(400), cluster)
            try cluster.send(cluster.create(config("n\(cluster.runtime.random() % 1_000_000)")))
        }
        var exact = try cluster.request(.list, ConfigMap.self, "shop")
        exact.options.resourceVersion = String(old.value)
        exact.options.resourceVersionMatch = "Exact"
        #expect(try cluster.failure(exact).code == 410)
        #expect(cluster.store.compacted <= .initial)
        #expect(try cluster.send(list(cluster, PastOptions(revision: String(old.value)))).itemNames == ["a"])
    }

    @Test func whatIsMalformedIsRefused() throws {
        let cluster = try TestCluster(history: HistoryWindow())
        for past in [
            PastOptions(time: ""), PastOptions(time: "yesterday"), PastOptions(time: "5"), PastOptions(time: "1m1h"),
            PastOptions(time: "99999999999999999999d"), PastOptions(time: "1m", revision: "3"),
            PastOptions(revision: ""), PastOptions(revision: "-1"), PastOptions(revision: "0"),
            PastOptions(revision: "x"), PastOptions(revision: "999999"), PastOptions(history: "true"),
            PastOptions(history: "no"),
        ] {
            #expect(try cluster.failure(list(cluster, past)).code == 400, "\(String(describing: past))")
        }
        var both = try list(cluster, PastOptions(time: "1m"))
        both.options.resourceVersion = "3"
        #expect(try cluster.failure(both).code == 400)
        var create = try cluster.create(config("a"))
        create.options.past = PastOptions(time: "1m")
        #expect(try cluster.failure(create).code == 400)
    }

    @Test func theVersionsOfAnObjectSayWhenWhoAndWhat() throws {
        let cluster = try TestCluster(history: HistoryWindow())
        var create = try cluster.create(config("a", ["k": "1"]))
        create.options.fieldManager = "alice"
        try cluster.send(create)
        pass(.seconds(60), cluster)
        var update = try cluster.request(.update, ConfigMap.self, "shop", "a")
        update.object = config("a", ["k": "2", "l": "1"]).object
        update.options.fieldManager = "bob"
        try cluster.send(update)
        pass(.seconds(60), cluster)
        try cluster.send(cluster.request(.delete, ConfigMap.self, "shop", "a"))
        var history = try cluster.request(.get, ConfigMap.self, "shop", "a")
        history.options.past = PastOptions(history: "true")
        let items = try cluster.send(history).items
        let notes = items.map { item in
            ["change", "by", "fields"].map { item.metadata.annotations["history.martinet.io/\($0)"] ?? "" }
        }
        #expect(notes == [["created", "alice", ""], ["changed", "bob", "data.k,data.l"], ["deleted", "", ""]])
        let times = items.compactMap { item -> Timestamp? in
            let text: String? = item.metadata.annotations["history.martinet.io/time"]
            return text.flatMap { Timestamp(rfc3339: $0) }
        }
        #expect(times.count == 3 && times[1].duration(since: times[0]) >= .seconds(60))
        #expect(items.map { $0.view(ConfigMap.self)?.data["k"] } == ["1", "2", "2"])
        history = try cluster.request(.get, ConfigMap.self, "shop", "none")
        history.options.past = PastOptions(history: "true")
        #expect(try cluster.failure(history).code == 404)
    }

    @Test func whoMayNotReadNowMayNotReadThePast() throws {
        let cluster = try TestCluster(history: HistoryWindow())
        try cluster.send(cluster.create(config("a")))
        let nobody = Identity(user: "nobody", groups: ["system:authenticated"])
        for past in [PastOptions(time: "1s"), PastOptions(history: "true")] {
            var get = try cluster.request(.get, ConfigMap.self, "shop", "a")
            get.options.past = past
            #expect(try cluster.failure(get, as: nobody).code == 403)
        }
    }

    @Test func aWatchBeginsInThePast() throws {
        let cluster = try TestCluster(history: HistoryWindow())
        try cluster.send(cluster.create(config("a")))
        let revision = cluster.store.revision
        for name in ["b", "c"] {
            pass(.seconds(700), cluster)
            try cluster.send(cluster.create(config(name)))
        }
        let seen = Mutex<[String]>([])
        var watch = try cluster.request(.watch, ConfigMap.self, "shop")
        watch.options.past = PastOptions(revision: String(revision.value))
        let opened = try cluster.registry.watch(
            watch, as: .admin, on: cluster.runtime.executor(named: "watch")
        ) { events in
            for event in events {
                if case .added(let object) = event { seen.withLock { $0.append(object.name) } }
            }
        }
        pass(.seconds(1), cluster)
        try cluster.send(cluster.create(config("d")))
        pass(.seconds(1), cluster)
        #expect(seen.withLock { $0 } == ["b", "c", "d"])
        opened.cancel()
    }
}
