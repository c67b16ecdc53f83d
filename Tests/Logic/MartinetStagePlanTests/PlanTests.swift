import MartinetOCI
import MartinetStagePlan
import Testing

@Suite struct PlanTests {
    private let facts = HostFacts(
        capabilities: ~0 & ~(1 << 24), oomScoreAdjMin: 0, cgroups: CgroupLayout(hierarchies: [], unified: "/cg"))

    private func inputs(_ change: (inout OCISpec) -> Void = { _ in }) -> ContainerPlanInputs {
        var spec = OCISpec(
            process: OCIProcess(args: ["app", "-v"], env: ["PATH=/bin:/usr/bin", "A=b"], cwd: "/work"),
            root: OCIRoot(path: "rootfs", readonly: true), hostname: "h",
            mounts: [
                OCIMount(destination: "/proc", type: "proc", source: "proc", options: ["nosuid"]),
                OCIMount(
                    destination: "/data", type: "bind", source: "/host/data", options: ["rbind", "ro", "rprivate"]),
            ])
        spec.process?.user = OCIUser(uid: 7, gid: 8, additionalGids: [9])
        spec.linux = OCILinux(namespaces: [
            OCINamespace(type: "mount"), OCINamespace(type: "pid"), OCINamespace(type: "network", path: "/ns/net"),
            OCINamespace(type: "ipc", path: "/ns/ipc"),
        ])
        spec.linux?.maskedPaths = ["/proc/kcore"]
        spec.linux?.readonlyPaths = ["/proc/sys"]
        change(&spec)
        return ContainerPlanInputs(
            spec: spec, bundle: "/b", facts: facts, cgroupPath: "/c", cgroupProcs: ["/cg/c/cgroup.procs"])
    }

