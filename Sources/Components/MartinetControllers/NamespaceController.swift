import MartinetAPI
import MartinetBase
package import MartinetClient
import MartinetReconcile
package import MartinetSchema

/// Empties namespaces that are being deleted, and then lets them go.
///
/// It deletes the objects of every kind, asks what is left, and comes back until nothing is.
package struct NamespaceController: Component {
    private struct Emptying {
        var uid: String
        var outstanding = 0
        var isCounting = false
        /// What is left of each resource, and what could not be asked.
        var left: [String: Int] = [:]
        var finalizers: [String: Int] = [:]
        var failures: [String] = []
        var attempts = 0
        var isWaiting = false
    }

    private let kinds: [ResourceName]
    private var custom: [String: ResourceName] = [:]
    private var emptying: [String: Emptying] = [:]
    private var tokens: [UInt64: (namespace: String, resource: ResourceName?)] = [:]
    private var timers: [UInt64: String] = [:]
    private var nextToken: UInt64 = 0
    private var actions: [ComponentAction] = []

    /// - Parameter kinds: the namespaced kinds that the API server serves and lets list and delete.
    package init(kinds: [Kind]) {
        self.kinds = kinds.filter(\.isNamespaced).map { ResourceName($0) }
    }

    package var name: String { "namespace-controller" }
    package var watches: [WatchedResource] {
        [WatchedResource(Namespace.self), WatchedResource(CustomResourceDefinition.self)]
    }

    package mutating func handle(_ event: ComponentEvent, _ context: ComponentContext) -> [ComponentAction] {
        actions = []
        switch event {
        case .started: break
        case .synced, .resync: for namespace in context.cache.list(Namespace.self) { look(at: namespace) }
        case .changed(let change):
            if change.isOf(CustomResourceDefinition.self) {
                definitionChanged(change)
            } else if let namespace = change.new(Namespace.self) {
                if context.cache.isSynced { look(at: namespace) }
            } else {
                emptying[change.key.name] = nil
            }
        case .timer(let token):
            if let name = timers.removeValue(forKey: token) { again(name, context) }
        case .reply(let token, let result): replied(token, result, context)
        }
        defer { actions = [] }
        return actions
    }

    private mutating func definitionChanged(_ change: ObjectChange) {
        let key = change.key.name
        custom[key] = nil
        guard let definition = change.new(CustomResourceDefinition.self),
            let found = CustomResources.resource(definition), found.isNamespaced
        else { return }
        custom[key] = found.resource
    }

    // MARK: - Emptying

    private mutating func look(at namespace: Namespace) {
        guard namespace.metadata.deletionTimestamp != nil, namespace.spec.finalizers.contains("kubernetes"),
            emptying[namespace.metadata.name] == nil
        else { return }
        emptying[namespace.metadata.name] = Emptying(uid: namespace.metadata.uid)
        sendAll(.deletecollection, namespace.metadata.name)
    }

    private mutating func again(_ name: String, _ context: ComponentContext) {
        emptying[name]?.isWaiting = false
        guard emptying[name]?.outstanding == 0 else { return }
        guard let namespace = context.cache.get(Namespace.self, ObjectKey(namespace: "", name: name)),
            namespace.metadata.uid == emptying[name]?.uid
        else {
            emptying[name] = nil
            return
        }
        sendAll(.deletecollection, name)
    }

    private mutating func sendAll(_ verb: APIRequest.Verb, _ namespace: String) {
        emptying[namespace]?.isCounting = verb == .list
        if verb == .list {
            emptying[namespace]?.left = [:]
            emptying[namespace]?.finalizers = [:]
        } else {
            emptying[namespace]?.failures = []
        }
        let resources = kinds + custom.keys.sorted { $0.precedes($1) }.compactMap { custom[$0] }
        emptying[namespace]?.outstanding = resources.count
        for resource in resources {
            var resource = resource
            resource.namespace = namespace
            var request = APIRequest(verb, resource)
            if verb == .list { request.options.limit = 500 }
            send(request, (namespace, resource))
        }
    }

    private mutating func send(_ request: APIRequest, _ purpose: (String, ResourceName?)) {
        nextToken += 1
        tokens[nextToken] = purpose
        actions.append(.send(request, token: nextToken))
    }

    private mutating func replied(_ token: UInt64, _ result: Result<Object, APIError>, _ context: ComponentContext) {
        guard let (name, resource) = tokens.removeValue(forKey: token), var state = emptying[name] else { return }
        guard let resource else {
            // The end, or a status: where the end failed, all is asked again.
            if case .failure(let error) = result, !error.isNotFound { wait(name) }
            return
        }
        state.outstanding -= 1
        let text = resource.group.isEmpty ? resource.plural : "\(resource.plural).\(resource.group)"
        switch result {
        case .success(let list) where state.isCounting:
            if !list.items.isEmpty { state.left[text] = list.items.count }
            for finalizer in list.items.flatMap(\.metadata.finalizers) { state.finalizers[finalizer, default: 0] += 1 }
        case .success: break
        // A kind that is not served, or cannot be deleted so, has nothing there.
        case .failure(let error) where error.isNotFound || error.code == 405: break
        case .failure(let error): state.failures.append("\(text): \(error.message)")
        }
        emptying[name] = state
        guard state.outstanding == 0 else { return }
        if !state.isCounting { sendAll(.list, name) } else { conclude(name, state, context) }
    }

    private mutating func conclude(_ name: String, _ state: Emptying, _ context: ComponentContext) {
        guard let namespace = context.cache.get(Namespace.self, ObjectKey(namespace: "", name: name)),
            namespace.metadata.uid == state.uid
        else {
            emptying[name] = nil
            return
        }
        if state.left.isEmpty, state.failures.isEmpty {
            var done = namespace
            done.spec.finalizers.removeAll { $0 == "kubernetes" }
            send(.update(done, subresource: "finalize"), (name, nil))
            // Should the answer get lost, it is asked again; a namespace that is gone ends this.
            return wait(name)
        }
        var told = namespace
        told.status.phase = "Terminating"
        NamespaceConditions(left: state.left, finalizers: state.finalizers, failures: state.failures, now: context.now)
            .set(&told.status)
        if told.status != namespace.status { send(.update(told, subresource: "status"), (name, nil)) }
        wait(name)
    }

    private mutating func wait(_ name: String) {
        guard emptying[name]?.isWaiting == false else { return }
        emptying[name]?.isWaiting = true
        let attempts = (emptying[name]?.attempts ?? 0) + 1
        emptying[name]?.attempts = min(attempts, 16)
        nextToken += 1
        timers[nextToken] = name
        let delay = Backoff.delay(attempts, base: .milliseconds(200), max: .seconds(5))
        actions.append(.startTimer(token: nextToken, after: delay))
    }
}
