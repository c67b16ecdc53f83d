import CMartinetStage
import MartinetOCI

extension StagePlan {
    /// From "the namespaces are there" to the program: the order is what makes each step still permitted.
    mutating func addProcess(
        _ process: OCIProcess, seccomp: OCISeccomp?, facts: HostFacts, inUserNamespace: Bool,
        preservedDescriptors: Int, gated: Bool
    ) throws(OCIError) {
        let user = process.user ?? OCIUser()
        let (uid, gid) = (user.uid ?? 0, user.gid ?? 0)
        try addLimits(process)
        // The working folder as root: it may be closed to the program's user. Checked to be inside (CVE-2024-21626).
        add(StageOperation(MARTINET_OP_CHDIR, "chdir(\(process.cwd))", texts: [process.cwd]))
        // The program may open /dev/stdout again, which asks who owns the pipe.
        add(StageOperation(MARTINET_OP_CHOWN_STDIO, "fchown(stdio)", a: UInt64(uid), b: UInt64(gid)))
        add(StageOperation(MARTINET_OP_UMASK, "umask", a: UInt64((user.umask ?? 0o022) & 0o777)))

        var sets: [UInt64] = []
        let asked = process.capabilities
        var lost: UInt64 = 0
        for names in [asked?.bounding, asked?.effective, asked?.permitted, asked?.inheritable, asked?.ambient] {
            let mask = try LinuxNumbers.mask(names)
            let given = inUserNamespace ? mask : mask & facts.capabilities
            lost |= mask & ~given
            sets.append(given)
        }
        if lost != 0 {
            notes.append("process.capabilities: this machine cannot give \(LinuxNumbers.names(lost))")
        }
        let (bounding, effective, permitted, inheritable, ambient) = (sets[0], sets[1], sets[2], sets[3], sets[4])
        // Dropping from the bounding set needs CAP_SETPCAP, which the ids' change would take away.
        add(StageOperation(MARTINET_OP_BOUNDING, "prctl(PR_CAPBSET_DROP)", a: bounding))
        add(StageOperation(MARTINET_OP_KEEPCAPS, "prctl(PR_SET_KEEPCAPS)", a: 1))
        // Groups before the user: afterwards there is no right to change them.
        var groups: [UInt8] = []
        for group in user.additionalGids ?? [] { withUnsafeBytes(of: group) { groups.append(contentsOf: $0) } }
        add(StageOperation(MARTINET_OP_GROUPS, "setgroups(\(user.additionalGids ?? []))", strings: [groups]))
        add(StageOperation(MARTINET_OP_SETGID, "setresgid(\(gid))", a: UInt64(gid)))
        add(StageOperation(MARTINET_OP_SETUID, "setresuid(\(uid))", a: UInt64(uid)))
        add(StageOperation(MARTINET_OP_KEEPCAPS, "prctl(PR_SET_KEEPCAPS)", a: 0))
        let first = UInt64(clamping: 3 + max(0, min(preservedDescriptors, 1024)))
        add(StageOperation(MARTINET_OP_CLOEXEC, "close_range(\(first))", a: first))
        // Created, not started: all that can fail has been tried, but the program itself.
        if gated { add(StageOperation(MARTINET_OP_GATE, "accept(start)")) }

        let last = StageOperation(
            MARTINET_OP_CAPSET, "capset", a: effective & permitted, b: permitted, c: inheritable)
        let ambientStep = StageOperation(
            MARTINET_OP_AMBIENT, "prctl(PR_CAP_AMBIENT)", a: ambient & permitted & inheritable)
        let filter = try seccomp.map { seccomp throws(OCIError) in
            StageOperation(
                MARTINET_OP_SECCOMP, "seccomp", strings: [try SeccompFilter(seccomp).bytes()],
                a: try SeccompFilter.flags(seccomp))
        }
        if process.noNewPrivileges == true {
            // With it a filter needs no privilege, so it comes as late as can be: it judges the program, not the stage.
            add(last)
            add(ambientStep)
            add(StageOperation(MARTINET_OP_NO_NEW_PRIVS, "prctl(PR_SET_NO_NEW_PRIVS)"))
            if let filter { add(filter) }
        } else {
            if let filter {
                // Without it seccomp(2) needs CAP_SYS_ADMIN, which the final set may lack.
                let all = permitted | LinuxNumbers.sysAdmin
                add(StageOperation(MARTINET_OP_CAPSET, "capset(for seccomp)", a: all, b: all, c: inheritable))
                add(filter)
            }
            add(last)
            add(ambientStep)
        }
        try addExec(process)
    }

    private mutating func addLimits(_ process: OCIProcess) throws(OCIError) {
        for limit in process.rlimits ?? [] {
            guard let number = LinuxNumbers.rlimits.firstIndex(of: limit.type) else {
                throw OCIError(code: .invalid, message: "process.rlimits: \(limit.type) is not known")
            }
            guard limit.soft <= limit.hard else {
                throw OCIError(code: .invalid, message: "process.rlimits: \(limit.type) has a soft limit over its hard")
            }
            add(
                StageOperation(
                    MARTINET_OP_RLIMIT, "setrlimit(\(limit.type), \(limit.soft), \(limit.hard))", a: UInt64(number),
                    b: limit.soft, c: limit.hard))
        }
    }

    private mutating func addExec(_ process: OCIProcess) throws(OCIError) {
        guard let args = process.args, let program = args.first, !program.isEmpty else {
            throw OCIError(code: .invalid, message: "process.args: a program is needed")
        }
        let env = process.env ?? []
        var candidates = [program]
        if !program.utf8.contains(47) {
            // The container's PATH, as execvp(3) would search it; the empty entry is the working folder.
            let path =
                env.last { $0.hasPrefix("PATH=") }?.dropFirst(5)
                ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            candidates = path.split(separator: ":", omittingEmptySubsequences: false).prefix(256).map {
                $0.isEmpty ? "./" + program : $0 + "/" + program
            }
        }
        guard args.count + env.count <= 1 << 20 else {
            throw OCIError(code: .invalid, message: "process.args: too many arguments and variables")
        }
        add(
            StageOperation(
                MARTINET_OP_EXEC, "exec(\(program))", texts: candidates + args + env, a: UInt64(candidates.count),
                b: UInt64(args.count), c: UInt64(env.count)))
    }
}
