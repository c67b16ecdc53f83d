import Glibc
import MartinetBase
import MartinetContainers
import MartinetOCI
import Testing

@Suite(.enabled(if: Bench.isRoot, "needs root and /bin/busybox"), .timeLimit(.minutes(2)), .serialized)
struct ContainerTests {
    @Test func aContainerHasNamespacesOfItsOwn() throws {
        let bench = try Bench()
        let script =
            "b=/bin/busybox; echo $$; $b hostname; for n in pid net ipc uts mnt; do $b readlink /proc/self/ns/$n; done"
        let (status, output) = try bench.run(bench.spec(script, id: "c"))
        #expect(status.exitCode == 0)
        let lines = output.split(separator: "\n").map(String.init)
        #expect(lines.prefix(2) == ["1", "martinet"])
        #expect(lines.count == 7)
        for line in lines.dropFirst(2) {
            let file = "/proc/self/ns/" + line.prefix { $0 != ":" }
            var buffer = [CChar](repeating: 0, count: 64)
            readlink(file, &buffer, 63)
            #expect(
                !line.isEmpty
                    && !line.elementsEqual(
                        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            )
        }
    }

    @Test func theProgramRunsAsItsUserWithItsGroupsAndLimits() throws {
        let bench = try Bench()
        var spec = bench.spec(
            "b=/bin/busybox; $b id; $b grep -E 'Groups|CapEff|CapBnd|NoNewPrivs' /proc/self/status; ulimit -n; umask; echo to-stdout > /dev/stdout; $b pwd",
            id: "c")
        spec.process?.user = OCIUser(uid: 1000, gid: 1001, umask: 0o27, additionalGids: [5, 6])
        spec.process?.rlimits = [OCIRlimit(type: "RLIMIT_NOFILE", hard: 512, soft: 256)]
        spec.process?.cwd = "/made/here"
        let (status, output) = try bench.run(spec)
        #expect(status.exitCode == 0)
        #expect(output.contains("uid=1000 gid=1001"))
        #expect(output.contains("Groups:\t5 6"))
        // Not root and nothing ambient: the bounding set stays, the effective one is lost at exec (capabilities(7)).
        #expect(output.contains("CapEff:\t0000000000000000"))
        #expect(output.contains("CapBnd:\t0000000020000420"))
        #expect(output.contains("NoNewPrivs:\t1"))
        #expect(output.contains("\n256\n0027\nto-stdout\n/made/here\n"))
    }

    @Test func whatIsReadOnlyOrMaskedStaysSo() throws {
        let bench = try Bench()
        let (_, output) = try bench.run(
            bench.spec(
                "b=/bin/busybox; $b touch /x; echo 1 > /proc/sys/vm/swappiness; $b ls /sys/firmware | $b wc -l; $b wc -c < /proc/timer_list; $b mkdir /sys/fs/cgroup/memory/x; echo ok > /dev/shm/f && $b cat /dev/shm/f",
                id: "c"))
        #expect(output.contains("touch: /x: Read-only file system"))
        #expect(output.contains("can't create /proc/sys/vm/swappiness: Read-only file system"))
        #expect(output.contains("\n0\n0\n"))
        #expect(output.contains("ok"))
        #expect(!Files.exists("/sys/fs/cgroup/memory/\(bench.name)/c/x"))
    }

    @Test func aDeniedSystemCallFailsWithItsErrno() throws {
        for noNewPrivileges in [true, false] {
            let bench = try Bench()
            var spec = bench.spec("/bin/busybox mkdir /dev/shm/d; /bin/busybox kill -0 1 && echo alive", id: "c")
            spec.process?.noNewPrivileges = noNewPrivileges
            spec.linux?.seccomp = OCISeccomp(
                defaultAction: "SCMP_ACT_ALLOW",
                syscalls: [
                    OCISeccomp.Rule(
                        names: ["mkdir", "mkdirat", "no_such_call"], action: "SCMP_ACT_ERRNO", errnoRet: 95),
                    OCISeccomp.Rule(
                        names: ["kill"], action: "SCMP_ACT_ERRNO", errnoRet: 1,
                        args: [OCISeccomp.Argument(index: 1, value: 9, op: "SCMP_CMP_EQ")]),
                ])
            let (_, output) = try bench.run(spec)
            #expect(output == "mkdir: can't create directory '/dev/shm/d': Operation not supported\nalive\n")
        }
    }

