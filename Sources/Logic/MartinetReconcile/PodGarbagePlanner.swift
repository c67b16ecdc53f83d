package import MartinetAPI
import MartinetBase
package import MartinetClient
import MartinetSchema

/// Removes pods that nobody else will: of nodes that are gone, deleted before they had a node, ended beyond a number.
package enum PodGarbagePlanner {
    /// How many ended pods are kept.
    package static let endedMax = 12_500
    /// How long a node must be gone before its pods are.
    package static let quarantine = Duration.seconds(40)

    /// - Parameter absence: since when a node has been gone; nil where it is there.
    package static func plan(_ pods: [Pod], absence: (String) -> Duration?) -> Plan {
        var plan = Plan()
        var writes: [Write] = []
        var ended: [Pod] = []
        for pod in pods {
            if pod.spec.nodeName.isEmpty {
                if pod.isTerminating { writes += removal(pod) }
            } else if let gone = absence(pod.spec.nodeName) {
                if gone >= quarantine { writes += removal(pod) }
            } else if pod.isTerminal, !pod.isTerminating {
                ended.append(pod)
            }
        }
        if ended.count > endedMax {
            let oldest = ended.sorted {
                ($0.metadata.creationTimestamp?.seconds ?? 0) < ($1.metadata.creationTimestamp?.seconds ?? 0)
            }
            writes += oldest.prefix(ended.count - endedMax).flatMap(removal)
        }
        if !writes.isEmpty { plan.steps.append(writes) }
        plan.requeueAfter = .seconds(20)
        return plan
    }

    private static func removal(_ pod: Pod) -> [Write] {
        APIRequest.delete(pod.object, gracePeriodSeconds: 0).map { [Write($0, tolerates: [.notFound, .conflict])] }
            ?? []
    }
}
