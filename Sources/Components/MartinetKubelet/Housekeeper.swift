import MartinetAPI
import MartinetBase
import MartinetContainers
import MartinetEngine
import MartinetPodLifecycle
import MartinetScheduling
import MartinetSchema
import Synchronization

/// Looks after what grows without an event that anybody could wait for: logs, volumes, the disk, memory. On the occasion of
/// the node's lease, never more than one turn at a time.
final class Housekeeper: Sendable {
    private struct State {
        var pressure: NodePressure
        var isUnderWay = false
        /// Whether it is known which pods there are.
        var isSynced = false
        var isStopped = false
        /// The pod that is being evicted for the node's sake: there is no next one before it is gone.
        var evicting: String?
    }

    private let context: WorkerContext
    let executor: any SerialExecutorPort
    private let workers: @Sendable () -> [PodWorker]
    private let images: ImageCollector
    private let state: Mutex<State>

    init(context: WorkerContext, workers: @escaping @Sendable () -> [PodWorker]) {
        self.context = context
        self.workers = workers
        executor = context.runtime.executor(named: "martinet.kubelet.housekeeping")
        images = ImageCollector(context: context)
        state = Mutex(State(pressure: NodePressure(context.configuration.thresholds)))
    }

    /// Which of the node's conditions are true.
    var pressure: (isMemoryLow: Bool, isDiskLow: Bool) {
        state.withLock { ($0.pressure.isMemoryLow, $0.pressure.isDiskLow) }
    }

    func synced() { state.withLock { $0.isSynced = true } }
    func stop() { state.withLock { $0.isStopped = true } }

    /// - Parameter done: runs when the conditions are up to date, before what takes longer.
    func turn(_ done: @escaping @Sendable () -> Void) {
        let mayBegin = state.withLock { state in
            guard !state.isUnderWay, !state.isStopped else { return false }
            state.isUnderWay = true
            return true
        }
        guard mayBegin else { return done() }
        executor.submit { [self] in
            if !state.withLock({ $0.isStopped }) { look(done) }
            state.withLock { $0.isUnderWay = false }
        }
    }

    private func look(_ done: @escaping @Sendable () -> Void) {
        let now = context.runtime.monotonic()
        let readings = context.configuration.readings?() ?? NodeFacts.readings(context.configuration.dataFolder)
        let breaches = state.withLock { $0.pressure.observe(readings, at: now) }
        done()
        let all = workers()
        let limits = context.configuration.logLimits
        for worker in all { worker.block { worker.rotateLogs(limits) } }
        for worker in all { checkLimits(worker) }
        images.collect(readings, usedBy: all, isUrgent: breaches.contains { $0.resource != "memory" })
        if let breach = breaches.first { relieve(breach, all) }
        if state.withLock({ $0.isSynced }) { removeOldLogs() }
    }

    private func removeOldLogs() {
        do {
            try context.engine.removeLogs { Set(workers().map(\.uid)) }
        } catch {
            context.log.warning("old logs stay", [("error", "\(error)")])
        }
    }

    /// A pod that uses more of the disk than it may goes, whatever the node has left.
    private func checkLimits(_ worker: PodWorker) {
        let pod = worker.pod
        guard LocalStorage.isLimited(pod), worker.holdsResources,
            let excess = worker.sandbox.localStorage(pod).excess(of: pod)
        else { return }
        worker.submit(.evicted(message: excess, isForNode: false))
    }

    // MARK: - the node's own need

    private func relieve(_ breach: NodePressure.Breach, _ workers: [PodWorker]) {
        let evicting = state.withLock { $0.evicting }
        if let evicting, workers.contains(where: { $0.uid == evicting && $0.holdsResources }) { return }
        if breach.resource != "memory", imagesWereEnough() { return }
        var byUID: [String: (worker: PodWorker, usage: Int64, request: Int64)] = [:]
        var candidates: [NodePressure.Candidate] = []
        for worker in workers where worker.holdsResources && worker.sandbox.isSetUp {
            let pod = worker.pod
            guard !NodeAdmission.isCritical(pod) else { continue }
            let requests = ResourceVector.requests(of: pod)
            let (usage, request) =
                breach.resource == "memory"
                ? (Int64(clamping: worker.sandbox.statistics(pod).memoryWorkingSet), requests["memory"])
                : (worker.sandbox.localStorage(pod).total, requests["ephemeral-storage"])
            byUID[worker.uid] = (worker, usage, request)
            candidates.append(
                NodePressure.Candidate(
                    uid: worker.uid, priority: pod.spec.priority ?? 0, usage: usage, request: request))
        }
        guard let first = NodePressure.ranked(candidates).first, let (worker, usage, request) = byUID[first.uid] else {
            context.log.warning("the node is low and there is no pod to evict", [("resource", breach.resource)])
            return
        }
        var message = breach.message
        if usage > request {
            let name = breach.resource == "inodes" ? "ephemeral-storage" : breach.resource
            message +=
                "Pod \(worker.pod.metadata.name) was using \(usage >> 10)Ki, request is \(Quantity(request)), has larger "
                + "consumption of \(name). "
        }
        context.log.warning("a pod is evicted", [("pod.uid", worker.uid), ("resource", breach.resource)])
        state.withLock { $0.evicting = worker.uid }
        worker.submit(.evicted(message: message, isForNode: true))
    }

    /// Whether the disk is well again after images have gone.
    private func imagesWereEnough() -> Bool {
        let readings = context.configuration.readings?() ?? NodeFacts.readings(context.configuration.dataFolder)
        var fresh = NodePressure(context.configuration.thresholds)
        return !fresh.observe(readings, at: context.runtime.monotonic()).contains { $0.resource != "memory" }
    }
}
