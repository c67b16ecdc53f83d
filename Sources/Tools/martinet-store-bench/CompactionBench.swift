import Glibc
import MartinetBase
import MartinetStore
import Synchronization

/// How long a write takes while history is compacted, beside how long it takes while it is not: A B A B, in one run, so that
/// the disk's moods fall on both.
struct CompactionBench {
    let folder: String
    let writes: Int
    private static let keys = 5000
    private let runtime = ProductionRuntime()

    init(folder: String, writes: Int) {
        self.folder = folder
        self.writes = writes
    }

    func run() throws {
        let path = folder + "/bench-compaction.db"
        let remove = { for suffix in ["", "-wal", "-shm", ".lock"] { unlink(path + suffix) } }
        remove()
        defer { remove() }
        let store = try SQLiteStore(path: path, runtime: runtime)
        var results: [(compacting: Bool, latencies: [Int64], seconds: Double)] = []
        _ = round(store, writes: CompactionBench.keys, compacting: false)
        for compacting in [false, true, false, true] {
            let start = runtime.monotonic()
            let latencies = round(store, writes: writes / 4, compacting: compacting)
            results.append((compacting, latencies.sorted(), Double((runtime.monotonic() - start).nanoseconds) / 1e9))
            let last = results[results.count - 1]
            say(
                "\(compacting ? "compacting    " : "not compacting"): \(last.latencies.count) writes, "
                    + "\(Int(Double(last.latencies.count) / last.seconds))/s, p50 \(CompactionBench.at(last.latencies, 0.5)) ms, "
                    + "p99 \(CompactionBench.at(last.latencies, 0.99)) ms, p99.9 \(CompactionBench.at(last.latencies, 0.999)) ms, "
                    + "longest \(CompactionBench.at(last.latencies, 1)) ms")
        }
        let both = [false, true].map { mode in
            CompactionBench.at(results.filter { $0.compacting == mode }.flatMap(\.latencies).sorted(), 0.99)
        }
        let isKept = both[1] <= 2 * both[0] || both[1] <= both[0] + 10
        say(
            "p99 with compaction \(both[1]) ms, without \(both[0]) ms: \(isKept ? "within" : "over") twice or 10 ms more"
        )
        let closed = Waiter(1)
        store.close { closed.done() }
        closed.wait()
    }

    /// Milliseconds, to hundredths.
    private static func at(_ sorted: [Int64], _ share: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let index = min(sorted.count - 1, Int(Double(sorted.count) * share))
        return (Double(sorted[index]) / 10_000).rounded() / 100
    }

    private func round(_ store: SQLiteStore, writes: Int, compacting: Bool) -> [Int64] {
        let load = Updates(
            store: store, runtime: runtime, writes: writes, keys: CompactionBench.keys, compacting: compacting)
        for _ in 0..<64 { load.next() }
        load.finished.wait()
        return load.latencies
    }
}

/// 64 writers that each write the next value of 1 KiB as soon as their last one is durable.
private final class Updates: Sendable {
    private struct State {
        var next = 0
        var latencies: [Int64] = []
    }

    let finished = Waiter(1)
    private let store: SQLiteStore
    private let runtime: ProductionRuntime
    private let writes: Int
    private let keys: Int
    private let compacting: Bool
    private let state = Mutex(State())

    init(store: SQLiteStore, runtime: ProductionRuntime, writes: Int, keys: Int, compacting: Bool) {
        self.store = store
        self.runtime = runtime
        self.writes = writes
        self.keys = keys
        self.compacting = compacting
    }

    var latencies: [Int64] { state.withLock { $0.latencies } }

    func next() {
        let number = state.withLock { state -> Int? in
            guard state.next < writes else { return nil }
            state.next += 1
            return state.next
        }
        guard let number else { return }
        let key = "/registry/configmaps/namespace-\(number % 50)/object-\(number &* 7919 % keys)"
        let put = Transaction(operations: [.put(key: key, value: [UInt8](repeating: 42, count: 1024))])
        let start = runtime.monotonic()
        store.commit(put) { [self] result in
            guard case .success(.committed(let revision, _)) = result else { return say("failed: \(result)") }
            let took = (runtime.monotonic() - start).nanoseconds
            let isLast = state.withLock { state in
                state.latencies.append(took)
                return state.latencies.count == writes
            }
            if compacting, number % 500 == 0 { store.compact(before: Revision(revision.value - 500)) }
            if isLast { finished.done() } else { next() }
        }
    }
}
