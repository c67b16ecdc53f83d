import Glibc
import MartinetAPI
import MartinetBase
import MartinetContainers
import MartinetEngine
import MartinetKubelet
import MartinetSchema
import Testing

@Suite(.enabled(if: TestNode.isRoot, "needs root and /bin/busybox"), .timeLimit(.minutes(3)), .serialized)
struct PodTests {
    @Test func aPodRunsIsToldAndGoesCleanly() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run("one", TestNode.script("echo hello; exec sleep 1000"))
        let pod = try node.pod("one", "Ready") { pod in
            pod.status.conditions.contains { $0.type == "Ready" && $0.status == "True" }
        }
        #expect(pod.status.phase == "Running")
        #expect(pod.status.podIP.hasPrefix("10.244.9."))
        #expect(pod.status.hostIP == "192.0.2.7")
        let status = try #require(pod.status.containerStatuses.first)
        #expect(status.containerID.hasPrefix("martinet://") && status.imageID.hasPrefix("sha256:"))
        #expect(status.ready && status.started == true && status.restartCount == 0)
        try node.wait("the log") { node.log(pod) == "hello\n" }
        try node.delete("one", grace: 1)
        try node.wait("the pod to go") { !node.exists("one") }
        try node.wait("the folders to go") {
            try Files.names(in: node.configuration.runFolder).isEmpty
                && Files.names(in: node.configuration.dataFolder).isEmpty
                && Files.names(in: node.configuration.logFolder).isEmpty
        }
    }
}
