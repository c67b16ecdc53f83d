import Synchronization
import Testing

@Suite struct WorkloadTests {
    static let web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - {name: web, image: "nginx:1"}

        """

    /// Asks until the answer fits, at most ten seconds long.
    private func until(_ shell: Shell, _ line: String, _ fits: (String) -> Bool) async throws -> String {
        var last = ""
        for _ in 0..<1000 {
            last = await shell.kubectl(line).out
            if fits(last) { return last }
            await Task.yield()
        }
        return last
    }

    @Test func aDeploymentIsChangedAndRolledBack() async throws {
        let server = try TestServer("workload")
        let shell = Shell(server, files: ["web.yaml": Self.web])
        #expect(await shell.kubectl("create ns default").code == 0)
        #expect(await shell.kubectl("apply -f web.yaml").out == "deployment.apps/web created\n")
        _ = try await until(shell, "get rs -o name") { !$0.isEmpty }
        #expect(await shell.kubectl("scale deploy web --replicas=3").out == "deployment.apps/web scaled\n")
        #expect(
            await shell.kubectl("set image deploy/web web=nginx:2 --record").out
                == "deployment.apps/web image updated\n")
        let history = try await until(shell, "rollout history deploy/web") { $0.contains("\n2  ") }
        #expect(history.contains("2         kubectl"), "\(history)")
        #expect(await shell.kubectl("rollout undo deploy/web").out == "deployment.apps/web rolled back\n")
        let image = "-o jsonpath={.spec.template.spec.containers[0].image}"
        #expect(await shell.kubectl("get deploy web \(image)").out == "nginx:1")
        #expect(await shell.kubectl("rollout pause deploy/web").out == "deployment.apps/web paused\n")
        #expect(await shell.kubectl("rollout undo deploy/web").code == 1)
        #expect(await shell.kubectl("rollout resume deploy/web").out == "deployment.apps/web resumed\n")
        #expect(await shell.kubectl("label deploy web a=b").out == "deployment.apps/web labeled\n")
        #expect(await shell.kubectl("expose deploy web --port=80").out == "service/web exposed\n")
        let description = await shell.kubectl("describe deploy web").out
        #expect(description.contains("\nSelector:               app=web\n"), "\(description)")
        #expect(description.contains("\n   web:\n    Image:"), "\(description)")
        let status = await shell.kubectl("rollout status deploy/web --timeout=10ms")
        #expect(status.err == "error: timed out waiting for the condition\n")
        #expect(
            await shell.kubectl("delete deploy,svc --all").out
                == "deployment.apps \"web\" deleted\nservice \"web\" deleted\n")
        await server.shutdown()
    }

    @Test func anEditIsSentAndARefusedOneIsKept() async throws {
        let server = try TestServer("edit")
        let shell = Shell(server)
        await shell.kubectl("create ns default")
        await shell.kubectl("create cm a --from-literal=x=1")
        shell.host.edit.withLock { $0 = { $0.replacing("x: \"1\"", with: "x: \"2\"") } }
        #expect(await shell.kubectl("edit cm a").out == "configmap/a edited\n")
        #expect(await shell.kubectl("get cm a -o jsonpath={.data.x}").out == "2")
        shell.host.edit.withLock { $0 = { $0 } }
        #expect(await shell.kubectl("edit cm a").err == "Edit cancelled, no changes made.\n")
        shell.host.edit.withLock { $0 = { $0.replacing("data:", with: "dataa:") } }
        let refused = await shell.kubectl("edit cm a")
        #expect(refused.err.contains("unknown field \"dataa\", did you mean \"data\"?"), "\(refused.err)")
        #expect(refused.code == 1)
        await server.shutdown()
    }

    @Test func nodesAreTaintedCordonedAndDrained() async throws {
        let server = try TestServer("nodes")
        let node = "apiVersion: v1\nkind: Node\nmetadata:\n  name: n1\n"
        let shell = Shell(server, files: ["node.yaml": node])
        await shell.kubectl("create ns default")
        #expect(await shell.kubectl("create -f node.yaml").out == "node/n1 created\n")
        #expect(await shell.kubectl("taint nodes n1 key=value:NoSchedule").out == "node/n1 tainted\n")
        #expect(await shell.kubectl("taint nodes n1 key=other:NoSchedule").code == 1)
        #expect(await shell.kubectl("taint nodes n1 key-").out == "node/n1 untainted\n")
        #expect(await shell.kubectl("cordon n1").out == "node/n1 cordoned\n")
        #expect(await shell.kubectl("cordon n1").out == "node/n1 already cordoned\n")
        #expect(await shell.kubectl("drain n1").out == "node/n1 already cordoned\nnode/n1 drained\n")
        #expect(await shell.kubectl("uncordon n1").out == "node/n1 uncordoned\n")
        await server.shutdown()
    }
}
