import CMartinetStage
package import MartinetOCI

/// What a container's plan is made from, beside its specification.
package struct ContainerPlanInputs: Sendable {
    package var spec: OCISpec
    /// Absolute; relative paths of the specification start here.
    package var bundle: String
    package var facts: HostFacts
    /// The container's cgroup below each hierarchy's mount point, such as `/kubepods/pod1/c1`.
    package var cgroupPath: String
    /// The `cgroup.procs` files to enter, each made already.
    package var cgroupProcs: [String]
    /// Move the root instead of pivot_root(2), for a root on the initial ramfs.
    package var noPivot: Bool
    /// Keep the caller's session keyring.
    package var noNewKeyring: Bool
    /// Descriptors from 3 on that the program keeps.
    package var preservedDescriptors: Int
    /// Stop once the namespaces are there, so that hooks can look at them.
    package var pausesForHooks: Bool
    /// The mount that holds the rootfs, needed where the rootfs' mounts are shared with the host.
    package var rootfsParentMount: String?

    package init(
        spec: OCISpec, bundle: String, facts: HostFacts, cgroupPath: String, cgroupProcs: [String],
        noPivot: Bool = false, noNewKeyring: Bool = false, preservedDescriptors: Int = 0, pausesForHooks: Bool = false,
        rootfsParentMount: String? = nil
    ) {
        self.spec = spec
        self.bundle = bundle
        self.facts = facts
        self.cgroupPath = cgroupPath
        self.cgroupProcs = cgroupProcs
        self.noPivot = noPivot
        self.noNewKeyring = noNewKeyring
        self.preservedDescriptors = preservedDescriptors
        self.pausesForHooks = pausesForHooks
        self.rootfsParentMount = rootfsParentMount
    }

    /// Whether a namespace of that type is made new for the container.
    func hasNew(_ type: String) -> Bool {
        (spec.linux?.namespaces ?? []).contains { $0.type == type && ($0.path ?? "").isEmpty }
    }

    /// Whether the container is in a user namespace other than the host's.
    var hasUserNamespace: Bool { (spec.linux?.namespaces ?? []).contains { $0.type == "user" } }
}

extension StagePlan {
    /// The plan that creates a container and executes its program once the gate opens.
    ///
    /// Throws `OCIError` naming the field that is wrong or that the stage cannot honour.
    package static func container(_ inputs: ContainerPlanInputs) throws(OCIError) -> StagePlan {
        let spec = inputs.spec
        try refuseUnsupported(spec)
        guard let process = spec.process else {
            throw OCIError(code: .invalid, message: "process: a container needs one")
        }
        guard let root = spec.root else { throw OCIError(code: .invalid, message: "root: a container needs one") }
        guard inputs.hasNew("mount") else {
            throw OCIError(
                code: .unsupported, message: "linux.namespaces: a container needs a new mount namespace")
        }
        var plan = StagePlan()
        plan.enterCgroup(inputs.cgroupProcs)
        plan.addOOMScore(process, inputs.facts)
        try plan.addNamespaces(inputs)
        // A session of its own before any terminal can become its own.
        plan.add(StageOperation(MARTINET_OP_SETSID, "setsid"))
        if !inputs.noNewKeyring {
            plan.add(StageOperation(MARTINET_OP_KEYRING, "keyctl(join session)", texts: ["_ses"]))
        }
        // Names and kernel settings while the host's /proc is still there: the container's own may be read-only.
        if let hostname = spec.hostname {
            plan.add(StageOperation(MARTINET_OP_HOSTNAME, "sethostname(\(hostname))", texts: [hostname]))
        }
        if let domainname = spec.domainname {
            plan.add(StageOperation(MARTINET_OP_DOMAINNAME, "setdomainname(\(domainname))", texts: [domainname]))
        }
        try plan.addSysctls(spec)
        try plan.addRoot(inputs, root)
        for mount in spec.mounts ?? [] { try plan.add(mount, inputs: inputs) }
        try plan.addDevices(inputs)
        if process.terminal == true {
            // After devpts is mounted, before the pivot: its descriptor travels out, its file becomes /dev/console.
            plan.add(plan.console(process, bindsConsole: true))
        }
        plan.addHiddenPaths(spec)
        // The working folder must be there before the root becomes read-only.
        plan.add(
            StageOperation(
                MARTINET_OP_MKDIR, "mkdir(\(process.cwd))", texts: [process.cwd], a: 0o755, flags: .inRoot))
        if root.readonly == true {
            plan.add(
                StageOperation(
                    MARTINET_OP_REMOUNT, "mount(read-only /)", texts: ["/"], a: LinuxNumbers.readOnly, flags: .inRoot))
        }
        plan.add(
            StageOperation(MARTINET_OP_PIVOT, "pivot_root(\(root.path))", flags: inputs.noPivot ? .noPivot : []))
        if let propagation = spec.linux?.rootfsPropagation, !propagation.isEmpty {
            guard let flags = LinuxNumbers.propagations[propagation] else {
                throw OCIError(code: .invalid, message: "linux.rootfsPropagation: \(propagation) is not known")
            }
            plan.add(
                StageOperation(MARTINET_OP_PROPAGATION, "mount(propagation of /)", texts: ["/"], a: flags))
        }
        try plan.addProcess(
            process, seccomp: spec.linux?.seccomp, facts: inputs.facts, inUserNamespace: inputs.hasUserNamespace,
            preservedDescriptors: inputs.preservedDescriptors, gated: true)
        return plan
    }

