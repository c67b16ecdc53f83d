// How fast stores take writes through their own interface: `martinet-etcd-bench FOLDER URL[,URL] [SECONDS] [WRITERS]`.
// A store in a file of FOLDER and an etcd at URL, by turns (A B A B), both durable.

import Glibc
import MartinetBase
import MartinetEtcdStore
import MartinetStore
import Synchronization

/// Writers that each have one write under way.
final class Load: Sendable {
    private struct State {
        var latencies: [Int64] = []
        var running: Int
        var errors = 0
    }
    private let store: any ObjectStore
    private let runtime = ProductionRuntime()
    private let end: Duration
    private let value: [UInt8]
    private let state: Mutex<State>

    init(_ store: any ObjectStore, writers: Int, seconds: Int) {
        self.store = store
        value = (0..<1024).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        end = runtime.monotonic() + .seconds(seconds)
        state = Mutex(State(running: writers))
        for writer in 0..<writers { write(writer, 0) }
    }

    private func write(_ writer: Int, _ number: Int) {
        let begin = runtime.monotonic()
        guard begin < end else { return state.withLock { $0.running -= 1 } }
        let key = "/bench/\(writer)/\(runtime.random())"
        store.commit(.create(key, value)) { [self] result in
            let took = (runtime.monotonic() - begin).nanoseconds
            state.withLock { state in
                if case .success(.committed) = result { state.latencies.append(took) } else { state.errors += 1 }
            }
            write(writer, number + 1)
        }
    }

    func wait() -> (count: Int, p50: Int64, p99: Int64, errors: Int) {
        while state.withLock({ $0.running }) > 0 { usleep(10_000) }
        let (sorted, errors) = state.withLock { ($0.latencies.sorted(), $0.errors) }
        guard !sorted.isEmpty else { return (0, 0, 0, errors) }
        return (sorted.count, sorted[sorted.count / 2] / 1000, sorted[sorted.count * 99 / 100] / 1000, errors)
    }
}

let words = CommandLine.arguments.dropFirst()
guard words.count >= 2, let folder = words.first, let urls = words.dropFirst().first else {
    Log.standardError("martinet-etcd-bench FOLDER URL[,URL] [SECONDS] [WRITERS]")
    exit(2)
}
let seconds = words.dropFirst(2).first.flatMap { Int($0) } ?? 5
let writers = words.dropFirst(3).first.flatMap { Int($0) } ?? 64
do {
    let runtime = ProductionRuntime()
    var configuration = EtcdConfiguration(endpoints: urls.split(separator: ",").map(String.init))
    configuration.scope = "/bench/"
    let etcd = try EtcdStore(configuration, runtime: runtime)
    let file = try SQLiteStore(path: "\(folder)/bench.db", runtime: runtime)
    for round in 1...2 {
        for (name, store) in [("file", file as any ObjectStore), ("etcd", etcd)] {
            let result = Load(store, writers: writers, seconds: seconds).wait()
            print(
                "round \(round) \(name): \(result.count / max(1, seconds)) writes/s, p50 \(result.p50) us, "
                    + "p99 \(result.p99) us, \(result.errors) errors")
        }
    }
} catch {
    Log.standardError("martinet-etcd-bench: \(error)")
    exit(1)
}
