import Glibc
import MartinetAPI
import MartinetBase
import MartinetContainers
import MartinetEngine
import MartinetKubelet
import MartinetSchema
import Testing

@Suite(.enabled(if: TestNode.isRoot, "needs root and /bin/busybox"), .timeLimit(.minutes(3)))
struct RecoveryTests {
    @Test func aNewKubeletTakesOverWhatRuns() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        let script = "echo start; exec sleep 1000"
        try node.run("stays", TestNode.script(script))
        try node.run(
            "ends",
            TestNode.script(
                "while ! test -e /tmp/end; do sleep 0.02; done; exit 5", pod: ",\"restartPolicy\":\"Never\""))
        try node.run("deleted", TestNode.script(script, pod: ",\"terminationGracePeriodSeconds\":1"))
        let before = try node.pod("stays") { $0.status.phase == "Running" }
        let ends = try node.pod("ends") { $0.status.phase == "Running" }
        let deleted = try node.pod("deleted") { $0.status.phase == "Running" }
        node.stop()
        // While nobody looks: one ends, one is asked to go.
        try node.write(ends, "/tmp/end")
        try node.delete("deleted", grace: 0)
        try node.start()
        let after = try node.pod("ends") { $0.status.phase == "Failed" }
        #expect(after.status.containerStatuses.first?.state.terminated?.exitCode == 5)
        try node.wait("the orphan to go") { !Files.exists("\(node.configuration.runFolder)/\(deleted.metadata.uid)") }
        let still = try node.get(Pod.self, "stays")
        #expect(still.status.containerStatuses.first?.containerID == before.status.containerStatuses.first?.containerID)
        #expect(still.status.containerStatuses.first?.restartCount == 0)
        #expect(still.status.podIP == before.status.podIP)
        #expect(try node.output("stays", ["echo", "here"]) == "here\n")
        #expect(node.log(still) == "start\n", "it was never started again")
    }

    @Test func aKilledMonitorTouchesNoContainer() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        let pod = try node.run("watched", TestNode.script("echo start; exec sleep 1000"))
        try node.pod("watched") { $0.status.phase == "Running" }
        let file = "\(node.configuration.runFolder)/\(pod.metadata.uid)/monitor.pid"
        let pid = try #require(Int32(try Files.text(file).filter(\.isNumber)))
        kill(pid, SIGKILL)
        try node.wait("another monitor") {
            guard let text = try? Files.text(file), let other = Int32(text.filter(\.isNumber)) else { return false }
            return other != pid
        }
        try node.wait("exec to work again") { (try? node.output("watched", ["echo", "here"])) == "here\n" }
        #expect(try node.get(Pod.self, "watched").status.containerStatuses.first?.restartCount == 0)
    }
}
