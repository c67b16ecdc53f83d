import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetControllers
import MartinetReconcile
import MartinetScheduler
import MartinetSchema
import MartinetSimulation
import MartinetStore
import Synchronization
import Testing

/// The system's own parts, each with its own identity and its bootstrap role, as the server runs them.
struct OwnRolesTests {
    private struct Signer: TokenSigner {
        func legacyToken(_ claims: LegacyTokenClaims) -> String { "token" }
    }

    /// Remembers what was refused.
    private struct Watched: APIClient {
        let inner: RegistryClient
        let refused: Refusals

        func send(
            _ request: APIRequest, on executor: any SerialExecutorPort,
            _ completion: @escaping @Sendable (Result<Object, APIError>) -> Void
        ) {
            inner.send(request, on: executor) { result in
                if case .failure(let error) = result, error.code == 403 { refused.add(error) }
                completion(result)
            }
        }

        func watch(
            _ request: APIRequest, on executor: any SerialExecutorPort,
            _ sink: @escaping @Sendable (WatchMessage) -> Void
        ) -> any WatchPort {
            inner.watch(request, on: executor) { message in
                if case .ended(let error?) = message, error.code == 403 { refused.add(error) }
                sink(message)
            }
        }
    }

    private final class Refusals: Sendable {
        private let texts = Mutex<Set<String>>([])
        func add(_ error: APIError) {
            texts.withLock { _ = $0.insert(String(error.message.prefix { $0 != "\n" })) }
        }
        var all: [String] { texts.withLock { $0.sorted() } }
    }

    @Test("controllers, scheduler and nodes get by with their own roles")
    func ownRoles() throws {
        let runtime = SimulatedRuntime(seed: 3)
        let store = try SQLiteStore(inMemory: "roles", runtime: runtime, executor: runtime.executor(named: "store"))
        let registry = try Registry(store: store, runtime: runtime, log: Log(component: "registry", minimum: .error))
        let refused = Refusals()
        let isReady = Mutex(false)
        RoleBootstrap(registry).run { isReady.withLock { $0 = true } }
        func until(_ condition: () -> Bool) -> Bool {
            _ = runtime.run(until: runtime.monotonic() + .seconds(120), condition)
            return condition()
        }
        #expect(until { isReady.withLock { $0 } })
        func client(_ identity: Identity) -> Watched {
            Watched(inner: RegistryClient(registry: registry, identity: identity), refused: refused)
        }
        let admin = client(.admin)
        let executor = runtime.executor(named: "test")
        func send(_ request: APIRequest) throws -> Object {
            let answer = Mutex<Result<Object, APIError>?>(nil)
            admin.send(request, on: executor) { result in answer.withLock { $0 = result } }
            #expect(until { answer.withLock { $0 != nil } })
            return try #require(answer.withLock { $0 }).get()
        }
        for name in ["default", "kube-node-lease", "shop"] {
            _ = try send(.create(Namespace { $0.metadata.name = name }))
        }
        let kinds = registry.served.all.map(\.kind).filter { $0.verbs.contains("watch") && $0.version == "v1" }
        let log = Log(component: "test", minimum: .error)
        var drivers = [
            ComponentDriver(
                StandardControllers.make(.init(kinds: kinds, rootPEM: "PEM", signer: Signer())),
                client: client(.component("kube-controller-manager")),
                clientOf: { StandardControllers.account(of: $0).map { client(.controller($0)) } }, runtime: runtime,
                log: log),
            ComponentDriver([Scheduler()], client: client(.component("kube-scheduler")), runtime: runtime, log: log),
        ]
        for name in ["node-1", "node-2"] {
            drivers.append(
                ComponentDriver(
                    [HollowKubelet(.init(nodeName: name))], client: client(.node(name)), runtime: runtime, log: log))
        }
        for driver in drivers { driver.start() }
        var deployment = RolloutTests.deployment(image: "web:1")
        deployment.spec.template.spec.containers[0].imagePullPolicy = "IfNotPresent"
        _ = try send(.create(deployment))
        func list<V: View>(_ view: V.Type) -> [V] {
            ((try? send(APIRequest(.list, ResourceName(V.kind))).items) ?? []).map(V.init(object:))
        }
        var isReadySeen = false
        for _ in 0..<120 where !isReadySeen {
            _ = runtime.run(until: runtime.monotonic() + .seconds(1)) { false }
            let pods = list(Pod.self)
            isReadySeen = pods.count == 3 && pods.allSatisfy(\.isReady)
        }
        #expect(isReadySeen)
        _ = try send(APIRequest(.delete, ResourceName(Deployment.kind, namespace: "default", name: "web")))
        _ = try send(APIRequest(.delete, ResourceName(Namespace.kind, name: "shop")))
        for _ in 0..<60 { _ = runtime.run(until: runtime.monotonic() + .seconds(1)) { false } }
        #expect(list(Pod.self).isEmpty && list(ReplicaSet.self).isEmpty)
        #expect(!list(Namespace.self).contains { $0.metadata.name == "shop" })
        #expect(refused.all.isEmpty, "\(refused.all.joined(separator: "\n"))")
        for driver in drivers { driver.stop() }
    }
}
