import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetReconcile
import MartinetSchema
import Testing

struct DeploymentPlannerTests {
    private let now = Timestamp(seconds: 1_767_225_600)

    private func deployment(replicas: Int32 = 10, surge: String = "25%", unavailable: String = "25%") -> Deployment {
        Deployment { deployment in
            deployment.metadata.name = "web"
            deployment.metadata.namespace = "default"
            deployment.metadata.uid = "d"
            deployment.metadata.annotations[DeploymentPlanner.revision] = "1"
            deployment.spec.replicas = replicas
            deployment.spec.selector = LabelSelector { $0.matchLabels["app"] = "web" }
            deployment.spec.template.metadata.labels["app"] = "web"
            deployment.spec.strategy.rollingUpdate = RollingUpdateDeployment {
                $0.maxSurge = .string(surge)
                $0.maxUnavailable = .string(unavailable)
            }
        }
    }

    private func set(
        _ deployment: Deployment, _ name: String, image: String?, replicas: Int32, available: Int32, revision: Int
    ) -> ReplicaSet {
        ReplicaSet { set in
            set.metadata.name = name
            set.metadata.namespace = "default"
            set.metadata.uid = name
            set.metadata.labels["app"] = "web"
            set.metadata.annotations[DeploymentPlanner.revision] = String(revision)
            set.metadata.annotations[DeploymentPlanner.desiredReplicas] = String(deployment.spec.replicas ?? 1)
            set.metadata.annotations[DeploymentPlanner.maxReplicas] = String(RolloutBounds(deployment).total)
            set.metadata.ownerReferences = [.controller(deployment.object)]
            set.spec.template = deployment.spec.template
            if let image { set.spec.template.spec.containers = [Container { $0.image = image }] }
            set.spec.replicas = replicas
            set.status.replicas = replicas
            set.status.readyReplicas = available
            set.status.availableReplicas = available
        }
    }

    private func replicas(_ plan: Plan) -> [String: Int32] {
        var result: [String: Int32] = [:]
        for write in plan.steps.joined() {
            guard let set = write.request.object?.view(ReplicaSet.self), write.request.resource.subresource.isEmpty
            else { continue }
            result[write.request.verb == .create ? "new" : set.metadata.name] = set.spec.replicas
        }
        return result
    }

    @Test("percentages round the surge up and the unavailable down")
    func rounding() {
        let bounds = RolloutBounds(deployment(replicas: 3))
        #expect(bounds.maxSurge == 1)
        #expect(bounds.maxUnavailable == 0)
        #expect(RolloutBounds(deployment(replicas: 1, surge: "0%", unavailable: "0%")).maxUnavailable == 1)
        #expect(RolloutBounds(deployment(replicas: 4, surge: "200%", unavailable: "x")).maxSurge == 8)
    }

    @Test("a new template gets a set as large as the surge allows, with the next revision")
    func newTemplate() throws {
        let deployment = deployment()
        let old = set(deployment, "web-old", image: "1", replicas: 10, available: 10, revision: 4)
        let plan = DeploymentPlanner(deployment: deployment, candidates: [old], pods: [], now: now).plan()
        #expect(replicas(plan) == ["new": 3])
        let made = try #require(plan.steps.first?.first?.request.object?.view(ReplicaSet.self))
        #expect(made.metadata.annotations[DeploymentPlanner.revision] == "5")
        #expect(made.metadata.labels[TemplateHash.label] == made.spec.selector?.matchLabels[TemplateHash.label])
    }

    @Test("going back to an earlier template uses its set again")
    func rollback() {
        let deployment = deployment()
        let first = set(deployment, "web-a", image: nil, replicas: 0, available: 0, revision: 1)
        let second = set(deployment, "web-b", image: "2", replicas: 10, available: 10, revision: 2)
        let plan = DeploymentPlanner(deployment: deployment, candidates: [first, second], pods: [], now: now).plan()
        let mended = plan.steps.first?.first?.request.object?.view(ReplicaSet.self)
        #expect(mended?.metadata.name == "web-a")
        #expect(mended?.metadata.annotations[DeploymentPlanner.revision] == "3")
        #expect(mended?.metadata.annotations[DeploymentPlanner.revisionHistory] == "1")
    }

