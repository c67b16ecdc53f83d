import Glibc
import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetContainers
import MartinetEngine
import MartinetImageSpec
import MartinetImages
import MartinetKubelet
import MartinetPodLifecycle
import MartinetRegistry
import MartinetSchema
import Synchronization
import Testing

@Suite(.enabled(if: TestNode.isRoot, "needs root and /bin/busybox"), .timeLimit(.minutes(3)))
struct HousekeepingTests {
    /// What the node has left, as the test has it.
    private final class Gauge: Sendable {
        let readings = Mutex(NodeReadings())
    }

    @Test func aPodThatFindsNoRoomFails() throws {
        let node = try TestNode { $0.podsMax = 2 }
        defer { node.tearDown() }
        let asking = { (request: String) in
            TestNode.script("exec sleep 1000", more: ",\"resources\":{\"requests\":{\(request)}}")
        }
        try node.run("cpu", asking("\"cpu\":\"10k\""))
        let cpu = try node.pod("cpu") { $0.status.phase == "Failed" }
        #expect(cpu.status.reason == "OutOfcpu")
        #expect(cpu.status.message.hasPrefix("Pod was rejected: Node didn't have enough resource: cpu, requested: "))
        try node.wait("an event") { try node.events("cpu").contains { $0.reason == "OutOfcpu" } }
        try node.run("memory", asking("\"memory\":\"100Ti\""))
        #expect(try node.pod("memory") { $0.status.phase == "Failed" }.status.reason == "OutOfmemory")
        // Many at once: who is refused takes nothing away from who comes next.
        let names = (0..<6).map { "burst-\($0)" }
        for (index, name) in names.enumerated() {
            try node.run(name, asking("\"cpu\":\"\(index == 5 ? "1m" : "10k")\""))
        }
        try node.pod("burst-5") { $0.status.phase == "Running" }
        for name in names.dropLast() { try node.pod(name) { $0.status.phase == "Failed" } }
        for name in names { try node.delete(name, grace: 1) }
        try node.wait("the pods to go") { !names.contains { node.exists($0) } }
        // Those that failed hold no place; one that ends gives its place back.
        try node.run("one", TestNode.script("exec sleep 1000"))
        try node.pod("one") { $0.status.phase == "Running" }
        try node.run("two", TestNode.script("true", pod: ",\"restartPolicy\":\"Never\""))
        try node.pod("two") { $0.status.phase == "Succeeded" }
        try node.run("three", TestNode.script("exec sleep 1000"))
        try node.pod("three") { $0.status.phase == "Running" }
        try node.run("four", TestNode.script("exec sleep 1000"))
        #expect(try node.pod("four") { $0.status.phase == "Failed" }.status.reason == "OutOfpods")
        // A new kubelet neither throws out what runs nor begins with what has failed.
        node.stop()
        try node.start()
        try node.pod("one") { $0.status.phase == "Running" }
        try node.wait("exec to work again") { (try? node.output("three", ["echo", "here"])) == "here\n" }
        #expect(try node.get(Pod.self, "four").status.phase == "Failed")
        try node.delete("four")
        try node.wait("the pod to go") { !node.exists("four") }
    }

    @Test func aVolumeThatOutgrowsItsLimitEndsItsPod() throws {
        let node = try TestNode { $0.leaseRenewal = .milliseconds(100) }
        defer { node.tearDown() }
        let volume = ",\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/v\"}]"
        try node.run(
            "big",
            TestNode.script(
                "dd if=/dev/zero of=/v/file bs=1M count=3; exec sleep 1000", more: volume,
                pod:
                    ",\"terminationGracePeriodSeconds\":1,\"volumes\":[{\"name\":\"v\",\"emptyDir\":{\"sizeLimit\":\"1Mi\"}}]"
            ))
        let big = try node.pod("big") { $0.status.phase == "Failed" }
        #expect(big.status.reason == "Evicted")
        #expect(big.status.message == "Usage of EmptyDir volume \"v\" exceeds the limit \"1Mi\". ")
        // In memory it is the kernel that refuses.
        let memory = try node.run(
            "memory",
            TestNode.script(
                "dd if=/dev/zero of=/v/file bs=1M count=3 || echo refused; exec sleep 1000", more: volume,
                pod: ",\"volumes\":[{\"name\":\"v\",\"emptyDir\":{\"medium\":\"Memory\",\"sizeLimit\":\"1Mi\"}}]"))
        try node.wait("the refusal") { node.log(memory).contains("refused") }
    }

    @Test func aFullLogIsSetAsideAndOldOnesGo() throws {
        let node = try TestNode {
            $0.leaseRenewal = .milliseconds(300)
            $0.logLimits.bytesMax = 64 << 10
            $0.logLimits.filesMax = 3
        }
        defer { node.tearDown() }
        let pod = try node.run(
            "chatty", TestNode.script("i=0; while :; do i=$((i+1)); echo line $i of many; done"))
        let folder = "\(node.configuration.logFolder)/default_chatty_\(pod.metadata.uid)/main"
        var seen: Set<String> = []
        try node.wait("several rotations") {
            let names = (try? Files.names(in: folder)) ?? []
            #expect(names.filter { !$0.hasSuffix(".tmp") }.count <= 4, "\(names)")
            seen.formUnion(names.filter { !$0.hasSuffix(".tmp") })
            return seen.contains { $0.hasSuffix(".gz") } && seen.count > 5
        }
        // Between two names it has none.
        try node.wait("the log that is written") { Files.exists(folder + "/0.log") }
        // What pods left that nobody knows any more goes too.
        let old = node.configuration.logFolder + "/default_gone_00000000-0000-0000-0000-000000000000"
        try Files.makeFolders(old + "/main")
        let link = node.configuration.containerLogFolder + "/gone_default_main-1.log"
        #expect(symlink(old + "/main/0.log", link) == 0)
        try node.wait("old logs to go") { !Files.exists(old) && !Files.exists(link) }
        #expect(Files.exists(folder), "those of pods that are there stay")
    }

