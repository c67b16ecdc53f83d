import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetControllers
import MartinetReconcile
import MartinetSchema
import MartinetSimulation
import Testing

/// A Deployment is rolled to a new image while the network delays, refuses and loses.
struct RolloutTests {
    private final class Rollout {
        let cluster: SimulatedCluster
        let server: FakeAPIServer

        init(seed: UInt64, faults: FaultyClient.Faults = .init()) throws {
            var made: FakeAPIServer?
            cluster = SimulatedCluster(seed: seed, faults: faults) { runtime in
                let server = FakeAPIServer(runtime: runtime)
                made = server
                return server
            }
            server = try #require(made)
            cluster.run([
                ReconcilerComponent(DeploymentController()), ReconcilerComponent(ReplicaSetController()),
            ])
            cluster.run([HollowKubelet(.init(nodeName: "node-1"))])
            cluster.run([Assigner(nodeName: "node-1")])
        }

        var live: [Pod] { server.all(Pod.self).filter(\.isActive) }
        var ready: Int { server.all(Pod.self).filter { $0.isReady && $0.isActive }.count }

        func isDone(image: String, replicas: Int) -> Bool {
            guard let deployment = server.get(Deployment.self, "default", "web") else { return false }
            return deployment.status.updatedReplicas == Int32(replicas)
                && deployment.status.availableReplicas == Int32(replicas)
                && deployment.status.replicas == Int32(replicas)
                && deployment.status.observedGeneration == deployment.metadata.generation
                && live.count == replicas
                && live.allSatisfy { pod in pod.isReady && pod.spec.containers.allSatisfy { $0.image == image } }
        }
    }

    static func deployment(image: String, replicas: Int32 = 3) -> Deployment {
        Deployment { deployment in
            deployment.metadata.name = "web"
            deployment.metadata.namespace = "default"
            deployment.spec.replicas = replicas
            deployment.spec.selector = LabelSelector { $0.matchLabels["app"] = "web" }
            deployment.spec.template.metadata.labels["app"] = "web"
            deployment.spec.template.spec.containers = [
                Container {
                    $0.name = "web"
                    $0.image = image
                }
            ]
            deployment.spec.strategy.type = "RollingUpdate"
            deployment.spec.strategy.rollingUpdate = RollingUpdateDeployment {
                $0.maxSurge = .int(1)
                $0.maxUnavailable = .int(1)
            }
            deployment.spec.progressDeadlineSeconds = 600
        }
    }

    static var storm: FaultyClient.Faults {
        var faults = FaultyClient.Faults()
        faults.delayMax = .milliseconds(200)
        faults.refusedPerMille = 50
        faults.lostPerMille = 50
        faults.endedPerMille = 300
        return faults
    }

    /// What one whole rollout did, looked at after every step.
    private struct Course {
        var writes: [String] = []
        var isCreated = false
        var isRolled = false
        /// How many pods there were at once, and how few of them ready.
        var most = 0
        var fewest = Int.max

        /// Three replicas, one more and one fewer at most.
        var keepsBounds: Bool { isCreated && isRolled && most <= 4 && fewest >= 2 }
    }

    private func course(seed: UInt64, limit: Int64 = 900, saboteur: Saboteur? = nil) throws -> Course {
        var course = Course()
        let rollout = try Rollout(seed: seed, faults: RolloutTests.storm)
        if let saboteur { rollout.cluster.run([saboteur]) }
        rollout.server.apply(.create(RolloutTests.deployment(image: "web:1")))
        course.isCreated = rollout.cluster.advance(atMost: .seconds(600)) {
            rollout.isDone(image: "web:1", replicas: 3)
        }
        rollout.server.edit(Deployment.self, "default", "web") { $0.spec.template.spec.containers[0].image = "web:2" }
        course.isRolled = rollout.cluster.advance(
            atMost: .seconds(limit), until: { rollout.isDone(image: "web:2", replicas: 3) },
            check: {
                course.most = max(course.most, rollout.live.count)
                course.fewest = min(course.fewest, rollout.ready)
            })
        course.writes = rollout.cluster.recorder.writes
        return course
    }

    @Test("one seed gives the same writes, byte for byte")
    func sameSeedSameWrites() throws {
        let first = try course(seed: 7).writes
        #expect(try course(seed: 7).writes == first)
        #expect(first.count > 20)
    }

    @Test("the canary: somebody who deletes ready pods breaks the bounds, and that is seen")
    func canary() throws {
        let course = try course(seed: 3, limit: 30, saboteur: Saboteur())
        #expect(course.isCreated)
        #expect(!course.keepsBounds)
    }

    @Test("in fifty histories no bound is ever broken and the rollout ends")
    func fiftySeeds() throws {
        for seed in UInt64(1)...50 {
            let course = try course(seed: seed)
            #expect(
                course.keepsBounds,
                "seed \(seed): created \(course.isCreated), rolled \(course.isRolled), \(course.fewest) to \(course.most)"
            )
        }
    }
}

/// Puts every pod on one node: the least of a scheduler.
struct Assigner: Component {
    let nodeName: String
    var name: String { "assigner" }
    var watches: [WatchedResource] { [WatchedResource(Pod.self)] }

    mutating func handle(_ event: ComponentEvent, _ context: ComponentContext) -> [ComponentAction] {
        switch event {
        case .changed(let change): return change.new(Pod.self).flatMap(bind).map { [$0] } ?? []
        case .started, .timer:
            return context.cache.list(Pod.self).compactMap(bind) + [.startTimer(token: 1, after: .seconds(1))]
        default: return []
        }
    }

    private func bind(_ pod: Pod) -> ComponentAction? {
        guard pod.spec.nodeName.isEmpty, pod.metadata.deletionTimestamp == nil else { return nil }
        var binding = Binding()
        binding.metadata.name = pod.metadata.name
        binding.metadata.namespace = pod.metadata.namespace
        binding.target.kind = "Node"
        binding.target.name = nodeName
        let name = ResourceName(
            Pod.kind, namespace: pod.metadata.namespace, name: pod.metadata.name, subresource: "binding")
        return .send(APIRequest(.create, name, object: binding.object), token: 0)
    }
}

/// Deletes every pod of the first image that becomes ready after the rollout began.
struct Saboteur: Component {
    var name: String { "saboteur" }
    var watches: [WatchedResource] { [WatchedResource(Pod.self)] }

    mutating func handle(_ event: ComponentEvent, _ context: ComponentContext) -> [ComponentAction] {
        guard case .changed(let change) = event, change.new(Pod.self)?.spec.containers.first?.image == "web:2" else {
            return []
        }
        return context.cache.list(Pod.self).filter(\.isReady).compactMap { APIRequest.delete($0.object) }
            .map { .send($0, token: 0) }
    }
}
