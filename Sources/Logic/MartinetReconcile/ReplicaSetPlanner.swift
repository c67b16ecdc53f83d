package import MartinetAPI
package import MartinetBase
package import MartinetClient
import MartinetSchema

/// Keeps the number of a ReplicaSet's pods.
package struct ReplicaSetPlanner {
    /// How many pods are created or deleted by one plan.
    package static let burst = 500

    package let set: ReplicaSet
    /// The pods of its namespace that it owns or may adopt.
    package let candidates: [Pod]
    /// The pods of all ReplicaSets of its owner.
    package let related: [Pod]
    /// What the last attempt failed with.
    package let failure: APIError?
    package let now: Timestamp

    package init(set: ReplicaSet, candidates: [Pod], related: [Pod], failure: APIError?, now: Timestamp) {
        self.set = set
        self.candidates = candidates
        self.related = related
        self.failure = failure
        self.now = now
    }

    /// - Parameter suffix: makes the random end of a new pod's name.
    package func plan(suffix: () -> String) -> Plan {
        var plan = Plan()
        let isDeleted = set.metadata.deletionTimestamp != nil
        let selector = set.spec.selector ?? LabelSelector()
        let ownership = Ownership(
            owner: set.object, selector: selector, candidates: candidates.filter { !$0.isTerminal || isOwned($0) },
            mayAdopt: !isDeleted && !selector.isEmpty)
        if !ownership.writes.isEmpty {
            // What is adopted counts from then on.
            plan.steps.append(ownership.writes)
            return plan
        }
        let active = ownership.owned.filter(\.isActive)
        let isStatusDue = failure != nil
        if isStatusDue { addStatus(&plan, ownership.owned) }
        let missing = Int(set.spec.replicas ?? 1) - active.count
        if !isDeleted, missing > 0 {
            plan.addSlowly((0..<min(missing, ReplicaSetPlanner.burst)).map { _ in creation(suffix()) })
        } else if !isDeleted, missing < 0 {
            let surplus = PodRanking(active, related: related, now: now).order
                .prefix(min(-missing, ReplicaSetPlanner.burst))
            plan.steps.append(surplus.compactMap(deletion))
        } else if !isStatusDue {
            addStatus(&plan, ownership.owned)
        }
        let waits = active.compactMap { $0.timeUntilAvailable(minReadySeconds: set.spec.minReadySeconds, now: now) }
        plan.requeue(after: waits.filter { $0 > .zero }.min())
        return plan
    }

    private func isOwned(_ pod: Pod) -> Bool { pod.metadata.controllerReference?.uid == set.metadata.uid }

    private func creation(_ suffix: String) -> Write {
        let template = set.spec.template
        let pod = Pod { pod in
            pod.metadata.generateName = "\(set.metadata.name)-"
            // Named here, so that a lost answer can be read back.
            pod.metadata.name = pod.metadata.generateName.prefix(58) + suffix
            pod.metadata.namespace = set.metadata.namespace
            pod.metadata.labels = template.metadata.labels
            pod.metadata.annotations = template.metadata.annotations
            pod.metadata.finalizers = template.metadata.finalizers
            pod.metadata.ownerReferences = [.controller(set.object)]
            pod.spec = template.spec
        }
        return Write(
            .create(pod),
            onSuccess: .normal(set.object, "SuccessfulCreate", "Created pod: \(pod.metadata.name)"),
            onFailure: .warning(set.object, "FailedCreate", "Error creating: "))
    }

    private func deletion(_ pod: Pod) -> Write? {
        APIRequest.delete(pod.object).map {
            Write(
                $0, tolerates: [.notFound, .conflict],
                onSuccess: .normal(set.object, "SuccessfulDelete", "Deleted pod: \(pod.metadata.name)"),
                onFailure: .warning(set.object, "FailedDelete", "Error deleting: "))
        }
    }

    // MARK: - Status

    private func addStatus(_ plan: inout Plan, _ owned: [Pod]) {
        var wanted = set
        wanted.status = status(owned)
        guard wanted.status != set.status else { return }
        plan.add(Write(.update(wanted, subresource: "status"), tolerates: .notFound))
    }

    package func status(_ owned: [Pod]) -> ReplicaSetStatus {
        let active = owned.filter(\.isActive)
        var status = set.status
        func count(_ pods: some Sequence<Pod>, _ isCounted: (Pod) -> Bool) -> Int32 {
            Int32(clamping: pods.reduce(0) { $0 + (isCounted($1) ? 1 : 0) })
        }
        status.replicas = Int32(clamping: active.count)
        status.fullyLabeledReplicas = count(active) {
            set.spec.template.metadata.labels.isContained(in: $0.metadata.labels)
        }
        status.readyReplicas = count(active, \.isReady)
        status.availableReplicas = count(active) {
            $0.isAvailable(minReadySeconds: set.spec.minReadySeconds, now: now)
        }
        status.terminatingReplicas = count(owned) { $0.isTerminating && !$0.isTerminal }
        status.observedGeneration = set.metadata.generation
        setFailure(&status, difference: Int(set.spec.replicas ?? 1) - active.count)
        return status
    }

    private func setFailure(_ status: inout ReplicaSetStatus, difference: Int) {
        let index = status.conditions.firstIndex { $0.type == "ReplicaFailure" }
        guard let failure, difference != 0 else {
            if let index { status.conditions.remove(at: index) }
            return
        }
        guard index == nil else { return }
        status.conditions.append(
            ReplicaSetCondition { condition in
                condition.type = "ReplicaFailure"
                condition.status = "True"
                condition.reason = difference > 0 ? "FailedCreate" : "FailedDelete"
                condition.message = failure.message
                condition.lastTransitionTime = now
            })
    }
}
