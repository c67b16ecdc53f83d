import MartinetBase
import Synchronization

/// Threads on which requests may wait for somebody outside.
///
/// Bounded twice: so many run, so many wait for one, and none waits longer than a moment. A webhook that asks the API server
/// itself, which asks the webhook again, and so on, is therefore refused soon and never hangs.
final class WaitingWorkers: Sendable {
    private struct Waiter {
        let number: Int
        let work: @Sendable () -> Void
        let refused: @Sendable () -> Void
        var timer: (any TimerPort)?
    }

    private struct State {
        var idle: [any SerialExecutorPort] = []
        var made = 0
        /// In the order of their coming.
        var waiters: [Waiter] = []
        var next = 0
    }

    private enum Place {
        case runs(any SerialExecutorPort)
        case waits(Int)
        case refused
    }

    private let runtime: any Runtime
    private let clock: any SerialExecutorPort
    private let runningMax: Int
    private let waitingMax: Int
    private let waitMax: Duration
    private let state = Mutex(State())

    init(
        runtime: any Runtime, clock: any SerialExecutorPort, runningMax: Int = 64, waitingMax: Int = 1024,
        waitMax: Duration = .seconds(2)
    ) {
        self.runtime = runtime
        self.clock = clock
        self.runningMax = runningMax
        self.waitingMax = waitingMax
        self.waitMax = waitMax
    }

    /// Runs `work` on one of the threads, or calls `refused` where none becomes free: exactly one of both.
    func run(_ work: @escaping @Sendable () -> Void, refused: @escaping @Sendable () -> Void) {
        let place: Place = state.withLock { state in
            if let executor = state.idle.popLast() { return .runs(executor) }
            if state.made < runningMax {
                state.made += 1
                return .runs(runtime.executor(named: "martinet.webhooks.\(state.made)"))
            }
            guard state.waiters.count < waitingMax else { return .refused }
            state.next += 1
            state.waiters.append(Waiter(number: state.next, work: work, refused: refused))
            return .waits(state.next)
        }
        switch place {
        case .runs(let executor): run(work, on: executor)
        case .refused: refused()
        case .waits(let number):
            let timer = clock.submit(after: waitMax) { [self] in giveUp(number) }
            let isLate = state.withLock { state in
                guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return true }
                state.waiters[index].timer = timer
                return false
            }
            if isLate { timer.cancel() }
        }
    }

    private func giveUp(_ number: Int) {
        let waiter: Waiter? = state.withLock { state in
            state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
        }
        waiter?.refused()
    }

    private func run(_ work: @escaping @Sendable () -> Void, on executor: any SerialExecutorPort) {
        executor.submit { [self] in
            work()
            let next: Waiter? = state.withLock { state in
                if state.waiters.isEmpty {
                    state.idle.append(executor)
                    return nil
                }
                return state.waiters.removeFirst()
            }
            guard let next else { return }
            next.timer?.cancel()
            run(next.work, on: executor)
        }
    }
}
