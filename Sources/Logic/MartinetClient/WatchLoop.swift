import MartinetAPI
import MartinetBase
import MartinetSchema

/// Keeps one store equal to what the API server shows: a streaming list, then the watch, again whenever it ends.
///
/// A server without streaming lists gets a list and a watch from its revision. Everything runs on the driver's executor.
///
/// `@unchecked`: its state is touched on that serial executor only; closures that are handed out run there.
final class WatchLoop: @unchecked Sendable {
    struct Dependencies {
        let client: any APIClient
        let runtime: any Runtime
        let executor: any SerialExecutorPort
        let log: Log
        let onChange: @Sendable (ObjectChange) -> Void
        let onSynced: @Sendable () -> Void
    }

    private enum Mode { case stream, list }

    let store: ObjectIndex
    private let dependencies: Dependencies
    private var port: (any WatchPort)?
    private var retry: (any TimerPort)?
    private var mode = Mode.stream
    private var isListing = false
    private var mustList = true
    private var failures = 0
    private var isStopped = false
    /// Which attempt is under way; messages of an earlier one are passed over.
    private var attempt: UInt64 = 0

    init(store: ObjectIndex, _ dependencies: Dependencies) {
        self.store = store
        self.dependencies = dependencies
    }

    func start() {
        guard !isStopped else { return }
        attempt += 1
        if mustList, mode == .list { list() } else { watch(streaming: mustList) }
    }

    func stop() {
        isStopped = true
        attempt += 1
        port?.cancel()
        retry?.cancel()
    }

    private func request(_ verb: APIRequest.Verb) -> APIRequest {
        var request = APIRequest(verb, store.watched.resource)
        request.options.labelSelector = store.watched.labelSelector
        request.options.fieldSelector = store.watched.fieldSelector
        return request
    }

    private func list() {
        isListing = true
        let attempt = attempt
        dependencies.client.send(request(.list), on: dependencies.executor) { [weak self] result in
            guard let self, attempt == self.attempt else { return }
            switch result {
            case .success(let list): listed(list)
            case .failure(let error): ended(error)
            }
        }
    }

    private func listed(_ list: Object) {
        failures = 0
        store.beginList()
        for object in list.items { report(store.observed(object)) }
        finishList(list.listMetadata.resourceVersion)
        watch(streaming: false)
    }

    private func finishList(_ resourceVersion: String) {
        isListing = false
        mustList = false
        for change in store.endList(resourceVersion: resourceVersion) { report(change) }
        dependencies.onSynced()
    }

    private func watch(streaming: Bool) {
        var request = request(.watch)
        request.options.allowWatchBookmarks = true
        if streaming {
            isListing = true
            store.beginList()
            request.options.sendInitialEvents = true
            request.options.resourceVersionMatch = "NotOlderThan"
        } else {
            request.options.resourceVersion = store.resourceVersion
        }
        let attempt = attempt
        port = dependencies.client.watch(request, on: dependencies.executor) { [weak self] message in
            guard let self, attempt == self.attempt else { return }
            received(message)
        }
    }

    private func received(_ message: WatchMessage) {
        switch message {
        case .added(let object), .modified(let object):
            failures = 0
            report(store.observed(object))
        case .deleted(let object):
            failures = 0
            report(store.observedDeletion(object))
        case .bookmark(let version, let initialEventsEnd):
            failures = 0
            if isListing, initialEventsEnd { finishList(version) } else if !isListing { store.advance(to: version) }
        case .ended(let error):
            ended(error)
        }
    }

    private func report(_ change: ObjectChange?) { if let change { dependencies.onChange(change) } }

    /// Says loudly why it ended, unless it ended as watches do, and begins again after a growing, jittered delay.
    private func ended(_ error: APIError?) {
        guard !isStopped else { return }
        attempt += 1
        port = nil
        if let error, error.isNotFound, isListing {
            // The server does not have the resource, or not any more: then there is nothing of it, for now.
            store.beginList()
            finishList("")
            mustList = true
        }
        if isListing { mustList = true }
        isListing = false
        var delay = Duration.zero
        if let error {
            if error.code == 410 || error.isNotFound { mustList = true }
            if mustList, mode == .stream, error.code == 400 || error.code == 422 { mode = .list }
            failures = min(failures + 1, 16)
            delay = Backoff.jittered(
                Backoff.delay(failures, base: .milliseconds(100), max: .seconds(30)), dependencies.runtime)
            let write = error.code == 410 || error.isNotFound ? dependencies.log.info : dependencies.log.warning
            write(
                "a watch ended and begins again",
                [("resource", "\(store.watched.resource)"), ("error", error.message), ("delay", "\(delay)")])
        }
        retry = dependencies.executor.submit(after: delay) { [weak self] in self?.start() }
    }
}
