import MartinetBase
import MartinetStore
import MartinetStoreContract
import MartinetStoreFaults
import Testing

@Suite struct LinearizabilityTests {
    private typealias Operation = KeyHistory.Operation

    private func judged(_ operations: [(Operation.Kind, Int, Int?)]) -> Bool {
        let history = KeyHistory()
        for (kind, called, answered) in operations {
            history.note(Operation(key: "/a", kind: kind, called: called, answered: answered))
        }
        do { try history.check() } catch { return false }
        return true
    }

    @Test("the checker knows what one order explains and what none does")
    func checker() {
        // A read beside a write may see it or not; after it, it must.
        #expect(judged([(.write(1), 1, 4), (.read(found: nil), 2, 3)]))
        #expect(judged([(.write(1), 1, 4), (.read(found: 1), 2, 3)]))
        #expect(!judged([(.write(1), 1, 2), (.read(found: nil), 3, 4)]))
        // Once seen, seen by all.
        #expect(!judged([(.write(1), 1, 8), (.read(found: 1), 2, 3), (.read(found: nil), 4, 5)]))
        // Of two replacements of the same one succeeds.
        #expect(!judged([(.replace(expected: nil, 1), 1, 2), (.replace(expected: nil, 2), 3, 4)]))
        #expect(
            judged([
                (.replace(expected: nil, 1), 1, 4), (.refused(expected: nil, found: 1), 2, 5), (.read(found: 1), 6, 7),
            ]))
        // Without an answer it may have happened, late, or never; not twice, and not before it was asked for.
        #expect(judged([(.write(1), 1, nil), (.read(found: nil), 2, 3), (.read(found: 1), 4, 5)]))
        #expect(judged([(.write(1), 1, nil), (.read(found: nil), 2, 3)]))
        #expect(!judged([(.read(found: 1), 1, 2), (.write(1), 3, nil)]))
        #expect(
            !judged([
                (.write(1), 1, nil), (.read(found: 1), 2, 3), (.write(2), 4, 5), (.read(found: 1), 6, 7),
            ]))
        #expect(judged([(.write(1), 1, 2), (.delete(expected: 1), 3, nil), (.read(found: nil), 4, 5)]))
    }

    @Test("concurrent clients of a store whose disk fails", arguments: 1...6)
    func underFaults(_ seed: UInt64) throws {
        let disk = FaultDisk(seed: seed)
        let runtime = SimulatedRuntime(seed: seed)
        let history = KeyHistory()
        var chance = SplitMix64(state: seed)
        for round in 0..<25 {
            var configuration = quiet
            configuration.disk = disk.name
            let store = try SQLiteStore(
                path: "/store", runtime: runtime, executor: runtime.executor(named: "store"),
                configuration: configuration)
            let faults = FaultDisk.Fault.allCases
            disk.plan(faults[Int(chance.next() % UInt64(faults.count))], after: Int64(chance.next() % 40))
            let clients = KeyClients(
                store, runtime, history, clients: 4, operations: 8, seed: seed * 100 + UInt64(round),
                isAlive: { !disk.isDead })
            clients.start()
            _ = runtime.run(until: runtime.monotonic() + .seconds(30)) { clients.isDone }
            _ = runtime.run(until: runtime.monotonic() + .seconds(2)) { false }
            let closed = Recorder<Bool>()
            store.close { closed.append(true) }
            _ = runtime.run(until: runtime.monotonic() + .seconds(30)) { !closed.all.isEmpty }
            let survivals = FaultDisk.Survival.allCases
            disk.restart(survivals[Int(chance.next() % UInt64(survivals.count))])
        }
        #expect(disk.injected > 10)
        #expect(history.operations.count > 300)
        #expect(history.operations.contains { $0.answered == nil })
        try history.check()
    }

    /// The canary: a store that sometimes reads what was there before.
    @Test("stale reads are found out")
    func stale() throws {
        let runtime = SimulatedRuntime(seed: 3)
        let inner = try SQLiteStore(
            inMemory: "stale", runtime: runtime, executor: runtime.executor(named: "store"), configuration: quiet)
        let history = KeyHistory()
        let clients = KeyClients(StaleStore(inner: inner), runtime, history, operations: 60, seed: 3)
        clients.start()
        _ = runtime.run(until: .seconds(60)) { clients.isDone }
        #expect(throws: ContractFailure.self) { try history.check() }
    }
}

/// Reads one revision behind.
private struct StaleStore: ObjectStore {
    let inner: SQLiteStore
    var revision: Revision { inner.revision }
    var compacted: Revision { inner.compacted }
    func commit(
        _ transaction: Transaction, completion: @escaping @Sendable (Result<CommitOutcome, StoreError>) -> Void
    ) {
        inner.commit(transaction, completion: completion)
    }
    func get(_ key: String, at revision: Revision?) throws(StoreError) -> StoredObject? {
        try inner.get(key, at: revision ?? max(.initial, Revision(inner.revision.value - 1)))
    }
    func range(prefix: String, from: String?, limit: Int, at revision: Revision?) throws(StoreError) -> RangeResult {
        try inner.range(prefix: prefix, from: from, limit: limit, at: revision)
    }
    func events(prefix: String, after revision: Revision, limit: Int) throws(StoreError) -> EventRange {
        try inner.events(prefix: prefix, after: revision, limit: limit)
    }
    func observe(_ sink: @escaping @Sendable ([StoreEvent]) -> Void) -> Revision { inner.observe(sink) }
    func compact(before revision: Revision) { inner.compact(before: revision) }
    func close(completion: @escaping @Sendable () -> Void) { inner.close(completion: completion) }
}
