import CMartinetStage
package import MartinetOCI

/// The namespaces that a pod's containers share, held by files and by no process.
package struct SandboxPlanInputs: Sendable {
    /// What to make, by the specification's names: `network`, `ipc`, `uts`.
    package var namespaces: [String]
    /// The folder that holds one file per namespace, `net`, `ipc`, `uts`; it must be there.
    package var folder: String
    package var hostname: String?
    package var sysctl: [String: String]

    package init(namespaces: [String], folder: String, hostname: String? = nil, sysctl: [String: String] = [:]) {
        self.namespaces = namespaces
        self.folder = folder
        self.hostname = hostname
        self.sysctl = sysctl
    }
}

extension StagePlan {
    /// Makes a pod's namespaces and binds each to a file, so that they live without a process.
    package static func sandbox(_ inputs: SandboxPlanInputs) throws(OCIError) -> StagePlan {
        var plan = StagePlan()
        var flags: UInt64 = 0
        for type in inputs.namespaces {
            guard ["network", "ipc", "uts"].contains(type), let flag = LinuxNumbers.namespaces[type] else {
                throw OCIError(code: .invalid, message: "a file cannot hold the \(type) namespace of a sandbox")
            }
            flags |= flag
        }
        plan.add(
            StageOperation(MARTINET_OP_UNSHARE, "unshare(\(inputs.namespaces.joined(separator: " ")))", a: flags))
        if let hostname = inputs.hostname {
            guard inputs.namespaces.contains("uts") else {
                throw OCIError(code: .invalid, message: "the hostname \(hostname) needs a namespace of type uts")
            }
            plan.add(StageOperation(MARTINET_OP_HOSTNAME, "sethostname(\(hostname))", texts: [hostname]))
        }
        if inputs.namespaces.contains("network") {
            plan.add(StageOperation(MARTINET_OP_LOOPBACK_UP, "ioctl(lo, SIOCSIFFLAGS)"))
        }
        var spec = OCISpec()
        spec.linux = OCILinux(namespaces: inputs.namespaces.map { OCINamespace(type: $0) })
        spec.linux?.sysctl = inputs.sysctl
        try plan.addSysctls(spec)
        for type in inputs.namespaces {
            guard let file = LinuxNumbers.namespaceFiles[type] else { continue }
            let target = inputs.folder + "/" + file
            plan.add(
                StageOperation(
                    MARTINET_OP_MOUNT, "mount(/proc/self/ns/\(file) → \(target))",
                    texts: ["/proc/self/ns/" + file, target, "", ""], a: LinuxNumbers.bind, flags: [.make, .file]))
        }
        plan.add(StageOperation(MARTINET_OP_DONE, "exit"))
        return plan
    }

    /// The first process of a pod whose containers share their process ids: it reaps orphans and nothing else.
    package static func podInit(cgroupProcs: [String]) -> StagePlan {
        var plan = StagePlan()
        plan.enterCgroup(cgroupProcs)
        plan.add(StageOperation(MARTINET_OP_CLONE, "clone(pid)", a: LinuxNumbers.namespaces["pid"] ?? 0))
        plan.add(StageOperation(MARTINET_OP_SETSID, "setsid"))
        plan.add(StageOperation(MARTINET_OP_INIT, "init"))
        return plan
    }
}
