import Testing

@Suite struct WalkTests {
    @Test func objectsAreAppliedReadChangedAndDeleted() async throws {
        let server = try TestServer("walk")
        let shell = Shell(
            server,
            files: [
                "cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: '1'\n  y: '2'\n"
            ])
        #expect(await shell.kubectl("create namespace default").code == 0)
        let created = await shell.kubectl("apply -f cm.yaml")
        #expect(created.out == "configmap/a created\n", "\(created.err)")
        #expect(await shell.kubectl("apply -f cm.yaml").out == "configmap/a unchanged\n")
        try shell.host.writeFile(
            "cm.yaml", Array("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: '3'\n".utf8), mode: 0)
        #expect(await shell.kubectl("apply -f cm.yaml").out == "configmap/a configured\n")
        #expect(await shell.kubectl("get cm a -o jsonpath={.data}").out == #"{"x":"3"}"#)
        #expect(await shell.kubectl("get cm a").out.hasPrefix("NAME   DATA   AGE\na      1"))
        #expect(await shell.kubectl("delete cm a").out == "configmap \"a\" deleted\n")
        let missing = await shell.kubectl("get cm a")
        #expect(missing.err == "Error from server (NotFound): configmaps \"a\" not found\n")
        #expect(missing.code == 1)
        await server.shutdown()
    }
}
