import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import Synchronization
import Testing

struct ComponentDriverTests {
    /// An API server of a script: hands out its watches to the test, answers lists and requests as told.
    private final class ScriptedServer: APIClient {
        struct Stream: Sendable {
            let request: APIRequest
            let send: @Sendable (WatchMessage) -> Void
        }
        struct State {
            var streams: [Stream] = []
            var requests: [APIRequest] = []
            var answer: @Sendable (APIRequest) -> Result<Object, APIError> = { _ in
                .failure(APIError(code: 404, reason: "NotFound", message: "not found"))
            }
        }
        struct Port: WatchPort { func cancel() {} }
        let state = Mutex(State())

        var streams: [Stream] { state.withLock { $0.streams } }
        var requests: [APIRequest] { state.withLock { $0.requests } }

        func answer(_ answer: @escaping @Sendable (APIRequest) -> Result<Object, APIError>) {
            state.withLock { $0.answer = answer }
        }

        func send(
            _ request: APIRequest, on executor: any SerialExecutorPort,
            _ completion: @escaping @Sendable (Result<Object, APIError>) -> Void
        ) {
            let result = state.withLock {
                $0.requests.append(request)
                return $0.answer(request)
            }
            executor.submit { completion(result) }
        }

        func watch(
            _ request: APIRequest, on executor: any SerialExecutorPort,
            _ sink: @escaping @Sendable (WatchMessage) -> Void
        ) -> any WatchPort {
            let stream = Stream(request: request) { message in executor.submit { sink(message) } }
            state.withLock { $0.streams.append(stream) }
            return Port()
        }
    }

    /// Notes what it is told, and how many pods its cache has then.
    private struct Witness: Component {
        let notes: Notes
        var onSynced: [ComponentAction] = []
        var name: String { "witness" }
        var watches: [WatchedResource] { [WatchedResource(Pod.self)] }

        mutating func handle(_ event: ComponentEvent, _ context: ComponentContext) -> [ComponentAction] {
            let count = context.cache.list(Pod.self).count
            switch event {
            case .started: notes.add("started")
            case .synced:
                notes.add("synced \(count)")
                return onSynced
            case .changed(let change):
                let verb = change.old == nil ? "added" : change.new == nil ? "gone" : "changed"
                notes.add("\(verb) \(change.key.name) \(count)")
            case .reply(let token, let result):
                if case .success = result { notes.add("reply \(token) \(count)") } else { notes.add("failed \(token)") }
            case .timer(let token): notes.add("timer \(token)")
            case .resync: notes.add("resync")
            }
            return []
        }
    }

    private final class Notes: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private func pod(_ name: String, _ version: Int, uid: String? = nil) -> Object {
        Pod { pod in
            pod.metadata.name = name
            pod.metadata.namespace = "default"
            pod.metadata.uid = uid ?? name
            pod.metadata.resourceVersion = String(version)
        }.object
    }

    private let runtime = SimulatedRuntime(seed: 1)
    private let server = ScriptedServer()
    private let notes = Notes()

    private func start(_ actions: [ComponentAction] = []) -> ComponentDriver {
        var configuration = ComponentDriver.Configuration()
        configuration.resyncInterval = nil
        let driver = ComponentDriver(
            [Witness(notes: notes, onSynced: actions)], client: server, runtime: runtime,
            log: Log(component: "test", minimum: .error), configuration: configuration)
        driver.start()
        settle()
        return driver
    }

    private func settle(_ duration: Duration = .seconds(60)) {
        let end = runtime.monotonic() + duration
        while runtime.step(until: end) {}
    }

    private func say(_ messages: WatchMessage...) {
        for message in messages { server.streams.last?.send(message) }
        settle()
    }

    @Test("the streaming list fills the cache before anything is handled, and syncs once")
    func streamingList() {
        let driver = start()
        #expect(server.streams.first?.request.options.sendInitialEvents == true)
        say(
            .added(pod("a", 3)), .added(pod("b", 5)), .bookmark(resourceVersion: "9", initialEventsEnd: true),
            .modified(pod("a", 10)), .deleted(pod("b", 11)))
        #expect(notes.all == ["started", "added a 1", "added b 2", "synced 2", "changed a 2", "gone b 1"])
        _ = driver
    }

    @Test("a stream that ends goes on from where it was, and after 410 all is listed again")
    func resuming() {
        let driver = start()
        say(.added(pod("a", 3)), .added(pod("b", 4)), .bookmark(resourceVersion: "9", initialEventsEnd: true))
        say(.ended(nil))
        #expect(server.streams.last?.request.options.resourceVersion == "9")
        #expect(server.streams.last?.request.options.sendInitialEvents == false)
        say(.ended(APIError(code: 410, reason: "Expired", message: "too old")))
        #expect(server.streams.last?.request.options.sendInitialEvents == true)
        // What the new list does not name is gone.
        say(.added(pod("b", 4)), .bookmark(resourceVersion: "20", initialEventsEnd: true))
        #expect(notes.all.suffix(2) == ["synced 2", "gone a 1"])
        _ = driver
    }

