import Glibc
import MartinetAPI
import MartinetBase
import MartinetContainers
import MartinetEngine
import MartinetKubelet
import MartinetSchema
import Testing

@Suite(.enabled(if: TestNode.isRoot, "needs root and /bin/busybox"), .timeLimit(.minutes(3)))
struct StaticPodTests {
    @Test func aFolderOfManifestsRunsAndIsMirrored() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        let file = node.folder + "/manifests/web.yaml"
        func manifest(_ word: String) -> [UInt8] {
            Array(
                """
                apiVersion: v1
                kind: Pod
                metadata:
                  name: web
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                  - name: main
                    image: \(TestNode.image)
                    command: [sh, -c, "echo \(word); exec sleep 1000"]

                """.utf8)
        }
        try Files.replace(file, manifest("one"))
        let first = try node.pod("web-node-a") { $0.status.phase == "Running" }
        let uid = try #require(first.metadata.annotations["kubernetes.io/config.mirror"])
        #expect(first.metadata.ownerReferences.first?.kind == "Node")
        // A mirror that is deleted comes back, and the pod never notices.
        try node.delete("web-node-a", grace: 0)
        let again = try node.pod("web-node-a") { $0.metadata.uid != first.metadata.uid && $0.status.phase == "Running" }
        #expect(again.status.containerStatuses.first?.containerID == first.status.containerStatuses.first?.containerID)
        // Another text is another pod.
        try Files.replace(file, manifest("two"))
        try node.pod("web-node-a") {
            $0.metadata.annotations["kubernetes.io/config.mirror"] != uid && $0.status.phase == "Running"
        }
        try node.wait("the first to go") { !Files.exists("\(node.configuration.runFolder)/\(uid)") }
        unlink(file)
        try node.wait("the mirror to go") { !node.exists("web-node-a") }
        try node.wait("the second to go") { try Files.names(in: node.configuration.runFolder).isEmpty }
    }
}
