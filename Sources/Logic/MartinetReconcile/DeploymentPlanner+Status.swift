package import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema

extension DeploymentPlanner {
    /// Writes the status where it differs, last, and asks to be woken at the progress deadline.
    func addStatus(_ plan: inout Plan, _ sets: ReplicaSetHistory, isRollingOut: Bool) {
        let status = status(sets, isRollingOut: isRollingOut)
        if isRollingOut { plan.requeue(after: timeUntilDeadline(status)) }
        guard status != deployment.status else { return }
        var updated = deployment
        updated.status = status
        // What this plan writes before may change the Deployment itself, so the status must not depend on its version.
        updated.metadata.resourceVersion = plan.isEmpty ? deployment.metadata.resourceVersion : ""
        plan.add(Write(.update(updated, subresource: "status"), tolerates: .notFound))
    }

    package func status(_ sets: ReplicaSetHistory, isRollingOut: Bool) -> DeploymentStatus {
        var status = deployment.status
        func sum(_ count: (ReplicaSet) -> Int32) -> Int32 {
            Int32(clamping: sets.all.reduce(0) { $0 + Int(count($1)) })
        }
        status.observedGeneration = deployment.metadata.generation
        status.replicas = sum(\.status.replicas)
        status.updatedReplicas = sets.current?.status.replicas ?? 0
        status.readyReplicas = sum(\.status.readyReplicas)
        status.availableReplicas = sum(\.status.availableReplicas)
        let wanted = sets.all.reduce(0) { $0 + $1.replicas }
        status.unavailableReplicas = Int32(clamping: max(0, wanted - Int(status.availableReplicas)))
        status.terminatingReplicas = sum { $0.status.terminatingReplicas ?? 0 }
        let isAvailable = Int(status.availableReplicas) >= bounds.available
        set(
            &status, "Available", isAvailable, isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            isAvailable ? "Deployment has minimum availability." : "Deployment does not have minimum availability.")
        if let failure = sets.all.reversed().lazy.flatMap(\.status.conditions).first(where: {
            $0.type == "ReplicaFailure"
        }) {
            set(&status, "ReplicaFailure", true, failure.reason, failure.message)
        } else {
            status.conditions.removeAll { $0.type == "ReplicaFailure" }
        }
        setProgress(&status, sets, isRollingOut: isRollingOut)
        return status
    }

    func isComplete(_ status: DeploymentStatus) -> Bool {
        Int(status.updatedReplicas) == bounds.replicas && Int(status.replicas) == bounds.replicas
            && Int(status.availableReplicas) == bounds.replicas
            && status.observedGeneration >= deployment.metadata.generation
    }

    private var deadline: Int32? {
        let seconds = deployment.spec.progressDeadlineSeconds ?? 600
        return seconds == Int32.max ? nil : seconds
    }

    private func setProgress(_ status: inout DeploymentStatus, _ sets: ReplicaSetHistory, isRollingOut: Bool) {
        guard deadline != nil else { return status.conditions.removeAll { $0.type == "Progressing" } }
        let condition = status.conditions.first { $0.type == "Progressing" }
        let subject =
            sets.current.map { "ReplicaSet \"\($0.metadata.name)\"" } ?? "Deployment \"\(deployment.metadata.name)\""
        if deployment.spec.paused, condition?.reason != "ProgressDeadlineExceeded" {
            return set(&status, "Progressing", nil, "DeploymentPaused", "Deployment is paused")
        }
        if !deployment.spec.paused, condition?.reason == "DeploymentPaused" {
            return set(&status, "Progressing", nil, "DeploymentResumed", "Deployment is resumed")
        }
        guard isRollingOut else { return }
        let wasComplete = condition?.reason == "NewReplicaSetAvailable" && status.replicas == status.updatedReplicas
        if wasComplete { return }
        if isComplete(status) {
            set(&status, "Progressing", true, "NewReplicaSetAvailable", "\(subject) has successfully progressed.")
        } else if sets.current == nil, condition == nil || condition?.reason == "NewReplicaSetAvailable" {
            set(&status, "Progressing", true, "NewReplicaSetCreated", "\(subject) is getting a new ReplicaSet.")
        } else if hasProgressed(status) || condition == nil || condition?.reason == "NewReplicaSetAvailable" {
            let message = "\(subject) is progressing."
            set(&status, "Progressing", true, "ReplicaSetUpdated", message)
            touch(&status)
        } else if let left = timeUntilDeadline(status), left <= .zero {
            set(&status, "Progressing", false, "ProgressDeadlineExceeded", "\(subject) has timed out progressing.")
        }
    }

    /// Whether more is updated, ready or available, or less is old, than was known.
    private func hasProgressed(_ new: DeploymentStatus) -> Bool {
        let old = deployment.status
        return new.updatedReplicas > old.updatedReplicas || new.readyReplicas > old.readyReplicas
            || new.availableReplicas > old.availableReplicas
            || new.replicas - new.updatedReplicas < old.replicas - old.updatedReplicas
    }

    private func timeUntilDeadline(_ status: DeploymentStatus) -> Duration? {
        guard let deadline, !deployment.spec.paused,
            let condition = status.conditions.first(where: { $0.type == "Progressing" }),
            condition.reason != "NewReplicaSetAvailable", condition.reason != "ProgressDeadlineExceeded",
            let since = condition.lastUpdateTime
        else { return nil }
        return .seconds(Int64(deadline)) - now.duration(since: since)
    }

    private func touch(_ status: inout DeploymentStatus) {
        guard let index = status.conditions.firstIndex(where: { $0.type == "Progressing" }) else { return }
        status.conditions[index].lastUpdateTime = now
    }

    private func set(
        _ status: inout DeploymentStatus, _ type: String, _ value: Bool?, _ reason: String, _ message: String
    ) {
        let text = value.map { $0 ? "True" : "False" } ?? "Unknown"
        if let index = status.conditions.firstIndex(where: { $0.type == type }) {
            guard status.conditions[index].status != text || status.conditions[index].reason != reason else { return }
            if status.conditions[index].status != text { status.conditions[index].lastTransitionTime = now }
            status.conditions[index].lastUpdateTime = now
            status.conditions[index].status = text
            status.conditions[index].reason = reason
            status.conditions[index].message = message
        } else {
            status.conditions.append(
                DeploymentCondition { condition in
                    condition.type = type
                    condition.status = text
                    condition.reason = reason
                    condition.message = message
                    condition.lastUpdateTime = now
                    condition.lastTransitionTime = now
                })
        }
    }
}