    @Test func theOrderOfTheStepsIsKept() throws {
        let plan = try StagePlan.container(inputs())
        #expect(
            plan.operations.map(\.label) == [
                "write(/cg/c/cgroup.procs)", "setns(/ns/ipc)", "setns(/ns/net)", "clone(mount pid)", "setsid",
                "keyctl(join session)", "sethostname(h)", "mount(rslave /)", "mount(/b/rootfs)", "open(/b/rootfs)",
                "mount(proc → /proc)", "mount(/host/data → /data)", "mount(flags of /data)",
                "mount(propagation of /data)", "mknod(/dev/null)", "mknod(/dev/zero)", "mknod(/dev/full)",
                "mknod(/dev/random)", "mknod(/dev/urandom)", "mknod(/dev/tty)", "symlink(/dev/fd)",
                "symlink(/dev/stdin)", "symlink(/dev/stdout)", "symlink(/dev/stderr)", "symlink(/dev/ptmx)",
                "readonly(/proc/sys)", "mask(/proc/kcore)", "mkdir(/work)", "mount(read-only /)",
                "pivot_root(rootfs)", "chdir(/work)", "fchown(stdio)", "umask", "prctl(PR_CAPBSET_DROP)",
                "prctl(PR_SET_KEEPCAPS)", "setgroups([9])", "setresgid(8)", "setresuid(7)",
                "prctl(PR_SET_KEEPCAPS)", "close_range(3)", "accept(start)", "capset", "prctl(PR_CAP_AMBIENT)",
                "exec(app)",
            ])
        let exec = try #require(plan.operations.last)
        #expect(
            exec.strings.map { String(decoding: $0, as: UTF8.self) } == [
                "/bin/app", "/usr/bin/app", "app", "-v", "PATH=/bin:/usr/bin", "A=b",
            ])
        #expect((exec.a, exec.b, exec.c) == (2, 2, 2))
    }

    @Test func theBytesSayTheirOwnLength() throws {
        let bytes = try StagePlan.container(inputs()).bytes()
        let words = bytes.withUnsafeBytes { raw in
            (0..<4).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
        }
        #expect(words == [0x4754_534D, 1, UInt32(bytes.count), 44])
        #expect(bytes.count % 8 == 0)
        var evil = inputs()
        evil.spec.process?.args = ["a\0b"]
        #expect(throws: OCIError.self) { try StagePlan.container(evil).bytes() }
    }

    @Test func whatIsNotSupportedIsRefusedByName() {
        let cases: [(String, (inout OCISpec) -> Void)] = [
            ("process.apparmorProfile is not supported", { $0.process?.apparmorProfile = "docker-default" }),
            ("process.selinuxLabel is not supported", { $0.process?.selinuxLabel = "a:b" }),
            ("vm is not supported", { $0.vm = OCIPresence() }),
            (
                "mount /x: the option tmpcopyup is not supported",
                { $0.mounts = [OCIMount(destination: "/x", type: "tmpfs", options: ["tmpcopyup"])] }
            ),
            ("mount x: the destination is not absolute", { $0.mounts = [OCIMount(destination: "x", type: "tmpfs")] }),
            (
                "linux.namespaces: pid is there twice",
                { $0.linux?.namespaces = [.init(type: "mount"), .init(type: "pid"), .init(type: "pid")] }
            ),
            (
                "linux.sysctl: kernel.panic would change the host: it has no namespace of this container",
                { $0.linux?.sysctl = ["kernel.panic": "1"] }
            ),
            (
                "linux.sysctl: net/../kernel/panic is no name of a kernel setting",
                { $0.linux?.sysctl = ["net/../kernel/panic": "1"] }
            ),
            (
                "linux.seccomp.listenerPath is not supported",
                {
                    $0.linux?.seccomp = OCISeccomp(defaultAction: "SCMP_ACT_ALLOW");
                    $0.linux?.seccomp?.listenerPath = "/s"
                }
            ),
            (
                "process.rlimits: RLIMIT_X is not known",
                { $0.process?.rlimits = [OCIRlimit(type: "RLIMIT_X", hard: 1, soft: 1)] }
            ),
            (
                "process.capabilities: CAP_FLY is no capability known here",
                { $0.process?.capabilities = OCICapabilities(effective: ["CAP_FLY"]) }
            ),
            (
                "linux.uidMappings: only a new user namespace can have mappings",
                { $0.linux?.uidMappings = [OCIIDMapping(containerID: 0, hostID: 1, size: 1)] }
            ),
        ]
        for (message, change) in cases {
            let error = #expect(throws: OCIError.self) { try StagePlan.container(inputs(change)) }
            #expect(error?.message == message)
        }
    }

    @Test func whatThisMachineCannotGiveIsNoted() throws {
        let plan = try StagePlan.container(
            inputs {
                $0.process?.oomScoreAdj = -997
                $0.process?.capabilities = OCICapabilities(
                    bounding: ["CAP_SYS_RESOURCE", "CAP_CHOWN"], effective: ["CAP_CHOWN"])
            })
        #expect(
            plan.notes == [
                "process.oomScoreAdj: -997 needs CAP_SYS_RESOURCE, 0 was set",
                "process.capabilities: this machine cannot give CAP_SYS_RESOURCE",
            ])
    }

    @Test func aNewUserNamespaceIsMappedByTheStarterBeforeTheChildGoesOn() throws {
        let plan = try StagePlan.container(
            inputs {
                $0.linux?.namespaces?.append(OCINamespace(type: "user"))
                $0.linux?.uidMappings = [OCIIDMapping(containerID: 0, hostID: 100_000, size: 65_536)]
                $0.linux?.gidMappings = [OCIIDMapping(containerID: 0, hostID: 100_000, size: 65_536)]
            })
        let labels = plan.operations.map(\.label)
        let clone = try #require(labels.firstIndex { $0.hasPrefix("clone") })
        #expect(
            Array(labels[(clone + 1)...(clone + 7)]) == [
                "write(uid_map)", "write(gid_map)", "read(starter)", "setgroups()", "setresgid(0)", "setresuid(0)",
                "prctl(PR_SET_DUMPABLE)",
            ])
        #expect(labels.contains("mount(/dev/null)") && !labels.contains("mknod(/dev/null)"))
    }

    @Test func aFilterWithoutNoNewPrivilegesIsInstalledWhileThePrivilegeIsThere() throws {
        func order(_ noNewPrivileges: Bool) throws -> [String] {
            let plan = try StagePlan.container(
                inputs {
                    $0.process?.noNewPrivileges = noNewPrivileges
                    $0.linux?.seccomp = OCISeccomp(defaultAction: "SCMP_ACT_ALLOW")
                })
            return plan.operations.map(\.label).suffix { $0 != "accept(start)" }
        }
        #expect(
            try order(true) == [
                "capset", "prctl(PR_CAP_AMBIENT)", "prctl(PR_SET_NO_NEW_PRIVS)", "seccomp", "exec(app)",
            ])
        #expect(
            try order(false) == ["capset(for seccomp)", "seccomp", "capset", "prctl(PR_CAP_AMBIENT)", "exec(app)"])
    }

    @Test func anExecJoinsTheUserNamespaceLateAndTheMountNamespaceLast() throws {
        var spec = OCISpec()
        spec.linux = OCILinux(
            namespaces: ["mount", "user", "pid", "network", "cgroup"].map { OCINamespace(type: $0) })
        let plan = try StagePlan.exec(
            process: OCIProcess(args: ["/x"]), in: spec, pid: 42, facts: facts, cgroupProcs: [])
        #expect(
            plan.operations.map(\.label).filter { $0.hasPrefix("setns") } == [
                "setns(/proc/42/ns/cgroup)", "setns(/proc/42/ns/net)", "setns(/proc/42/ns/pid)",
                "setns(/proc/42/ns/user)", "setns(/proc/42/ns/mnt)",
            ])
        #expect(plan.operations.first?.label == "prctl(PR_SET_DUMPABLE)")
    }
}

extension [String] {
    /// What comes behind the last element that does not hold.
    fileprivate func suffix(_ holds: (String) -> Bool) -> [String] {
        Array(self[(lastIndex { !holds($0) }.map { $0 + 1 } ?? 0)...])
    }
}
