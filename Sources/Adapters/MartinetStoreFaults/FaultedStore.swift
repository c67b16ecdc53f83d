import MartinetBase
import MartinetStore
import MartinetStoreContract

/// A store on a disk that fails, in virtual time, with a model beside it: drives both and compares them.
///
/// What is checked, whatever the disk does: no acknowledged write is ever lost; what was answered with "not written" never
/// appears; nothing is served, to a read or an observer, that a restart then does not have; a store whose disk works
/// again opens, and goes on.
final class FaultedStore {
    let disk: FaultDisk
    private(set) var model = FaultModel()
    var chance: SplitMix64
    private(set) var acknowledged = 0
    private(set) var restarts = 0
    private(set) var unknown = 0
    private let runtime: SimulatedRuntime
    private let planted: PlantedFault?
    private var store: SQLiteStore?
    private var published = Recorder<StoreEvent>()

    init(seed: UInt64, planted: PlantedFault? = nil) {
        disk = FaultDisk(seed: seed)
        runtime = SimulatedRuntime(seed: seed)
        chance = SplitMix64(state: seed ^ 0x5EED)
        self.planted = planted
        if planted == .diskLies { disk.lie() }
    }

    var isOpen: Bool { store != nil }

    // MARK: - Opening and restarting

    /// Opens the store and compares it with the model. False: a fault of the disk kept it from opening.
    func open() throws -> Bool {
        var configuration = SQLiteStore.Configuration(log: Log(component: "store", sink: { _ in }))
        configuration.disk = disk.name
        configuration.checkpointPages = 12
        configuration.pageBytes = 1024
        let opened: SQLiteStore
        do {
            opened = try SQLiteStore(
                path: "/store", runtime: runtime, executor: runtime.executor(named: "store"),
                configuration: configuration)
        } catch {
            guard disk.isDead || isExcused(error) else { throw FaultFailure("it does not open: \(error)") }
            return false
        }
        let published = Recorder<StoreEvent>()
        let disk = disk
        let isEarly = planted == .publishesBeforeSync
        let start = opened.observe { events in if !disk.isDead, !isEarly { published.append(contentsOf: events) } }
        let before = self.published.all
        self.published = published
        store = opened
        do {
            let range = try opened.range(prefix: "")
            if disk.isDead { return true }
            guard range.revision == start else {
                throw FaultFailure("a read is served at \(range.revision), the store says \(start)")
            }
            try model.recover(start, range.objects)
            if let first = before.first?.revision,
                !model.events.drop(while: { $0.revision < first }).starts(with: before)
            {
                throw FaultFailure("observers were told of what did not come back")
            }
            try compareHistory(opened)
        } catch let error as StoreError {
            guard disk.isDead || isExcused(error) else { throw FaultFailure("it opens and cannot be read: \(error)") }
            close()
            return false
        }
        return true
    }

    /// Ends the process, if a kill has not, and starts the machine again with what survived.
    func restart(_ survival: FaultDisk.Survival) {
        close()
        disk.restart(survival)
        restarts += 1
    }

    /// An orderly end; on a dead disk all that matters is that nothing stays open.
    func close() {
        guard let store else { return }
        let closed = Recorder<Bool>()
        store.close { closed.append(true) }
        _ = runtime.run(until: runtime.monotonic() + .seconds(60)) { !closed.all.isEmpty }
        self.store = nil
    }

    /// Opens without faults; a store whose disk works must open.
    func openForSure() throws {
        if isOpen { return }
        disk.forgetPlans()
        disk.limit(nil)
        guard try open() else { throw FaultFailure("it does not open although the disk works") }
    }

    private func isExcused(_ error: StoreError) -> Bool {
        switch error.code {
        case .io, .noSpace, .unknownOutcome: true
        default: false
        }
    }

    // MARK: - Steps

    /// One step of a user's day, chosen by chance.
    func step() throws {
        switch chance.next() % 16 {
        case 0: store?.compact(before: Revision(model.revision.value - Int64(chance.next() % 30)))
        case 1: _ = runtime.run(until: runtime.monotonic() + .seconds(6)) { false }
        case 2...4: try read()
        default: try write()
        }
    }

