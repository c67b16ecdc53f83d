import MartinetBase
import MartinetEtcdMessages
import MartinetStore
import Synchronization

/// Everything that writes and that follows the history, on one executor.
///
/// Transactions that touch a key go one after the other; others are under way together. A commit is answered when the
/// watch has told of its revision, so that observers come first and completions in the order of revisions.
///
/// `@unchecked`: what is not in a `Mutex` is touched only on `executor`; `open` is over before the first commit.
final class EtcdEngine: @unchecked Sendable {
    typealias Completion = @Sendable (Result<CommitOutcome, StoreError>) -> Void

    private struct Published {
        var revision = Revision.none
        var compacted = Revision.none
        var sinks: [@Sendable ([StoreEvent]) -> Void] = []
        /// Accepted and not answered.
        var waiting = 0
        var closed = false
    }

    let client: EtcdClient
    let configuration: EtcdConfiguration
    let keys: EtcdKeys
    let runtime: any Runtime
    let executor: any SerialExecutorPort
    private let published = Mutex(Published())

    // Of the executor alone.
    private var queues: [[UInt8]: [Operation]] = [:]
    private var ready: [Operation] = []
    private var inFlight = 0
    /// Answers that wait for the watch, in the order of revisions.
    private var awaiting: [(revision: Int64, finish: () -> Void)] = []
    private var receipts: [Receipt] = []
    /// Who writes which receipt at the moment.
    private var writing: [[UInt8]: Operation] = [:]
    private var receiptsMade = 0
    private var clientName = ""
    var clientLease: Int64 = 0
    var granted: Set<Int64> = []
    var watch: WatchStream?
    var watchNumber = 0
    /// Nothing goes on any more.
    var lost: StoreLoss?
    private var whenIdle: (() -> Void)?
    /// Who waits to be as new as the cluster: those of the round under way, and those of the next.
    var settling: [@Sendable (StoreError?) -> Void]?
    var settlingNext: [@Sendable (StoreError?) -> Void] = []
    /// Whether progress that the cluster tells of can be believed.
    var trustsProgress = false

    init(_ client: EtcdClient, keys: EtcdKeys, executor: any SerialExecutorPort) {
        self.client = client
        self.keys = keys
        self.executor = executor
        configuration = client.configuration
        runtime = client.runtime
    }

    var revision: Revision { published.withLock { $0.revision } }
    var compacted: Revision { published.withLock { $0.compacted } }
    var isClosed: Bool { published.withLock { $0.closed } }

    func noteCompacted(_ revision: Int64) {
        published.withLock { $0.compacted = max($0.compacted, Revision(revision)) }
    }

    func observe(_ sink: @escaping @Sendable ([StoreEvent]) -> Void) -> Revision {
        published.withLock {
            $0.sinks.append(sink)
            return $0.revision
        }
    }

    /// Where the store stands when it is opened.
    func begin(at revision: Int64, lease: Int64, version: String) {
        published.withLock { $0.revision = Revision(revision) }
        named(lease)
        trustsProgress = EtcdVersion(version)?.trustsProgress ?? false
    }

    /// A new lease: receipts under a new name, because those of the old one have gone with it.
    func named(_ lease: Int64) {
        clientLease = lease
        clientName = String(UInt64(bitPattern: lease), radix: 16)
        receipts = []
        receiptsMade = 0
    }

    // MARK: Commits

    func commit(_ transaction: Transaction, _ completion: @escaping Completion) {
        let refused: StoreError? = published.withLock { published in
            if published.closed { return StoreError(.closed, "etcd: the store is closed") }
            if published.waiting >= configuration.waitingMax {
                return StoreError(.overloaded, "etcd: \(published.waiting) transactions wait already")
            }
            published.waiting += 1
            return nil
        }
        if let refused { return completion(.failure(refused)) }
        let operation = Operation(transaction, completion)
        executor.submit { self.accept(operation) }
    }

    private func accept(_ operation: Operation) {
        if let lost {
            return answer(operation, .failure(StoreError(.closed, "etcd: \(lost)")))
        }
        if let refusal = operation.transaction.refusal() {
            return answer(operation, .failure(StoreError(.invalid, "etcd: \(refusal)")))
        }
        if let key = operation.keys.first(where: { !keys.isInScope($0) }) {
            let scope = configuration.scope
            let text = "etcd: the key \(String(decoding: key, as: UTF8.self)) is not under \(scope)"
            return answer(operation, .failure(StoreError(.invalid, text)))
        }
        for key in operation.keys {
            if queues[key] != nil { operation.blockers += 1 }
            queues[key, default: []].append(operation)
        }
        if operation.blockers == 0 { start(operation) }
    }

    private func start(_ operation: Operation) {
        guard inFlight < configuration.inFlightMax else { return ready.append(operation) }
        inFlight += 1
        operation.deadline = runtime.monotonic() + configuration.giveUpAfter
        if operation.surelyWrites { takeReceipt(operation) }
        lease(operation)
    }

    func takeReceipt(_ operation: Operation) {
        let receipt = freshReceipt()
        operation.receipt = receipt
        writing[receipt.key] = operation
    }

    private func freshReceipt() -> Receipt {
        let receipt: Receipt
        if let free = receipts.popLast() {
            receipt = free
        } else {
            receiptsMade += 1
            receipt = Receipt(key: keys.hidden + Array("\(clientName)/\(receiptsMade)".utf8))
        }
        receipt.sequence += 1
        return receipt
    }

