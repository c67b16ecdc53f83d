import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetEngine
import MartinetImages
import MartinetSchema
import Synchronization

/// Registers the node, says every ten seconds that it is there, and tells when its state changes.
final class NodeAgent: Sendable {
    private struct State {
        var written: NodeStatus?
        var uid = ""
        var isStopped = false
        var hasLease = false
        var sinceWritten: Duration = .zero
        var timer: (any TimerPort)?
    }

    private let context: WorkerContext
    private let executor: any SerialExecutorPort
    private let facts: NodeFacts
    private let state = Mutex(State())

    private let housekeeper: Housekeeper

    init(context: WorkerContext, housekeeper: Housekeeper) {
        self.context = context
        self.housekeeper = housekeeper
        executor = context.runtime.executor(named: "martinet.kubelet.node")
        facts = NodeFacts(configuration: context.configuration)
    }

    private var name: String { context.configuration.nodeName }
    private var resource: ResourceName { ResourceName(version: "v1", plural: "nodes", name: name) }

    func start() { executor.submit { self.register() } }

    func stop() {
        state.withLock { state in
            state.isStopped = true
            state.timer?.cancel()
        }
    }

    // MARK: - the node

    private func register() {
        guard !state.withLock({ $0.isStopped }) else { return }
        let labels = labels
        let status = status()
        let node = Node {
            $0.metadata.name = name
            $0.metadata.labels = labels
            $0.status = status
        }
        var request = APIRequest(
            .create, ResourceName(version: "v1", plural: "nodes"), object: node.object)
        request.options.fieldManager = "kubelet"
        context.client.send(request, on: executor) { result in
            switch result {
            case .success(let object): self.registered(Node(object: object), status)
            case .failure(let error) where error.isAlreadyExists: self.adopt()
            case .failure(let error):
                self.context.log.warning("the node cannot be registered yet", [("error", error.message)])
                self.executor.submit(after: .seconds(1)) { self.register() }
            }
        }
    }

    private var labels: StringMap {
        var labels = context.configuration.labels
        labels["kubernetes.io/hostname"] = name
        for prefix in ["kubernetes.io", "beta.kubernetes.io"] {
            labels["\(prefix)/os"] = "linux"
            labels["\(prefix)/arch"] = NodeFacts.architecture
        }
        return StringMap(labels)
    }

    /// The object is there from an earlier start: its labels and spec stay, ours are set.
    private func adopt() {
        var request = APIRequest(.patch, resource)
        let meta = Node { $0.metadata.labels = labels }
        request.patch = (.merge, JSONEncoder.encode(meta.object))
        context.client.send(request, on: executor) { result in
            switch result {
            case .success(let object):
                let node = Node(object: object)
                self.registered(node, node.status)
            case .failure(let error):
                self.context.log.warning("the node cannot be registered yet", [("error", error.message)])
                self.executor.submit(after: .seconds(1)) { self.register() }
            }
        }
    }

    private func registered(_ node: Node, _ status: NodeStatus) {
        state.withLock { state in
            state.uid = node.metadata.uid
            // Creation drops a status where the kind has it as a subresource: what the server has is what counts.
            state.written = node.status
        }
        let about = about
        for (reason, message) in [
            ("Starting", "Starting kubelet."), ("NodeReady", "Node \(name) status is now: NodeReady"),
        ] { context.events.report(about, isWarning: false, reason: reason, message: message) }
        writeStatus()
        renew()
    }

    private var about: ObjectReference {
        let uid = state.withLock { $0.uid }
        return ObjectReference {
            $0.kind = "Node"
            $0.apiVersion = "v1"
            $0.name = name
            $0.uid = uid
        }
    }

    private func status() -> NodeStatus {
        facts.status(
            before: state.withLock { $0.written }, images: (try? context.engine.images.allNames()) ?? [],
            pressure: housekeeper.pressure, now: context.runtime.now())
    }

    private func writeStatus() {
        let status = status()
        let before = state.withLock { $0.written } ?? NodeStatus()
        guard let patch = StatusPatch.document(from: before.object, to: status.object, uid: nil) else { return }
        var request = APIRequest(
            .patch, ResourceName(version: "v1", plural: "nodes", name: name, subresource: "status"))
        request.patch = (.merge, patch)
        context.client.send(request, on: executor) { result in
            switch result {
            case .success:
                self.state.withLock {
                    $0.written = status
                    $0.sinceWritten = self.context.runtime.monotonic()
                }
            case .failure(let error):
                self.context.log.warning("the node's status cannot be written", [("error", error.message)])
                if error.isNotFound { self.executor.submit(after: .seconds(1)) { self.register() } }
            }
        }
    }

    // MARK: - the lease

    private func renew() {
        let (isStopped, hasLease) = state.withLock { ($0.isStopped, $0.hasLease) }
        guard !isStopped else { return }
        let now = context.runtime.now()
        if hasLease {
            var request = APIRequest(.patch, lease(name))
            request.patch = (.merge, Array("{\"spec\":{\"renewTime\":\"\(now.rfc3339Micro)\"}}".utf8))
            context.client.send(request, on: executor) { result in
                if case .failure(let error) = result, error.isNotFound { self.state.withLock { $0.hasLease = false } }
            }
        } else {
            createLease(now)
        }
        // What can change without an event that anybody could wait for (memory, disk) is looked at on this occasion.
        if hasLease {
            housekeeper.turn { [weak self] in
                guard let self else { return }
                executor.submit { [weak self] in self?.refreshConditions() }
            }
        }
        let timer = executor.submit(after: context.configuration.leaseRenewal) { [weak self] in self?.renew() }
        state.withLock { $0.timer = timer }
    }

    private func lease(_ name: String?) -> ResourceName {
        ResourceName(
            group: "coordination.k8s.io", version: "v1", plural: "leases", namespace: "kube-node-lease", name: name)
    }

    private func createLease(_ now: Timestamp) {
        let uid = state.withLock { $0.uid }
        let lease = Lease {
            $0.metadata.name = name
            $0.metadata.namespace = "kube-node-lease"
            $0.metadata.ownerReferences = [
                OwnerReference {
                    $0.apiVersion = "v1"
                    $0.kind = "Node"
                    $0.name = name
                    $0.uid = uid
                }
            ]
            $0.spec.holderIdentity = name
            $0.spec.leaseDurationSeconds = context.configuration.leaseSeconds
            $0.spec.renewTime = now
        }
        context.client.send(APIRequest(.create, self.lease(nil), object: lease.object), on: executor) { result in
            switch result {
            case .success: self.state.withLock { $0.hasLease = true }
            case .failure(let error) where error.isAlreadyExists: self.state.withLock { $0.hasLease = true }
            case .failure(let error):
                // Its namespace is made a moment after the first start: try again before the next turn.
                self.context.log.warning("the node's lease cannot be written", [("error", error.message)])
                self.executor.submit(after: .seconds(1)) {
                    if !self.state.withLock({ $0.isStopped || $0.hasLease }) {
                        self.createLease(self.context.runtime.now())
                    }
                }
            }
        }
    }

    private func refreshConditions() {
        let status = status()
        let (before, since) = state.withLock { ($0.written ?? NodeStatus(), $0.sinceWritten) }
        let isOld = context.runtime.monotonic() - since > .seconds(300)
        let plain = { (conditions: ViewList<NodeCondition>) in conditions.map { [$0.type, $0.status] } }
        guard isOld || plain(status.conditions) != plain(before.conditions) || status.images != before.images else {
            return
        }
        writeStatus()
    }
}
