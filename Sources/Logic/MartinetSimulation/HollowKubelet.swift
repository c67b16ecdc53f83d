import MartinetAPI
import MartinetBase
package import MartinetClient
import MartinetSchema

/// A kubelet without containers: says that pods run and are ready after a while, and lets them go when they are deleted.
///
/// It registers its node and keeps its lease, so that node lifecycle and scheduler see a real one.
package struct HollowKubelet: Component {
    package struct Configuration: Sendable {
        package var nodeName: String
        package var capacity: [(String, String)] = [("cpu", "4"), ("memory", "8Gi"), ("pods", "110")]
        package var labels: [(String, String)] = []
        /// Between which delays a pod starts.
        package var startDelay: ClosedRange<Int64> = 50...2000
        package var stopDelay: ClosedRange<Int64> = 10...500
        package var leaseInterval = Duration.seconds(10)
        /// Images whose containers never become ready.
        package var brokenImages: Set<String> = []
        package init(nodeName: String) { self.nodeName = nodeName }
    }

    private enum Task { case start, stop }

    private static var leaseToken: UInt64 { 0 }
    private static var nodeToken: UInt64 { 1 }
    private static var statusToken: UInt64 { 2 }

    private let configuration: Configuration
    private var nextToken: UInt64 = 3
    private var tasks: [UInt64: (key: ObjectKey, uid: String, task: Task)] = [:]
    private var pending: Set<String> = []
    private var address: UInt32 = 0

    package init(_ configuration: Configuration) { self.configuration = configuration }

    package var name: String { "hollow-kubelet-\(configuration.nodeName)" }
    package var watches: [WatchedResource] {
        [WatchedResource(Pod.self, fieldSelector: "spec.nodeName=\(configuration.nodeName)")]
    }

    package mutating func handle(_ event: ComponentEvent, _ context: ComponentContext) -> [ComponentAction] {
        switch event {
        case .started:
            return [register(context), .startTimer(token: Self.leaseToken, after: .zero)]
        case .reply(Self.nodeToken, .failure(let error)) where error.isRetryable:
            return [.startTimer(token: Self.nodeToken, after: .seconds(1))]
        case .reply(Self.nodeToken, _): return [reportStatus(context)]
        case .reply(Self.statusToken, .failure(let error)) where error.isRetryable:
            return [.startTimer(token: Self.statusToken, after: .seconds(1))]
        case .synced, .reply: return []
        case .resync: return context.cache.list(Pod.self).flatMap { look(at: $0, context) }
        case .changed(let change): return change.new(Pod.self).map { look(at: $0, context) } ?? []
        case .timer(Self.leaseToken):
            return [lease(context), .startTimer(token: 0, after: configuration.leaseInterval)]
        case .timer(Self.nodeToken): return [register(context)]
        case .timer(Self.statusToken): return [reportStatus(context)]
        case .timer(let token): return perform(token, context)
        }
    }

    private func register(_ context: ComponentContext) -> ComponentAction {
        .send(.create(node(context.now)), token: Self.nodeToken)
    }

    /// The status of a node has its own door; what a creation says of it need not stay.
    private func reportStatus(_ context: ComponentContext) -> ComponentAction {
        var request = APIRequest.mergePatch(node(context.now), "", subresource: "status")
        let status = String(decoding: JSONEncoder.encode(node(context.now).status.object), as: UTF8.self)
        request.patch = (.merge, Array("{\"status\":\(status)}".utf8))
        return .send(request, token: Self.statusToken)
    }

    private mutating func look(at pod: Pod, _ context: ComponentContext) -> [ComponentAction] {
        let task: Task
        if pod.metadata.deletionTimestamp != nil {
            task = .stop
        } else if pod.status.phase == "Pending" || pod.status.phase.isEmpty {
            task = .start
        } else {
            return []
        }
        guard pending.insert("\(pod.metadata.uid) \(task)").inserted else { return [] }
        let range = task == .start ? configuration.startDelay : configuration.stopDelay
        let span = UInt64(range.upperBound - range.lowerBound + 1)
        let delay = range.lowerBound + Int64(context.runtime.random() % span)
        return [.startTimer(token: remember(pod, task), after: .milliseconds(delay))]
    }

    private mutating func remember(_ pod: Pod, _ task: Task) -> UInt64 {
        let token = nextToken
        nextToken += 1
        tasks[token] = (pod.metadata.key, pod.metadata.uid, task)
        return token
    }

    private mutating func perform(_ token: UInt64, _ context: ComponentContext) -> [ComponentAction] {
        guard let (key, uid, task) = tasks.removeValue(forKey: token) else { return [] }
        pending.remove("\(uid) \(task)")
        guard let pod = context.cache.get(Pod.self, key), pod.metadata.uid == uid else { return [] }
        switch task {
        case .stop:
            pending.insert("\(uid) \(task)")
            // Asked again until it is gone: an answer may be lost.
            return [
                APIRequest.delete(pod.object, gracePeriodSeconds: 0).map { .send($0, token: 0) },
                .startTimer(token: remember(pod, .stop), after: .seconds(2)),
            ].compactMap { $0 }
        case .start:
            guard pod.metadata.deletionTimestamp == nil, pod.status.phase != "Running" else { return [] }
            address += 1
            pending.insert("\(uid) \(task)")
            return [
                .send(.update(started(pod, context.now), subresource: "status"), token: 0),
                .startTimer(token: remember(pod, .start), after: .seconds(2)),
            ]
        }
    }

    private func started(_ pod: Pod, _ now: Timestamp) -> Pod {
        var pod = pod
        let isReady = !pod.spec.containers.contains { configuration.brokenImages.contains($0.image) }
        pod.status.phase = "Running"
        pod.status.startTime = now
        let ip = "10.244.\(address >> 8 & 255).\(address & 255)"
        pod.status.podIP = ip
        pod.status.podIPs = [PodIP { $0.ip = ip }]
        pod.status.conditions.removeAll { $0.type == "Ready" }
        pod.status.conditions.append(
            PodCondition { condition in
                condition.type = "Ready"
                condition.status = isReady ? "True" : "False"
                condition.lastTransitionTime = now
            })
        return pod
    }

    private func node(_ now: Timestamp) -> Node {
        Node { node in
            node.metadata.name = configuration.nodeName
            node.metadata.labels = StringMap(
                configuration.labels.map { (key: $0.0, value: $0.1) }
                    + [(key: "kubernetes.io/hostname", value: configuration.nodeName)])
            let amounts = StringMap(configuration.capacity.map { (key: $0.0, value: $0.1) })
            node.status.capacity = amounts
            node.status.allocatable = amounts
            node.status.conditions = [
                NodeCondition { condition in
                    condition.type = "Ready"
                    condition.status = "True"
                    condition.reason = "KubeletReady"
                    condition.lastHeartbeatTime = now
                    condition.lastTransitionTime = now
                }
            ]
        }
    }

    private func lease(_ context: ComponentContext) -> ComponentAction {
        let name = ResourceName(Lease.kind, namespace: "kube-node-lease", name: configuration.nodeName)
        var request = APIRequest(.patch, name)
        let document =
            "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"spec\":{\"holderIdentity\":\""
            + "\(configuration.nodeName)\",\"leaseDurationSeconds\":40,\"renewTime\":\"\(context.now.rfc3339Micro)\"}}"
        request.patch = (.apply, Array(document.utf8))
        request.options.fieldManager = "kubelet"
        request.options.force = true
        return .send(request, token: 0)
    }
}
