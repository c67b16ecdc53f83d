import MartinetOCI
import Testing

@Suite struct OCISpecTests {
    @Test func fieldsThatNobodyKnowsAreTolerated() throws {
        let text = #"{"ociVersion":"1.0.2","future":{"a":[1]},"process":{"cwd":"/","args":["a"],"user":{"uid":5}}}"#
        let spec = try OCICodec.decode(OCISpec.self, from: Array(text.utf8), named: "config.json")
        #expect(spec.process?.user?.uid == 5)
        #expect(spec.process?.args == ["a"])
    }

    @Test func aWrongTypeIsToldWithItsPlace() throws {
        let text = #"{"ociVersion":"1.0.2","mounts":[{"destination":"/a"},{"destination":7}]}"#
        let error = #expect(throws: OCIError.self) {
            _ = try OCICodec.decode(OCISpec.self, from: Array(text.utf8), named: "config.json")
        }
        #expect(error?.message == "config.json: mounts[1].destination: expected String")
    }

    @Test func numbersOutOfRangeAndDeepTextAreRefusedWithoutATrap() {
        for text in [
            #"{"ociVersion":"1","process":{"cwd":"/","user":{"uid":99999999999}}}"#,
            #"{"ociVersion":"1","linux":{"resources":{"pids":{"limit":1e400}}}}"#,
            String(repeating: "[", count: 100_000), "", "{", "null",
        ] {
            #expect(throws: OCIError.self) {
                _ = try OCICodec.decode(OCISpec.self, from: Array(text.utf8), named: "config.json")
            }
        }
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        var spec = OCISpec(process: OCIProcess(args: ["/bin/sh"]), root: OCIRoot(path: "rootfs", readonly: true))
        spec.linux = OCILinux(namespaces: [OCINamespace(type: "pid")], cgroupsPath: "/a/b")
        spec.annotations = ["a": "b"]
        let bytes = try OCICodec.encode(spec)
        #expect(try OCICodec.decode(OCISpec.self, from: bytes, named: "x") == spec)
    }
}
