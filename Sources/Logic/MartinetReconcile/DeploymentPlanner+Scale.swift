import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema

extension DeploymentPlanner {
    /// Whether spec.replicas changed since the active sets were sized: then only sizes move, not templates.
    func isScaled(_ sets: ReplicaSetHistory) -> Bool {
        sets.all.contains { set in
            guard set.replicas > 0, let text = set.metadata.annotations[DeploymentPlanner.desiredReplicas],
                let desired = Int(text)
            else { return false }
            return desired != bounds.replicas
        }
    }

    /// Brings the sets to the new size in their present proportions, so that a rollout under way is not hastened.
    func scale(_ plan: inout Plan, _ sets: ReplicaSetHistory) {
        let active = sets.all.filter { $0.replicas > 0 }
        if active.count <= 1 {
            guard let only = active.first ?? sets.current ?? sets.old.last else { return }
            return addScale(&plan, only, to: bounds.replicas)
        }
        if let current = sets.current, isSaturated(current) {
            for set in sets.old where set.replicas > 0 { addScale(&plan, set, to: 0) }
            return
        }
        guard deployment.spec.strategy.type != "Recreate" else { return }
        let total = active.reduce(0) { $0 + $1.replicas }
        let allowed = bounds.replicas > 0 ? bounds.total : 0
        let difference = allowed - total
        // The larger first; of equal ones the newer grows and the older shrinks first.
        let newest = sets.current?.metadata.uid
        let order = active.enumerated().sorted { a, b in
            if a.element.replicas != b.element.replicas { return a.element.replicas > b.element.replicas }
            let (left, right) = (a.element.metadata.uid == newest ? Int.max : a.offset, b.offset)
            return difference > 0 ? left > right : left < right
        }.map(\.element)
        var sizes: [Int] = []
        var given = 0
        for set in order {
            let share = proportion(set, difference: difference, given: given)
            sizes.append(max(0, set.replicas + share))
            given += share
        }
        if let first = sizes.first { sizes[0] = max(0, first + difference - given) }
        for (set, size) in zip(order, sizes) { addScale(&plan, set, to: size) }
    }

    private func isSaturated(_ set: ReplicaSet) -> Bool {
        set.replicas == bounds.replicas && Int(set.status.availableReplicas) == bounds.replicas
            && set.metadata.annotations[DeploymentPlanner.desiredReplicas] == String(bounds.replicas)
    }

    /// The set's share of the difference, by its size relative to the size that the Deployment had.
    private func proportion(_ set: ReplicaSet, difference: Int, given: Int) -> Int {
        guard set.replicas > 0, difference != 0, difference != given else { return 0 }
        let before =
            set.metadata.annotations[DeploymentPlanner.maxReplicas].flatMap { Int($0) }
            ?? Int(deployment.status.replicas)
        let base = before > 0 ? before : bounds.total
        guard base > 0 else { return -set.replicas }
        let allowed = bounds.replicas > 0 ? bounds.total : 0
        let (product, overflow) = set.replicas.multipliedReportingOverflow(by: allowed)
        guard !overflow else { return 0 }
        // Rounded half away from zero.
        let size = (2 * product + base) / (2 * base)
        let share = allowed == 0 ? -set.replicas : size - set.replicas
        return difference > 0 ? min(max(0, share), difference - given) : max(min(0, share), difference - given)
    }
}
