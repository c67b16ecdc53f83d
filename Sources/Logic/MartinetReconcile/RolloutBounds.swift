package import MartinetAPI
package import MartinetSchema

/// How far a rolling update may stray from the wanted number of pods.
package struct RolloutBounds: Hashable, Sendable {
    package let replicas: Int
    package let maxSurge: Int
    package let maxUnavailable: Int

    /// Percentages count of `replicas`: surge is rounded up, unavailable down; both zero would never move, so then one pod
    /// may be unavailable.
    package init(_ deployment: Deployment) {
        replicas = Int(max(0, deployment.spec.replicas ?? 1))
        let rolling = deployment.spec.strategy.rollingUpdate
        guard deployment.spec.strategy.type != "Recreate", replicas > 0 else {
            maxSurge = 0
            maxUnavailable = 0
            return
        }
        let surge = RolloutBounds.count(rolling?.maxSurge ?? .string("25%"), of: replicas, roundUp: true)
        let unavailable = RolloutBounds.count(rolling?.maxUnavailable ?? .string("25%"), of: replicas, roundUp: false)
        maxSurge = surge
        maxUnavailable = min(surge == 0 && unavailable == 0 ? 1 : unavailable, replicas)
    }

    package var total: Int { replicas + maxSurge }
    package var available: Int { replicas - maxUnavailable }

    /// What is neither a number nor a percentage counts as zero; admission has refused it.
    package static func count(_ value: IntOrString, of whole: Int, roundUp: Bool) -> Int {
        switch value {
        case .int(let number): return max(0, Int(number))
        case .string(let text):
            guard text.hasSuffix("%"), let percent = Int32(text.dropLast()), percent >= 0 else { return 0 }
            let (product, overflow) = whole.multipliedReportingOverflow(by: Int(percent))
            guard !overflow else { return whole }
            return (product + (roundUp ? 99 : 0)) / 100
        }
    }
}
