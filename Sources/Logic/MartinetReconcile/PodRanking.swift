package import MartinetAPI
package import MartinetBase
import MartinetSchema

/// Which pods to delete first when there are too many: those whose loss hurts least.
///
/// Unassigned before assigned; pending, unknown, running; not ready before ready; lower deletion cost; more pods of the
/// same owner on the node; ready for less long; more restarts; younger. Ages compare by their power of two, and then by
/// uid, so that deletions are spread. Source: upstream's ActivePodsWithRanks, KEP-2185, KEP-2255.
package struct PodRanking {
    private struct Rank {
        let pod: Pod
        let isAssigned: Bool
        let phase: Int
        let isReady: Bool
        let cost: Int32
        let neighbours: Int
        let readyFor: Int64
        let restarts: Int64
        let age: Int64
    }

    private let ranks: [Rank]

    /// - Parameter related: all pods of the same owner, for counting neighbours on a node.
    package init(_ pods: [Pod], related: [Pod], now: Timestamp) {
        var neighbours: [String: Int] = [:]
        for pod in related where pod.isActive { neighbours[pod.spec.nodeName, default: 0] += 1 }
        ranks = pods.map { pod in
            let ready = pod.condition("Ready")
            return Rank(
                pod: pod, isAssigned: !pod.spec.nodeName.isEmpty,
                phase: ["Pending": 0, "": 0, "Unknown": 1, "Running": 2][pod.status.phase] ?? 2,
                isReady: pod.isReady,
                cost: Int32(pod.metadata.annotations["controller.kubernetes.io/pod-deletion-cost"] ?? "") ?? 0,
                neighbours: neighbours[pod.spec.nodeName] ?? 0,
                readyFor: PodRanking.magnitude(ready?.lastTransitionTime, now),
                restarts: pod.status.containerStatuses.reduce(0) { $0 + Int64($1.restartCount) },
                age: PodRanking.magnitude(pod.metadata.creationTimestamp, now))
        }
    }

    /// The pods, the first to delete first.
    package var order: [Pod] { ranks.sorted(by: PodRanking.precedes).map(\.pod) }

    private static func precedes(_ a: Rank, _ b: Rank) -> Bool {
        if a.isAssigned != b.isAssigned { return !a.isAssigned }
        if a.phase != b.phase { return a.phase < b.phase }
        if a.isReady != b.isReady { return !a.isReady }
        if a.cost != b.cost { return a.cost < b.cost }
        if a.neighbours != b.neighbours { return a.neighbours > b.neighbours }
        if a.readyFor != b.readyFor { return a.readyFor < b.readyFor }
        if a.restarts != b.restarts { return a.restarts > b.restarts }
        if a.age != b.age { return a.age < b.age }
        return a.pod.metadata.uid.precedes(b.pod.metadata.uid)
    }

    /// The bits of an age in seconds; -1 where there is none.
    private static func magnitude(_ time: Timestamp?, _ now: Timestamp) -> Int64 {
        guard let time else { return -1 }
        let seconds = max(0, now.duration(since: time).components.seconds)
        return Int64(Int64.bitWidth - seconds.leadingZeroBitCount)
    }
}
