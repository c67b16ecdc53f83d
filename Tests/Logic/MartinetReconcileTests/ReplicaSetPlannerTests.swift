import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetReconcile
import MartinetSchema
import Testing

struct ReplicaSetPlannerTests {
    private let now = Timestamp(seconds: 1_767_225_600)

    private func set(replicas: Int32) -> ReplicaSet {
        ReplicaSet { set in
            set.metadata.name = "web"
            set.metadata.namespace = "default"
            set.metadata.uid = "rs"
            set.spec.replicas = replicas
            set.spec.selector = LabelSelector { $0.matchLabels["app"] = "web" }
            set.spec.template.metadata.labels["app"] = "web"
        }
    }

    private func pod(_ name: String, owner: ReplicaSet?, isReady: Bool = true, app: String = "web") -> Pod {
        Pod { pod in
            pod.metadata.name = name
            pod.metadata.namespace = "default"
            pod.metadata.uid = name
            pod.metadata.labels["app"] = app
            if let owner { pod.metadata.ownerReferences = [.controller(owner.object)] }
            pod.spec.nodeName = "node"
            pod.status.phase = "Running"
            pod.status.conditions = [
                PodCondition {
                    $0.type = "Ready"
                    $0.status = isReady ? "True" : "False"
                    $0.lastTransitionTime = now.advanced(by: .seconds(-10))
                }
            ]
        }
    }

    private func plan(_ set: ReplicaSet, _ pods: [Pod], failure: APIError? = nil) -> Plan {
        var number = 0
        return ReplicaSetPlanner(set: set, candidates: pods, related: pods, failure: failure, now: now).plan {
            number += 1
            return "n\(number)"
        }
    }

    @Test("missing pods are created in steps of one, two, four")
    func slowStart() {
        let plan = plan(set(replicas: 9), [])
        #expect(plan.steps.map(\.count) == [1, 2, 4, 2])
        #expect(plan.steps.joined().allSatisfy { $0.request.object?.metadata.ownerReferences.first?.uid == "rs" })
    }

    @Test("of too many pods the one that is not ready goes first")
    func ranking() {
        let set = set(replicas: 2)
        let pods = [pod("a", owner: set), pod("b", owner: set, isReady: false), pod("c", owner: set)]
        #expect(plan(set, pods).steps.joined().map(\.request.resource.name) == ["b"])
    }

    @Test("a free pod that is selected is adopted before any is created, and one no longer selected is let go")
    func adoption() {
        let set = set(replicas: 3)
        let plan = plan(set, [pod("free", owner: nil), pod("other", owner: set, app: "db")])
        #expect(plan.steps.count == 1)
        #expect(plan.steps[0].allSatisfy { $0.request.verb == .patch })
        #expect(Set(plan.steps[0].compactMap(\.request.resource.name)) == ["free", "other"])
    }

    @Test("a set that is as it should be needs nothing")
    func atRest() throws {
        var set = set(replicas: 1)
        let pods = [pod("a", owner: set)]
        let update = try #require(plan(set, pods).steps.first?.first?.request)
        set.status = try #require(update.object?.view(ReplicaSet.self)).status
        #expect(set.status.availableReplicas == 1)
        #expect(plan(set, pods).isEmpty)
    }

    @Test("a refusal shows in the status, and the next attempt follows")
    func failure() {
        let error = APIError(code: 403, reason: "Forbidden", message: "exceeded quota")
        let plan = plan(set(replicas: 1), [], failure: error)
        let status = plan.steps.first?.first?.request.object?.view(ReplicaSet.self)?.status
        #expect(status?.conditions.first?.message == "exceeded quota")
        #expect(plan.steps.last?.first?.request.verb == .create)
    }

    @Test("minReadySeconds asks to be looked at when the time has come")
    func minReady() {
        var set = set(replicas: 1)
        set.spec.minReadySeconds = 30
        let plan = plan(set, [pod("a", owner: set)])
        #expect(plan.requeueAfter == .seconds(20))
    }
}