    /// Answers when the watch has come to `revision`, after everything of an earlier one. The first answer counts: that of
    /// the reply or that of the watch, which sees the receipt.
    func answer(_ operation: Operation, _ outcome: CommitOutcome, after revision: Int64) {
        guard !operation.isAnswered else { return }
        operation.isAnswered = true
        // The receipt is whole again: its revision is known.
        if let receipt = operation.receipt {
            writing[receipt.key] = nil
            if receipt.key.starts(with: receiptPrefix) { receipts.append(receipt) }
        }
        operation.receipt = nil
        guard revision > self.revision.value else { return finish(operation, .success(outcome)) }
        wait(for: revision) { self.finish(operation, .success(outcome)) }
    }

    /// Ends an operation without an answer from etcd. What becomes of its receipt is not known, so it is not used again.
    func fail(_ operation: Operation, _ error: StoreError) {
        guard !operation.isAnswered else { return }
        operation.isAnswered = true
        if let receipt = operation.receipt { writing[receipt.key] = nil }
        operation.receipt = nil
        finish(operation, .failure(error))
    }

    private var receiptPrefix: [UInt8] { keys.hidden + Array(clientName.utf8) }

    /// The watch tells of a receipt: its transaction was carried out, whether or not a reply came.
    func sawReceipt(_ event: EtcdEvent, with events: [EtcdEvent]) {
        guard let kv = event.kv, event.kind == .put, let operation = writing[kv.key], let receipt = operation.receipt,
            receipt.written == kv.value, !operation.isAnswered
        else { return }
        receipt.known = kv.modRevision
        let previous = operation.transaction.operations.map { item in
            let key = Array(item.key.utf8)
            return events.first { $0.kv?.key == key && $0.kv?.modRevision == kv.modRevision }?.previous?.object
        }
        answer(operation, .committed(Revision(kv.modRevision), previous: previous), after: kv.modRevision)
    }

    /// Ends an operation that has been started.
    func finish(_ operation: Operation, _ result: Result<CommitOutcome, StoreError>) {
        inFlight -= 1
        answer(operation, result)
        for key in operation.keys {
            guard var queue = queues[key], !queue.isEmpty else { continue }
            queue.removeFirst()
            queues[key] = queue.isEmpty ? nil : queue
            guard let next = queue.first else { continue }
            next.blockers -= 1
            if next.blockers == 0 { ready.append(next) }
        }
        while inFlight < configuration.inFlightMax, !ready.isEmpty { start(ready.removeFirst()) }
        if inFlight == 0, ready.isEmpty, let whenIdle {
            self.whenIdle = nil
            whenIdle()
        }
    }

    private func answer(_ operation: Operation, _ result: Result<CommitOutcome, StoreError>) {
        published.withLock { $0.waiting -= 1 }
        operation.completion(result)
    }

    // MARK: History

    /// The watch has told of everything up to `revision`.
    func publish(_ events: [StoreEvent], through revision: Int64, answering all: [EtcdEvent] = []) {
        // Before the revision moves, so that they are answered in the order of revisions.
        for event in all where event.kv?.key.starts(with: keys.hidden) == true { sawReceipt(event, with: all) }
        let sinks = published.withLock { published in
            published.revision = max(published.revision, Revision(revision))
            return published.sinks
        }
        if !events.isEmpty { for sink in sinks { sink(events) } }
        var count = 0
        while count < awaiting.count, awaiting[count].revision <= revision { count += 1 }
        let finished = awaiting.prefix(count)
        awaiting.removeFirst(count)
        for item in finished { item.finish() }
    }

    /// Calls back when the watch has come so far; the answer's place among those that wait is the revision's.
    func whenReached(_ revision: Int64, _ body: @escaping () -> Void) {
        guard revision > self.revision.value else { return body() }
        wait(for: revision, body)
    }

    private func wait(for revision: Int64, _ body: @escaping () -> Void) {
        let place = awaiting.lastIndex { $0.revision <= revision }.map { $0 + 1 } ?? 0
        awaiting.insert((revision, body), at: place)
    }

    // MARK: The end

    func close(_ completion: @escaping @Sendable () -> Void) {
        published.withLock { $0.closed = true }
        executor.submit { [self] in
            if inFlight == 0, ready.isEmpty { return shut(completion) }
            whenIdle = { self.shut(completion) }
        }
    }

    private func shut(_ completion: @escaping @Sendable () -> Void) {
        lost = lost ?? StoreLoss(description: "the store is closed")
        watch?.cancel()
        var request = LeaseRevokeRequest()
        request.id = clientLease
        // What it kept beside the objects goes; where that fails, the lease ends by itself.
        client.call(EtcdMethod.leaseRevoke, request, timeout: .seconds(2)) {
            [self] (_: Result<LeaseRevokeResponse, EtcdCallError>) in
            executor.submit { [self] in
                client.close()
                completion()
            }
        }
    }

    /// The history since the last event is gone: nobody may believe that he has seen everything.
    func lose(_ why: String) {
        guard lost == nil else { return }
        let loss = StoreLoss(description: why)
        lost = loss
        published.withLock { $0.closed = true }
        configuration.log.error("the store cannot go on", [("reason", why)])
        let waiting = awaiting
        awaiting = []
        for item in waiting { item.finish() }
        configuration.onLost?(loss)
    }
}
