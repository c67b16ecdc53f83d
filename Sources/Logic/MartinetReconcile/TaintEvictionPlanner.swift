package import MartinetAPI
package import MartinetBase
package import MartinetClient
import MartinetSchema

/// Sends pods away that do not, or no longer, tolerate their node's NoExecute taints.
package enum TaintEvictionPlanner {
    package static func plan(_ pod: Pod, node: Node?, now: Timestamp) -> Plan {
        var plan = Plan()
        guard let node, pod.metadata.deletionTimestamp == nil, !pod.isTerminal else { return plan }
        var wait: Duration?
        for taint in node.spec.taints where taint.effect == "NoExecute" {
            let tolerations = pod.spec.tolerations.filter { $0.tolerates(taint) }
            if tolerations.isEmpty {
                wait = .zero
                break
            }
            // The shortest toleration counts; one without an end does not.
            guard let seconds = tolerations.compactMap(\.tolerationSeconds).min() else { continue }
            let elapsed = taint.timeAdded.map { now.duration(since: $0) } ?? .zero
            let left = Duration.seconds(max(0, min(seconds, 1 << 31))) - elapsed
            wait = min(wait ?? left, left)
        }
        guard let wait else { return plan }
        if wait > .zero {
            plan.requeueAfter = wait
        } else if let request = APIRequest.delete(pod.object) {
            let text = "Marking for deletion Pod \(pod.metadata.namespace)/\(pod.metadata.name)"
            plan.add(
                Write(
                    request, tolerates: [.notFound, .conflict],
                    onSuccess: .normal(pod.object, "TaintManagerEviction", text)))
        }
        return plan
    }
}
