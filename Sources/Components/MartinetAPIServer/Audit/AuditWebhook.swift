import MartinetAudit
import MartinetBase
import MartinetSchema
import Synchronization

/// Sends events in batches to somebody else's server; one batch at a time, each tried again some times.
final class AuditWebhook: AuditBackend {
    private struct State {
        var queue: AuditQueue
        var timer: (any TimerPort)?
        var isSending = false
        var lost: UInt64 = 0
        var closing: (@Sendable () -> Void)?
    }

    let name = "webhook"
    private let endpoint: OutwardJSON
    private let executor: any SerialExecutorPort
    private let log: Log
    private let batch: Int
    private let wait: Duration
    private let backoff: Duration
    private let state: Mutex<State>
    private static let triesMax = 5

    init(_ flags: AuditFlags, endpoint: OutwardJSON, runtime: any Runtime, log: Log) {
        self.endpoint = endpoint
        executor = runtime.executor(named: "martinet.apiserver.audit.webhook")
        self.log = log
        batch = flags.webhookBatch
        wait = .seconds(flags.webhookSeconds)
        backoff = .seconds(flags.webhookRetrySeconds)
        state = Mutex(State(queue: AuditQueue(countMax: flags.webhookBuffer)))
    }

    var failures: UInt64 { state.withLock { $0.queue.dropped &+ $0.lost } }

    func add(_ event: AuditEvent) {
        let (isFull, isFirst) = state.withLock { state in
            guard state.queue.add(event), !state.isSending else { return (false, false) }
            return (state.queue.count == batch, state.queue.count == 1)
        }
        if isFull { return executor.submit { [self] in send() } }
        guard isFirst else { return }
        let timer = executor.submit(after: wait) { [weak self] in self?.send() }
        state.withLock { $0.timer = timer }
    }

    private func send() {
        let (events, timer) = state.withLock { state -> ([AuditEvent], (any TimerPort)?) in
            guard !state.isSending else { return ([], nil) }
            let events = state.queue.take(atMost: batch)
            state.isSending = !events.isEmpty
            return (events, state.timer.take())
        }
        timer?.cancel()
        guard !events.isEmpty else { return state.withLock { $0.isSending ? nil : $0.closing.take() }?() ?? () }
        var list = Map()
        list["kind"] = .string("EventList")
        list["apiVersion"] = .string("audit.k8s.io/v1")
        list["metadata"] = .map(Map())
        list["items"] = .list(events.map { .map($0.tree) })
        post(JSONEncoder.encode(.map(list)), count: events.count, tries: 1)
    }

    private func post(_ body: [UInt8], count: Int, tries: Int) {
        endpoint.post(body) { [self] result in
            if case .failure(let error) = result {
                let isClosing = state.withLock { $0.closing != nil }
                guard tries >= AuditWebhook.triesMax || isClosing else {
                    let pause = backoff * (1 << (tries - 1))
                    executor.submit(after: pause) { [self] in post(body, count: count, tries: tries + 1) }
                    return
                }
                state.withLock { $0.lost &+= UInt64(count) }
                log.error("audit events are lost", [("count", String(count)), ("error", "\(error)")])
            }
            let waits = state.withLock { state in
                state.isSending = false
                return state.queue.count > 0 || state.closing != nil
            }
            if waits { executor.submit { [self] in send() } }
        }
    }

    func close(_ done: @escaping @Sendable () -> Void) {
        // Whoever does not answer is not waited for.
        state.withLock { $0.closing = done }
        executor.submit { [self] in send() }
        executor.submit(after: .seconds(5)) { [self] in state.withLock { $0.closing.take() }?() }
    }
}
