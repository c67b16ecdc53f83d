import Synchronization

/// One thread, virtual time and one seed: the same seed gives the same history.
///
/// Nothing runs until `step` or `run` is called. Among the pieces of work that are due at the same instant on different
/// executors the seed chooses, so that different seeds visit different interleavings; on one executor, order is kept.
package final class SimulatedRuntime: Runtime {
    private struct State {
        var time: Int64 = 0
        var generator: SplitMix64
        var nextTicket: UInt64 = 0
        var nextExecutor = 0
        var queue: [Work] = []
        var cancelled: Set<UInt64> = []
    }

    private struct Work {
        let due: Int64
        let executor: Int
        let ticket: UInt64
        let body: @Sendable () -> Void
    }

    private let state: Mutex<State>
    private let start: Timestamp

    package init(seed: UInt64, start: Timestamp = Timestamp(seconds: 1_767_225_600)) {
        state = Mutex(State(generator: SplitMix64(state: seed)))
        self.start = start
    }

    package func monotonic() -> Duration { .nanoseconds(state.withLock { $0.time }) }
    package func now() -> Timestamp { start.advanced(by: monotonic()) }
    package func random() -> UInt64 { state.withLock { $0.generator.next() } }

    package func executor(named name: String) -> any SerialExecutorPort {
        SimulatedExecutor(
            runtime: self,
            number: state.withLock {
                $0.nextExecutor += 1
                return $0.nextExecutor
            })
    }

    /// Runs the next piece of work, moving time forward to it. False where nothing is due until the limit: time is then
    /// there, so that who waits in small steps gets on.
    @discardableResult
    package func step(until limit: Duration = .nanoseconds(Int64.max)) -> Bool {
        let work: Work? = state.withLock { state in
            state.queue.removeAll { state.cancelled.remove($0.ticket) != nil }
            guard let earliest = state.queue.lazy.map(\.due).min(), earliest <= limit.nanoseconds else {
                if limit.nanoseconds < Int64.max { state.time = max(state.time, limit.nanoseconds) }
                return nil
            }
            // The first of each executor that is due then: one of them, by the seed.
            var firsts: [Int: Int] = [:]
            for (index, work) in state.queue.enumerated() where work.due == earliest {
                if let other = firsts[work.executor], state.queue[other].ticket < work.ticket { continue }
                firsts[work.executor] = index
            }
            let candidates = firsts.values.sorted { state.queue[$0].ticket < state.queue[$1].ticket }
            let chosen = candidates[Int(state.generator.next() % UInt64(candidates.count))]
            state.time = max(state.time, earliest)
            return state.queue.remove(at: chosen)
        }
        guard let work else { return false }
        work.body()
        return true
    }

    /// Runs until `condition` holds or virtual time reaches `limit`. Returns whether it holds.
    package func run(until limit: Duration, _ condition: () -> Bool) -> Bool {
        while !condition() {
            guard step(until: limit) else { return condition() }
        }
        return true
    }

    fileprivate func enqueue(executor: Int, delay: Duration, _ body: @escaping @Sendable () -> Void) -> UInt64 {
        state.withLock {
            $0.nextTicket += 1
            let due = $0.time &+ max(0, delay.nanoseconds)
            $0.queue.append(Work(due: due, executor: executor, ticket: $0.nextTicket, body: body))
            return $0.nextTicket
        }
    }

    fileprivate func cancel(_ ticket: UInt64) {
        state.withLock { state in
            if state.queue.contains(where: { $0.ticket == ticket }) { state.cancelled.insert(ticket) }
        }
    }
}

private struct SimulatedExecutor: SerialExecutorPort {
    let runtime: SimulatedRuntime
    let number: Int

    func submit(_ work: @escaping @Sendable () -> Void) {
        _ = runtime.enqueue(executor: number, delay: .zero, work)
    }

    func submit(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> any TimerPort {
        SimulatedTimer(runtime: runtime, ticket: runtime.enqueue(executor: number, delay: delay, work))
    }
}

private struct SimulatedTimer: TimerPort {
    let runtime: SimulatedRuntime
    let ticket: UInt64
    func cancel() { runtime.cancel(ticket) }
}

/// Sebastiano Vigna's SplitMix64: small, fast, and enough for choosing interleavings.
package struct SplitMix64: Sendable {
    package var state: UInt64
    package init(state: UInt64) { self.state = state }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
