/// What a plan must know of the machine that will run it.
package struct HostFacts: Hashable, Sendable {
    /// The capabilities that this process may hand on, as a mask.
    package var capabilities: UInt64
    /// The lowest `oom_score_adj` that this process may set: −1000 with CAP_SYS_RESOURCE, else its own.
    package var oomScoreAdjMin: Int
    package var cgroups: CgroupLayout

    package init(capabilities: UInt64, oomScoreAdjMin: Int, cgroups: CgroupLayout) {
        self.capabilities = capabilities
        self.oomScoreAdjMin = oomScoreAdjMin
        self.cgroups = cgroups
    }
}

/// Where the machine's cgroup hierarchies are mounted.
package struct CgroupLayout: Hashable, Sendable {
    /// A hierarchy: the controllers in it and where it is mounted.
    package struct Hierarchy: Hashable, Sendable {
        package var controllers: [String]
        package var mountPoint: String
        package init(controllers: [String], mountPoint: String) {
            self.controllers = controllers
            self.mountPoint = mountPoint
        }
        /// The name that container programs look for, such as `cpu,cpuacct`.
        package var name: String { controllers.joined(separator: ",") }
    }

    /// Version 1's, in the order of their mount points; empty on a pure version 2 machine.
    package var hierarchies: [Hierarchy]
    /// Version 2's mount point where it is the one with controllers.
    package var unified: String?

    package init(hierarchies: [Hierarchy], unified: String?) {
        self.hierarchies = hierarchies
        self.unified = unified
    }

    package var isUnified: Bool { unified != nil }

    /// The folder of `path` in the hierarchy that has `controller`, or nil where the machine has none.
    package func folder(of controller: String, path: String) -> String? {
        if let unified { return unified + path }
        guard let found = hierarchies.first(where: { $0.controllers.contains(controller) }) else { return nil }
        return found.mountPoint + path
    }

    /// The hierarchies that a container's processes enter: each costs a write at every start.
    package var entered: [Hierarchy] {
        let controllers: Set<String> = ["cpu", "cpuacct", "cpuset", "memory", "pids", "freezer", "devices"]
        return hierarchies.filter { !controllers.isDisjoint(with: $0.controllers) }
    }

    /// Every folder that a cgroup of that path consists of.
    package func folders(path: String) -> [String] {
        unified.map { [$0 + path] } ?? entered.map { $0.mountPoint + path }
    }

    /// Reads `/proc/self/mountinfo`; see proc_pid_mountinfo(5).
    package init(mountinfo: String) {
        let known: Set<String> = ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids"]
        var hierarchies: [Hierarchy] = []
        var unified: String?
        for line in mountinfo.split(separator: "\n") {
            let halves = line.split(separator: " ", omittingEmptySubsequences: false)
            guard let dash = halves.firstIndex(of: "-"), halves.count > dash + 3, dash > 4, halves[3] == "/" else {
                continue
            }
            let mountPoint = String(halves[4])
            switch halves[dash + 1] {
            case "cgroup2": unified = mountPoint
            case "cgroup":
                let controllers = halves[dash + 3].split(separator: ",").map(String.init).filter(known.contains)
                let seen = hierarchies.contains { $0.controllers == controllers }
                if !controllers.isEmpty, !seen {
                    hierarchies.append(Hierarchy(controllers: controllers, mountPoint: mountPoint))
                }
            default: continue
            }
        }
        // A hybrid machine mounts version 2 too, without controllers.
        self.init(hierarchies: hierarchies, unified: hierarchies.isEmpty ? unified : nil)
    }
}