    @Test func aNodeThatIsLowOnMemoryEvictsWhoTakesMost() throws {
        let gauge = Gauge()
        let node = try TestNode {
            $0.leaseRenewal = .milliseconds(100)
            $0.thresholds.transition = .seconds(2)
            $0.readings = { gauge.readings.withLock { $0 } }
        }
        defer { node.tearDown() }
        let request = ",\"resources\":{\"requests\":{\"memory\":\"64Mi\"}}"
        try node.run("modest", TestNode.script("exec sleep 1000", more: request))
        try node.run(
            "greedy",
            TestNode.script(
                "a=x; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do a=$a$a; done; while :; do sleep 1; done"
            ))
        for name in ["modest", "greedy"] { try node.pod(name) { $0.status.phase == "Running" } }
        gauge.readings.withLock { $0.memoryAvailable = 50 << 20 }
        // It has a second to end, and as long as it is there nobody else goes.
        try node.wait("an event") { try node.events("greedy").contains { $0.reason == "Evicted" } }
        gauge.readings.withLock { $0.memoryAvailable = .max }
        let greedy = try node.pod("greedy") { $0.status.phase == "Failed" }
        #expect(greedy.status.reason == "Evicted")
        #expect(
            greedy.status.message.hasPrefix(
                "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. "))
        #expect(greedy.status.conditions.contains { $0.type == "DisruptionTarget" && $0.status == "True" })
        let condition = { (type: String) in
            try node.get(Node.self, "node-a", namespace: nil).status.conditions.first { $0.type == type }?.status
        }
        try node.wait("the condition to go") { try condition("MemoryPressure") == "False" }
        #expect(try node.get(Pod.self, "modest").status.phase == "Running")
    }

    @Test func aFullDiskCostsPulledImagesFirstAndThenPods() throws {
        let gauge = Gauge()
        let puller = CopyingPuller()
        let node = try TestNode(puller: puller) {
            $0.leaseRenewal = .milliseconds(100)
            $0.imageAgeMin = .zero
            $0.readings = { gauge.readings.withLock { $0 } }
        }
        defer { node.tearDown() }
        for (name, image) in [("user", "registry.test/used:1"), ("past", "registry.test/unused:1")] {
            try node.run(
                name,
                "{\"containers\":[{\"name\":\"main\",\"image\":\"\(image)\",\"command\":[\"sleep\",\"1000\"]}]}")
            try node.pod(name) { $0.status.phase == "Running" }
        }
        try node.delete("past", grace: 0)
        try node.wait("the pod to go") { !node.exists("past") }
        let isThere = { (name: String) in try node.images.target(of: ImageReference(name)) != nil }
        gauge.readings.withLock { ($0.diskCapacity, $0.diskAvailable) = (100_000_000, 14_000_000) }
        try node.wait("the unused image to go") { try !isThere("registry.test/unused:1") }
        #expect(
            try isThere("registry.test/used:1") && isThere(TestNode.image), "what is used, or was loaded here, stays")
        #expect(try node.get(Pod.self, "user").status.phase == "Running")
        gauge.readings.withLock { $0.diskAvailable = 9_000_000 }
        let user = try node.pod("user") { $0.status.phase == "Failed" }
        #expect(user.status.reason == "Evicted" && user.status.message.contains("low on resource: ephemeral-storage"))
        try node.run("late", TestNode.script("exec sleep 1000"))
        let late = try node.pod("late") { $0.status.phase == "Failed" }
        #expect(late.status.message == "Pod was rejected: The node had condition: [DiskPressure]. ")
    }

    @Test func pullSecretsReachThePuller() throws {
        let puller = CopyingPuller()
        let node = try TestNode(puller: puller)
        defer { node.tearDown() }
        let login =
            "{\"auths\":{\"registry.test\":{\"auth\":\"dXNlcjpwdw==\"},\"other.test\":{\"username\":\"x\",\"password\":\"y\"}}}"
        try node.send(
            .create,
            Secret {
                $0.metadata.name = "login"
                $0.metadata.namespace = "default"
                $0.type = "kubernetes.io/dockerconfigjson"
                $0.stringData = [".dockerconfigjson": login]
            })
        try node.run(
            "private",
            "{\"imagePullSecrets\":[{\"name\":\"login\"},{\"name\":\"absent\"}],\"containers\":[{\"name\":\"main\",\"image\":\"registry.test/team/app:1\",\"command\":[\"sleep\",\"1000\"]}]}"
        )
        try node.pod("private") { $0.status.phase == "Running" }
        #expect(puller.given.withLock { $0 } == 1, "that of another registry is not handed over")
        try node.wait("an event") {
            try node.events("private").contains { $0.reason == "FailedToRetrieveImagePullSecret" }
        }
    }
}

/// "Pulls" every image by giving the test's own another name.
final class CopyingPuller: ImagePuller {
    let given = Mutex(0)

    func pull(
        _ reference: ImageReference, into store: ImageStore, keyring: RegistryKeyring,
        _ completion: @escaping @Sendable ((any Error)?) -> Void
    ) {
        given.withLock { $0 = keyring.credentials(for: reference).count }
        do {
            try store.tag(ImageReference(TestNode.image), as: reference)
            completion(nil)
        } catch {
            completion(error)
        }
    }
}
