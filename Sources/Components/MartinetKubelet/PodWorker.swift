import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetEngine
import MartinetPodLifecycle
import MartinetSchema
import MartinetStreaming
import Synchronization

/// The one owner of a pod on this node: feeds its lifecycle with what happens and does what that says.
///
/// Two executors: `executor` decides and never blocks; `work` does what blocks on the kernel, in order.
final class PodWorker: Sendable {
    struct State: Sendable {
        var lifecycle: PodLifecycle
        var isContentReady = false
        var wantsSandbox = false
        /// The status that the API has from this worker, or had when it began.
        var written: PodStatus
        var isWriting = false
        /// Of a static pod: the uid of the object that shows it.
        var mirror: String?
        var timer: (any TimerPort)?
        var timerDue: Duration?
        var execs: [String: @Sendable (Int32?) -> Void] = [:]
        /// Containers whose image is on its way.
        var pulling: Set<String> = []
        var logs: [FollowedLog] = []
        var probers: [String: any SerialExecutorPort] = [:]
        var isRefused = false
        var isOver = false
        var isStopped = false
    }

    let context: WorkerContext
    let sandbox: PodSandbox
    let executor: any SerialExecutorPort
    let work: any SerialExecutorPort
    let uid: String
    let state: Mutex<State>

    /// - Parameter events: sends what the monitor tells to this worker, once there is one.
    init(pod: Pod, context: WorkerContext) {
        let relay = EventRelay()
        uid = pod.metadata.uid
        self.context = context
        executor = context.runtime.executor(named: "martinet.pod.\(pod.metadata.name)")
        work = context.runtime.executor(named: "martinet.pod.\(pod.metadata.name).work")
        sandbox = PodSandbox(
            engine: context.engine, namespace: pod.metadata.namespace, name: pod.metadata.name, uid: uid
        ) { relay.send($0) }
        let now = Moment(monotonic: context.runtime.monotonic(), wall: context.runtime.now())
        state = Mutex(State(lifecycle: PodLifecycle(pod: pod, at: now), written: pod.status))
        relay.worker.withLock { $0 = WeakWorker(self) }
    }

    /// - Parameters:
    ///   - hasRemains: whether something of the pod may be on the node already.
    ///   - refusal: why the node does not take it.
    func start(hasRemains: Bool, refusal: NodeAdmission.Refusal? = nil) {
        if let refusal {
            // At once: the next pod must not be measured against one that never was.
            state.withLock { $0.isRefused = true }
            executor.submit { self.refuse(refusal) }
            return
        }
        let pod = state.withLock { $0.lifecycle.pod }
        if StaticManifest.isStatic(pod) {
            // It refers to nothing, and must run where there is no API server to ask.
            state.withLock { $0.isContentReady = true }
        } else {
            follow(pod)
        }
        guard hasRemains else {
            executor.submit { self.begin() }
            return
        }
        block {
            self.recover()
            self.executor.submit { self.begin() }
        }
    }

    private func follow(_ pod: Pod) {
        context.content.follow(
            pod, onReady: { [weak self] in self?.contentReady() }, onChange: { [weak self] in self?.contentChanged() },
            onTrouble: { [weak self] message in self?.submitReport("FailedMount", message) })
    }

    private func begin() {
        let pod = state.withLock { $0.lifecycle.pod }
        if let field = Unsupported.field(of: pod), pod.metadata.deletionTimestamp == nil {
            refuse(PodWorker.unsupported(field))
        } else if let refusal = NodeAdmission.sysctlRefusal(of: pod), pod.metadata.deletionTimestamp == nil {
            refuse(refusal)
        } else {
            handle(.tick)
        }
    }

    static func unsupported(_ field: String) -> NodeAdmission.Refusal {
        NodeAdmission.Refusal(reason: "UnsupportedField", message: "the node does not support \(field)")
    }

    private func refuse(_ refusal: NodeAdmission.Refusal) {
        perform([.report(isWarning: true, reason: refusal.reason, message: refusal.message, container: nil)])
        handle(.refused(reason: refusal.reason, message: refusal.message))
    }

    /// Whether the pod takes up room on the node.
    var holdsResources: Bool { state.withLock { !$0.isOver && !$0.isRefused && $0.lifecycle.holdsResources } }

    /// On `work` only.
    func rotateLogs(_ limits: LogLimits) {
        do {
            try sandbox.rotateLogs(limits)
        } catch {
            context.log.warning("a log cannot be rotated", [("pod.uid", uid), ("error", "\(error)")])
        }
    }

    /// Ends this worker's part; the containers go on.
    func stop() {
        context.content.release(uid)
        state.withLock { state in
            state.isStopped = true
            state.timer?.cancel()
        }
    }

    /// Learns what an earlier process, or a killed monitor, left.
    private func recover() {
        do {
            guard let found = try sandbox.recover() else { return }
            try sandbox.reopenHostPorts(pod)
            let now = moment()
            state.withLock { state in
                state.lifecycle.recoverSandbox(addresses: found.addresses)
                for one in found.containers {
                    switch one.state {
                    case .running(let run):
                        state.lifecycle.recoverRunning(one.name, run, attempt: one.attempt, at: now)
                    case .exited(let run, let end):
                        state.lifecycle.recoverExited(one.name, end, run: run, attempt: one.attempt)
                    }
                }
            }
        } catch {
            context.log.error("a pod cannot be taken over", [("pod.uid", uid), ("error", "\(error)")])
        }
    }

