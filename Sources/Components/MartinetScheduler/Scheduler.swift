package import MartinetAPI
import MartinetBase
package import MartinetClient
package import MartinetScheduling
import MartinetSchema

/// Gives every pod of its name a node, or says why none will do.
///
/// A decision is assumed at once and written by the `binding` subresource meanwhile; a binding that fails is taken back.
/// There is no preemption yet: a pod of high priority goes first, and waits where there is no room.
package struct Scheduler: Component {
    private static var turnToken: UInt64 { 0 }
    private static var flushToken: UInt64 { 1 }
    /// How many pods are placed before other events get their turn.
    private static var podsPerTurn: Int { 64 }

    private struct Binding {
        let entry: SchedulingQueue.Entry
        let pod: Pod
        let node: String
        var isReadBack = false
    }

    package let name: String
    private var placement = PodPlacement()
    private var queue = SchedulingQueue()
    private var bindings: [UInt64: Binding] = [:]
    private var readBacks: [UInt64: Binding] = [:]
    private var assumed: Set<String> = []
    private var nextToken: UInt64 = 16
    private var isSynced = false
    private var hasTurn = false
    private var actions: [ComponentAction] = []

    /// - Parameter name: the `schedulerName` of the pods that it takes care of.
    package init(name: String = "default-scheduler") { self.name = name }

    package var watches: [WatchedResource] {
        [WatchedResource(Pod.self), WatchedResource(Node.self), WatchedResource(Namespace.self)]
    }

    package mutating func handle(_ event: ComponentEvent, _ context: ComponentContext) -> [ComponentAction] {
        actions = []
        switch event {
        case .started: break
        case .synced: isSynced = true
        case .resync: queue.wake()
        case .changed(let change): changed(change, context)
        case .timer(Self.turnToken): turn(context)
        case .timer(Self.flushToken): break
        case .timer(let token): readBack(token)
        case .reply(let token, let result): replied(token, result, context)
        }
        schedule(context)
        defer { actions = [] }
        return actions
    }

    // MARK: - What changes

    private mutating func changed(_ change: ObjectChange, _ context: ComponentContext) {
        if change.isOf(Pod.self) {
            podChanged(change.old(Pod.self), change.new(Pod.self))
        } else if change.isOf(Node.self) {
            nodeChanged(change.old(Node.self), change.new(Node.self))
        } else if change.isOf(Namespace.self) {
            placement.namespaces = context.cache.list(Namespace.self).map { ($0.metadata.name, $0.metadata.labels) }
            queue.wake()
        }
    }

    private mutating func nodeChanged(_ old: Node?, _ new: Node?) {
        guard let new else {
            if let old { placement.table.removeNode(old.metadata.name) }
            return queue.wake()
        }
        // Heartbeats change neither of these, and are most of what happens to a node.
        if let old, old.spec == new.spec, old.metadata.labels == new.metadata.labels,
            old.status.allocatable == new.status.allocatable
        {
            return
        }
        placement.table.set(new)
        queue.wake()
    }

    private mutating func podChanged(_ old: Pod?, _ new: Pod?) {
        guard let pod = new ?? old else { return }
        let uid = pod.metadata.uid
        let isGone = new == nil || pod.status.phase == "Succeeded" || pod.status.phase == "Failed"
        if isGone {
            placement.table.remove(uid: uid)
            assumed.remove(uid)
            queue.remove(uid: uid)
            // Its room is free.
            if !pod.spec.nodeName.isEmpty { queue.wake() }
        } else if !pod.spec.nodeName.isEmpty {
            assumed.remove(uid)
            queue.remove(uid: uid)
            if let old, old.spec == pod.spec, old.metadata.labels == pod.metadata.labels { return }
            placement.table.place(pod, on: pod.spec.nodeName)
            // Others may want to be near it.
            queue.wake()
        } else if isMine(pod) {
            if let old, old.spec != pod.spec || old.metadata.labels != pod.metadata.labels { queue.remove(uid: uid) }
            guard !assumed.contains(uid) else { return }
            queue.add(pod.metadata.key, uid: uid, priority: pod.spec.priority ?? 0)
        } else {
            queue.remove(uid: uid)
        }
    }

    private func isMine(_ pod: Pod) -> Bool {
        let wanted = pod.spec.schedulerName.isEmpty ? "default-scheduler" : pod.spec.schedulerName
        return wanted == name && pod.metadata.deletionTimestamp == nil && pod.spec.schedulingGates.isEmpty
    }

    // MARK: - Placing

    /// Comes back when there is something to do.
    private mutating func schedule(_ context: ComponentContext) {
        guard isSynced else { return }
        if let delay = queue.flush(now: context.monotonic) {
            actions.append(.startTimer(token: Self.flushToken, after: delay))
        }
        guard !hasTurn, !queue.active.isEmpty else { return }
        hasTurn = true
        actions.append(.startTimer(token: Self.turnToken, after: .zero))
    }

    private mutating func turn(_ context: ComponentContext) {
        hasTurn = false
        for _ in 0..<Self.podsPerTurn {
            guard let entry = queue.pop() else { return }
            guard let pod = context.cache.get(Pod.self, entry.key), pod.metadata.uid == entry.uid,
                pod.spec.nodeName.isEmpty, isMine(pod)
            else { continue }
            place(pod, entry, context)
        }
    }

    private mutating func place(_ pod: Pod, _ entry: SchedulingQueue.Entry, _ context: ComponentContext) {
        switch placement.decide(pod, pick: { Int(context.runtime.random() % UInt64(max(1, $0))) }) {
        case .place(let node):
            placement.table.place(pod, on: node)
            assumed.insert(entry.uid)
            bind(Binding(entry: entry, pod: pod, node: node))
        case .refuse(let verdict):
            queue.refuse(entry, now: context.monotonic)
            var message = verdict.message
            if pod.spec.priority ?? 0 > 0, pod.spec.preemptionPolicy != "Never" {
                message += " preemption: not available in this version."
            }
            actions.append(.record(.warning(pod.object, "FailedScheduling", message)))
            addCondition(pod, message, context.now)
        }
    }

    private mutating func addCondition(_ pod: Pod, _ message: String, _ now: Timestamp) {
        let old = pod.status.conditions.first { $0.type == "PodScheduled" }
        guard old?.status != "False" || old?.message != message || old?.reason != "Unschedulable" else { return }
        let condition = PodCondition { condition in
            condition.type = "PodScheduled"
            condition.status = "False"
            condition.reason = "Unschedulable"
            condition.message = message
            condition.lastTransitionTime = old?.status == "False" ? old?.lastTransitionTime ?? now : now
        }
        let text = String(decoding: JSONEncoder.encode(condition.object), as: UTF8.self)
        var request = APIRequest.mergePatch(pod, "", subresource: "status")
        request.patch = (.strategic, Array("{\"status\":{\"conditions\":[\(text)]}}".utf8))
        actions.append(.send(request, token: 2))
    }

    // MARK: - Binding

    private mutating func bind(_ binding: Binding) {
        let pod = binding.pod
        var object = MartinetAPI.Binding()
        object.metadata.name = pod.metadata.name
        object.metadata.namespace = pod.metadata.namespace
        object.metadata.uid = pod.metadata.uid
        object.target.kind = "Node"
        object.target.name = binding.node
        let resource = ResourceName(
            Pod.kind, namespace: pod.metadata.namespace, name: pod.metadata.name, subresource: "binding")
        send(APIRequest(.create, resource, object: object.object), binding)
    }

    private mutating func send(_ request: APIRequest, _ binding: Binding) {
        nextToken += 1
        bindings[nextToken] = binding
        actions.append(.send(request, token: nextToken))
    }

    private mutating func replied(_ token: UInt64, _ result: Result<Object, APIError>, _ context: ComponentContext) {
        guard var binding = bindings.removeValue(forKey: token) else { return }
        switch result {
        case .success(let object) where binding.isReadBack:
            let pod = object.view(Pod.self)
            if pod?.metadata.uid == binding.entry.uid, pod?.spec.nodeName == binding.node {
                scheduled(binding)
            } else {
                takeBack(binding, context)
            }
        case .success: scheduled(binding)
        case .failure(let error) where error.code >= 500:
            // Whether it happened is read back: until then the room stays taken.
            binding.isReadBack = true
            nextToken += 1
            readBacks[nextToken] = binding
            actions.append(.startTimer(token: nextToken, after: .seconds(1)))
        case .failure(let error):
            takeBack(binding, context)
            let fields = [("pod", "\(binding.entry.key)"), ("node", binding.node), ("error", error.message)]
            actions.append(.log(.info, "a binding was refused", fields))
        }
    }

    private mutating func readBack(_ token: UInt64) {
        guard let binding = readBacks.removeValue(forKey: token) else { return }
        let key = binding.entry.key
        send(APIRequest(.get, ResourceName(Pod.kind, namespace: key.namespace, name: key.name)), binding)
    }

    private mutating func scheduled(_ binding: Binding) {
        let message = "Successfully assigned \(binding.entry.key) to \(binding.node)"
        actions.append(.record(.normal(binding.pod.object, "Scheduled", message)))
    }

    private mutating func takeBack(_ binding: Binding, _ context: ComponentContext) {
        // The watch may have shown the pod on a node, or gone, by now: then there is nothing to take back.
        guard assumed.remove(binding.entry.uid) != nil else { return }
        placement.table.remove(uid: binding.entry.uid)
        guard let pod = context.cache.get(Pod.self, binding.entry.key), pod.metadata.uid == binding.entry.uid,
            pod.spec.nodeName.isEmpty
        else { return }
        queue.retry(binding.entry, now: context.monotonic)
        queue.wake()
    }

    // MARK: - For people

    /// What every node would say to a pod now.
    package mutating func explain(_ pod: Pod) -> [PodPlacement.Explanation] { placement.explain(pod) }
}