    /// Submits some transactions, lets them run, and judges the answers.
    func write() throws {
        guard let store else { return }
        let count = Int(chance.next() % 5) + 1
        let transactions = (0..<count).map { _ in transaction() }
        let answers = Recorder<(Result<CommitOutcome, StoreError>, Bool)>()
        let disk = disk
        for transaction in transactions {
            store.commit(transaction) { answers.append(($0, disk.isDead)) }
        }
        if planted == .publishesBeforeSync {
            var early = model
            early.forgetEvents()
            for transaction in transactions { _ = early.commit(transaction) }
            published.append(contentsOf: early.events)
        }
        if planted == .acknowledgesBeforeSync {
            for transaction in transactions { try eager(transaction) }
            _ = runtime.run(until: runtime.monotonic() + .seconds(2)) { answers.all.count == count }
            return
        }
        guard runtime.run(until: runtime.monotonic() + .seconds(2), { answers.all.count == count }) else {
            throw FaultFailure("a commit is never answered")
        }
        for (transaction, (answer, isDead)) in zip(transactions, answers.all) {
            // Nobody hears an answer of a process that was killed.
            if isDead { model.noteUnknown(transaction) } else { try judge(transaction, answer) }
        }
        try comparePublished()
    }

    private func eager(_ transaction: Transaction) throws {
        let isDead = disk.isDead
        if isDead { return model.noteUnknown(transaction) }
        _ = model.commit(transaction)
    }

    private func judge(_ transaction: Transaction, _ answer: Result<CommitOutcome, StoreError>) throws {
        switch answer {
        case .success(let outcome):
            acknowledged += 1
            let expected = model.commit(transaction)
            if outcome != expected { throw FaultFailure("answered \(outcome) instead of \(expected)") }
        case .failure(let error):
            switch error.code {
            case .unknownOutcome:
                unknown += 1
                model.noteUnknown(transaction)
            case .io, .noSpace, .closed: break
            default: throw FaultFailure("a commit fails with \(error)")
            }
        }
    }

    private func comparePublished() throws {
        let events = published.all
        guard events == Array(model.events.suffix(events.count)) else {
            throw FaultFailure("observers saw what was not committed")
        }
    }

    func read() throws {
        guard let store else { return }
        let oldest = max(store.compacted, Revision(model.revision.value - FaultModel.pastMax + 1), .initial)
        let span = max(1, model.revision.value - oldest.value + 1)
        let at = Revision(oldest.value + Int64(chance.next() % UInt64(span)))
        do {
            let now = try store.range(prefix: "")
            if disk.isDead { return }
            guard now.revision == model.revision, now.objects == sorted(model.state) else {
                throw FaultFailure("a read at \(now.revision) is not the state that was committed at \(model.revision)")
            }
            let then = try store.range(prefix: "", from: nil, limit: 0, at: at)
            if disk.isDead { return }
            guard let expected = model.past[at.value], then.objects == sorted(expected) else {
                throw FaultFailure("the past at \(at) is not what it was")
            }
        } catch let error as StoreError {
            if disk.isDead { return }
            if case .compacted = error.code { return }
            guard isExcused(error) else { throw FaultFailure("a read fails with \(error)") }
        }
    }

    /// What history says happened is what did, as far as it is kept.
    private func compareHistory(_ store: SQLiteStore) throws {
        let after = max(store.compacted, Revision(model.revision.value - 20), .initial)
        let found = try store.events(prefix: "", after: after, limit: 0)
        if disk.isDead { return }
        let expected = model.events.filter { $0.revision > after }
        let comparable = found.events.suffix(expected.count)
        guard Array(comparable) == expected else { throw FaultFailure("history after \(after) is another") }
        model.forgetEvents()
    }

    private func sorted(_ state: FaultModel.State) -> [StoredObject] { state.values.sorted { $0.key < $1.key } }

    private func transaction() -> Transaction {
        var operations: [Transaction.Operation] = []
        var keys: Set<String> = []
        for _ in 0...chance.next() % 3 {
            let key = "/\(chance.next() % 12)"
            guard keys.insert(key).inserted else { continue }
            let value = [UInt8](repeating: UInt8(chance.next() % 256), count: Int(chance.next() % 3000))
            operations.append(chance.next() % 4 == 0 ? .delete(key: key) : .put(key: key, value: value))
        }
        let key = "/\(chance.next() % 12)"
        let modified = chance.next() % 5 == 0 ? Revision(2) : model.state[key]?.modified ?? .none
        let conditions = chance.next() % 2 == 0 ? [] : [Transaction.Condition(key: key, modified: modified)]
        return Transaction(conditions: conditions, operations: operations)
    }
}
