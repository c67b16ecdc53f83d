import CMartinetContainers
import Glibc
import MartinetBase
import MartinetOCI
import MartinetStagePlan
import Synchronization
import Testing

@testable import MartinetContainers

@Suite(.enabled(if: Bench.isRoot, "needs root and /bin/busybox"), .timeLimit(.minutes(2)), .serialized)
struct MonitorTests {
    private func running(_ bench: Bench, _ script: String, stdin: Bool = false, terminal: Bool = false) throws -> (
        MonitorConnection, ContainerRuntime.Container
    ) {
        let connection = try bench.monitor()
        var spec = bench.spec(script, id: "c")
        spec.process?.terminal = terminal
        let container = try bench.runtime.create(bench.request("c", spec, stdin: stdin), on: connection)
        try bench.runtime.start(container, on: connection)
        return (connection, container)
    }

    @Test func longAndPartialLinesAreWholeToTheByte() throws {
        let bench = try Bench()
        let (status, output) = try bench.run(
            bench.spec(
                "b=/bin/busybox; $b head -c 40000 /dev/zero | $b tr '\\0' x; echo; echo; $b seq 1 200000; printf no-end",
                id: "c"))
        #expect(status.exitCode == 0)
        let expected =
            String(repeating: "x", count: 40000) + "\n\n" + (1...200_000).map { "\($0)\n" }.joined() + "no-end"
        #expect(output == expected)
        let first = try Files.read(bench.log("c"), limit: 1 << 30).prefix(47)
        #expect(String(decoding: first.dropFirst(30), as: UTF8.self) == " stdout P xxxxxxx")
        #expect(Timestamp(rfc3339: String(decoding: first.prefix(30), as: UTF8.self)) != nil)
    }

    @Test func execRunsInTheContainerAndTellsItsCode() throws {
        let bench = try Bench()
        let (connection, container) = try running(bench, "exec /bin/busybox sleep 100")
        var process = OCIProcess(args: ["sh", "-c", "cat; echo $$; hostname; exit 7"], env: ["PATH=/bin"])
        process.args = ["busybox", "sh", "-c", "/bin/busybox cat; /bin/busybox hostname; echo err >&2; exit 7"]
        let (inRead, inWrite) = try Descriptor.pipe()
        let (outRead, outWrite) = try Descriptor.pipe()
        do {
            let pid = try bench.runtime.exec(
                "e", process, in: container.spec, id: "c", pid: container.pid,
                descriptors: [inRead, outWrite, outWrite], on: connection)
            #expect(container.cgroup.processes().contains(pid))
        }
        let outputEnd = outRead
        try inWrite.writeAll(Array("given\n".utf8))
        try closing(inWrite)
        _ = outWrite
        let status = try #require(try bench.exit(of: "e"))
        #expect(status.exitCode == 7 && status.isExec)
        var buffer = [UInt8](repeating: 0, count: 100)
        let got = read(outputEnd.number, &buffer, 100)
        #expect(String(decoding: buffer.prefix(max(0, got)), as: UTF8.self) == "given\nmartinet\nerr\n")
    }

    /// A program may end before the process that started it does; on a busy machine it often does.
    @Test func programsThatEndAtOnceAreAnsweredAndTold() throws {
        let bench = try Bench()
        let (connection, container) = try running(bench, "exec /bin/busybox sleep 1000")
        let busy = try (0..<4).map { number in
            let id = "busy-\(number)"
            let spec = bench.spec("while :; do :; done", id: id)
            let container = try bench.runtime.create(bench.request(id, spec), on: connection)
            try bench.runtime.start(container, on: connection)
            return id
        }
        let null = try Descriptor.open("/dev/null", O_RDWR)
        let process = OCIProcess(args: ["/bin/busybox", "false"], env: [])
        for number in 0..<200 {
            _ = try bench.runtime.exec(
                "e\(number)", process, in: container.spec, id: "c", pid: container.pid,
                descriptors: [null, null, null], on: connection)
            #expect(try bench.exit(of: "e\(number)")?.exitCode == 1)
        }
        for id in busy { try connection.signal(id, SIGKILL) }
    }

    /// The same open file's last copy here: the reader sees the end.
    private func closing(_ descriptor: Descriptor) throws {
        let null = try Descriptor.open("/dev/null", O_RDWR)
        dup2(null.number, descriptor.number)
    }

