import MartinetAPI
package import MartinetBase
import MartinetSchema

/// Runs components: feeds them what they watch and the answers to their requests, and performs what they ask for.
///
/// Components of one driver share one executor and one cache, so what several of them watch is held once. Give a
/// component a driver of its own where a storm in another must not delay it.
///
/// `@unchecked`: all state is touched on `executor`, which is serial; the public functions only submit to it.
package final class ComponentDriver: @unchecked Sendable {
    package struct Configuration: Sendable {
        /// How often components are told to look at everything again; nil for never.
        package var resyncInterval: Duration? = .seconds(600)
        /// How many requests may be unanswered; further ones wait in order.
        package var requestsMax = 64
        package init() {}
    }

    private struct Runner {
        var component: any Component
        var cache: ObjectCache
        var watched: Set<WatchedResource>
        var recorder: EventRecorder
        var timers: [UInt64: any TimerPort] = [:]
        var isSynced = false
        let log: Log
    }

    private struct Waiting {
        let runner: Int
        let request: APIRequest
        let token: UInt64?
    }

    private let client: any APIClient
    /// Who sends a component's requests, where that is not who watches.
    private let senders: [(any APIClient)?]
    private let runtime: any Runtime
    private let executor: any SerialExecutorPort
    private let log: Log
    private let configuration: Configuration
    private var runners: [Runner] = []
    /// In the order in which they were asked for: what happens must not depend on a dictionary's order.
    private var loops: [WatchLoop] = []
    private var waiting: [Waiting] = []
    private var waitingHead = 0
    private var inFlight = 0
    private var resync: (any TimerPort)?
    private var isStopped = false

    /// - Parameters:
    ///   - client: watches for all components, and sends their requests.
    ///   - clientOf: who sends the requests of a component instead, by its name.
    package init(
        _ components: [any Component], client: any APIClient, clientOf: (String) -> (any APIClient)? = { _ in nil },
        runtime: any Runtime, log: Log, configuration: Configuration = .init()
    ) {
        self.client = client
        senders = components.map { clientOf($0.name) }
        self.runtime = runtime
        self.log = log
        self.configuration = configuration
        executor = runtime.executor(named: components.first?.name ?? "components")
        runners = components.map { component in
            Runner(
                component: component, cache: ObjectCache(stores: []), watched: [],
                recorder: EventRecorder(component: component.name), log: log.named(component.name))
        }
    }

    package func start() {
        executor.submit { [self] in
            for index in runners.indices { dispatch(.started, to: index) }
            for index in runners.indices {
                for resource in runners[index].component.watches { watch(resource, index) }
            }
            for index in runners.indices { checkSynced(index) }
            scheduleResync()
        }
    }

    /// Ends its watches; answers that are on their way are not delivered any more.
    package func stop() {
        executor.submit { [self] in
            isStopped = true
            for loop in loops { loop.stop() }
            for runner in runners { for timer in runner.timers.values { timer.cancel() } }
            resync?.cancel()
            waiting = []
        }
    }

    // MARK: - Watches

    private func watch(_ resource: WatchedResource, _ index: Int) {
        guard runners[index].watched.insert(resource).inserted else { return }
        let loop = loops.first { $0.store.watched == resource } ?? makeLoop(resource)
        runners[index].cache = ObjectCache(stores: runners[index].cache.stores + [loop.store])
        // Another component's watch may have shown it all before.
        for object in loop.store.all {
            dispatch(.changed(ObjectChange(watched: resource, old: nil, new: object)), to: index)
        }
    }

    private func makeLoop(_ resource: WatchedResource) -> WatchLoop {
        let loop = WatchLoop(
            store: ObjectIndex(resource),
            .init(
                client: client, runtime: runtime, executor: executor, log: log,
                onChange: { [weak self] change in self?.changed(change) },
                onSynced: { [weak self] in
                    guard let self else { return }
                    for index in runners.indices { checkSynced(index) }
                }))
        loops.append(loop)
        // Not before the caller has the store in its cache.
        executor.submit { loop.start() }
        return loop
    }

    private func unwatch(_ resource: WatchedResource, _ index: Int) {
        guard runners[index].watched.remove(resource) != nil else { return }
        runners[index].cache = ObjectCache(stores: runners[index].cache.stores.filter { $0.watched != resource })
        guard !runners.contains(where: { $0.watched.contains(resource) }) else { return }
        for loop in loops where loop.store.watched == resource { loop.stop() }
        loops.removeAll { $0.store.watched == resource }
    }

    private func changed(_ change: ObjectChange) {
        for index in runners.indices where runners[index].watched.contains(change.watched) {
            dispatch(.changed(change), to: index)
        }
    }

    private func checkSynced(_ index: Int) {
        guard !runners[index].isSynced, runners[index].cache.isSynced else { return }
        runners[index].isSynced = true
        runners[index].log.trace("synced")
        dispatch(.synced, to: index)
    }

    private func scheduleResync() {
        guard let interval = configuration.resyncInterval else { return }
        resync = executor.submit(after: interval) { [weak self] in
            guard let self, !isStopped else { return }
            for index in runners.indices where runners[index].isSynced { dispatch(.resync, to: index) }
            scheduleResync()
        }
    }

    // MARK: - Events and actions

    private func dispatch(_ event: ComponentEvent, to index: Int) {
        guard !isStopped else { return }
        let context = ComponentContext(cache: runners[index].cache, runtime: runtime)
        for action in runners[index].component.handle(event, context) { perform(action, index) }
    }

    private func perform(_ action: ComponentAction, _ index: Int) {
        switch action {
        case .send(let request, let token): enqueue(Waiting(runner: index, request: request, token: token))
        case .startTimer(let token, let delay):
            runners[index].timers[token]?.cancel()
            runners[index].timers[token] = executor.submit(after: delay) { [weak self] in
                guard let self, runners[index].timers.removeValue(forKey: token) != nil else { return }
                dispatch(.timer(token: token), to: index)
            }
        case .cancelTimer(let token): runners[index].timers.removeValue(forKey: token)?.cancel()
        case .record(let record):
            if let request = runners[index].recorder.request(for: record, now: runtime.now()) {
                enqueue(Waiting(runner: index, request: request, token: nil))
            }
        case .log(let level, let message, let fields): write(level, message, fields, runners[index].log)
        case .watch(let resource): watch(resource, index)
        case .unwatch(let resource): unwatch(resource, index)
        }
    }

    private func write(_ level: Log.Level, _ message: String, _ fields: [(String, String)], _ log: Log) {
        switch level {
        case .trace: log.trace(message, fields)
        case .info: log.info(message, fields)
        case .warning: log.warning(message, fields)
        case .error: log.error(message, fields)
        }
    }

    // MARK: - Requests

    private func enqueue(_ request: Waiting) {
        waiting.append(request)
        sendWaiting()
    }

    private func sendWaiting() {
        while inFlight < configuration.requestsMax, waitingHead < waiting.count {
            let next = waiting[waitingHead]
            waitingHead += 1
            inFlight += 1
            let sender = senders[next.runner] ?? client
            sender.send(next.request, on: executor) { [weak self] result in self?.answered(next, result) }
        }
        if waitingHead == waiting.count {
            waiting.removeAll(keepingCapacity: waiting.capacity < 1024)
            waitingHead = 0
        }
    }

    private func answered(_ request: Waiting, _ result: Result<Object, APIError>) {
        inFlight -= 1
        guard !isStopped else { return }
        if case .success(let object) = result { learn(object, from: request.request) }
        if case .failure(let error) = result, request.token == nil {
            runners[request.runner].log.trace("an event was not written", [("error", error.message)])
        }
        if let token = request.token { dispatch(.reply(token: token, result), to: request.runner) }
        sendWaiting()
    }

    /// Takes an answer into the caches, so that everybody here reads the writes of this driver.
    private func learn(_ object: Object, from request: APIRequest) {
        guard let name = request.resource.name ?? request.object?.metadata.name else { return }
        for loop in loops {
            let store = loop.store
            if request.verb == .delete {
                guard store.watched.resource.plural == request.resource.plural,
                    store.watched.resource.group == request.resource.group, store.watched.isUnselected,
                    store.watched.resource.namespace == nil
                        || store.watched.resource.namespace == request.resource.namespace
                else { continue }
                let key = ObjectKey(namespace: request.resource.namespace ?? "", name: name)
                let isPending = store.watched.covers(object) && object.isPendingDeletion
                let uid = request.object.flatMap { $0.view(DeleteOptions.self)?.preconditions?.uid }
                // Where the answer is a Status, only the watch can tell whether finalizers keep the object.
                if isPending {
                    if let change = store.learned(object) { changed(change) }
                } else if store.watched.covers(object) || store[key]?.metadata.finalizers.isEmpty == true {
                    if let change = store.learnedDeletion(key, uid: uid) { changed(change) }
                }
            } else if store.watched.covers(object), let change = store.learned(object) {
                changed(change)
            }
        }
    }
}

extension Object {
    /// Marked as deleted and kept for its grace period or its finalizers.
    var isPendingDeletion: Bool {
        let metadata = metadata
        guard metadata.deletionTimestamp != nil else { return false }
        return !metadata.finalizers.isEmpty || (metadata.deletionGracePeriodSeconds ?? 0) > 0
    }
}
