import Glibc
import MartinetAPI
import MartinetBase
import MartinetContainers
import MartinetEngine
import MartinetPodLifecycle
import MartinetSchema
import Testing

@testable import MartinetKubelet

@Suite(.enabled(if: TestNode.isRoot, "needs root and /bin/busybox"), .timeLimit(.minutes(3)))
struct NamespaceTests {
    @Test func containersMayShareTheirProcesses() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        let image = TestNode.image
        let pod = try node.run(
            "shared",
            """
            {"shareProcessNamespace":true,"terminationGracePeriodSeconds":1,"containers":[
              {"name":"main","image":"\(image)","command":["sh","-c","exec sleep 1234"]},
              {"name":"looker","image":"\(image)","command":["sh","-c","exec sleep 4321"]}]}
            """)
        try node.pod("shared") {
            $0.status.containerStatuses.count == 2 && $0.status.containerStatuses.allSatisfy { $0.ready }
        }
        let list = "for p in /proc/[0-9]*; do cat $p/cmdline; echo; done"
        let seen = try node.output("shared", ["sh", "-c", list])
        #expect(seen.contains("sleep\u{0}1234") && seen.contains("sleep\u{0}4321"))
        // One may end the other's program, and its own ids stay what they were over a new kubelet.
        node.stop()
        try node.start()
        try node.wait("exec to work again") { (try? node.output("shared", ["echo", "x"])) == "x\n" }
        _ = try node.exec(
            "shared",
            [
                "sh", "-c",
                "for p in /proc/[0-9]*; do grep -q 4321 $p/cmdline && ! test $p = /proc/$$ && kill -9 ${p#/proc/}; done; true",
            ])
        let again = try node.pod("shared") { pod in
            pod.status.containerStatuses.first { $0.name == "looker" }.map { $0.restartCount == 1 && $0.ready } ?? false
        }
        #expect(again.status.containerStatuses.first { $0.name == "main" }?.restartCount == 0)
        #expect(try node.output("shared", ["sh", "-c", list]).contains("sleep\u{0}4321"), "the new one is among them")
        try node.delete("shared")
        try node.wait("the pod to go") { !node.exists("shared") }
        #expect(!Files.exists("\(node.configuration.runFolder)/\(pod.metadata.uid)"))
    }

    @Test func aPodHasTheNamesThatItAsksFor() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        let script = "hostname; cat /etc/hostname /etc/hosts; exec sleep 1000"
        let pod = try node.run(
            "named",
            TestNode.script(
                script,
                pod: """
                    ,"hostname":"web","subdomain":"site","setHostnameAsFQDN":true,
                    "hostAliases":[{"ip":"192.0.2.1","hostnames":["one","two"]}]
                    """))
        try node.pod("named") { $0.status.phase == "Running" }
        try node.wait("the log") { node.log(pod).contains("HostAliases") && node.log(pod).contains("two") }
        let log = node.log(pod)
        let name = "web.site.default.svc.cluster.local"
        #expect(log.hasPrefix("\(name)\n\(name)\n"))
        #expect(log.contains("192.0.2.1\tone\ttwo\n"))
        let line = log.split(separator: "\n").first { $0.contains("10.244.") }
        #expect(line?.contains("\(name)\tweb") == true, "\(line ?? "")")
        // Without the wish for the whole name it is the short one.
        let plain = try node.run(
            "plain", TestNode.script(script, pod: ",\"hostname\":\"web\",\"subdomain\":\"site\""))
        try node.pod("plain") { $0.status.phase == "Running" }
        try node.wait("the log") { node.log(plain).contains("\(name)\tweb\n") }
        #expect(node.log(plain).hasPrefix("web\nweb\n"))
    }

    @Test func kernelSettingsOfThePodsOwnAreItsToSet() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        let pod = try node.run(
            "tuned",
            TestNode.script(
                "cat /proc/sys/net/ipv4/tcp_fin_timeout /proc/sys/kernel/shm_rmid_forced; exec sleep 1000",
                pod:
                    ",\"securityContext\":{\"sysctls\":[{\"name\":\"net.ipv4.tcp_fin_timeout\",\"value\":\"17\"},{\"name\":\"kernel.shm_rmid_forced\",\"value\":\"1\"}]}"
            ))
        try node.wait("the log") { node.log(pod) == "17\n1\n" }
        try node.run(
            "unsafe",
            TestNode.script(
                "true", pod: ",\"securityContext\":{\"sysctls\":[{\"name\":\"kernel.msgmax\",\"value\":\"1\"}]}"))
        let unsafe = try node.pod("unsafe") { $0.status.phase == "Failed" }
        #expect(unsafe.status.reason == "SysctlForbidden")
    }

    @Test func anEphemeralContainerSeesItsTarget() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run("plain", TestNode.script("exec sleep 1234"))
        var pod = try node.pod("plain") { $0.status.phase == "Running" }
        for (name, target) in [("look", "main"), ("alone", ""), ("lost", "nobody")] {
            pod.spec.ephemeralContainers.append(
                EphemeralContainer {
                    $0.name = name
                    $0.image = TestNode.image
                    $0.command = ["sh", "-c", "for p in /proc/[0-9]*; do cat $p/cmdline; echo; done; exit 3"]
                    $0.targetContainerName = target
                })
        }
        try #require(try node.running.worker(namespace: "default", name: "plain")).submit(.podChanged(pod))
        let ended = try node.pod("plain") { pod in
            let all = pod.status.ephemeralContainerStatuses
            return all.filter { $0.state.terminated?.exitCode == 3 }.count == 2
                && all.contains { $0.state.waiting?.reason == "CreateContainerConfigError" }
        }
        #expect(node.log(ended, container: "look").contains("sleep\u{0}1234"))
        #expect(!node.log(ended, container: "alone").contains("sleep\u{0}1234"))
        let lost = ended.status.ephemeralContainerStatuses.first { $0.name == "lost" }?.state.waiting
        #expect(lost?.message == "unable to find target container \"nobody\"")
        #expect(ended.status.phase == "Running" && ended.status.containerStatuses.first?.restartCount == 0)
    }
}
