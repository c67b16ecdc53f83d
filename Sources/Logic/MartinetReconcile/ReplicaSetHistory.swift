package import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema

/// A Deployment's ReplicaSets: the one of its present template and those of earlier ones, oldest first.
package struct ReplicaSetHistory {
    package let current: ReplicaSet?
    package let old: [ReplicaSet]
    package let newestOldRevision: Int64

    package init(_ deployment: Deployment, _ sets: [ReplicaSet]) {
        let sorted = sets.sorted { a, b in
            let (left, right) = (a.metadata.creationTimestamp, b.metadata.creationTimestamp)
            if let left, let right, left != right { return left < right }
            return a.metadata.name.precedes(b.metadata.name)
        }
        let template = ReplicaSetHistory.withoutHash(deployment.spec.template)
        let current = sorted.first { ReplicaSetHistory.withoutHash($0.spec.template) == template }
        self.current = current
        old = sorted.filter { $0.metadata.uid != current?.metadata.uid }
        newestOldRevision = old.map(ReplicaSetHistory.revision).max() ?? 0
    }

    package var all: [ReplicaSet] { old + (current.map { [$0] } ?? []) }

    package static func revision(of set: ReplicaSet) -> Int64 {
        max(0, min(Int64(set.metadata.annotations[DeploymentPlanner.revision] ?? "") ?? 0, Int64.max - 1))
    }

    private static func withoutHash(_ template: PodTemplateSpec) -> PodTemplateSpec {
        var template = template
        template.metadata.labels[TemplateHash.label] = nil
        return template
    }
}

extension ReplicaSet {
    package var replicas: Int { Int(max(0, spec.replicas ?? 1)) }
}
