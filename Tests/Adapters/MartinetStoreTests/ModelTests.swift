import MartinetBase
import MartinetStore
import MartinetStoreContract
import Testing

/// The store as a dictionary per revision: slow, and obviously right.
struct StoreModel {
    private(set) var states: [[String: StoredObject]] = [[:], [:]]
    private(set) var events: [StoreEvent] = []
    var compacted = Revision.none
    var revision: Revision { Revision(Int64(states.count - 1)) }
    var now: [String: StoredObject] { states[states.count - 1] }

    mutating func commit(_ transaction: Transaction) -> CommitOutcome {
        var state = now
        for condition in transaction.conditions {
            let current = state[condition.key]
            if (current?.modified ?? .none) != condition.modified {
                return .conflict(key: condition.key, current: current)
            }
        }
        let next = Revision(revision.value + 1)
        var previous: [StoredObject?] = []
        var changes: [StoreEvent] = []
        for operation in transaction.operations {
            let old = state[operation.key]
            previous.append(old)
            switch operation {
            case .put(let key, let value, let expires):
                let object = StoredObject(
                    key: key, value: value, created: old?.created ?? next, modified: next,
                    version: (old?.version ?? 0) + 1, expires: expires)
                state[key] = object
                changes.append(
                    StoreEvent(
                        revision: next, kind: .put, key: key, value: value, created: object.created,
                        version: object.version, previous: old))
            case .delete(let key):
                guard let old else { continue }
                state[key] = nil
                changes.append(
                    StoreEvent(
                        revision: next, kind: .delete, key: key, value: [], created: old.created,
                        version: old.version, previous: old))
            }
        }
        if changes.isEmpty { return .committed(revision, previous: previous) }
        states.append(state)
        events += changes
        return .committed(next, previous: previous)
    }

    func range(_ prefix: String, from: String?, limit: Int, at: Revision) -> RangeResult {
        let all = states[Int(at.value)].values
            .filter { $0.key.hasPrefix(prefix) && $0.key >= from ?? "" }.sorted { $0.key < $1.key }
        let shown = limit > 0 ? Array(all.prefix(limit)) : all
        return RangeResult(objects: shown, more: shown.count < all.count, count: all.count, revision: at)
    }
}

