import MartinetKubectl
import Testing

@Suite struct HistoryTests {
    /// Asks until the answer fits, for a generous time.
    private func until(_ shell: Shell, _ line: String, _ fits: (String) -> Bool) async throws -> String {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(60)
        var last = ""
        while clock.now < end {
            last = await shell.kubectl(line).out
            if fits(last) { return last }
            await Task.yield()
        }
        Issue.record("\(line) never answered as was expected, last: \(last)")
        return last
    }

    @Test("what was is read, told and compared")
    func past() async throws {
        let server = try TestServer("history")
        let shell = Shell(server)
        await shell.kubectl("create ns default")
        await shell.kubectl("create cm a --from-literal=x=1")
        let revision = await shell.kubectl("get cm a -o jsonpath={.metadata.resourceVersion}").out
        await shell.kubectl(words: ["patch", "cm", "a", "-p", #"{"data":{"x":"2"}}"#])
        #expect(await shell.kubectl("get cm a --at-revision \(revision) -o jsonpath={.data.x}").out == "1")
        #expect(await shell.kubectl("get cm a -o jsonpath={.data.x}").out == "2")
        let diff = await shell.kubectl("diff cm/a --at-revision=\(revision)")
        #expect(diff.out.contains("-  x: \"1\"\n+  x: \"2\"\n"), "\(diff.out)\(diff.err)")
        #expect(diff.out.hasPrefix("--- configmap/a at revision \(revision)\n+++ configmap/a now\n@@ "))
        #expect(diff.code == 1 && diff.err.isEmpty)
        await shell.kubectl("delete cm a")
        let table = await shell.kubectl("get cm --at-revision=\(revision)").out
        #expect(table.hasPrefix("NAME ") && table.contains("\na "), "\(table)")
        let history = await shell.kubectl("history cm a").out.split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        #expect(history.map { $0[2] } == ["CHANGE", "created", "changed", "deleted"], "\(history)")
        #expect(history[1][1] == revision)
        #expect(history[2].suffix(2) == ["kubectl-patch", "data.x"], "\(history)")
        #expect(await shell.kubectl("history cm a -o jsonpath={.items[*].data.x}").out == "1 2 2")
        await server.shutdown()
    }

    @Test("what cannot be asked for is refused by name")
    func refusals() async throws {
        let server = try TestServer("refusals")
        let shell = Shell(server)
        await shell.kubectl("create ns default")
        await shell.kubectl("create cm a")
        #expect(await shell.kubectl("get cm --at soon").err.contains("at must be an RFC 3339 time"))
        #expect(await shell.kubectl("get cm --at-revision x").err.contains("--at-revision must be a resourceVersion"))
        #expect(await shell.kubectl("get cm --at 10m --at-revision 3").err.contains("do not go together"))
        #expect(await shell.kubectl("get cm -w --at 10m").err.contains("without --watch"))
        #expect(await shell.kubectl("get cm --at-revision 99999999").err.contains("not reached"))
        #expect(await shell.kubectl("history cm b").err.contains("NotFound"))
        #expect(await shell.kubectl("history cm").err.contains("one object is expected"))
        #expect(await shell.kubectl("undo cm a").err.contains("overwrites nothing"))
        #expect(await shell.kubectl("undo cm b").err.contains("NotFound"))
        #expect(await shell.kubectl("diff -f x.yaml").err.contains("is not there yet in this kubectl"))
        await server.shutdown()
    }

    @Test("a deleted deployment comes back with its replica set and pods, which keep their names")
    func undo() async throws {
        let server = try TestServer("undo")
        let shell = Shell(server, files: ["web.yaml": WorkloadTests.web])
        await shell.kubectl("create ns default")
        _ = try await until(shell, "get sa -o name") { $0.contains("default") }
        await shell.kubectl("apply -f web.yaml")
        #expect(await shell.kubectl("label deploy web tier=front").code == 0)
        let names = "get pods -o name --sort-by=.metadata.name"
        let before = try await until(shell, names) { $0.split(separator: "\n").count == 2 }
        let uid = await shell.kubectl("get deploy web -o jsonpath={.metadata.uid}").out
        await shell.kubectl("delete deploy web")
        _ = try await until(shell, "get rs,pods -o name") { $0.isEmpty }
        let dry = await shell.kubectl("undo deploy web --dry-run=client")
        #expect(dry.out.contains("deployment.apps/web restored (dry run)"), "\(dry.out)\(dry.err)")
        #expect(await shell.kubectl("get deploy -o name").out.isEmpty)
        let undone = await shell.kubectl("undo deploy/web")
        #expect(undone.code == 0, "\(undone.err)")
        #expect(undone.out.split(separator: "\n").last == "deployment.apps/web restored", "\(undone.out)")
        #expect(await shell.kubectl("get deploy web -o jsonpath={.metadata.labels.tier}").out == "front")
        #expect(await shell.kubectl("get deploy web -o jsonpath={.metadata.uid}").out != uid)
        // The controllers have adopted them: nothing is made anew, nothing is collected.
        _ = try await until(shell, "get deploy web -o jsonpath={.status.replicas}") { $0 == "2" }
        let after = try await until(shell, names) { $0.split(separator: "\n").count == 2 }
        #expect(after == before)
        let set = await shell.kubectl("get rs -o jsonpath={.items[*].metadata.uid}").out
        let owners = await shell.kubectl("get pods -o jsonpath={.items[*].metadata.ownerReferences[*].uid}").out
        #expect(owners == "\(set) \(set)")
        await server.shutdown()
    }

    @Test("a deleted namespace comes back with what was in it, and what nobody adopts gets its owner again")
    func undoNamespace() async throws {
        let server = try TestServer("undo-ns")
        let owned = """
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: child
              ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: parent, uid: UID}]
            data: {x: "1"}

            """
        var shell = Shell(server)
        await shell.kubectl("create ns shop")
        _ = try await until(shell, "get sa -n shop -o name") { $0.contains("default") }
        await shell.kubectl("create cm parent -n shop")
        let uid = await shell.kubectl("get cm parent -n shop -o jsonpath={.metadata.uid}").out
        shell = Shell(server, files: ["child.yaml": owned.replacing("UID", with: uid)])
        #expect(await shell.kubectl("create -n shop -f child.yaml").code == 0)
        #expect(await shell.kubectl("delete ns shop").code == 0)
        let undone = await shell.kubectl("undo ns shop")
        #expect(undone.code == 0, "\(undone.err)")
        #expect(undone.out.hasPrefix("namespace/shop restored\n"), "\(undone.out)")
        let parent = await shell.kubectl("get cm parent -n shop -o jsonpath={.metadata.uid}").out
        #expect(!parent.isEmpty && parent != uid)
        let child = "get cm child -n shop -o jsonpath"
        #expect(await shell.kubectl("\(child)={.metadata.ownerReferences[0].uid}").out == parent)
        #expect(await shell.kubectl("\(child)={.data.x}").out == "1")
        await server.shutdown()
    }

    @Test("a service whose address was given away comes back with another, and a job with a selector of its own")
    func undoOthers() async throws {
        let server = try TestServer("undo-others")
        let job = """
            apiVersion: batch/v1
            kind: Job
            metadata: {name: once}
            spec:
              template:
                spec:
                  restartPolicy: Never
                  containers: [{name: a, image: "busybox:1"}]

            """
        let other = """
            apiVersion: v1
            kind: Service
            metadata: {name: thief}
            spec: {clusterIP: ADDRESS, ports: [{port: 80}], selector: {a: b}}

            """
        var shell = Shell(server, files: ["job.yaml": job])
        await shell.kubectl("create ns default")
        #expect(await shell.kubectl("create -f job.yaml").code == 0)
        #expect(await shell.kubectl("create svc clusterip web --tcp=80:80").code == 0)
        let address = await shell.kubectl("get svc web -o jsonpath={.spec.clusterIP}").out
        let uid = await shell.kubectl("get job once -o jsonpath={.metadata.uid}").out
        await shell.kubectl("delete svc web")
        await shell.kubectl("delete job once")
        shell = Shell(server, files: ["other.yaml": other.replacing("ADDRESS", with: address)])
        #expect(await shell.kubectl("create -f other.yaml").code == 0)
        let service = await shell.kubectl("undo svc web")
        #expect(service.code == 0 && service.err.contains("has new addresses and ports"), "\(service.err)")
        #expect(await shell.kubectl("get svc web -o jsonpath={.spec.clusterIP}").out != address)
        let undone = await shell.kubectl("undo job once")
        #expect(undone.code == 0, "\(undone.err)")
        let now = await shell.kubectl("get job once -o jsonpath={.metadata.uid}").out
        let selector = await shell.kubectl("get job once -o jsonpath={.spec.selector.matchLabels}").out
        #expect(now != uid && selector.contains(now) && !selector.contains(uid), "\(selector)")
        await server.shutdown()
    }

    @Test("the unified format has three lines around a change, and one hunk for neighbours")
    func lines() {
        let old = (1...20).map(String.init)
        var new = old
        new[1] = "two"
        new[5] = "six"
        new.remove(at: 18)
        #expect(LineDiff.unified(old, old, from: "a", to: "b").isEmpty)
        #expect(
            LineDiff.unified(old, new, from: "a", to: "b") == """
                --- a
                +++ b
                @@ -1,9 +1,9 @@
                 1
                -2
                +two
                 3
                 4
                 5
                -6
                +six
                 7
                 8
                 9
                @@ -16,5 +16,4 @@
                 16
                 17
                 18
                -19
                 20

                """)
        #expect(LineDiff.unified([], ["a"], from: "x", to: "y") == "--- x\n+++ y\n@@ -0,0 +1 @@\n+a\n")
    }
}