    @Test func aKernelSettingIsTheNamespacesOwn() throws {
        let bench = try Bench()
        var spec = bench.spec("/bin/busybox cat /proc/sys/net/ipv4/ip_unprivileged_port_start", id: "c")
        spec.linux?.sysctl = ["net.ipv4.ip_unprivileged_port_start": "77"]
        #expect(try bench.run(spec).output == "77\n")
        spec.linux?.sysctl = ["vm.swappiness": "1"]
        #expect(throws: OCIError.self) { _ = try Bench().run(spec) }
    }

    @Test func exitCodesAndSignalsAreTold() throws {
        let bench = try Bench()
        let (status, output) = try bench.run(bench.spec("echo out; echo err >&2; exit 42", id: "c"))
        #expect(status.exitCode == 42 && status.signal == 0)
        #expect(output == "out\nerr\n")
        #expect(try bench.text("c", stream: "stderr") == "err\n")
        let other = try Bench()
        let connection = try other.monitor()
        let container = try other.runtime.create(
            other.request("s", other.spec("exec /bin/busybox sleep 100", id: "s")), on: connection)
        try other.runtime.start(container, on: connection)
        try connection.signal("s", SIGKILL)
        let killed = try #require(try other.exit(of: "s"))
        #expect(killed.exitCode == 137 && killed.signal == 9 && !killed.isOOMKilled)
        try connection.remove("s")
        #expect(try connection.status().isEmpty)
        try connection.shutdown()
    }

    @Test func aProgramThatIsNotThereIsNamed() throws {
        let bench = try Bench()
        let connection = try bench.monitor()
        var spec = bench.spec("", id: "c")
        spec.process?.args = ["nothing-here"]
        let container = try bench.runtime.create(bench.request("c", spec), on: connection)
        let error = #expect(throws: SystemError.self) { try bench.runtime.start(container, on: connection) }
        #expect(error.map { "\($0)" } == "exec(nothing-here): ENOENT (No such file or directory)")
    }

    @Test func aMountLinkedOutOfTheRootStaysInside() throws {
        let bench = try Bench()
        // A hostile image: its /escape leads to the host's /tmp by an absolute link.
        #expect(symlink(bench.folder, bench.bundle + "/rootfs/escape") == 0)
        var spec = bench.spec("/bin/busybox ls \(bench.folder)", id: "c")
        spec.root?.readonly = false
        spec.mounts?.append(OCIMount(destination: "/escape/inside", type: "tmpfs", source: "tmpfs"))
        let (status, output) = try bench.run(spec)
        #expect(status.exitCode == 0)
        #expect(output == "inside\n")
        #expect(!Files.exists(bench.folder + "/inside"))
    }

    @Test func memoryOverTheLimitEndsOOMKilled() throws {
        let bench = try Bench()
        var spec = bench.spec("x=a; while true; do x=$x$x; done", id: "c")
        spec.linux?.resources?.memory = OCIMemory(limit: 16 << 20)
        let (status, _) = try bench.run(spec)
        #expect(status.isOOMKilled && status.exitCode == 137 && status.oomKills >= 1)
    }

    @Test func theProcessorLimitShowsInTheKernelsCounters() throws {
        let bench = try Bench()
        var spec = bench.spec("while true; do :; done", id: "c")
        spec.linux?.resources?.cpu = OCICPU(shares: 512, quota: 10_000, period: 100_000)
        let connection = try bench.monitor()
        let container = try bench.runtime.create(bench.request("c", spec), on: connection)
        try bench.runtime.start(container, on: connection)
        #expect(bench.wait { container.cgroup.statistics().throttledPeriods >= 3 })
        let statistics = container.cgroup.statistics()
        #expect(statistics.cpuUsage > 0 && statistics.throttledTime > 0 && statistics.processes == 1)
        #expect(statistics.memoryUsage > 0)
    }
}
