import MartinetBase
import Synchronization

/// Calls back at an interval until it is stopped: pings, so that what lies between the two ends keeps the connection.
final class KeepAlive: Sendable {
    private struct State {
        var timer: (any TimerPort)?
        var stopped = false
    }

    private let executor: any SerialExecutorPort
    private let interval: Duration
    private let state = Mutex(State())

    init(_ executor: any SerialExecutorPort, every interval: Duration = .seconds(30)) {
        self.executor = executor
        self.interval = interval
    }

    /// `work` returns whether to go on.
    func start(_ work: @escaping @Sendable () -> Bool) {
        guard !state.withLock({ $0.stopped }) else { return }
        let timer = executor.submit(after: interval) { [self] in
            guard !state.withLock({ $0.stopped }), work() else { return }
            start(work)
        }
        let stopped = state.withLock { state in
            state.timer = timer
            return state.stopped
        }
        if stopped { timer.cancel() }
    }

    func stop() {
        let timer = state.withLock { state in
            state.stopped = true
            defer { state.timer = nil }
            return state.timer
        }
        timer?.cancel()
    }
}
