import Glibc
import MartinetOCI
import MartinetStagePlan
import Testing

@testable import MartinetContainers

@Suite(.enabled(if: Bench.isRoot, "needs root and /bin/busybox"), .timeLimit(.minutes(2)), .serialized)
struct UnifiedCgroupTests {
    /// Where version 2 is mounted here, pure or hybrid.
    static let mountPoint = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first {
        Files.exists($0 + "/cgroup.procs") && Files.exists($0 + "/cgroup.controllers")
    }

    @Test(.enabled(if: mountPoint != nil, "needs cgroup version 2"))
    func devicesAreLimitedByAProgram() throws {
        let bench = try Bench(unified: Self.mountPoint)
        var spec = bench.spec(
            "b=/bin/busybox; $b mknod /dev/shm/mem c 1 1 && $b head -c 1 /dev/shm/mem; $b head -c 3 /dev/zero | $b wc -c; $b cat /proc/self/cgroup | $b grep 0::",
            id: "c")
        let kept = ["CAP_MKNOD"]
        spec.process?.capabilities = OCICapabilities(bounding: kept, effective: kept, permitted: kept)
        spec.mounts = spec.mounts?.map { mount in
            var mount = mount
            mount.options = mount.options?.filter { $0 != "nodev" }
            return mount
        }
        let (_, output) = try bench.run(spec)
        #expect(output == "head: /dev/shm/mem: Operation not permitted\n3\n0::/\n")
    }

    @Test(.enabled(if: mountPoint != nil, "needs cgroup version 2"))
    func aFrozenCgroupStopsAndAKilledOneIsEmpty() throws {
        let bench = try Bench(unified: Self.mountPoint)
        let connection = try bench.monitor()
        let container = try bench.runtime.create(
            bench.request("c", bench.spec("while true; do :; done", id: "c")), on: connection)
        try bench.runtime.start(container, on: connection)
        try container.cgroup.freeze(true)
        #expect(container.cgroup.isFrozen)
        try container.cgroup.freeze(false)
        container.cgroup.signalAll(SIGKILL)
        #expect(try bench.exit(of: "c")?.exitCode == 137)
        try container.cgroup.remove()
        #expect(!container.cgroup.exists)
    }

    @Test func aDeviceRuleIsWrittenAsVersionOneWantsIt() {
        let rules = DeviceRules([
            OCIDeviceRule(allow: false, access: "rwm"),
            OCIDeviceRule(allow: true, type: "c", major: 10, minor: 229, access: "rw"),
        ])
        #expect(rules.lines.prefix(2).map(\.text) == ["a", "c 10:229 rw"])
        #expect(rules.lines.last?.text == "b *:* m")
    }
}