    /// Does what blocks on the kernel, in order; nothing once the worker has been stopped.
    func block(_ body: @escaping @Sendable () -> Void) {
        work.submit {
            if !self.state.withLock({ $0.isStopped }) { body() }
        }
    }

    func moment() -> Moment { Moment(monotonic: context.runtime.monotonic(), wall: context.runtime.now()) }

    // MARK: - events in

    /// May be called from any thread.
    func submit(_ event: PodEvent) { executor.submit { self.handle(event) } }

    func received(_ event: PodSandbox.Event) {
        executor.submit {
            switch event {
            case .exited(let container, let end):
                self.handle(.exited(container: container, end))
                self.logEnded(container)
            case .execEnded(let id, let code):
                let done = self.state.withLock { $0.execs.removeValue(forKey: id) }
                done?(code)
            // Whoever attaches has a connection to the monitor of their own.
            case .output: break
            case .monitorLost:
                self.block { self.reconnect() }
                // Nobody tells of their ends any more.
                let execs = self.state.withLock { state in
                    defer { state.execs = [:] }
                    return state.execs.values
                }
                for done in execs { done(nil) }
            }
        }
    }

    private func logEnded(_ container: String) {
        let ended = state.withLock { state in
            let ended = state.logs.filter { $0.container == container }
            state.logs.removeAll { $0.container == container || $0.reader == nil }
            return ended
        }
        for log in ended { log.reader?.containerEnded() }
    }

    private func reconnect() {
        guard !state.withLock({ $0.isStopped || $0.lifecycle.sandbox != .ready }) else { return }
        context.log.warning("a pod's monitor is lost, another takes over", [("pod.uid", uid)])
        do {
            guard let found = try sandbox.recover() else { return }
            for one in found.containers {
                if case .exited(_, let end) = one.state { submit(.exited(container: one.name, end)) }
            }
        } catch {
            context.log.error("a pod's monitor cannot be replaced", [("pod.uid", uid), ("error", "\(error)")])
            executor.submit(after: .seconds(1)) { self.block { self.reconnect() } }
        }
    }

    private func contentReady() {
        executor.submit {
            let wants = self.state.withLock { state in
                state.isContentReady = true
                defer { state.wantsSandbox = false }
                return state.wantsSandbox
            }
            if wants { self.perform([.makeSandbox]) }
        }
    }

    private func contentChanged() {
        executor.submit {
            self.handle(.contentChanged)
            let (pod, isReady) = self.state.withLock { ($0.lifecycle.pod, $0.lifecycle.sandbox == .ready) }
            guard isReady else { return }
            self.block {
                do {
                    try self.sandbox.refreshVolumes(pod, self.context.content.content(of: pod))
                } catch {
                    self.submitReport("FailedMount", "\(error)")
                }
            }
        }
    }

    func submitReport(_ reason: String, _ message: String) {
        executor.submit {
            self.perform([.report(isWarning: true, reason: reason, message: message, container: nil)])
        }
    }

    /// On `executor` only.
    func handle(_ event: PodEvent) {
        let now = moment()
        let actions: [PodAction]? = state.withLock { state in
            guard !state.isStopped, !state.isOver else { return nil }
            return state.lifecycle.observed(event, at: now)
        }
        guard let actions else { return }
        perform(actions)
        giveUpWaiting()
        writeStatus()
        setTimer(now)
        let isOver = state.withLock { state in
            guard state.lifecycle.isOver, !state.isOver else { return false }
            state.isOver = true
            return true
        }
        if isOver { finish() }
    }

    /// A pod that ends waits neither for an image nor for what it would have been configured from.
    private func giveUpWaiting() {
        let (pulling, wanted) = state.withLock { state -> (Set<String>, Bool) in
            guard state.lifecycle.isEnding else { return ([], false) }
            defer {
                state.pulling = []
                state.wantsSandbox = false
            }
            return (state.pulling, state.wantsSandbox)
        }
        for name in pulling.sorted() { handle(.startFailed(container: name, reason: "ContainerCreating", message: "")) }
        if wanted { handle(.sandboxFailed(message: "")) }
    }

    private func finish() {
        context.content.release(uid)
        block {
            do { try self.sandbox.removeLogs() } catch {
                self.context.log.warning("a pod's logs stay", [("pod.uid", self.uid), ("error", "\(error)")])
            }
            self.context.onOver(self.uid)
        }
    }

    private func setTimer(_ now: Moment) {
        state.withLock { state in
            var due = state.lifecycle.nextDeadline
            if let deadline = state.lifecycle.activeDeadline {
                let time = now.monotonic + max(.zero, deadline.duration(since: now.wall))
                due = due.map { min($0, time) } ?? time
            }
            guard due != state.timerDue else { return }
            state.timer?.cancel()
            state.timer = nil
            state.timerDue = due
            guard let due else { return }
            state.timer = executor.submit(after: max(.zero, due - now.monotonic)) { [weak self] in
                self?.state.withLock { $0.timerDue = nil }
                self?.handle(.tick)
            }
        }
    }
}

/// Leads events to a worker that is made after what sends them.
final class EventRelay: Sendable {
    let worker = Mutex<WeakWorker>(WeakWorker(nil))
    func send(_ event: PodSandbox.Event) { worker.withLock { $0.worker }?.received(event) }
}

struct WeakWorker: Sendable {
    weak let worker: PodWorker?
    init(_ worker: PodWorker?) { self.worker = worker }
}