    @Test func anExecsTerminalIsTheContainersOwn() throws {
        let bench = try Bench()
        let (connection, container) = try running(bench, "exec /bin/busybox sleep 100")
        var process = OCIProcess(
            args: ["/bin/busybox", "sh", "-c", "/bin/busybox tty; /bin/busybox stty size; exit 3"], terminal: true)
        process.consoleSize = OCIProcess.ConsoleSize(height: 33, width: 111)
        var ends: (Int32, Int32) = (-1, -1)
        try check("socketpair", "", martinet_socketpair(&ends.0, &ends.1))
        let (mine, theirs) = (Descriptor(owning: ends.0), Descriptor(owning: ends.1))
        _ = try bench.runtime.exec(
            "t", process, in: container.spec, id: "c", pid: container.pid, descriptors: [theirs], on: connection)
        let master = try OCIRuntime.receiveTerminal(mine)
        let status = try #require(try bench.exit(of: "t"))
        #expect(status.exitCode == 3)
        var buffer = [UInt8](repeating: 0, count: 200)
        let got = read(master.number, &buffer, 200)
        #expect(String(decoding: buffer.prefix(max(0, got)), as: UTF8.self) == "/dev/pts/0\r\n33 111\r\n")
    }

    @Test func attachingGivesInputAndOutput() throws {
        let bench = try Bench()
        let (connection, _) = try running(bench, "while read line; do echo got $line; done; exit 5", stdin: true)
        try connection.attach("c")
        try connection.write("c", Array("one\ntwo\n".utf8))
        try connection.closeInput("c")
        #expect(try bench.exit(of: "c")?.exitCode == 5)
        var seen: [UInt8] = []
        for event in bench.events.withLock({ $0 }) { if case .output("c", 1, let bytes) = event { seen += bytes } }
        #expect(String(decoding: seen, as: UTF8.self) == "got one\ngot two\n")
        #expect(try bench.text("c") == "got one\ngot two\n")
    }

    @Test func aTerminalContainerIsResizedAndLogged() throws {
        let bench = try Bench()
        let (connection, _) = try running(
            bench, "/bin/busybox tty; read x; /bin/busybox stty size; echo $x", terminal: true)
        try connection.resize("c", columns: 99, rows: 44)
        try connection.write("c", Array("typed\n".utf8))
        #expect(try bench.exit(of: "c")?.exitCode == 0)
        let text = try bench.text("c")
        #expect(text.contains("/dev/console") || text.contains("/dev/pts/0"))
        #expect(text.contains("44 99\r\ntyped\r\n"))
    }

    @Test func aRotatedLogGoesOnWithoutAGap() throws {
        let bench = try Bench()
        let (connection, _) = try running(bench, "read x; echo first; read x; echo second", stdin: true)
        try connection.write("c", [10])
        #expect(try bench.wait { try bench.text("c") == "first\n" })
        #expect(rename(bench.log("c"), bench.log("old")) == 0)
        try connection.reopenLog("c")
        try connection.write("c", [10])
        #expect(try bench.exit(of: "c") != nil)
        #expect(try bench.text("old") == "first\n" && bench.text("c") == "second\n")
    }

    @Test func whoConnectsLaterLearnsWhatEndedMeanwhile() throws {
        let bench = try Bench()
        do {
            let (connection, _) = try running(bench, "exit 9")
            _ = connection
        }
        let later = try bench.runtime.reconnect(folder: bench.pod) { _ in }
        #expect(try bench.wait { try later.connection.status().first?.state == .exited })
        #expect(try later.connection.status().first?.exitCode == 9)
        #expect(later.recovered.isEmpty)
        #expect(Files.exists(bench.pod + "/c.exit"))
    }

