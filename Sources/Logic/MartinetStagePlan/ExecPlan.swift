import CMartinetStage
package import MartinetOCI

extension StagePlan {
    /// The plan of one more process in a running container.
    ///
    /// - Parameters:
    ///   - process: what to run, as whom.
    ///   - spec: the container's own specification, for its namespaces and filter.
    ///   - pid: the container's first process.
    package static func exec(
        process: OCIProcess, in spec: OCISpec, pid: Int32, facts: HostFacts, cgroupProcs: [String],
        preservedDescriptors: Int = 0
    ) throws(OCIError) -> StagePlan {
        try refuseUnsupported(process)
        var plan = StagePlan()
        // Before a hostile container can see this process: it must not be able to trace it (CVE-2016-9962).
        plan.add(StageOperation(MARTINET_OP_DUMPABLE, "prctl(PR_SET_DUMPABLE)", a: 0))
        plan.enterCgroup(cgroupProcs)
        plan.addOOMScore(process, facts)
        let namespaces = (spec.linux?.namespaces ?? []).map(\.type)
        plan.addJoins(
            namespaces.compactMap { type in
                LinuxNumbers.namespaceFiles[type].map { (type, "/proc/\(pid)/ns/\($0)") }
            })
        // A pid namespace is for children.
        plan.add(StageOperation(MARTINET_OP_CLONE, "clone()"))
        let inUser = namespaces.contains("user")
        if inUser {
            plan.add(StageOperation(MARTINET_OP_GROUPS, "setgroups()", strings: [[]]))
            plan.add(StageOperation(MARTINET_OP_SETGID, "setresgid(0)"))
            plan.add(StageOperation(MARTINET_OP_SETUID, "setresuid(0)"))
        }
        plan.add(StageOperation(MARTINET_OP_SETSID, "setsid"))
        plan.add(StageOperation(MARTINET_OP_ROOT, "open(/)", texts: ["/"]))
        if process.terminal == true {
            plan.add(plan.console(process, bindsConsole: false))
        }
        try plan.addProcess(
            process, seccomp: spec.linux?.seccomp, facts: facts, inUserNamespace: inUser,
            preservedDescriptors: preservedDescriptors, gated: false)
        return plan
    }
}
