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

/// The same components against the real API server over a store in memory, all in virtual time.
struct RealServerTests {
    private struct Signer: TokenSigner {
        func legacyToken(_ claims: LegacyTokenClaims) -> String { "token" }
    }

    private final class World {
        let cluster: SimulatedCluster
        let executor: any SerialExecutorPort

        init(seed: UInt64) throws {
            var failure: (any Error)?
            var registry: Registry?
            cluster = SimulatedCluster(seed: seed, faults: RolloutTests.storm) { runtime in
                do {
                    let store = try SQLiteStore(
                        inMemory: "controllers-\(seed)", runtime: runtime, executor: runtime.executor(named: "store"))
                    let made = try Registry(
                        store: store, runtime: runtime, log: Log(component: "registry", minimum: .error))
                    registry = made
                    return RegistryClient(registry: made, identity: .admin)
                } catch {
                    failure = error
                    return FakeAPIServer(runtime: runtime)
                }
            }
            executor = cluster.runtime.executor(named: "test")
            if let failure { throw failure }
            _ = try #require(registry)
            for name in ["default", "kube-system", "kube-node-lease"] {
                try send(.create(Namespace { $0.metadata.name = name }))
            }
            let kinds = [
                Pod.kind, Service.kind, EndpointSlice.kind, Endpoints.kind, ConfigMap.kind, Secret.kind,
                ServiceAccount.kind, ReplicaSet.kind, Deployment.kind, Node.kind, Namespace.kind, Lease.kind,
                CustomResourceDefinition.kind,
            ]
            let configuration = StandardControllers.Configuration(kinds: kinds, rootPEM: "PEM", signer: Signer())
            cluster.run(StandardControllers.make(configuration))
            cluster.run([Scheduler()])
            for number in 1...2 { cluster.run([HollowKubelet(.init(nodeName: "node-\(number)"))]) }
        }

        @discardableResult
        func send(_ request: APIRequest) throws -> Object {
            let answer = Mutex<Result<Object, APIError>?>(nil)
            cluster.server.send(request, on: executor) { result in answer.withLock { $0 = result } }
            _ = cluster.advance(atMost: .seconds(30)) { answer.withLock { $0 != nil } }
            return try #require(answer.withLock { $0 }).get()
        }

        func all<V: View>(_ view: V.Type) -> [V] {
            guard let list = try? send(APIRequest(.list, ResourceName(V.kind))) else { return [] }
            return list.items.map(V.init(object:))
        }

        func get(_ name: String) -> Deployment? {
            let resource = ResourceName(Deployment.kind, namespace: "default", name: name)
            return (try? send(APIRequest(.get, resource))).map(Deployment.init(object:))
        }

        /// Looks every virtual second.
        func until(_ seconds: Int, _ condition: () -> Bool) -> Bool {
            for _ in 0..<seconds {
                if condition() { return true }
                _ = cluster.advance(atMost: .seconds(1))
            }
            return condition()
        }

        func isDone(_ image: String) -> Bool {
            guard let deployment = get("web"), deployment.status.updatedReplicas == 3,
                deployment.status.availableReplicas == 3, deployment.status.replicas == 3
            else { return false }
            let pods = all(Pod.self)
            return pods.count == 3 && pods.allSatisfy { $0.isReady && $0.spec.containers.first?.image == image }
        }
    }

    private func roll(seed: UInt64) throws -> [String] {
        let world = try World(seed: seed)
        var deployment = RolloutTests.deployment(image: "web:1")
        deployment.spec.template.spec.containers[0].imagePullPolicy = "IfNotPresent"
        try world.send(.create(deployment))
        #expect(world.until(120) { world.isDone("web:1") }, "seed \(seed): not created")
        for attempt in 0..<5 {
            var wanted = try #require(world.get("web"))
            wanted.spec.template.spec.containers[0].image = "web:2"
            if (try? world.send(.update(wanted))) != nil { break }
            #expect(attempt < 4)
        }
        #expect(world.until(180) { world.isDone("web:2") }, "seed \(seed): not rolled out")
        let sets = world.all(ReplicaSet.self).filter { $0.replicas > 0 }
        #expect(sets.count == 1)
        #expect(sets.first?.metadata.annotations[DeploymentPlanner.revision] == "2")
        let last = try #require(world.get("web"))
        try world.send(try #require(APIRequest.delete(last.object, propagation: "Background")))
        #expect(world.until(120) { world.all(Pod.self).isEmpty && world.all(ReplicaSet.self).isEmpty })
        return world.cluster.recorder.writes
    }

    @Test("a Deployment is created, rolled out and collected", arguments: UInt64(1)...20)
    func rollout(seed: UInt64) throws { _ = try roll(seed: seed) }

    @Test("twice with one seed, the writes are the same bytes")
    func determinism() throws {
        let first = try roll(seed: 8)
        #expect(try roll(seed: 8) == first)
    }
}
