package import MartinetAPI
import MartinetSchema

/// What a pod uses of the node's disk, bytes.
package struct LocalStorage: Hashable, Sendable {
    /// By volume, those on the disk.
    package var emptyDirs: [String: Int64] = [:]
    /// By container: what it has written to its root and its logs.
    package var containers: [String: Int64] = [:]
    package init() {}

    package var total: Int64 {
        (Array(emptyDirs.values) + containers.values).reduce(0) { $0.addingReportingOverflow($1).partialValue }
    }

    /// Whether anything of a pod is limited, so that looking is worth its while.
    package static func isLimited(_ pod: Pod) -> Bool {
        pod.spec.volumes.contains { $0.emptyDir?.sizeLimit != nil && $0.emptyDir?.medium != "Memory" }
            || pod.spec.containers.contains { $0.resources.limits["ephemeral-storage"] != nil }
    }

    /// Why the pod has to go, in the kubelet's words; nil where it keeps to its limits.
    package func excess(of pod: Pod) -> String? {
        for volume in pod.spec.volumes {
            guard let text = volume.emptyDir?.sizeLimit, let limit = Quantity(text)?.value, limit > 0,
                let used = emptyDirs[volume.name], used > limit
            else { continue }
            return
                "Usage of EmptyDir volume \(volume.name.debugDescription) exceeds the limit \(text.debugDescription). "
        }
        var sum: Int64?
        for container in pod.spec.containers {
            guard let text = container.resources.limits["ephemeral-storage"], let limit = Quantity(text)?.value else {
                continue
            }
            sum = (sum ?? 0).addingReportingOverflow(limit).partialValue
            if limit > 0, let used = containers[container.name], used > limit {
                return
                    "Container \(container.name) exceeded its local ephemeral storage limit \(text.debugDescription). "
            }
        }
        if let sum, sum > 0, total > sum {
            return "Pod ephemeral local storage usage exceeds the total limit of containers \(Quantity(sum)). "
        }
        return nil
    }
}