    @Test("old pods that are not available go first")
    func unhealthyFirst() {
        let deployment = deployment(replicas: 4, surge: "25%", unavailable: "25%")
        let old = set(deployment, "web-a", image: "1", replicas: 4, available: 2, revision: 1)
        let new = set(deployment, "web-b", image: nil, replicas: 1, available: 1, revision: 2)
        var current = deployment
        current.metadata.annotations[DeploymentPlanner.revision] = "2"
        let plan = DeploymentPlanner(deployment: current, candidates: [old, new], pods: [], now: now).plan()
        #expect(replicas(plan) == ["web-a": 2])
    }

    @Test("a scale in the middle of a rollout keeps the proportions")
    func proportional() {
        var deployment = deployment(replicas: 10, surge: "0%", unavailable: "25%")
        let old = set(deployment, "web-a", image: "1", replicas: 6, available: 6, revision: 1)
        let new = set(deployment, "web-b", image: nil, replicas: 4, available: 4, revision: 2)
        deployment.spec.replicas = 20
        let plan = DeploymentPlanner(deployment: deployment, candidates: [old, new], pods: [], now: now).plan()
        #expect(replicas(plan).values.reduce(0, +) == 20)
        #expect(replicas(plan)["web-a"] == 12)
    }

    @Test("whatever the sets look like, no plan breaks the bounds, and doing it leads to rest")
    func bounds() {
        var random = SplitMix64(state: 11)
        func pick(_ n: UInt64) -> Int32 { Int32(random.next() % n) }
        for _ in 0..<400 {
            var deployment = deployment(
                replicas: pick(12), surge: "\(pick(100))%", unavailable: "\(pick(100))%")
            let bounds = RolloutBounds(deployment)
            var sets: [ReplicaSet] = []
            for index in 0..<Int(pick(3) + 1) {
                let size = pick(8)
                sets.append(
                    set(
                        deployment, "web-\(index)", image: index == 0 ? nil : "\(index)", replicas: size,
                        available: pick(UInt64(size) + 1), revision: index + 1))
            }
            var isAtRest = false
            for _ in 0..<60 where !isAtRest {
                let total = sets.reduce(0) { $0 + $1.replicas }
                let available = sets.reduce(0) { $0 + min(Int($1.status.availableReplicas), $1.replicas) }
                let plan = DeploymentPlanner(deployment: deployment, candidates: sets, pods: [], now: now).plan()
                var changed = false
                for write in plan.steps.joined() {
                    if write.request.resource.subresource.isEmpty,
                        let annotated = write.request.object?.view(Deployment.self)
                    {
                        let revision = annotated.metadata.annotations[DeploymentPlanner.revision]
                        changed = changed || deployment.metadata.annotations[DeploymentPlanner.revision] != revision
                        deployment.metadata.annotations[DeploymentPlanner.revision] = revision
                    }
                    guard let set = write.request.object?.view(ReplicaSet.self), write.request.verb == .update,
                        let index = sets.firstIndex(where: { $0.metadata.uid == set.metadata.uid })
                    else { continue }
                    changed = changed || sets[index] != set
                    sets[index] = set
                }
                let newTotal = sets.reduce(0) { $0 + $1.replicas }
                #expect(newTotal <= max(total, bounds.total))
                let newAvailable = sets.reduce(0) { $0 + min(Int($1.status.availableReplicas), $1.replicas) }
                #expect(newAvailable >= min(available, bounds.available))
                // The pods of every set come up.
                for index in sets.indices where !changed {
                    changed = changed || sets[index].status.availableReplicas != sets[index].spec.replicas
                    sets[index].status.replicas = sets[index].spec.replicas ?? 0
                    sets[index].status.availableReplicas = sets[index].spec.replicas ?? 0
                }
                isAtRest = !changed
            }
            #expect(isAtRest)
            #expect(sets.filter { $0.metadata.name != "web-0" }.allSatisfy { $0.replicas == 0 })
            #expect(sets[0].replicas == bounds.replicas)
        }
    }
}
