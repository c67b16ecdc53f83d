import Glibc
import MartinetBase
import MartinetStore
import Synchronization

/// Which of several servers on one store runs the controllers and the scheduler.
///
/// The leader holds a key that ends by itself unless it is renewed. One that cannot renew it ends its process before the key
/// does, as upstream's components do: two leaders at once would both act.
final class Leadership: Sendable {
    private static let key = "/registry/martinet.leader"
    private static let lifetime = Duration.seconds(15)
    private static let renewal = Duration.seconds(4)
    private static let giveUp = Duration.seconds(10)

    private struct State {
        var held: Revision?
        var renewed = Duration.zero
        var won: (@Sendable () -> Void)?
        var resigned = false
    }

    private let store: any ObjectStore
    private let runtime: any Runtime
    private let log: Log
    private let identity: [UInt8]
    private let executor: any SerialExecutorPort
    private let state = Mutex(State())

    init(_ store: any ObjectStore, runtime: any Runtime, log: Log) {
        self.store = store
        self.runtime = runtime
        self.log = log
        identity = Array(runtime.uid().utf8)
        executor = runtime.executor(named: "martinet.leadership")
    }

    /// Calls `body` once, when this server leads.
    func whenWon(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.won = body }
        executor.submit { self.round() }
    }

    /// Lets another one lead at once.
    func resign() {
        let held = state.withLock { state in
            state.resigned = true
            return state.held
        }
        if let held { store.commit(.delete(Leadership.key, modified: held)) { _ in } }
    }

    private func round() {
        let (held, resigned) = state.withLock { ($0.held, $0.resigned) }
        guard !resigned else { return }
        let expires = runtime.now().advanced(by: Leadership.lifetime)
        let started = runtime.monotonic()
        let transaction =
            held.map { Transaction.update(Leadership.key, identity, modified: $0, expires: expires) }
            ?? .create(Leadership.key, identity, expires: expires)
        store.commit(transaction) { [self] result in
            executor.submit { [self] in self.answered(result, started) }
        }
        watchdog()
    }

    /// A renewal may be under way for longer than the key lives.
    private func watchdog() {
        _ = executor.submit(after: Leadership.giveUp) { [self] in
            let (held, renewed, resigned) = state.withLock { ($0.held, $0.renewed, $0.resigned) }
            if held != nil, !resigned, runtime.monotonic() - renewed >= Leadership.giveUp {
                lost("it was not renewed in time")
            }
        }
    }

    private func answered(_ result: Result<CommitOutcome, StoreError>, _ started: Duration) {
        switch result {
        case .success(.committed(let revision, _)):
            let won = state.withLock { state in
                state.held = revision
                state.renewed = started
                defer { state.won = nil }
                return state.won
            }
            if let won {
                log.info("this server leads")
                won()
            }
        case .success(.conflict):
            if state.withLock({ $0.held != nil }) { return lost("another server has taken it") }
        case .failure(let error):
            log.warning("cannot renew the leadership", [("error", "\(error)")])
        }
        _ = executor.submit(after: Leadership.renewal) { self.round() }
    }

    private func lost(_ why: String) {
        log.error("this server does not lead any more and ends", [("reason", why)])
        exit(1)
    }
}
