import Glibc
import MartinetBase
import MartinetStore
import MartinetStoreContract
import Testing

@Suite struct HistoryTests {
    private func store(
        _ runtime: SimulatedRuntime, history: HistoryWindow? = nil
    ) throws -> (SQLiteStore, StoreHarness) {
        var configuration = quiet
        configuration.history = history
        let store = try SQLiteStore(
            inMemory: "history", runtime: runtime, executor: runtime.executor(named: "store"),
            configuration: configuration)
        let harness = StoreHarness(
            store: store, runtime: runtime, wait: { runtime.run(until: runtime.monotonic() + $0, $1) })
        return (store, harness)
    }

    private func pass(_ runtime: SimulatedRuntime, _ time: Duration) {
        _ = runtime.run(until: runtime.monotonic() + time) { false }
    }

    @Test("a time leads to the revision that was the newest then, and back")
    func times() throws {
        let runtime = SimulatedRuntime(seed: 1)
        let (store, harness) = try store(runtime)
        let start = runtime.now()
        #expect(try store.revision(at: start) == .initial)
        var written: [(Revision, Timestamp)] = []
        for number in 0..<50 {
            pass(runtime, .seconds(number % 7))
            written.append((try harness.put("/\(number % 5)", "\(number)"), runtime.now()))
        }
        for (revision, time) in written {
            #expect(try store.time(of: revision) == time.wholeMicrosecondsDown)
            let later = written.last { $0.1 <= time }?.0
            #expect(try store.revision(at: time) == later)
        }
        #expect(try store.revision(at: start.advanced(by: .seconds(-1))) == .initial)
        #expect(try store.revision(at: runtime.now().advanced(by: .seconds(1000))) == store.revision)
        // What is between two writes is what the first of them left.
        let (middle, at) = written[22]
        pass(runtime, .seconds(100))
        store.compact(before: middle)
        _ = harness.wait(.seconds(30)) { store.compacted == middle }
        #expect(try store.revision(at: at) == middle)
        #expect(try store.time(of: middle) == at.wholeMicrosecondsDown)
        let error = #expect(throws: StoreError.self) { try store.revision(at: start) }
        #expect(error?.code == .compacted(oldest: middle))
    }

