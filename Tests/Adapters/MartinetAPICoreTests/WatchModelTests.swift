import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import Synchronization
import Testing

/// Watches against a model: what the writers were answered and what the store says was deleted is the truth, and what
/// each watcher saw must be that, seen through its selector. Threads are real; what everybody does comes from a seed.
@Suite struct WatchModelTests {
    static let clients = 64
    static let writesEach = 80
    static let watchers = 1000
    static let atOnce = 150

    @Test(.timeLimit(.minutes(2)), arguments: [1] as [UInt64])
    func everyWatchSeesEachChangeOnceInOrderAndWithItsType(seed: UInt64) async throws {
        let world = try WatchWorld(seed: seed)
        try await world.makeNamespaces()
        let watching = WatcherCrowd(world: world, seed: seed, total: Self.watchers, atOnce: Self.atOnce)
        watching.start()
        await world.write(clients: Self.clients, each: Self.writesEach, seed: seed)
        let model = try world.model()
        #expect(model.changes.count > 2048, "the log of the cache must have forgotten the beginning")
        let problems = await watching.finish(model)
        #expect(problems.isEmpty, "\(problems.count): \(problems.first ?? "")")
        let counts = watching.counts
        #expect(counts.sessions >= Self.watchers)
        print("seed \(seed): \(model.changes.count) changes, \(counts.sessions) watches, \(counts.events) events")
    }
}

/// A generator of chance that is the same everywhere (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A registry in real threads, what was written to it, and what a watch must see of that.
final class WatchWorld: Sendable {
    static let namespaces = ["n0", "n1", "n2", "n3"]
    static let apps = ["x", "y", "z", ""]

    struct Change: Sendable {
        let revision: Int64
        let namespace: String
        let name: String
        /// Nil for a deletion.
        let app: String?
    }

    struct Model: Sendable {
        /// Every change of a ConfigMap, by revision.
        let changes: [Change]
    }

    let runtime = ProductionRuntime()
    let store: SQLiteStore
    let registry: Registry
    private let told = Mutex<[(revision: Int64, key: String, isPut: Bool)]>([])
    /// What writers were answered: the label of each revision.
    private let answers = Mutex<[Int64: String]>([:])

    init(seed: UInt64) throws {
        store = try SQLiteStore(
            inMemory: "watch-model-\(seed)", runtime: runtime, executor: runtime.executor(named: "model.store"))
        registry = try Registry(store: store, runtime: runtime, log: Log(component: "test", minimum: .error))
        store.observe { [weak self] events in
            self?.told.withLock { told in
                told += events.filter { $0.key.hasPrefix("/registry/core/configmaps/") }
                    .map { ($0.revision.value, $0.key, $0.kind == .put) }
            }
        }
    }

    func send(_ request: APIRequest) async -> Result<Reply, APIError> {
        await withCheckedContinuation { continuation in
            registry.handle(request, as: .admin) { continuation.resume(returning: $0) }
        }
    }

    func makeNamespaces() async throws {
        for name in Self.namespaces {
            var request = APIRequest(.create, ResourceName(version: "v1", plural: "namespaces"))
            request.object = Namespace { $0.metadata.name = name }.object
            _ = try await send(request).get()
        }
    }

    /// The clients' work is done on threads of their own, as that of real ones would be: whatever else is tested goes on.
    func write(clients: Int, each: Int, seed: UInt64) async {
        let executors = (0..<4).map { runtime.executor(named: "model.clients.\($0)") }
        let busy = Mutex(clients)
        await withCheckedContinuation { continuation in
            for client in 0..<clients {
                let executor = executors[client % 4]
                let numbers = SeededNumbers(state: seed &* 1000 &+ UInt64(client))
                executor.submit {
                    self.write(each, numbers, on: executor) {
                        let isLast = busy.withLock { busy in
                            busy -= 1
                            return busy == 0
                        }
                        if isLast { continuation.resume() }
                    }
                }
            }
        }
    }

    private func write(
        _ count: Int, _ numbers: SeededNumbers, on executor: any SerialExecutorPort,
        _ done: @escaping @Sendable () -> Void
    ) {
        guard count > 0 else { return done() }
        var numbers = numbers
        let (request, isPut) = request(&numbers)
        let rest = numbers
        registry.handle(request, as: .admin) { [self] result in
            if case .success(let reply) = result, isPut { answered(reply.tree.metadata) }
            executor.submit { self.write(count - 1, rest, on: executor, done) }
        }
    }

    private func answered(_ metadata: ObjectMeta) {
        guard let revision = Int64(metadata.resourceVersion) else { return }
        answers.withLock { $0[revision] = metadata.labels["app"] ?? "" }
    }

    private func request(_ numbers: inout SeededNumbers) -> (APIRequest, isPut: Bool) {
        let namespace = Self.namespaces[Int.random(in: 0..<4, using: &numbers)]
        let name = "c\(Int.random(in: 0..<24, using: &numbers))"
        let app = Self.apps[Int.random(in: 0..<4, using: &numbers)]
        var resource = ResourceName(version: "v1", plural: "configmaps", namespace: namespace)
        let verb = Int.random(in: 0..<10, using: &numbers)
        var request = APIRequest(.create, resource)
        resource.name = name
        switch verb {
        case 0..<2: request = APIRequest(.delete, resource)
        case 2..<6:
            request = APIRequest(.patch, resource)
            let text = app.isEmpty ? "null" : "\"\(app)\""
            let number = numbers.next() % 1000
            request.patch = (
                .merge, Array(#"{"metadata":{"labels":{"app":\#(text)}},"data":{"v":"\#(number)"}}"#.utf8)
            )
        default:
            request.object =
                ConfigMap {
                    $0.metadata.name = name
                    $0.metadata.namespace = namespace
                    if !app.isEmpty { $0.metadata.labels = ["app": app] }
                }.object
        }
        return (request, verb >= 2)
    }

    func model() throws -> Model {
        let told = told.withLock { $0 }
        let answers = answers.withLock { $0 }
        let changes = try told.map { event in
            let parts = event.key.split(separator: "/")
            let app = event.isPut ? try #require(answers[event.revision], "\(event) was answered to nobody") : nil
            return Change(revision: event.revision, namespace: String(parts[3]), name: String(parts[4]), app: app)
        }
        return Model(changes: changes)
    }
}

/// What one watcher selects by.
struct WatchedPart: Sendable {
    let namespace: String?
    /// Nil for everything.
    let app: String?

    func matches(_ change: WatchWorld.Change) -> Bool { namespace == nil || namespace == change.namespace }
    func matches(label: String?) -> Bool { label != nil && (app == nil || app == label) }
}

extension WatchWorld.Model {
    /// What is there at a revision, and what a watch sees after it.
    func view(of part: WatchedPart, after start: Int64) -> (state: [String], events: [String]) {
        var labels: [String: String] = [:]
        var state: [String: Int64] = [:]
        var events: [String] = []
        for change in changes where part.matches(change) {
            let key = "\(change.namespace)/\(change.name)"
            let before = part.matches(label: labels[key])
            labels[key] = change.app
            let now = part.matches(label: change.app)
            if change.revision <= start { state[key] = now ? change.revision : nil }
            guard change.revision > start, before || now else { continue }
            events.append("\(now ? (before ? "MODIFIED" : "ADDED") : "DELETED") \(key) \(change.revision)")
        }
        return (state.map { "ADDED \($0.key) \($0.value)" }.sorted(), events)
    }
}
