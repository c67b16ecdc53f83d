import CMartinetStage
import MartinetOCI

extension StagePlan {
    /// Joins what exists, makes what is new, and continues in the child.
    mutating func addNamespaces(_ inputs: ContainerPlanInputs) throws(OCIError) {
        let namespaces = inputs.spec.linux?.namespaces ?? []
        var fresh: UInt64 = 0
        for namespace in namespaces {
            guard let flag = LinuxNumbers.namespaces[namespace.type] else {
                throw OCIError(code: .invalid, message: "linux.namespaces: \(namespace.type) is not known")
            }
            guard namespaces.filter({ $0.type == namespace.type }).count == 1 else {
                throw OCIError(code: .invalid, message: "linux.namespaces: \(namespace.type) is there twice")
            }
            if (namespace.path ?? "").isEmpty { fresh |= flag }
        }
        addJoins(namespaces.compactMap { space in space.path.map { (space.type, $0) } }.filter { !$0.1.isEmpty })
        try addTimeOffsets(inputs, &fresh)
        if fresh & (LinuxNumbers.namespaces["user"] ?? 0) == 0,
            inputs.spec.linux?.uidMappings != nil || inputs.spec.linux?.gidMappings != nil
        {
            throw OCIError(code: .invalid, message: "linux.uidMappings: only a new user namespace can have mappings")
        }
        let words = namespaces.filter { ($0.path ?? "").isEmpty }.map(\.type).joined(separator: " ")
        add(StageOperation(MARTINET_OP_CLONE, "clone(\(words))", a: fresh))
        if fresh & (LinuxNumbers.namespaces["user"] ?? 0) != 0 {
            try addMappings(inputs)
        }
        if inputs.hasUserNamespace {
            // Root of the user namespace: without ids of its own the child could not even mount.
            add(StageOperation(MARTINET_OP_GROUPS, "setgroups()", strings: [[]]))
            add(StageOperation(MARTINET_OP_SETGID, "setresgid(0)"))
            add(StageOperation(MARTINET_OP_SETUID, "setresuid(0)"))
            // The change of ids has closed /proc/self/fd to this process itself (proc_pid_fd(5)).
            add(StageOperation(MARTINET_OP_DUMPABLE, "prctl(PR_SET_DUMPABLE)", a: 1))
        }
        if inputs.pausesForHooks {
            add(StageOperation(MARTINET_OP_HOOKS, "read(hooks)"))
        }
    }

    /// The host's privileges serve for all but the user namespace, so that comes late; the mount namespace last, because
    /// every path before it is the host's.
    mutating func addJoins(_ joins: [(type: String, path: String)]) {
        for type in ["time", "cgroup", "ipc", "uts", "network", "pid", "user", "mount"] {
            for join in joins where join.type == type {
                add(
                    StageOperation(
                        MARTINET_OP_SETNS, "setns(\(join.path))", texts: [join.path],
                        a: LinuxNumbers.namespaces[type] ?? 0))
            }
        }
    }

    private mutating func addTimeOffsets(_ inputs: ContainerPlanInputs, _ fresh: inout UInt64) throws(OCIError) {
        let time = LinuxNumbers.namespaces["time"] ?? 0
        guard fresh & time != 0 else {
            if inputs.spec.linux?.timeOffsets != nil {
                throw OCIError(code: .invalid, message: "linux.timeOffsets: only a new time namespace can have them")
            }
            return
        }
        // A time namespace is for children, and its offsets end with the first of them (time_namespaces(7)).
        fresh &= ~time
        add(StageOperation(MARTINET_OP_UNSHARE, "unshare(time)", a: time))
        for (clock, offset) in (inputs.spec.linux?.timeOffsets ?? [:]).sorted(by: { $0.key < $1.key }) {
            let text = "\(clock) \(offset.secs ?? 0) \(offset.nanosecs ?? 0)\n"
            add(
                StageOperation(
                    MARTINET_OP_WRITE, "write(timens_offsets)", texts: ["/proc/self/timens_offsets", text]))
        }
    }

    private mutating func addMappings(_ inputs: ContainerPlanInputs) throws(OCIError) {
        for (file, mappings, name) in [
            ("uid_map", inputs.spec.linux?.uidMappings ?? [], "linux.uidMappings"),
            ("gid_map", inputs.spec.linux?.gidMappings ?? [], "linux.gidMappings"),
        ] {
            guard !mappings.isEmpty, mappings.count <= 340 else {  // the kernel's limit
                throw OCIError(code: .invalid, message: "\(name): a new user namespace needs 1 to 340 of them")
            }
            let text = mappings.map { "\($0.containerID) \($0.hostID) \($0.size)\n" }.joined()
            add(
                StageOperation(
                    MARTINET_OP_CHILD_WRITE, "write(\(file))", texts: [file, text], flags: .starter))
        }
        add(StageOperation(MARTINET_OP_SYNC, "read(starter)"))
    }
}