    mutating func enterCgroup(_ files: [String]) {
        // First, and by the starter: all that the container costs is charged to it, and a new cgroup namespace has the
        // container's cgroup as its root.
        for file in files {
            add(StageOperation(MARTINET_OP_WRITE, "write(\(file))", texts: [file, "0"]))
        }
    }

    mutating func addOOMScore(_ process: OCIProcess, _ facts: HostFacts) {
        guard let wanted = process.oomScoreAdj else { return }
        // Inherited by the child; needs the host's /proc and its capabilities.
        var value = max(-1000, min(1000, wanted))
        if value < facts.oomScoreAdjMin {
            notes.append("process.oomScoreAdj: \(value) needs CAP_SYS_RESOURCE, \(facts.oomScoreAdjMin) was set")
            value = facts.oomScoreAdjMin
        }
        add(
            StageOperation(
                MARTINET_OP_WRITE, "write(oom_score_adj)", texts: ["/proc/self/oom_score_adj", String(value)]))
    }

    mutating func addSysctls(_ spec: OCISpec) throws(OCIError) {
        for (name, value) in (spec.linux?.sysctl ?? [:]).sorted(by: { $0.key < $1.key }) {
            let parts = name.contains("/") ? name.split(separator: "/") : name.split(separator: ".")
            guard !parts.isEmpty, !parts.contains(where: { $0 == ".." || $0 == "." }) else {
                throw OCIError(code: .invalid, message: "linux.sysctl: \(name) is no name of a kernel setting")
            }
            let namespaces = Set((spec.linux?.namespaces ?? []).map(\.type))
            let isolated =
                (parts[0] == "net" && namespaces.contains("network"))
                || (parts[0] == "fs" && parts.count > 1 && parts[1] == "mqueue" && namespaces.contains("ipc"))
                || (parts[0] == "kernel" && parts.count > 1 && namespaces.contains("ipc")
                    && (parts[1].hasPrefix("shm") || parts[1].hasPrefix("msg") || parts[1] == "sem"))
                || (name == "kernel.domainname" && namespaces.contains("uts"))
            guard isolated else {
                throw OCIError(
                    code: .invalid,
                    message: "linux.sysctl: \(name) would change the host: it has no namespace of this container")
            }
            let path = "/proc/sys/" + parts.joined(separator: "/")
            add(StageOperation(MARTINET_OP_WRITE, "write(\(path))", texts: [path, value]))
        }
    }

    mutating func addHiddenPaths(_ spec: OCISpec) {
        // After the mounts they hide parts of, before the pivot so that they resolve inside the root.
        for path in spec.linux?.readonlyPaths ?? [] {
            add(StageOperation(MARTINET_OP_READONLY, "readonly(\(path))", texts: [path], flags: [.inRoot, .optional]))
        }
        for path in spec.linux?.maskedPaths ?? [] {
            add(StageOperation(MARTINET_OP_MASK, "mask(\(path))", texts: [path], flags: [.inRoot, .optional]))
        }
    }

    func console(_ process: OCIProcess, bindsConsole: Bool) -> StageOperation {
        StageOperation(
            MARTINET_OP_CONSOLE, "open(/dev/pts/ptmx)", a: UInt64(process.consoleSize?.width ?? 0),
            b: UInt64(process.consoleSize?.height ?? 0), c: bindsConsole ? 1 : 0)
    }

    static func refuseUnsupported(_ spec: OCISpec) throws(OCIError) {
        for (present, name) in [
            (spec.vm != nil, "vm"), (spec.windows != nil, "windows"), (spec.solaris != nil, "solaris"),
            (spec.zos != nil, "zos"), (spec.linux?.intelRdt != nil, "linux.intelRdt"),
            (!(spec.linux?.mountLabel ?? "").isEmpty, "linux.mountLabel"),
            (!(spec.hooks?.createContainer ?? []).isEmpty, "hooks.createContainer"),
            (!(spec.hooks?.startContainer ?? []).isEmpty, "hooks.startContainer"),
        ] where present {
            throw OCIError(code: .unsupported, message: "\(name) is not supported")
        }
        if let process = spec.process { try refuseUnsupported(process) }
    }

    static func refuseUnsupported(_ process: OCIProcess) throws(OCIError) {
        let profile = process.apparmorProfile ?? ""
        for (present, name) in [
            (!(process.selinuxLabel ?? "").isEmpty, "process.selinuxLabel"),
            (!profile.isEmpty && profile != "unconfined", "process.apparmorProfile"),
            (process.scheduler != nil, "process.scheduler"), (process.ioPriority != nil, "process.ioPriority"),
            (process.execCPUAffinity != nil, "process.execCPUAffinity"),
        ] where present {
            throw OCIError(code: .unsupported, message: "\(name) is not supported")
        }
    }
}
