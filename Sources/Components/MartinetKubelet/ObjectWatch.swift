import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import Synchronization

/// Follows the objects of one resource: everything that is there, then every change, again after a broken stream.
///
/// What it tells is a level and not a history: after a gap only the newest of an object is told, and what has vanished
/// meanwhile is told as gone.
final class ObjectWatch<V: View>: Sendable {
    enum Change: Sendable {
        case changed(V)
        case gone(V)
        /// Everything that was there has been told; again after each reconnection.
        case synced
    }

    private struct State {
        var objects: [String: V] = [:]
        var unseen: Set<String> = []
        var port: (any WatchPort)?
        var isEnded = false
        var delay: Duration = .milliseconds(200)
        /// Messages of an earlier stream are nobody's.
        var generation = 0
    }

    private let client: any APIClient
    private let resource: ResourceName
    private let options: APIRequest.Options
    private let executor: any SerialExecutorPort
    private let key: @Sendable (V) -> String
    private let sink: @Sendable (Change) -> Void
    private let state = Mutex(State())

    init(
        _ resource: ResourceName, fieldSelector: String = "", client: any APIClient,
        on executor: any SerialExecutorPort, key: @escaping @Sendable (V) -> String,
        _ sink: @escaping @Sendable (Change) -> Void
    ) {
        var options = APIRequest.Options()
        options.fieldSelector = fieldSelector
        options.sendInitialEvents = true
        options.allowWatchBookmarks = true
        options.resourceVersionMatch = "NotOlderThan"
        self.options = options
        self.client = client
        self.resource = resource
        self.executor = executor
        self.key = key
        self.sink = sink
    }

    func start() { executor.submit { self.open() } }

    func stop() {
        let port = state.withLock { state in
            state.isEnded = true
            state.generation += 1
            return state.port
        }
        port?.cancel()
    }

    private func open() {
        let generation: Int? = state.withLock { state in
            guard !state.isEnded else { return nil }
            state.generation += 1
            state.unseen = Set(state.objects.keys)
            return state.generation
        }
        guard let generation else { return }
        var request = APIRequest(.watch, resource)
        request.options = options
        let port = client.watch(request, on: executor) { [weak self] message in
            self?.receive(message, generation)
        }
        let isStale = state.withLock { state in
            guard state.generation == generation else { return true }
            state.port = port
            return false
        }
        if isStale { port.cancel() }
    }

    private func receive(_ message: WatchMessage, _ generation: Int) {
        guard state.withLock({ $0.generation == generation }) else { return }
        switch message {
        case .added(let object), .modified(let object):
            let view = V(object: object)
            state.withLock { state in
                state.objects[key(view)] = view
                state.unseen.remove(key(view))
                state.delay = .milliseconds(200)
            }
            sink(.changed(view))
        case .deleted(let object):
            let view = V(object: object)
            _ = state.withLock { $0.objects.removeValue(forKey: key(view)) }
            sink(.gone(view))
        case .bookmark(_, let isInitialEnd):
            guard isInitialEnd else { return }
            let vanished = state.withLock { state in
                let gone = state.unseen.sorted().compactMap { state.objects.removeValue(forKey: $0) }
                state.unseen = []
                return gone
            }
            for view in vanished { sink(.gone(view)) }
            sink(.synced)
        case .ended:
            let delay = state.withLock { state in
                defer { state.delay = min(state.delay * 2, .seconds(10)) }
                return state.delay
            }
            executor.submit(after: delay) { [weak self] in self?.open() }
        }
    }
}
