import MartinetAPI
import MartinetClient
import MartinetSchema

/// A pod tolerates an unreachable or unready node for five minutes, unless it says otherwise.
struct DefaultTolerationSeconds: AdmissionPlugin {
    let name = "DefaultTolerationSeconds"
    private static let taints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.isPodCreation else { return }
        var pod = Pod(object: attributes.object)
        for taint in DefaultTolerationSeconds.taints {
            let tolerated = pod.spec.tolerations.contains {
                ($0.key == taint || $0.key.isEmpty) && ($0.effect == "NoExecute" || $0.effect.isEmpty)
            }
            guard !tolerated else { continue }
            pod.spec.tolerations.append(
                Toleration {
                    $0.key = taint
                    $0.operator = "Exists"
                    $0.effect = "NoExecute"
                    $0.tolerationSeconds = 300
                })
        }
        attributes.object = pod.object
    }
}

/// Every pod has a priority: 0 where there is no class.
struct PodPriority: AdmissionPlugin {
    let name = "Priority"
    /// The two classes that every cluster has.
    private static let systemClasses: [String: Int32] = [
        "system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000,
    ]

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.isPodCreation else { return }
        var pod = Pod(object: attributes.object)
        var priority: Int32 = 0
        if !pod.spec.priorityClassName.isEmpty {
            guard let known = PodPriority.systemClasses[pod.spec.priorityClassName] else {
                var target = attributes.resource
                target.name = pod.metadata.name
                throw APIError.about(
                    target, code: 403, reason: "Forbidden",
                    "is forbidden: no PriorityClass with name \(pod.spec.priorityClassName) was found")
            }
            priority = known
        }
        pod.spec.priority = priority
        if pod.spec.preemptionPolicy == nil { pod.spec.preemptionPolicy = "PreemptLowerPriority" }
        attributes.object = pod.object
    }
}
