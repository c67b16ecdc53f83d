import Glibc
import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetContainers
import MartinetKubelet
import MartinetSchema
import Testing

@Suite(.enabled(if: TestNode.isRoot, "needs root and /bin/busybox"), .timeLimit(.minutes(3)))
struct WorkloadTests {
    private static func isReady(_ pod: Pod) -> Bool {
        pod.status.conditions.contains { $0.type == "Ready" && $0.status == "True" }
    }

    @Test func podsThatEndAreToldHowTheyEnded() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run("good", TestNode.script("echo done", pod: ",\"restartPolicy\":\"Never\""))
        try node.run(
            "bad",
            TestNode.script(
                "echo why > /dev/termination-log; exit 3", pod: ",\"restartPolicy\":\"Never\""))
        try node.run(
            "words",
            TestNode.script(
                "echo last words; exit 4", more: ",\"terminationMessagePolicy\":\"FallbackToLogsOnError\"",
                pod: ",\"restartPolicy\":\"Never\""))
        let good = try node.pod("good") { $0.status.phase == "Succeeded" }
        #expect(good.status.containerStatuses.first?.state.terminated?.reason == "Completed")
        #expect(good.status.conditions.first { $0.type == "Ready" }?.reason == "PodCompleted")
        let bad = try node.pod("bad") { $0.status.phase == "Failed" }
        let end = try #require(bad.status.containerStatuses.first?.state.terminated)
        #expect(end.exitCode == 3 && end.reason == "Error" && end.message == "why\n")
        #expect(end.finishedAt != nil && end.startedAt != nil)
        let words = try node.pod("words") { $0.status.phase == "Failed" }
        #expect(words.status.containerStatuses.first?.state.terminated?.message == "last words\n")
        #expect(node.log(good) == "done\n", "a finished pod's log stays")
        try node.delete("good")
        try node.wait("the pod to go") { !node.exists("good") }
    }

    @Test func aCrashingContainerIsStartedAgainThenBacksOff() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run("crash", TestNode.script("exit 1"))
        let pod = try node.pod("crash") { pod in
            pod.status.containerStatuses.first?.state.waiting?.reason == "CrashLoopBackOff"
        }
        let status = try #require(pod.status.containerStatuses.first)
        #expect(status.restartCount == 1)
        #expect(status.lastState.terminated?.exitCode == 1)
        #expect(pod.status.phase == "Running")
        try node.wait("an event") { try node.events("crash").contains { $0.reason == "BackOff" } }
        try node.run(
            "nothing",
            "{\"containers\":[{\"name\":\"main\",\"image\":\"\(TestNode.image)\",\"command\":[\"/bin/nothing\"]}]}")
        let failed = try node.pod("nothing") { pod in
            pod.status.containerStatuses.first?.lastState.terminated?.reason == "StartError"
        }
        #expect(failed.status.containerStatuses.first?.lastState.terminated?.message.contains("ENOENT") == true)
    }

    @Test func initContainersAndSidecarsKeepTheirOrder() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        let image = TestNode.image
        try node.run(
            "order",
            """
            {"volumes":[{"name":"shared","emptyDir":{}}],
             "initContainers":[
              {"name":"first","image":"\(image)","command":["sh","-c","echo first >> /s/log"],
               "volumeMounts":[{"name":"shared","mountPath":"/s"}]},
              {"name":"side","image":"\(image)","restartPolicy":"Always",
               "command":["sh","-c","echo side >> /s/log; touch /s/up; trap 'echo side-end >> /s/log; exit 0' TERM; while :; do sleep 0.05; done"],
               "startupProbe":{"exec":{"command":["test","-e","/s/up"]},"periodSeconds":1},
               "volumeMounts":[{"name":"shared","mountPath":"/s"}]},
              {"name":"third","image":"\(image)","command":["sh","-c","echo third >> /s/log"],
               "volumeMounts":[{"name":"shared","mountPath":"/s"}]}],
             "containers":[
              {"name":"main","image":"\(image)","command":["sh","-c","echo main >> /s/log; cat /s/log"],
               "volumeMounts":[{"name":"shared","mountPath":"/s"}]}],
             "restartPolicy":"Never"}
            """)
        let pod = try node.pod("order") { $0.status.phase == "Succeeded" }
        #expect(node.log(pod) == "first\nside\nthird\nmain\n")
        #expect(pod.status.initContainerStatuses.map(\.name) == ["first", "side", "third"])
        let done = try node.pod("order") { pod in
            pod.status.initContainerStatuses.allSatisfy { $0.state.terminated != nil }
        }
        #expect(done.status.initContainerStatuses.allSatisfy { $0.state.terminated?.exitCode == 0 })
    }

    @Test func probesDecideOnReadinessAndRestarts() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run(
            "web",
            TestNode.script(
                "mkdir /www; echo ok > /www/ok; exec httpd -f -p 8080 -h /www",
                more: """
                    ,"ports":[{"name":"http","containerPort":8080}],
                    "startupProbe":{"tcpSocket":{"port":8080},"periodSeconds":1,"failureThreshold":30},
                    "readinessProbe":{"httpGet":{"path":"/ready","port":"http"},"periodSeconds":1,"failureThreshold":1},
                    "livenessProbe":{"exec":{"command":["test","-e","/www/ok"]},"periodSeconds":1,"failureThreshold":1}
                    """, pod: ",\"terminationGracePeriodSeconds\":1"))
        let started = try node.pod("web") { $0.status.containerStatuses.first?.started == true }
        #expect(started.status.containerStatuses.first?.ready == false)
        try node.wait("an event") { try node.events("web").contains { $0.reason == "Unhealthy" } }
        #expect(try node.execute("web", ["touch", "/www/ready"]) == 0)
        try node.pod("web") { Self.isReady($0) }
        #expect(try node.execute("web", ["sh", "-c", "/bin/busybox rm /www/ok"]) == 0)
        let again = try node.pod("web") { $0.status.containerStatuses.first?.restartCount == 1 }
        #expect(again.status.containerStatuses.first?.lastState.terminated != nil)
        #expect(try node.events("web").contains { $0.reason == "Killing" })
    }

    @Test func aDeletedPodGetsItsHookItsSignalAndItsTime() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        let shared = node.folder + "/shared"
        try Files.makeFolders(shared)
        try node.run(
            "gentle",
            TestNode.script(
                "trap 'echo term >> /s/log; exit 0' TERM; echo up > /s/log; while :; do sleep 0.05; done",
                more: """
                    ,"lifecycle":{"postStart":{"exec":{"command":["sh","-c","echo post >> /s/post"]}},
                     "preStop":{"exec":{"command":["sh","-c","echo hook >> /s/log"]}}},
                    "volumeMounts":[{"name":"s","mountPath":"/s"}]
                    """,
                pod: ",\"volumes\":[{\"name\":\"s\",\"hostPath\":{\"path\":\"\(shared)\",\"type\":\"Directory\"}}]"))
        try node.pod("gentle") { Self.isReady($0) }
        #expect(try Files.text(shared + "/post") == "post\n")
        try node.wait("the program") { Files.exists(shared + "/log") }
        try node.delete("gentle")
        try node.wait("the pod to go") { !node.exists("gentle") }
        #expect(try Files.text(shared + "/log") == "up\nhook\nterm\n")
        // One that does not listen is killed when its time is over.
        try node.run("deaf", TestNode.script("trap '' TERM; while :; do sleep 0.05; done"))
        try node.pod("deaf") { Self.isReady($0) }
        let began = node.runtime.monotonic()
        try node.delete("deaf", grace: 1)
        try node.wait("the pod to go") { !node.exists("deaf") }
        let took = node.runtime.monotonic() - began
        #expect(took > .milliseconds(900) && took < .seconds(5))
    }

    @Test func hooksSleepAndAskAndMessagesHaveTheirPlace() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run(
            "hooked",
            TestNode.script(
                "mkdir /www; trap 'echo said > /last/words; exit 7' TERM; httpd -p 8080 -h /www; while :; do sleep 0.05; done",
                more: """
                    ,"terminationMessagePath":"/last/words",
                    "startupProbe":{"tcpSocket":{"port":8080},"periodSeconds":1},
                    "lifecycle":{"preStop":{"sleep":{"seconds":1}}}
                    """,
                pod: ",\"restartPolicy\":\"Never\",\"activeDeadlineSeconds\":3"))
        try node.pod("hooked") { Self.isReady($0) }
        let began = node.runtime.monotonic()
        let ended = try node.pod("hooked") { $0.status.phase == "Failed" }
        #expect(node.runtime.monotonic() - began > .milliseconds(900))
        #expect(ended.status.reason == "DeadlineExceeded")
        let end = ended.status.containerStatuses.first?.state.terminated
        #expect(end?.exitCode == 7 && end?.message == "said\n")
        // A hook that fails ends its container.
        try node.run(
            "failing",
            TestNode.script(
                "exec sleep 1000",
                more: ",\"lifecycle\":{\"postStart\":{\"httpGet\":{\"port\":8081,\"path\":\"/\"}}}",
                pod: ",\"restartPolicy\":\"Never\",\"terminationGracePeriodSeconds\":0"))
        try node.wait("an event") { try node.events("failing").contains { $0.reason == "FailedPostStartHook" } }
        try node.pod("failing") { $0.status.phase == "Failed" }
    }

    @Test func limitsAreTheKernels() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run(
            "hungry",
            TestNode.script(
                "a=x; while :; do a=$a$a; done",
                more: ",\"resources\":{\"limits\":{\"memory\":\"24Mi\",\"cpu\":\"500m\"}}",
                pod: ",\"restartPolicy\":\"Never\""))
        let pod = try node.pod("hungry", seconds: 60) { $0.status.phase == "Failed" }
        let end = try #require(pod.status.containerStatuses.first?.state.terminated)
        #expect(end.reason == "OOMKilled" && end.exitCode == 137)
        #expect(pod.status.qosClass == "Guaranteed")
    }

    @Test func whatTheNodeCannotDoIsRefusedByName() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run(
            "nfs",
            TestNode.script("true", pod: ",\"volumes\":[{\"name\":\"v\",\"nfs\":{\"server\":\"a\",\"path\":\"/\"}}]"))
        let pod = try node.pod("nfs") { $0.status.phase == "Failed" }
        #expect(pod.status.reason == "UnsupportedField")
        #expect(pod.status.message == "the node does not support spec.volumes[v].nfs")
        try node.run("absent", "{\"containers\":[{\"name\":\"main\",\"image\":\"absent:1\"}]}")
        try node.pod("absent") { $0.status.containerStatuses.first?.state.waiting?.reason == "ErrImagePull" }
        try node.run(
            "never", "{\"containers\":[{\"name\":\"main\",\"image\":\"absent:1\",\"imagePullPolicy\":\"Never\"}]}")
        try node.pod("never") { $0.status.containerStatuses.first?.state.waiting?.reason == "ErrImageNeverPull" }
        try node.run("name", "{\"containers\":[{\"name\":\"main\",\"image\":\"NOT a name\"}]}")
        try node.pod("name") { $0.status.containerStatuses.first?.state.waiting?.reason == "InvalidImageName" }
        for name in ["nfs", "absent", "never", "name"] { try node.delete(name, grace: 0) }
        try node.wait("the pods to go") { !["nfs", "absent", "never", "name"].contains { node.exists($0) } }
    }
}