@Suite struct ModelTests {
    struct Chance {
        var generator: SplitMix64
        mutating func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }
        mutating func key() -> String { "/\(["a", "b", "ab"][below(3)])/\(below(8))" }
    }

    @Test("random histories agree with a dictionary, in the simulation", arguments: 1...40)
    func simulated(_ seed: Int) throws {
        _ = try history(simulatedHarness(seed: UInt64(seed)), seed: UInt64(seed), steps: 150)
    }

    @Test("random histories agree with a dictionary, in a file that is opened again", arguments: 1...6)
    func inAFile(_ seed: Int) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        var model = StoreModel()
        for round in 0..<4 {
            let harness = try fileHarness(path)
            model = try history(harness, seed: UInt64(seed * 100 + round), steps: 40, from: model)
            try harness.closeAndWait()
        }
    }

    @Test("one seed gives one history, byte for byte")
    func deterministic() throws {
        let runs = try (0..<2).map { _ in try history(simulatedHarness(seed: 7), seed: 7, steps: 100).events }
        #expect(runs[0] == runs[1])
        #expect(try history(simulatedHarness(seed: 8), seed: 8, steps: 100).events != runs[0])
    }

    /// The canary: a model that is wrong must be found out.
    @Test("a wrong model is found out")
    func canary() throws {
        var wrong = StoreModel()
        _ = wrong.commit(.create("/a/1", [1]))
        #expect(throws: (any Error).self) {
            _ = try history(simulatedHarness(seed: 1), seed: 1, steps: 50, from: wrong)
        }
    }

    private func history(
        _ harness: StoreHarness, seed: UInt64, steps: Int, from start: StoreModel = StoreModel()
    ) throws -> StoreModel {
        var model = start
        var chance = Chance(generator: SplitMix64(state: seed))
        let observed = Recorder<StoreEvent>()
        let first = harness.store.observe { observed.append(contentsOf: $0) }
        try require(
            first == model.revision, "seed \(seed): the store begins at \(first), the model at \(model.revision)")
        for step in 0..<steps {
            let place = "seed \(seed), step \(step)"
            switch chance.below(10) {
            case 0: try compact(harness, &model, &chance, place)
            case 1...3: try read(harness, model, &chance, place)
            default: try write(harness, &model, &chance, place)
            }
        }
        let after = model.events.filter { $0.revision > first }
        try require(observed.all == after, "seed \(seed): observers saw something else than happened")
        try require(harness.store.revision == model.revision, "seed \(seed): the revisions differ")
        return model
    }

    private func write(
        _ harness: StoreHarness, _ model: inout StoreModel, _ chance: inout Chance, _ place: String
    ) throws {
        let answers = Recorder<Result<CommitOutcome, StoreError>>()
        var expected: [CommitOutcome] = []
        for _ in 0...chance.below(12) {
            let transaction = transaction(model, &chance)
            expected.append(model.commit(transaction))
            harness.store.commit(transaction) { answers.append($0) }
        }
        try require(harness.wait(.seconds(30)) { answers.all.count == expected.count }, "\(place): no answer")
        let found = try answers.all.map { try $0.get() }
        try require(found == expected, "\(place): outcomes\n\(found)\ninstead of\n\(expected)")
    }

    private func transaction(_ model: StoreModel, _ chance: inout Chance) -> Transaction {
        var transaction = Transaction(operations: [])
        var keys: Set<String> = []
        for _ in 0..<chance.below(4) {
            let key = chance.key()
            guard keys.insert(key).inserted else { continue }
            if chance.below(3) == 0 {
                transaction.operations.append(.delete(key: key))
            } else {
                let value = [UInt8](repeating: UInt8(chance.below(256)), count: chance.below(6000))
                transaction.operations.append(.put(key: key, value: value))
            }
        }
        for _ in 0..<chance.below(3) {
            let key = chance.key()
            // Mostly right, so that many transactions succeed.
            let wrong = chance.below(6) == 0
            let modified = wrong ? Revision(Int64(chance.below(20))) : model.now[key]?.modified ?? .none
            transaction.conditions.append(.init(key: key, modified: modified))
        }
        return transaction
    }

    private func read(
        _ harness: StoreHarness, _ model: StoreModel, _ chance: inout Chance, _ place: String
    ) throws {
        let oldest = max(model.compacted, .initial)
        let at = Revision(oldest.value + Int64(chance.below(Int(model.revision.value - oldest.value) + 1)))
        let past = chance.below(3) > 0 ? at : nil
        let key = chance.key()
        let object = try harness.store.get(key, at: past)
        try require(object == model.states[Int((past ?? model.revision).value)][key], "\(place): get \(key) at \(at)")
        let prefix = ["", "/a", "/a/", "/b/", "/none"][chance.below(5)]
        let from = chance.below(2) == 0 ? nil : chance.key()
        let limit = chance.below(6)
        let range = try harness.store.range(prefix: prefix, from: from, limit: limit, at: past)
        let expected = model.range(prefix, from: from, limit: limit, at: past ?? model.revision)
        try require(range == expected, "\(place): range\n\(range)\ninstead of\n\(expected)")
        let events = try harness.store.events(prefix: prefix, after: at, limit: limit)
        let all = model.events.filter { $0.revision > at && $0.revision <= events.through && $0.key.hasPrefix(prefix) }
        try require(events.events == all, "\(place): events after \(at)")
        try require(events.through == model.revision || events.events.count >= limit, "\(place): events end early")
        if model.compacted > .initial {
            let gone = Revision(model.compacted.value - 1)
            #expect(throws: StoreError.self) { try harness.store.get(key, at: gone) }
            #expect(throws: StoreError.self) { try harness.store.events(prefix: "", after: gone, limit: 1) }
        }
    }

    private func compact(
        _ harness: StoreHarness, _ model: inout StoreModel, _ chance: inout Chance, _ place: String
    ) throws {
        let target = Revision(Int64(chance.below(Int(model.revision.value) + 1)))
        harness.store.compact(before: target)
        model.compacted = max(model.compacted, target)
        let expected = model.compacted
        try require(
            harness.wait(.seconds(30)) { harness.store.compacted == expected }, "\(place): not compacted to \(expected)"
        )
    }

    private func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
        if !condition { throw ContractFailure(message()) }
    }
}
