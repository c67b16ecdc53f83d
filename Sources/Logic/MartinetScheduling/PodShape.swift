package import MartinetAPI
import MartinetClient
package import MartinetSchema

/// Everything about a pod that decides where it may run. Pods of one shape have the same feasible nodes.
package struct PodShape: Hashable, Sendable {
    package let namespace: String
    package let labels: StringMap
    package let nodeName: String
    package let nodeSelector: StringMap
    package let affinity: Affinity?
    package let tolerations: ViewList<Toleration>
    package let requests: ResourceVector
    package let scored: ResourceVector
    package let ports: [HostPort]
    package let spread: ViewList<TopologySpreadConstraint>
    package let hasController: Bool

    package init(_ pod: Pod) {
        namespace = pod.metadata.namespace
        labels = pod.metadata.labels
        nodeName = pod.spec.nodeName
        nodeSelector = pod.spec.nodeSelector
        affinity = pod.spec.affinity
        tolerations = pod.spec.tolerations
        requests = .requests(of: pod)
        scored = .scoredRequests(of: pod)
        ports = HostPort.ports(of: pod)
        spread = pod.spec.topologySpreadConstraints
        hasController = pod.metadata.controllerReference != nil
    }

    func tolerates(_ taint: Taint) -> Bool { tolerations.contains { $0.tolerates(taint) } }
}

extension Toleration {
    /// As the API defines it: an empty key with Exists tolerates everything, an empty effect every effect.
    package func tolerates(_ taint: Taint) -> Bool {
        guard effect.isEmpty || effect == taint.effect, key.isEmpty || key == taint.key else { return false }
        switch `operator` {
        case "", "Equal": return !key.isEmpty && value == taint.value
        case "Exists": return true
        // Lt and Gt compare whole numbers (KEP-5471).
        case "Lt": return Int64(taint.value).flatMap { own in Int64(value).map { own < $0 } } ?? false
        case "Gt": return Int64(taint.value).flatMap { own in Int64(value).map { own > $0 } } ?? false
        default: return false
        }
    }
}
