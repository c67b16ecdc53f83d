import MartinetBase
import MartinetEtcdServer
import MartinetEtcdStore
import MartinetStore
import MartinetStoreContract
import MartinetTransport
import Testing

/// Every reply to a write is lost, together with the watch that could have told the same.
@Suite(.serialized) struct LostReplyTests {
    private final class Site {
        let store: SQLiteStore
        let server: EtcdServer
        let loops = EventLoops(threads: 1)
        let relay: LossyRelay
        let lossy: StoreHarness
        let direct: StoreHarness

        init() throws {
            let runtime = ProductionRuntime()
            store = try SQLiteStore(inMemory: "lossy", runtime: runtime, executor: ThreadExecutor(name: "lossy"))
            server = try EtcdServer(store: store, runtime: runtime)
            let port = try server.listen(.ip("127.0.0.1", port: 0), loops: loops)
            relay = try LossyRelay(to: port)
            func harness(_ port: Int) throws -> StoreHarness {
                var configuration = EtcdConfiguration(endpoints: ["http://127.0.0.1:\(port)"])
                configuration.scope = "/t/"
                configuration.log = Log(component: "etcd", sink: { _ in })
                let store = try EtcdStore(configuration, runtime: runtime)
                return StoreHarness(store: store, runtime: runtime, wait: { waitUntil($0, $1) })
            }
            lossy = try harness(relay.port)
            direct = try harness(port)
        }

        /// Commits while replies are lost; `meanwhile` runs when the server has carried it out and the client cannot know.
        func commit(_ transaction: Transaction, meanwhile: () throws -> Void = {}) throws -> CommitOutcome {
            let before = (revision: store.revision, lost: relay.lost)
            let answers = Recorder<Result<CommitOutcome, StoreError>>()
            relay.mode = .losing
            lossy.store.commit(transaction) { answers.append($0) }
            let isThere = waitUntil(.seconds(20)) { store.revision > before.revision && relay.lost > before.lost }
            relay.mode = .refusing
            #expect(isThere && answers.all.isEmpty)
            try meanwhile()
            relay.mode = .passing
            #expect(waitUntil(.seconds(30)) { !answers.all.isEmpty })
            return try #require(answers.all.first).get()
        }

        func end() async throws {
            try lossy.closeAndWait()
            try direct.closeAndWait()
            relay.stop()
            await server.shutdown()
            store.close()
            await loops.shutdown()
        }
    }

    @Test("a creation, an update and a deletion whose replies are lost are answered as what they were, and done once")
    func once() async throws {
        let site = try Site()
        let created = try site.commit(.create("/t/a", [1]))
        let first = try #require(try site.direct.store.get("/t/a"))
        #expect(created == .committed(first.modified, previous: [nil]))
        #expect(first.version == 1)
        let updated = try site.commit(.update("/t/a", [2], modified: first.modified))
        let second = try #require(try site.direct.store.get("/t/a"))
        #expect(updated == .committed(second.modified, previous: [first]))
        #expect(second.version == 2)
        guard case .committed(_, let previous) = try site.commit(.delete("/t/a", modified: second.modified)) else {
            Issue.record("the deletion was not committed")
            return
        }
        #expect(previous == [second])
        try await site.end()
    }

    @Test("what others do after a write whose reply was lost neither undoes its answer nor has it done again")
    func others() async throws {
        let site = try Site()
        let created = try site.commit(.create("/t/a", [1])) { try site.direct.delete("/t/a") }
        #expect(try site.direct.store.get("/t/a") == nil)
        guard case .committed(let revision, _) = created else {
            Issue.record("the creation was answered by \(created)")
            return
        }
        let events = try site.direct.store.events(prefix: "/t/a", after: .initial, limit: 0).events
        #expect(events.map(\.kind) == [.put, .delete])
        #expect(events.first?.revision == revision)
        try await site.end()
    }

    @Test("a deletion of what may not be there, whose reply is lost, has an unknown outcome")
    func unknown() async throws {
        let site = try Site()
        try site.direct.put("/t/a", "1")
        #expect(throws: StoreError.self) { _ = try site.commit(Transaction(operations: [.delete(key: "/t/a")])) }
        try await site.end()
    }
}
