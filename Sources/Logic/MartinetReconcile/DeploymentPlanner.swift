package import MartinetAPI
package import MartinetBase
package import MartinetClient
import MartinetSchema

/// Moves a Deployment's pods from its old ReplicaSets to the one of its template, within the bounds of its strategy.
package struct DeploymentPlanner {
    package static let revision = "deployment.kubernetes.io/revision"
    package static let revisionHistory = "deployment.kubernetes.io/revision-history"
    package static let desiredReplicas = "deployment.kubernetes.io/desired-replicas"
    package static let maxReplicas = "deployment.kubernetes.io/max-replicas"
    /// Annotations of a Deployment that its ReplicaSets do not inherit.
    static let ownAnnotations: Set<String> = [
        revision, revisionHistory, desiredReplicas, maxReplicas, "kubectl.kubernetes.io/last-applied-configuration",
        "deprecated.deployment.rollback.to",
    ]

    package let deployment: Deployment
    /// The ReplicaSets of its namespace that it owns or may adopt.
    package let candidates: [ReplicaSet]
    /// Every pod of those that it owns.
    package let pods: [Pod]
    package let now: Timestamp
    let bounds: RolloutBounds

    package init(deployment: Deployment, candidates: [ReplicaSet], pods: [Pod], now: Timestamp) {
        self.deployment = deployment
        self.candidates = candidates
        self.pods = pods
        self.now = now
        bounds = RolloutBounds(deployment)
    }

    package func plan() -> Plan {
        var plan = Plan()
        let selector = deployment.spec.selector ?? LabelSelector()
        guard !selector.isEmpty else {
            plan.events.append(
                .warning(
                    deployment.object, "SelectingAll", "An empty selector would select every pod; nothing is done."))
            return plan
        }
        let isDeleted = deployment.metadata.deletionTimestamp != nil
        let ownership = Ownership(
            owner: deployment.object, selector: selector, candidates: candidates, mayAdopt: !isDeleted)
        if !ownership.writes.isEmpty {
            plan.steps.append(ownership.writes)
            return plan
        }
        let sets = ReplicaSetHistory(deployment, ownership.owned)
        if isDeleted {
            addStatus(&plan, sets, isRollingOut: false)
        } else if deployment.spec.paused || isScaled(sets) {
            scale(&plan, sets)
            if plan.isEmpty, deployment.spec.paused { cleanUp(&plan, sets) }
            addStatus(&plan, sets, isRollingOut: false)
        } else if deployment.spec.strategy.type == "Recreate" {
            recreate(&plan, sets)
        } else {
            rollOver(&plan, sets)
        }
        return plan
    }

    // MARK: - Strategies

    private func rollOver(_ plan: inout Plan, _ sets: ReplicaSetHistory) {
        guard let current = ensureCurrent(&plan, sets) else { return }
        let wanted = newReplicas(sets)
        if wanted != current.replicas {
            addScale(&plan, current, to: wanted)
        } else {
            scaleDownOld(&plan, sets, current)
        }
        finish(&plan, sets)
    }

    private func recreate(_ plan: inout Plan, _ sets: ReplicaSetHistory) {
        let active = sets.old.filter { $0.replicas > 0 }
        if !active.isEmpty {
            for set in active { addScale(&plan, set, to: 0) }
            return addStatus(&plan, sets, isRollingOut: true)
        }
        // The old pods must have ended before the first new one may start.
        let currentUID = sets.current?.metadata.uid
        let isRunning = pods.contains {
            !$0.isTerminal && $0.metadata.controllerReference.map { $0.uid != currentUID } ?? false
        }
        if isRunning { return addStatus(&plan, sets, isRollingOut: true) }
        guard let current = ensureCurrent(&plan, sets) else { return }
        if current.replicas != bounds.replicas { addScale(&plan, current, to: bounds.replicas) }
        finish(&plan, sets)
    }

    private func finish(_ plan: inout Plan, _ sets: ReplicaSetHistory) {
        if plan.isEmpty, isComplete(status(sets, isRollingOut: true)) { cleanUp(&plan, sets) }
        addStatus(&plan, sets, isRollingOut: true)
    }

    /// How many replicas the current set should have: up as far as the surge allows.
    private func newReplicas(_ sets: ReplicaSetHistory) -> Int {
        let current = sets.current?.replicas ?? 0
        if deployment.spec.strategy.type == "Recreate" { return bounds.replicas }
        // Pods that an old set is still to delete take their place in the surge; upstream counts wishes only.
        var live: [String: Int] = [:]
        for pod in pods where pod.isActive { live[pod.metadata.controllerReference?.uid ?? "", default: 0] += 1 }
        let total = sets.old.reduce(current) { $0 + max($1.replicas, live[$1.metadata.uid] ?? 0) }
        if current > bounds.replicas { return bounds.replicas }
        guard total < bounds.total else { return current }
        return current + min(bounds.total - total, bounds.replicas - current)
    }

    /// Takes from the old sets what availability allows: first what is not available anyway.
    private func scaleDownOld(_ plan: inout Plan, _ sets: ReplicaSetHistory, _ current: ReplicaSet) {
        var replicas: [String: Int] = [:]
        let old = sets.old.filter { $0.replicas > 0 }
        guard !old.isEmpty else { return }
        let total = sets.all.reduce(0) { $0 + $1.replicas }
        let unavailable = max(0, current.replicas - Int(current.status.availableReplicas))
        var budget = total - bounds.available - unavailable
        guard budget > 0 else { return }
        for set in old {
            let unhealthy = min(budget, max(0, set.replicas - Int(set.status.availableReplicas)))
            replicas[set.metadata.name] = set.replicas - unhealthy
            budget -= unhealthy
        }
        // A status may lag behind a spec: what was scaled down already is not available any more.
        let available = sets.all.reduce(0) { $0 + min(Int($1.status.availableReplicas), $1.replicas) }
        var surplus = min(available - bounds.available, budget)
        for set in old where surplus > 0 {
            let left = replicas[set.metadata.name] ?? set.replicas
            let taken = min(left, surplus)
            replicas[set.metadata.name] = left - taken
            surplus -= taken
        }
        for set in old {
            if let wanted = replicas[set.metadata.name], wanted != set.replicas { addScale(&plan, set, to: wanted) }
        }
    }

    // MARK: - The current set

    /// The set of the template with its revision; nil where the plan first has to make or mend it.
    private func ensureCurrent(_ plan: inout Plan, _ sets: ReplicaSetHistory) -> ReplicaSet? {
        let revision = String(sets.newestOldRevision + 1)
        if let current = sets.current {
            let mended = mend(current, sets)
            if mended != current {
                plan.add(Write(.update(mended)))
                return nil
            }
            if annotate(&plan, current.metadata.annotations[DeploymentPlanner.revision] ?? revision) { return nil }
            return current
        }
        let set = make(sets, revision: revision)
        // Two templates of one hash, or somebody else's set of this name: another name is tried.
        if candidates.contains(where: { $0.metadata.name == set.metadata.name }) {
            var collided = deployment
            let count = deployment.status.collisionCount ?? 0
            collided.status.collisionCount = count < Int32.max ? count + 1 : 0
            plan.add(.update(collided, subresource: "status"))
            return nil
        }
        plan.add(
            Write(
                .create(set),
                onSuccess: set.replicas == 0
                    ? nil
                    : .normal(
                        deployment.object, "ScalingReplicaSet",
                        "Scaled up replica set \(set.metadata.name) from 0 to \(set.replicas)"),
                onFailure: .warning(
                    deployment.object, "ReplicaSetCreateError",
                    "Failed to create new replica set \"\(set.metadata.name)\": ")))
        _ = annotate(&plan, revision)
        return nil
    }

    private func annotate(_ plan: inout Plan, _ revision: String) -> Bool {
        guard deployment.metadata.annotations[DeploymentPlanner.revision] != revision else { return false }
        // Not patched: the controller's role lets it update Deployments only.
        var annotated = deployment
        annotated.metadata.annotations[DeploymentPlanner.revision] = revision
        plan.add(.update(annotated))
        return true
    }

    private func make(_ sets: ReplicaSetHistory, revision: String) -> ReplicaSet {
        let hash = TemplateHash.of(deployment.spec.template, collisionCount: deployment.status.collisionCount)
        var set = ReplicaSet()
        set.metadata.name = "\(deployment.metadata.name)-\(hash)"
        set.metadata.namespace = deployment.metadata.namespace
        set.metadata.ownerReferences = [.controller(deployment.object)]
        set.spec.template = deployment.spec.template
        set.spec.template.metadata.labels[TemplateHash.label] = hash
        set.metadata.labels = set.spec.template.metadata.labels
        var selector = deployment.spec.selector ?? LabelSelector()
        selector.matchLabels[TemplateHash.label] = hash
        set.spec.selector = selector
        set.spec.minReadySeconds = deployment.spec.minReadySeconds
        set.spec.replicas = Int32(clamping: newReplicas(sets))
        for (key, value) in deployment.metadata.annotations where !DeploymentPlanner.ownAnnotations.contains(key) {
            set.metadata.annotations[key] = value
        }
        set.metadata.annotations[DeploymentPlanner.revision] = revision
        setSizes(&set)
        return set
    }

    /// An older set that is wanted again gets the newest revision; annotations and minReadySeconds follow the Deployment.
    private func mend(_ current: ReplicaSet, _ sets: ReplicaSetHistory) -> ReplicaSet {
        var set = current
        set.spec.minReadySeconds = deployment.spec.minReadySeconds
        for (key, value) in deployment.metadata.annotations where !DeploymentPlanner.ownAnnotations.contains(key) {
            set.metadata.annotations[key] = value
        }
        let own = ReplicaSetHistory.revision(of: current)
        if own <= sets.newestOldRevision {
            if own > 0 {
                let history = current.metadata.annotations[DeploymentPlanner.revisionHistory] ?? ""
                let past = history.split(separator: ",").map(String.init).suffix(99)
                set.metadata.annotations[DeploymentPlanner.revisionHistory] =
                    (past + [String(own)]).joined(separator: ",")
            }
            set.metadata.annotations[DeploymentPlanner.revision] = String(sets.newestOldRevision + 1)
        }
        return set
    }

    private func setSizes(_ set: inout ReplicaSet) {
        set.metadata.annotations[DeploymentPlanner.desiredReplicas] = String(bounds.replicas)
        set.metadata.annotations[DeploymentPlanner.maxReplicas] = String(bounds.total)
    }

    func addScale(_ plan: inout Plan, _ set: ReplicaSet, to replicas: Int) {
        var scaled = set
        scaled.spec.replicas = Int32(clamping: replicas)
        setSizes(&scaled)
        guard scaled != set else { return }
        var event: EventRecord?
        if replicas != set.replicas {
            event = .normal(
                deployment.object, "ScalingReplicaSet",
                "Scaled \(replicas > set.replicas ? "up" : "down") replica set \(set.metadata.name) "
                    + "from \(set.replicas) to \(replicas)")
        }
        plan.add(Write(.update(scaled), onSuccess: event))
    }

    /// Forgets the oldest sets beyond revisionHistoryLimit: only those without pods.
    private func cleanUp(_ plan: inout Plan, _ sets: ReplicaSetHistory) {
        let limit = Int(deployment.spec.revisionHistoryLimit ?? 10)
        let idle = sets.old.filter { set in
            set.replicas == 0 && set.status.replicas == 0 && set.metadata.deletionTimestamp == nil
                && set.metadata.generation <= set.status.observedGeneration
        }
        guard limit >= 0, sets.old.count > limit else { return }
        let oldest = idle.sorted { a, b in
            let (left, right) = (ReplicaSetHistory.revision(of: a), ReplicaSetHistory.revision(of: b))
            return left == right ? a.metadata.name.precedes(b.metadata.name) : left < right
        }
        for set in oldest.prefix(sets.old.count - limit) {
            if let request = APIRequest.delete(set.object) {
                plan.add(Write(request, tolerates: [.notFound, .conflict]))
            }
        }
    }
}