    @Test("a server without streaming lists gets a list and a watch from its revision")
    func fallback() throws {
        let pods = [pod("a", 3)]
        server.answer { request in
            guard request.verb == .list, let type = Pod.kind.listType,
                let items = type.field(named: "items")?.slot, let metadata = type.field(named: "metadata")?.slot
            else { return .failure(APIError(code: 404, reason: "NotFound", message: "no")) }
            var list = Object(type: type)
            list[items] = .list(pods.map(Value.object))
            list[metadata] = .object(ListMeta { $0.resourceVersion = "7" }.object)
            return .success(list)
        }
        let driver = start()
        say(.ended(APIError(code: 422, reason: "Invalid", message: "sendInitialEvents is forbidden")))
        #expect(notes.all == ["started", "added a 1", "synced 1"])
        #expect(server.streams.last?.request.options.resourceVersion == "7")
        _ = driver
    }

    @Test("a resource that the server does not have is empty, until it has it")
    func absentResource() {
        let driver = start()
        say(.ended(APIError(code: 404, reason: "NotFound", message: "no such resource")))
        #expect(notes.all == ["started", "synced 0"])
        say(.added(pod("a", 3)), .bookmark(resourceVersion: "9", initialEventsEnd: true))
        #expect(notes.all.last == "added a 1")
        say(.ended(APIError(code: 404, reason: "NotFound", message: "no such resource")))
        say(.ended(APIError(code: 404, reason: "NotFound", message: "no such resource")))
        #expect(notes.all.last == "gone a 0")
        _ = driver
    }

    @Test("a component reads its own writes, and what the watch brings late and older is passed over")
    func ownWrites() {
        let made = pod("mine", 30)
        let removed = pod("a", 31)
        server.answer { request in
            switch request.verb {
            case .create: .success(made)
            case .delete: .success(removed)
            default: .failure(APIError(code: 404, reason: "NotFound", message: "no"))
            }
        }
        let delete = APIRequest(.delete, ResourceName(Pod.kind, namespace: "default", name: "a"))
        let create = APIRequest(.create, ResourceName(Pod.kind, namespace: "default"), object: made)
        let driver = start([.send(create, token: 1), .send(delete, token: 2)])
        say(.added(pod("a", 3)), .bookmark(resourceVersion: "9", initialEventsEnd: true))
        #expect(notes.all.suffix(4) == ["added mine 2", "reply 1 2", "gone a 1", "reply 2 1"])
        say(.modified(pod("a", 20)), .added(made), .deleted(removed))
        #expect(notes.all.last == "reply 2 1")
        _ = driver
    }

    @Test("an answer that the watch has overtaken does not bring back what is gone")
    func overtaken() {
        let made = pod("mine", 30)
        server.answer { _ in .success(made) }
        let create = APIRequest(.create, ResourceName(Pod.kind, namespace: "default"), object: made)
        let driver = start([.send(create, token: 1)])
        let stream = server.streams.last
        // All of it lies before the answer in the executor's queue.
        stream?.send(.bookmark(resourceVersion: "9", initialEventsEnd: true))
        stream?.send(.added(made))
        stream?.send(.deleted(pod("mine", 32)))
        settle()
        #expect(notes.all.last == "reply 1 0")
        _ = driver
    }

    @Test("repeated events are counted, many alike combined, a flood cut")
    func events() throws {
        var recorder = EventRecorder(component: "test")
        let now = Timestamp(seconds: 1_767_225_600)
        let record = EventRecord.warning(pod("a", 1), "Failed", "no")
        let created = recorder.request(for: record, now: now)
        let first = try #require(created)
        #expect(first.object?.view(Event.self)?.count == 1)
        let counted = recorder.request(for: record, now: now)
        let second = try #require(counted)
        #expect(second.verb == .patch)
        #expect(second.resource.name == first.object?.metadata.name)
        var messages: [String] = []
        for number in 0..<40 {
            let record = EventRecord.warning(pod("b", 1), "Failed", "no \(number)")
            if let event = recorder.request(for: record, now: now)?.object?.view(Event.self) {
                messages.append(event.message)
            }
        }
        #expect(messages.count == 25)
        #expect(messages[8] == "no 8")
        #expect(messages[12].hasPrefix("(combined from similar events): "))
    }
}
