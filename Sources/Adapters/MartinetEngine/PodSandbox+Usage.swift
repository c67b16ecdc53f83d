package import MartinetAPI
package import MartinetContainers
package import MartinetPodLifecycle
import MartinetStagePlan
import Synchronization

extension PodSandbox {
    /// What the pod has on the node's disk. Reads only, so that it may run beside what the pod's worker does.
    package func localStorage(_ pod: Pod) -> LocalStorage {
        var found = LocalStorage()
        let volumes = volumes(pod)
        for volume in pod.spec.volumes where volume.emptyDir != nil && volume.emptyDir?.medium != "Memory" {
            found.emptyDirs[volume.name] = DiskUsage.bytes(volumes.path(of: volume))
        }
        for file in state.withLock({ Array($0.containers.values) }) {
            let (written, logs) = (
                DiskUsage.bytes(file.folder + "/upper"), DiskUsage.bytes("\(logFolder)/\(file.name)")
            )
            let (sum, overflow) = written.addingReportingOverflow(logs)
            found.containers[file.name] = overflow ? .max : sum
        }
        return found
    }

    /// Each running container's processes, by the containers' names.
    package func containerStatistics() -> [String: CgroupStatistics] {
        let files = state.withLock { state in state.containers.values.filter { state.pids[$0.id] != nil } }
        var found: [String: CgroupStatistics] = [:]
        for file in files {
            guard let cgroup = try? engine.containers.cgroup(of: file.spec, id: file.id) else { continue }
            found[file.name] = cgroup.statistics()
        }
        return found
    }

    /// The pod's processes together, by the kernel's counters.
    package func statistics(_ pod: Pod) -> CgroupStatistics {
        let path = ResourceLimits.cgroup(of: pod, parent: engine.configuration.cgroupParent)
        let cgroup = try? Cgroup(layout: engine.containers.facts.cgroups, path: path)
        return cgroup?.statistics() ?? CgroupStatistics()
    }
}
