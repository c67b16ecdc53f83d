import NIOCore
import NIOPosix
import Synchronization

/// What came of one measured operation.
struct Figures: Sendable {
    var operation: String
    var perSecond = 0.0
    /// Microseconds.
    var p50 = 0.0
    var p99 = 0.0
    var count = 0
    var failures = 0
    /// The server's processor time for one answer, in microseconds; 0 where its process is not known. Others on the machine
    /// change it little, unlike the rate.
    var cpu = 0.0
    /// Of one answer's body, on average.
    var bytes = 0
    /// Bytes of one request's body, on average.
    var sent = 0

    /// Of two rounds the mean rate, and the worse of the slow ends.
    func joined(_ other: Figures) -> Figures {
        var both = self
        both.perSecond = (perSecond + other.perSecond) / 2
        both.p50 = (p50 + other.p50) / 2
        both.cpu = (cpu + other.cpu) / 2
        both.p99 = max(p99, other.p99)
        both.count += other.count
        both.failures += other.failures
        return both
    }
}

/// Keeps connections busy with one operation, for a time or until there is nothing left to ask.
final class LoadRun: LoadSource {
    private struct State {
        var isOver = false
        var under: [Int: (began: Int, status: Int)] = [:]
        var ticket = 0
        /// Microseconds, of answers within the measured time.
        var latencies: [Float] = []
        var failures = 0
        var firstFailure = ""
        var bytes = 0
        var sent = 0
        var asked = 0
        var broken: String?
        var from = Int.max
        var last = 0
        var finish: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())
    private let make: @Sendable () -> LoadRequest?
    private let accepted: @Sendable (Int) -> Bool

    /// - Parameters:
    ///   - accepted: which status is a success.
    ///   - make: the next request; nil where there is none.
    init(accepted: @escaping @Sendable (Int) -> Bool, make: @escaping @Sendable () -> LoadRequest?) {
        self.accepted = accepted
        self.make = make
    }

    func next() -> LoadRequest? {
        guard !state.withLock({ $0.isOver }), var request = make() else {
            settle { $0.isOver = true }
            return nil
        }
        let now = nanoseconds()
        state.withLock { state in
            state.ticket += 1
            request.ticket = state.ticket
            state.under[state.ticket] = (now, 0)
            state.sent += request.body.count
            state.asked += 1
        }
        return request
    }

    func head(_ ticket: Int, status: Int) { state.withLock { $0.under[ticket]?.status = status } }

    func body(_ ticket: Int, _ bytes: ByteBuffer) {
        state.withLock { state in
            state.bytes += bytes.readableBytes
            guard let status = state.under[ticket]?.status, !accepted(status), state.firstFailure.isEmpty else {
                return
            }
            state.firstFailure = "\(status): \(String(buffer: bytes).prefix(300))"
        }
    }

    func end(_ ticket: Int) {
        let now = nanoseconds()
        settle { state in
            guard let entry = state.under.removeValue(forKey: ticket) else { return }
            if !accepted(entry.status) { state.failures += 1 }
            guard entry.began >= state.from else { return }
            state.latencies.append(Float(now - entry.began) / 1000)
            state.last = now
        }
    }

    func broken(_ why: String) {
        settle { state in
            state.broken = state.broken ?? why
            state.isOver = true
            state.under = [:]
        }
    }

    private func settle(_ change: (inout State) -> Void) {
        let finish = state.withLock { state -> CheckedContinuation<Void, Never>? in
            change(&state)
            guard state.isOver, state.under.isEmpty else { return nil }
            defer { state.finish = nil }
            return state.finish
        }
        finish?.resume()
    }

    /// Runs the load: `warm` without being counted, then `time`, both in nanoseconds. Without a time, until all is asked.
    func run(
        _ operation: String, _ target: LoadTarget, _ group: MultiThreadedEventLoopGroup, connections: Int,
        concurrency: Int, warm: Int, time: Int?
    ) async throws -> Figures {
        let began = nanoseconds()
        if time == nil { state.withLock { $0.from = began } }
        var channels: [any Channel] = []
        for index in 0..<connections {
            let places = (concurrency + connections - 1 - index) / connections
            guard places > 0 else { continue }
            channels.append(try await target.connect(group, places: places, source: self))
        }
        var start = began
        var cpu = (from: target.process.flatMap(processorTime), to: Int?.none)
        if let time {
            let loop = group.next()
            try await loop.scheduleTask(in: .nanoseconds(Int64(warm))) {}.futureResult.get()
            start = nanoseconds()
            cpu.from = target.process.flatMap(processorTime)
            state.withLock { $0.from = start }
            try await loop.scheduleTask(in: .nanoseconds(Int64(time))) {}.futureResult.get()
            cpu.to = target.process.flatMap(processorTime)
            settle { $0.isOver = true }
        }
        let counted = state.withLock { $0.latencies.count }
        await withCheckedContinuation { continuation in settle { $0.finish = continuation } }
        for channel in channels { channel.close(promise: nil) }
        var figures = try figures(operation, start)
        if let from = cpu.from, let to = cpu.to { figures.cpu = Double(to - from) / 1000 / Double(max(1, counted)) }
        return figures
    }

    private func figures(_ operation: String, _ start: Int) throws -> Figures {
        let state = state.withLock { $0 }
        if let why = state.broken { throw BenchError("\(operation): \(why)") }
        var figures = Figures(operation: operation)
        let sorted = state.latencies.sorted()
        figures.count = sorted.count
        figures.failures = state.failures
        if state.failures > 0, state.failures * 100 > state.asked {
            throw BenchError(
                "\(operation): \(state.failures) of \(state.asked) requests failed, the first with \(state.firstFailure)"
            )
        }
        if !sorted.isEmpty {
            figures.perSecond = Double(sorted.count) / (Double(max(1, state.last - start)) / 1e9)
            figures.p50 = Double(percentile(sorted, 50))
            figures.p99 = Double(percentile(sorted, 99))
        }
        figures.bytes = state.bytes / max(1, state.asked)
        figures.sent = state.sent / max(1, state.asked)
        return figures
    }
}

/// A percentile of values in ascending order; 0 where there are none.
func percentile<Number: Numeric>(_ sorted: [Number], _ percent: Int) -> Number {
    sorted.isEmpty ? .zero : sorted[min(sorted.count - 1, sorted.count * percent / 100)]
}
