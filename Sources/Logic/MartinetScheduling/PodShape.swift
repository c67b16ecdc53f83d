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
