import Glibc
import MartinetBase
import MartinetEtcdStore
import MartinetStore
import MartinetStoreContract
import Synchronization
import Testing

/// A member of three is killed, or stopped, again and again while clients write and read. `MARTINET_ETCD_SECONDS`: for how
/// long, 30 unless told; `MARTINET_ETCD_INTERVAL`: between two failures, 10.
@Suite(.serialized, .enabled(if: EtcdPrograms.isThere, "\(EtcdPrograms.absent)"))
struct MemberFailureTests {
    @Test("with members killed and stopped under load, every operation is answered by what happened to it")
    func killed() throws {
        let seconds = number("MARTINET_ETCD_SECONDS", 30)
        let interval = max(4, number("MARTINET_ETCD_INTERVAL", 10))
        let cluster = try EtcdCluster(members: 3)
        let harness = try harness(cluster, scope: "/t/") { $0.callTimeout = .seconds(2) }
        let other = try EtcdFailureClient.second(cluster)
        let start = harness.store.revision
        let clients = (0..<8).map { EtcdFailureClient($0 % 2 == 0 ? harness.store : other, number: $0) }
        for client in clients { client.start() }
        var failures = 0
        let runtime = harness.runtime
        let end = runtime.monotonic() + .seconds(seconds)
        var next = runtime.monotonic() + .seconds(3)
        while runtime.monotonic() < end {
            _ = waitUntil(.seconds(1)) { runtime.monotonic() >= min(next, end) }
            guard runtime.monotonic() >= next, next + .seconds(interval) / 2 <= end else { continue }
            let member = failures % 3
            // Every third one hangs instead of going: connections stay, and nothing answers.
            let hangs = failures % 3 == 2
            if hangs { cluster.pause(member, true) } else { cluster.kill(member) }
            let back = runtime.monotonic() + .seconds(interval) / 2
            _ = waitUntil(.seconds(interval)) { runtime.monotonic() >= back }
            if hangs { cluster.pause(member, false) } else { try cluster.start(member) }
            failures += 1
            next = next + .seconds(interval)
        }
        for client in clients { client.stop() }
        #expect(waitUntil(.seconds(90)) { clients.allSatisfy(\.isDone) }, "every operation is answered")
        let entries = clients.flatMap(\.entries)
        let events = try harness.store.events(prefix: "/t/", after: start, limit: 0).events
        let history = OutcomeHistory(entries: entries, events: events)
        let wrong = history.contradictions()
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
        let counts = EtcdFailureClient.counts(entries)
        print("members killed or stopped: \(failures); \(entries.count) operations, \(events.count) events; \(counts)")
        #expect(events.count > 50 && failures > 0)
        try harness.closeAndWait()
        other.close()
        for member in 0..<3 { cluster.kill(member) }
    }

    @Test("the checker finds a lost write, one done twice, and one that is seen too late")
    func canary() {
        func event(_ revision: Int64, _ value: String, previous: StoredObject?) -> StoreEvent {
            StoreEvent(
                revision: Revision(revision), kind: .put, key: "/t/a", value: Array(value.utf8),
                created: Revision(revision), version: 1, previous: previous)
        }
        func entry(_ value: String?, _ begin: Int, _ told: OutcomeHistory.Told) -> OutcomeHistory.Entry {
            OutcomeHistory.Entry(
                key: "/t/a", value: value.map { Array($0.utf8) }, condition: nil, begin: .seconds(begin),
                end: .seconds(begin + 1), told: told)
        }
        let one = event(5, "1", previous: nil)
        let fine = OutcomeHistory(entries: [entry("1", 0, .committed(Revision(5), previous: nil))], events: [one])
        #expect(fine.contradictions().isEmpty)
        #expect(!OutcomeHistory(entries: fine.entries, events: []).contradictions().isEmpty)
        #expect(
            !OutcomeHistory(entries: fine.entries, events: [one, event(6, "1", previous: nil)]).contradictions().isEmpty
        )
        let late = OutcomeHistory(entries: fine.entries + [entry(nil, 9, .read(nil))], events: [one])
        #expect(!late.contradictions().isEmpty)
        #expect(!OutcomeHistory(entries: [entry("1", 0, .refused(""))], events: [one]).contradictions().isEmpty)
    }

    private func number(_ name: String, _ fallback: Int) -> Int {
        getenv(name).flatMap { Int(String(cString: $0)) } ?? fallback
    }
}

/// Writes, deletes and reads a few keys, one operation after the other, and notes what it was told.
final class EtcdFailureClient: Sendable {
    private let store: any ObjectStore
    private let number: Int
    private let runtime = ProductionRuntime()
    private let executor: any SerialExecutorPort
    private let state = Mutex((entries: [OutcomeHistory.Entry](), stopping: false, done: false, count: 0))

    init(_ store: any ObjectStore, number: Int) {
        self.store = store
        self.number = number
        executor = ProductionRuntime().executor(named: "client-\(number)")
    }

    /// Another server's store on the same members.
    static func second(_ cluster: EtcdCluster) throws -> any ObjectStore {
        try harness(cluster, scope: "/t/") { configuration in
            configuration.callTimeout = .seconds(2)
            configuration.endpoints.reverse()
        }.store
    }

    static func counts(_ entries: [OutcomeHistory.Entry]) -> String {
        var counts: [String: Int] = [:]
        for entry in entries {
            let name =
                switch entry.told {
                case .committed: "committed"
                case .conflict: "conflicts"
                case .read: "reads"
                case .refused: "refused"
                case .unknown: "unknown"
                }
            counts[name, default: 0] += 1
        }
        return counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    var entries: [OutcomeHistory.Entry] { state.withLock { $0.entries } }
    var isDone: Bool { state.withLock { $0.done } }
    func stop() { state.withLock { $0.stopping = true } }
    func start() { executor.submit { self.step() } }

    private func step() {
        let (stopping, count) = state.withLock { state in
            state.count += 1
            return (state.stopping, state.count)
        }
        guard !stopping else { return state.withLock { $0.done = true } }
        let key = "/t/\(runtime.random() % 5)"
        let begin = runtime.monotonic()
        let current: StoredObject?
        do throws(StoreError) { current = try store.get(key, at: nil) } catch {
            note(key, nil, nil, begin, .refused("\(error)"))
            return executor.submit { self.step() }
        }
        note(key, nil, nil, begin, .read(current?.modified))
        let deletes = current != nil && runtime.random() % 4 == 0
        let value = deletes ? [] : Array("\(number)-\(count)".utf8)
        let condition = current?.modified
        let transaction =
            deletes
            ? Transaction.delete(key, modified: condition ?? .none)
            : Transaction(
                conditions: [.init(key: key, modified: condition ?? .none)],
                operations: [.put(key: key, value: value)])
        let written = runtime.monotonic()
        store.commit(transaction) { [self] result in
            let told: OutcomeHistory.Told
            switch result {
            case .success(.committed(let revision, let previous)):
                told = .committed(revision, previous: previous.first??.modified)
            case .success(.conflict(_, let current)): told = .conflict(current: current?.modified)
            case .failure(let error) where error.code == .unknownOutcome: told = .unknown
            case .failure(let error): told = .refused("\(error)")
            }
            note(key, value, condition, written, told)
            executor.submit { self.step() }
        }
    }

    private func note(
        _ key: String, _ value: [UInt8]?, _ condition: Revision?, _ begin: Duration, _ told: OutcomeHistory.Told
    ) {
        let entry = OutcomeHistory.Entry(
            key: key, value: value, condition: condition, begin: begin, end: runtime.monotonic(), told: told)
        state.withLock { $0.entries.append(entry) }
    }
}
