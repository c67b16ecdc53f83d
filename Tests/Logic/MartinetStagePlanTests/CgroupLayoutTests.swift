import MartinetStagePlan
import Testing

@Suite struct CgroupLayoutTests {
    @Test func aHybridMachineUsesVersionOne() {
        let layout = CgroupLayout(
            mountinfo: """
                32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
                35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:3 - cgroup cgroup rw,memory
                40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
                41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
                """)
        #expect(!layout.isUnified)
        #expect(layout.folders(path: "/a") == ["/sys/fs/cgroup/cpu/a", "/sys/fs/cgroup/memory/a"])
        #expect(layout.folder(of: "pids", path: "/a") == nil)
    }

    @Test func aMachineOfVersionTwoHasOneFolder() {
        let layout = CgroupLayout(mountinfo: "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\nbroken\n\n1 2 - x")
        #expect(layout.folders(path: "/a") == ["/sys/fs/cgroup/a"])
        #expect(layout.folder(of: "memory", path: "/a") == "/sys/fs/cgroup/a")
    }
}