    @Test("the wall clock may go back, the times of history do not")
    func clockGoesBack() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        let late = SimulatedRuntime(seed: 1, start: Timestamp(seconds: 2_000_000_000))
        let early = SimulatedRuntime(seed: 1, start: Timestamp(seconds: 1_000_000_000))
        var times: [Timestamp?] = []
        for runtime in [late, early] {
            let store = try SQLiteStore(
                path: path, runtime: runtime, executor: runtime.executor(named: "store"), configuration: quiet)
            let harness = StoreHarness(
                store: store, runtime: runtime, wait: { runtime.run(until: runtime.monotonic() + $0, $1) })
            times.append(try store.time(of: try harness.put("/a", "1")))
            try harness.closeAndWait()
        }
        #expect(times[0] == Timestamp(seconds: 2_000_000_000))
        #expect(times[1] == times[0])
    }

    @Test("the changes of a key are told with their times, its deletions among them")
    func changes() throws {
        let runtime = SimulatedRuntime(seed: 1)
        let (store, harness) = try store(runtime)
        var expected: [StoredChange] = []
        for round in 0..<3 {
            pass(runtime, .seconds(10))
            try harness.put("/other", "x")
            let revision = try harness.put("/a", "\(round)")
            expected.append(
                StoredChange(revision: revision, time: runtime.now().wholeMicrosecondsDown, object: try store.get("/a"))
            )
            if round == 1 {
                let gone = try harness.delete("/a")
                expected.append(
                    StoredChange(revision: gone, time: runtime.now().wholeMicrosecondsDown, object: nil))
            }
        }
        #expect(try store.changes(of: "/a", limit: 0) == expected)
        #expect(try store.changes(of: "/a", limit: 2) == Array(expected.suffix(2)))
        #expect(try store.changes(of: "/none", limit: 0) == [])
        let second = expected[1].revision
        store.compact(before: second)
        _ = harness.wait(.seconds(30)) { store.compacted == second }
        #expect(try store.changes(of: "/a", limit: 0) == Array(expected.dropFirst()))
    }

    @Test("history keeps within its age and its bytes, and what is young whatever it takes")
    func bounds() throws {
        let runtime = SimulatedRuntime(seed: 1)
        let window = HistoryWindow(age: .seconds(1800), bytes: 1 << 20, leastAge: .seconds(60))
        let (store, harness) = try store(runtime, history: window)
        var largest: Int64 = 0
        var oldest = Duration.zero
        // Twenty writes a second: first small ones, so that age is the bound, then larger ones.
        for second in 0..<5400 {
            let size = second < 3600 ? 10 : 300
            if second % 10 == 0 {
                for number in 0..<20 {
                    let key = "/\(second &* 31 &+ number % 40)".prefix(3)
                    store.commit(
                        Transaction(operations: [.put(key: String(key), value: [UInt8](repeating: 1, count: size))])
                    ) { _ in }
                }
            }
            pass(runtime, .seconds(1))
            guard second % 100 == 99 else { continue }
            largest = max(largest, store.historyBytes)
            if store.compacted > .none, let time = try store.time(of: store.compacted) {
                oldest = max(oldest, runtime.now().duration(since: time))
            }
        }
        #expect(largest <= window.bytes + 20_000, "\(largest) bytes")
        #expect(oldest <= .seconds(1830), "\(oldest)")
        #expect(oldest >= .seconds(1780), "\(oldest)")
        // A burst beyond the bound on bytes is kept for its least age.
        let burst = try harness.put("/burst", "0")
        for number in 0..<200 {
            store.commit(
                Transaction(operations: [.put(key: "/burst", value: [UInt8](repeating: UInt8(number), count: 20_000))])
            ) { _ in }
        }
        pass(runtime, .seconds(30))
        #expect(try store.get("/burst", at: burst)?.version == 1)
        #expect(store.historyBytes > window.bytes)
        pass(runtime, .seconds(200))
        #expect(store.historyBytes <= window.bytes)
        // With nobody writing, age still has its way.
        pass(runtime, .seconds(2000))
        #expect(store.historyBytes == 0)
        #expect(store.compacted == store.revision)
    }

    @Test("the size of history outlives a restart, counted or killed")
    func counted() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        var expected: Int64 = 0
        for round in 0..<4 {
            let runtime = ProductionRuntime()
            let store = try SQLiteStore(path: path, runtime: runtime, configuration: quiet)
            let harness = StoreHarness(store: store, runtime: runtime, wait: { waitUntil($0, $1) })
            #expect(store.historyBytes == expected, "round \(round)")
            for number in 0..<200 { try harness.put("/\(number % 30)", String(repeating: "x", count: number)) }
            if round == 2 {
                store.compact(before: Revision(store.revision.value - 100))
                _ = harness.wait(.seconds(30)) { store.compacted.value == store.revision.value - 100 }
            }
            try harness.delete("/7")
            _ = harness.wait(.milliseconds(100)) { false }
            expected = store.historyBytes
            #expect(expected > 0)
            try harness.closeAndWait()
        }
    }

    @Test("a store of the first format is taken over, with times from then on")
    func firstFormat() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        try FirstFormat.write(path, keys: 50)
        let harness = try fileHarness(path)
        let store = try #require(harness.store as? SQLiteStore)
        #expect(store.revision.value == 51)
        #expect(try store.range(prefix: "/").objects.count == 50)
        #expect(try store.time(of: store.revision) == nil)
        let before = harness.runtime.now()
        let written = try harness.put("/n/1", "new")
        let time = try #require(try store.time(of: written))
        #expect(time.duration(since: before) > .seconds(-1))
        #expect(try store.changes(of: "/n/1", limit: 0).map(\.time) == [nil, time])
        #expect(try store.revision(at: before.advanced(by: .seconds(-60))) == Revision(51))
        try harness.closeAndWait()
    }
}

extension Timestamp {
    /// What the store keeps of a time of writing.
    var wholeMicrosecondsDown: Timestamp { Timestamp(microseconds: microseconds) }
}
