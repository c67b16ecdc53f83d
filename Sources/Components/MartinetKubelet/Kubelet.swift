import MartinetAPI
package import MartinetBase
package import MartinetClient
package import MartinetEngine
import MartinetPodLifecycle
import MartinetScheduling
import MartinetSchema
import Synchronization

/// The agent of a node: runs the pods that are bound to it and tells what became of them.
///
/// Driven by events alone: a watch of its pods, what monitors tell, and timers of the pods' own deadlines. Stopping it,
/// or killing its process, touches no container; the next one takes over what runs.
package final class Kubelet: Sendable {
    private struct State {
        var workers: [String: PodWorker] = [:]
        var watch: ObjectWatch<Pod>?
        var node: NodeAgent?
        /// Uids of pods of which something was on the node at start and whose object has not been seen.
        var remains: Set<String> = []
        var folder: StaticPodFolder?
        var staticPods: Set<String> = []
        var isStopped = false
        /// New pods that came before all were known: they are looked at last, the oldest first.
        var unadmitted: [Pod]? = []

        /// Whether it is too early to look at the pod.
        mutating func wait(for pod: Pod) -> Bool {
            guard unadmitted != nil else { return false }
            unadmitted?.removeAll { $0.metadata.uid == pod.metadata.uid }
            unadmitted?.append(pod)
            return true
        }
    }

    package let configuration: KubeletConfiguration
    let context: WorkerContext
    private let executor: any SerialExecutorPort
    private let orphans: any SerialExecutorPort
    private let mirrors: MirrorKeeper
    private let housekeeper: Housekeeper
    private let state = Mutex(State())

    package init(
        configuration: KubeletConfiguration, client: any APIClient, runtime: any Runtime, engine: Engine, log: Log
    ) {
        self.configuration = configuration
        executor = runtime.executor(named: "martinet.kubelet")
        orphans = runtime.executor(named: "martinet.kubelet.orphans")
        let relay = OverRelay()
        context = WorkerContext(
            configuration: configuration, client: client, runtime: runtime, engine: engine,
            content: ContentStore(client: client, runtime: runtime, log: log),
            events: EventRecorder(client: client, runtime: runtime, nodeName: configuration.nodeName),
            secure: SecureProber(runtime: runtime), log: log,
            spare: runtime.executor(named: "martinet.kubelet.spare"),
            onOver: { relay.send($0) })
        mirrors = MirrorKeeper(context: context, executor: executor)
        let workers = WorkersRelay()
        housekeeper = Housekeeper(context: context) { workers.list }
        workers.body.withLock { body in body = { [weak self] in self?.workers ?? [] } }
        relay.body.withLock { body in body = { [weak self] uid in self?.over(uid) } }
    }

    /// Registers the node and begins to follow its pods.
    package func start() throws {
        let remains = try context.engine.podsOnDisk()
        context.content.start()
        let node = NodeAgent(context: context, housekeeper: housekeeper)
        let watch = ObjectWatch<Pod>(
            ResourceName(version: "v1", plural: "pods"), fieldSelector: "spec.nodeName=\(configuration.nodeName)",
            client: context.client, on: executor, key: { $0.metadata.uid }
        ) { [weak self] change in self?.changed(change) }
        state.withLock { state in
            state.remains = remains
            state.node = node
            state.watch = watch
        }
        if let path = configuration.staticPodFolder {
            let executor = executor
            let folder = try StaticPodFolder(path, nodeName: configuration.nodeName, log: context.log) {
                [weak self] pods in
                executor.submit { [weak self] in self?.changedStatic(pods) }
            }
            state.withLock { $0.folder = folder }
            let pods = folder.pods()
            executor.submit { self.changedStatic(pods) }
        }
        node.start()
        watch.start()
        context.prepareNetworks()
    }

    /// Ends everything but the containers.
    ///
    /// - Parameter done: runs once nothing here touches the node any more: what is under way goes on to its end, and
    ///   only then may another kubelet, or whoever cleans up, take the same pods in hand.
    package func stop(_ done: @escaping @Sendable () -> Void = {}) {
        let (watch, node, workers) = state.withLock { state in
            state.folder = nil
            state.isStopped = true
            return (state.watch, state.node, Array(state.workers.values))
        }
        watch?.stop()
        node?.stop()
        context.content.stop()
        housekeeper.stop()
        for worker in workers { worker.stop() }
        // An executor's last piece of work is behind all that was submitted before.
        let all = workers.map(\.work) + [orphans, context.spare, housekeeper.executor, executor]
        let left = Countdown(all.count, done)
        for executor in all { executor.submit { left.step() } }
    }

    private func changed(_ change: ObjectWatch<Pod>.Change) {
        switch change {
        case .changed(let pod) where StaticManifest.isMirror(pod):
            let hash = pod.metadata.annotations[StaticManifest.mirrorAnnotation] ?? ""
            state.withLock { $0.workers[hash] }?.mirrorSeen(pod)
            mirrors.seen(pod)
        case .gone(let pod) where StaticManifest.isMirror(pod): mirrors.gone(pod)
        case .changed(let pod):
            let uid = pod.metadata.uid
            let (known, hasRemains) = state.withLock { state in
                (state.workers[uid], state.remains.remove(uid) != nil)
            }
            if let known {
                known.submit(.podChanged(pod))
                return
            }
            let isKnownToRun = hasRemains || !pod.status.phase.isEmpty && pod.status.startTime != nil
            if isKnownToRun || pod.metadata.deletionTimestamp != nil {
                begin(pod, hasRemains: hasRemains)
            } else if !state.withLock({ $0.wait(for: pod) }) {
                begin(pod, hasRemains: false, refusal: refusal(of: pod))
            }
        case .gone(let pod):
            state.withLock { state in state.unadmitted?.removeAll { $0.metadata.uid == pod.metadata.uid } }
            state.withLock { $0.workers[pod.metadata.uid] }?.submit(.podGone)
        case .synced:
            housekeeper.synced()
            let waiting = state.withLock { state in
                defer { state.unadmitted = nil }
                return state.unadmitted ?? []
            }
            let age = { (pod: Pod) in pod.metadata.creationTimestamp ?? Timestamp(seconds: 0) }
            for pod in waiting.sorted(by: { age($0) < age($1) }) {
                begin(pod, hasRemains: false, refusal: refusal(of: pod))
            }
            // Only now is it known whose pods have no object any more.
            let orphaned = state.withLock { state in
                defer { state.remains = [] }
                return state.remains
            }
            for uid in orphaned.sorted() {
                orphans.submit { if !self.state.withLock({ $0.isStopped }) { self.removeOrphan(uid) } }
            }
        }
    }

    /// The manifests of the node's own folder: each text is a pod of its own, so a changed file ends one and begins another.
    private func changedStatic(_ pods: [String: Pod]) {
        let (gone, fresh) = state.withLock { state in
            let gone = state.staticPods.subtracting(pods.keys).compactMap { state.workers[$0] }
            let fresh = pods.keys.filter { state.workers[$0] == nil }.sorted()
            state.staticPods = Set(pods.keys)
            return (gone, fresh)
        }
        for worker in gone { worker.submit(.podGone) }
        for uid in fresh {
            guard let pod = pods[uid] else { continue }
            let worker = PodWorker(pod: pod, context: context)
            let hasRemains = state.withLock { $0.remains.remove(uid) != nil }
            if take(worker) { worker.start(hasRemains: hasRemains) }
        }
        mirrors.set(pods)
    }

    private func begin(_ pod: Pod, hasRemains: Bool, refusal: NodeAdmission.Refusal? = nil) {
        let worker = PodWorker(pod: pod, context: context)
        if take(worker) { worker.start(hasRemains: hasRemains, refusal: refusal) }
    }

    /// Why a pod that nobody has begun with cannot have its place on this node.
    private func refusal(of pod: Pod) -> NodeAdmission.Refusal? {
        if let field = Unsupported.field(of: pod) { return PodWorker.unsupported(field) }
        let (isMemoryLow, isDiskLow) = housekeeper.pressure
        let admission = NodeAdmission(
            allocatable: ResourceVector(NodeFacts(configuration: configuration).allocatable), isMemoryLow: isMemoryLow,
            isDiskLow: isDiskLow)
        return admission.refusal(of: pod, beside: workers.filter(\.holdsResources).map(\.pod))
    }

    /// Whether the worker may begin: none does once the kubelet has been stopped.
    private func take(_ worker: PodWorker) -> Bool {
        state.withLock { state in
            guard !state.isStopped else { return false }
            state.workers[worker.uid] = worker
            return true
        }
    }

    private func removeOrphan(_ uid: String) {
        do {
            try PodSandbox.removeOrphan(uid, of: context.engine)
            context.log.info("removed what was left of a pod", [("pod.uid", uid)])
        } catch {
            context.log.error("what was left of a pod stays", [("pod.uid", uid), ("error", "\(error)")])
        }
    }

    private func over(_ uid: String) {
        executor.submit { self.state.withLock { $0.workers[uid] = nil } }
    }

    var workers: [PodWorker] { state.withLock { Array($0.workers.values) } }

    func worker(namespace: String, name: String) -> PodWorker? {
        state.withLock { state in
            state.workers.values.first { $0.sandbox.namespace == namespace && $0.sandbox.name == name }
        }
    }

    /// How many pods it has in hand, those that end included.
    package var podCount: Int { state.withLock { $0.workers.count } }
}

/// Leads to the kubelet that is made after what calls it.
private final class OverRelay: Sendable {
    let body = Mutex<(@Sendable (String) -> Void)?>(nil)
    func send(_ uid: String) { body.withLock { $0 }?(uid) }
}

/// Leads to the workers of the kubelet that is made after what asks for them.
private final class WorkersRelay: Sendable {
    let body = Mutex<(@Sendable () -> [PodWorker])?>(nil)
    var list: [PodWorker] { body.withLock { $0 }?() ?? [] }
}

/// Runs something once so many others are done.
private final class Countdown: Sendable {
    private let left: Mutex<Int>
    private let body: @Sendable () -> Void
    init(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        left = Mutex(count)
        self.body = body
    }

    func step() {
        let isLast = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isLast { body() }
    }
}
