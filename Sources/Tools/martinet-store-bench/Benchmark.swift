import Glibc
import MartinetBase
import MartinetStore
import Synchronization

/// Creates, reads and lists, beside what the same disk can do at the same time of day.
struct Benchmark {
    let folder: String
    private let runtime = ProductionRuntime()

    init(folder: String) { self.folder = folder }

    func run() throws {
        let seconds = 3.0
        for writers in [1, 64, 1024] {
            let raw = try rawSyncs(seconds: 1)
            let path = "\(folder)/bench-\(writers).db"
            remove(path)
            let store = try SQLiteStore(path: path, runtime: runtime)
            let rate = creates(store, writers: writers, seconds: seconds)
            let ratio = (rate / raw * 100).rounded() / 100
            say("creates, \(writers) waiting writers: \(Int(rate))/s, \(ratio) for each of \(Int(raw)) raw syncs/s")
            close(store)
            remove(path)
        }
        let path = folder + "/bench-read.db"
        remove(path)
        let store = try SQLiteStore(path: path, runtime: runtime)
        let before = residentBytes()
        fill(store, 100_000)
        say("100 000 objects of 1 KiB: \((residentBytes() - before) >> 20) MiB more resident, all of it")
        try reads(store)
        close(store)
        let start = runtime.monotonic()
        let opened = try SQLiteStore(path: path, runtime: runtime)
        let opening = runtime.monotonic() - start
        say("opening 100 000 objects with the check of every page: \(milliseconds(opening))")
        close(opened)
        remove(path)
    }

    /// Writes of one page, each made durable: the limit of one commit after the other.
    private func rawSyncs(seconds: Double) throws -> Double {
        let path = folder + "/bench-raw"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SystemError.last("open", path) }
        defer {
            Glibc.close(file)
            unlink(path)
        }
        let page = [UInt8](repeating: 1, count: 4096)
        var count = 0
        let start = runtime.monotonic()
        while runtime.monotonic() - start < .seconds(seconds) {
            // Over the same 4 MiB, as the write-ahead log is written.
            guard pwrite(file, page, page.count, count % 1024 * page.count) == page.count, fdatasync(file) == 0 else {
                throw SystemError.last("fdatasync", path)
            }
            count += 1
        }
        return Double(count) / (runtime.monotonic() - start).seconds
    }

    private static let value = [UInt8](repeating: 42, count: 1024)
    private static func key(_ number: Int) -> String {
        "/registry/configmaps/namespace-\(number % 50)/object-\(UInt32(truncatingIfNeeded: number &* 2_654_435_761))"
    }

    private func creates(_ store: SQLiteStore, writers: Int, seconds: Double) -> Double {
        let load = Load(store: store, runtime: runtime, until: runtime.monotonic() + .seconds(seconds), left: writers)
        let elapsed = time {
            for _ in 0..<writers { load.next() }
            load.finished.wait()
        }
        return Double(load.committed) / elapsed.seconds
    }

    private func fill(_ store: SQLiteStore, _ count: Int) {
        var done = 0
        while done < count {
            let batch = min(1000, count - done)
            let waiter = Waiter(batch)
            for number in done..<done + batch {
                store.commit(.create(Benchmark.key(number), Benchmark.value)) { _ in waiter.done() }
            }
            waiter.wait()
            done += batch
        }
    }

    private func reads(_ store: SQLiteStore) throws {
        var generator = SplitMix64(state: 1)
        let count = 50_000
        var missing = 0
        let gets = try timeThrowing {
            for _ in 0..<count where try store.get(Benchmark.key(Int(generator.next() % 100_000))) == nil {
                missing += 1
            }
        }
        precondition(missing == 0, "\(missing) objects are missing")
        say("gets: \(Int(Double(count) / gets.seconds))/s on one thread")
        let revision = store.revision
        for (name, at) in [("now", nil), ("in the past", Revision(revision.value - 1))] {
            var objects = 0
            let elapsed = try timeThrowing {
                objects = try store.range(
                    prefix: "/registry/configmaps/", from: nil, limit: 10_000, at: at
                ).objects.count
            }
            say("range of \(objects) of 100 000, \(name): \(milliseconds(elapsed))")
        }
    }

    private func close(_ store: SQLiteStore) {
        let closed = Waiter(1)
        store.close { closed.done() }
        closed.wait()
    }

    private func remove(_ path: String) { for suffix in ["", "-wal", "-shm", ".lock"] { unlink(path + suffix) } }

    private func time(_ body: () -> Void) -> Duration {
        let start = runtime.monotonic()
        body()
        return runtime.monotonic() - start
    }

    private func timeThrowing(_ body: () throws -> Void) throws -> Duration {
        let start = runtime.monotonic()
        try body()
        return runtime.monotonic() - start
    }

    private func milliseconds(_ duration: Duration) -> String {
        "\((duration.seconds * 10_000).rounded() / 10) ms"
    }

    /// Field 2 of /proc/self/statm (proc(5)), in bytes.
    private func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "re") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, 128, file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0) * 4096
    }
}

/// Writers that each create the next object as soon as their last one is durable.
private final class Load: Sendable {
    let finished = Waiter(1)
    private let store: SQLiteStore
    private let runtime: ProductionRuntime
    private let until: Duration
    private let state: Mutex<(next: Int, committed: Int, left: Int)>

    init(store: SQLiteStore, runtime: ProductionRuntime, until: Duration, left: Int) {
        self.store = store
        self.runtime = runtime
        self.until = until
        state = Mutex((0, 0, left))
    }

    var committed: Int { state.withLock { $0.committed } }

    func next() {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let key = "/registry/configmaps/namespace-\(number % 50)/object-\(number &* 2_654_435_761 % 1_000_000_007)"
        store.commit(.create(key, [UInt8](repeating: 42, count: 1024))) { [self] result in
            guard case .success(.committed) = result else { return say("failed: \(result)") }
            let isOver = runtime.monotonic() >= until
            let last = state.withLock { state in
                state.committed += 1
                if isOver { state.left -= 1 }
                return state.left == 0
            }
            if !isOver { next() } else if last { finished.done() }
        }
    }
}

extension Duration {
    fileprivate var seconds: Double { Double(nanoseconds) / 1e9 }
}