    /// Kill -9 of the monitor, again and again, while the container writes as fast as it can.
    @Test func aKilledMonitorLosesNoContainerAndNoByte() throws {
        let bench = try Bench()
        let started = try running(
            bench,
            "/bin/busybox seq 1 300000; printf part; /bin/busybox seq 1 100000 >&2; echo end; exec /bin/busybox sleep 1000"
        )
        var connection = started.0
        let container = started.1
        // Once all is written, the container sleeps.
        let isWritten = { try Files.text("/proc/\(container.pid)/cmdline").contains("busybox\0sleep") }
        for _ in 0..<12 {
            let pid = try #require(Int32(try Files.text(bench.pod + "/monitor.pid").filter(\.isNumber)))
            let before = try Files.size(bench.log("c"))
            #expect(try bench.wait { try Files.size(bench.log("c")) > before || isWritten() })
            kill(pid, SIGKILL)
            #expect(bench.wait { Host.startTime(of: pid) == nil })
            let (next, recovered) = try bench.runtime.reconnect(folder: bench.pod) { event in
                bench.events.withLock { $0.append(event) }
            }
            guard case .adopted(container.pid) = try #require(recovered["c"]) else {
                Issue.record("not adopted: \(recovered)")
                return
            }
            connection = next
        }
        #expect(try bench.wait { try isWritten() })
        kill(container.pid, SIGKILL)
        let status = try #require(try bench.exit(of: "c"))
        // Linux 6.15 tells a stranger's exit code; before, it is told as unknown and never guessed.
        #expect(status.exitCode == 137 || status.exitCode == nil)
        let numbers = { (count: Int) in (1...count).map { "\($0)\n" }.joined() }
        for (stream, expected) in [("stdout", numbers(300_000) + "partend\n"), ("stderr", numbers(100_000))] {
            let text = try bench.text("c", stream: stream)
            let same = zip(text.utf8, expected.utf8).prefix { $0 == $1 }.count
            #expect(
                text.utf8.count == expected.utf8.count && text == expected,
                "\(stream) differs at \(same): \(text.dropFirst(max(0, same - 20)).prefix(40).debugDescription)")
        }
        withExtendedLifetime(connection) {}
    }

    @Test func aFullDiskDelaysTheLogAndLosesNothing() throws {
        let bench = try Bench()
        let small = bench.folder + "/small"
        try Files.makeFolders(small)
        #expect(mount("stage-test", small, "tmpfs", 0, "size=128k") == 0)
        defer { umount2(small, Int32(MNT_DETACH)) }
        let connection = try bench.monitor()
        let spec = bench.spec("/bin/busybox seq 1 20000", id: "c")
        var request = bench.request("c", spec)
        request.logPath = small + "/log"
        let container = try bench.runtime.create(request, on: connection)
        try bench.runtime.start(container, on: connection)
        let isFull = { (event: MonitorConnection.Event) in
            if case .logBlocked("c", ENOSPC) = event { true } else { false }
        }
        #expect(bench.wait { bench.events.withLock { $0.contains(where: isFull) } })
        #expect(mount("stage-test", small, "tmpfs", UInt(MS_REMOUNT), "size=8m") == 0)
        #expect(try bench.exit(of: "c")?.exitCode == 0)
        #expect(symlink(small + "/log", bench.log("c")) == 0)
        let expected = (1...20_000).map { "\($0)\n" }.joined()
        // Its last line is a half until the disk has taken the rest.
        #expect(bench.wait { (try? bench.text("c")) == expected })
    }

    @Test func whatEndedWithoutAMonitorIsToldAsLost() throws {
        let bench = try Bench()
        let (connection, container) = try running(bench, "exec /bin/busybox sleep 100")
        let pid = try #require(Int32(try Files.text(bench.pod + "/monitor.pid").filter(\.isNumber)))
        kill(pid, SIGKILL)
        kill(container.pid, SIGKILL)
        #expect(bench.wait { Host.startTime(of: container.pid) == nil })
        // Told to everybody who asks, until it is removed.
        for _ in 0..<2 {
            let (_, recovered) = try bench.runtime.reconnect(folder: bench.pod) { _ in }
            guard case .lost = try #require(recovered["c"]) else {
                Issue.record("not told as lost: \(recovered)")
                return
            }
        }
        let (later, _) = try bench.runtime.reconnect(folder: bench.pod) { _ in }
        try later.remove("c")
        #expect(try bench.runtime.reconnect(folder: bench.pod) { _ in }.recovered.isEmpty)
        withExtendedLifetime(connection) {}
    }

    @Test func containersOfAPodCanShareTheirProcessIDs() throws {
        let bench = try Bench()
        let connection = try bench.monitor()
        let cgroup = try Cgroup(layout: bench.runtime.facts.cgroups, path: "/\(bench.name)/init")
        let pid = try bench.runtime.startPodInit("init", cgroup: cgroup, on: connection)
        #expect(try Files.text("/proc/\(pid)/status").contains("CapEff:\t0000000000000000"))
        // An orphan of the container becomes the init's child and is reaped by it.
        var spec = bench.spec(
            "(/bin/busybox sleep 0.05 & echo $! > /dev/shm/p); read p < /dev/shm/p; echo $$; while [ -e /proc/$p ]; do :; done",
            id: "c")
        spec.linux?.namespaces?.removeAll { $0.type == "pid" }
        spec.linux?.namespaces?.append(OCINamespace(type: "pid", path: "/proc/\(pid)/ns/pid"))
        let container = try bench.runtime.create(bench.request("c", spec), on: connection)
        try bench.runtime.start(container, on: connection)
        #expect(try bench.exit(of: "c")?.exitCode == 0)
        #expect(try bench.text("c") == "2\n")
        #expect(Host.startTime(of: pid) != nil)
        try connection.signal("init", SIGKILL)
        #expect(try bench.exit(of: "init")?.exitCode == 137)
    }

    @Test func aPodsNamespacesLiveWithoutAProcess() throws {
        let bench = try Bench()
        try bench.runtime.makeSandbox(
            SandboxPlanInputs(namespaces: ["network", "ipc", "uts"], folder: bench.pod, hostname: "pod-name"))
        var spec = bench.spec("/bin/busybox hostname; /bin/busybox ip link show lo", id: "c")
        spec.hostname = nil
        spec.linux?.namespaces = [
            OCINamespace(type: "network", path: bench.pod + "/net"),
            OCINamespace(type: "ipc", path: bench.pod + "/ipc"),
            OCINamespace(type: "uts", path: bench.pod + "/uts"), OCINamespace(type: "pid"),
            OCINamespace(type: "mount"),
        ]
        let (_, output) = try bench.run(spec)
        #expect(output.hasPrefix("pod-name\n1: lo: <LOOPBACK,UP"))
    }
}
