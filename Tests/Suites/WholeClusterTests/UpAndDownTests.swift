import Glibc
import MartinetAddresses
import MartinetTesting
import Testing

/// What the README promises, by the programs that people type.
@Suite(.enabled(if: geteuid() == 0, "a cluster needs root"), .serialized)
struct UpAndDownTests {
    private static let client = """
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "client"},
         "spec": {"terminationGracePeriodSeconds": 0,
                  "containers": [{"name": "client", "image": "busybox", "imagePullPolicy": "Never",
                                  "command": ["sleep", "1000"]}]}}
        """

    @Test("a cluster comes up, its Service answers by name and by node port, and it goes without a trace, twice")
    func upAndDown() throws {
        let cluster = try Cluster()
        defer { cluster.remove() }
        let before = try cluster.machine.traces()
        let logs = names("/var/log/pods").sorted()
        var uid = ""
        for round in 1...2 {
            let up = try cluster.up()
            #expect(up.code == 0, "\(up.output)")
            let found = try cluster.kubectl("get", "deployment", "hello", "-o", "jsonpath={.metadata.uid}").output
            #expect(round == 1 || found == uid, "what was stored is there again")
            uid = found
            // After a restart the pods that are still coming count as ready, as they were, until the node has looked.
            let answers = cluster.eventually(10) {
                let answer = try? cluster.machine.get(Machine.address, port: 30080)
                return answer?.hasPrefix("Hello from hello-") == true
            }
            #expect(answers, "\(cluster.told("get", "pods,endpointslices"))")
            if round == 1 {
                try serverIsNobody(cluster)
                try answersByName(cluster)
                try refusesASecond(cluster)
            }
            #expect(try cluster.down().code == 0)
            #expect(try cluster.machine.traces() == before)
            #expect(names("/var/log/pods").sorted() == logs)
        }
        #expect(try cluster.down(["--purge"]).code == 0)
        #expect(!names(cluster.machine.folder).contains("state") && !names(cluster.machine.folder).contains("run"))
    }

    private func answersByName(_ cluster: Cluster) throws {
        let made = try cluster.kubectl("apply", "-f", "-", input: UpAndDownTests.client)
        #expect(made.code == 0, "\(made.output)")
        let isRunning = try cluster.eventually {
            try cluster.kubectl("get", "pod", "client", "-o", "jsonpath={.status.phase}").output == "Running"
        }
        #expect(isRunning, "\(cluster.told("describe", "pod", "client"))")
        for name in ["hello", "hello.default", "hello.default.svc.cluster.local"] {
            let answer = try cluster.kubectl("exec", "client", "--", "wget", "-qO-", "http://\(name)/")
            #expect(answer.code == 0 && answer.output.hasPrefix("Hello from hello-"), "\(name): \(answer)")
        }
        let api = try cluster.kubectl(
            "exec", "client", "--", "sh", "-c",
            "nslookup kubernetes.default.svc.cluster.local && ls /var/run/secrets/kubernetes.io/serviceaccount")
        #expect(api.output.contains("10.96.0.1") && api.output.contains("token"), "\(api)")
        #expect(try cluster.kubectl("delete", "pod", "client", "--wait=false").code == 0)
    }

    private func serverIsNobody(_ cluster: Cluster) throws {
        let status = text("/proc/\(try #require(cluster.process("server")))/status").split(separator: "\n")
        let user = try #require(status.first { $0.hasPrefix("Uid:") })
        #expect(!user.split(separator: "\t").contains("0"), "\(user)")
        #expect(status.contains("CapEff:\t0000000000000000"))
    }

    private func refusesASecond(_ cluster: Cluster) throws {
        let second = try cluster.up()
        #expect(second.code == 0 && second.output.contains("already running"), "\(second)")
        let other = try cluster.machine.run([
            cluster.program, "up", "--name=other", "--state=\(cluster.machine.folder)/other",
            "--run=\(cluster.machine.folder)/other-run",
        ])
        #expect(other.code == 1 && other.output.contains("port 6443 is taken"), "\(other)")
        #expect(!names(cluster.machine.folder).contains("other"), "nothing is touched before that is known")
    }
}
