import MartinetPatch
import MartinetSchema
import Testing

@Suite struct StrategicMergeTests {
    private func patched(_ json: String, _ patch: String, type: String = "v1.Pod") throws -> String {
        let type = try #require(Schema.builtin.type(named: type))
        let object = try JSONDecoder.decode(Array(json.utf8), as: type).object
        let result = try Patcher.apply(Array(patch.utf8), .strategic, to: object)
        return String(decoding: JSONEncoder.encode(result.object), as: UTF8.self)
    }

    private let pod =
        #"{"metadata":{"name":"a","finalizers":["x","y"]},"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}]}}"#

    @Test func mergesListsByTheirKey() throws {
        let text = try patched(pod, #"{"spec":{"containers":[{"name":"b","image":"3"},{"name":"c","image":"4"}]}}"#)
        #expect(
            text.contains(
                #"{"name":"a","image":"1","resources":{}},{"name":"b","image":"3","resources":{}},{"name":"c","image":"4","resources":{}}"#
            ))
    }

    @Test func deletesAndReplacesByDirective() throws {
        #expect(
            try !patched(pod, #"{"spec":{"containers":[{"name":"b","$patch":"delete"}]}}"#).contains(#""name":"b""#))
        let replaced = try patched(pod, #"{"spec":{"containers":[{"$patch":"replace"},{"name":"z"}]}}"#)
        #expect(replaced.contains(#""containers":[{"name":"z","resources":{}}]"#))
    }

    @Test func mergesAndDeletesPrimitives() throws {
        #expect(try patched(pod, #"{"metadata":{"finalizers":["z"]}}"#).contains(#""finalizers":["z","x","y"]"#))
        #expect(
            try patched(pod, #"{"metadata":{"$deleteFromPrimitiveList/finalizers":["x"]}}"#).contains(
                #""finalizers":["y"]"#))
    }

    @Test func keepsTheOrderThatIsAskedFor() throws {
        let text = try patched(
            pod,
            #"{"spec":{"$setElementOrder/containers":[{"name":"c"},{"name":"a"}],"containers":[{"name":"c","image":"4"}]}}"#
        )
        let order = text.split(separator: "\"name\":\"").dropFirst(2).map { String($0.prefix(1)) }
        #expect(order == ["c", "a", "b"])
    }

    @Test func retainKeysDropsTheRest() throws {
        let text = try patched(
            #"{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}}"#,
            #"{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}"#, type: "apps/v1.Deployment")
        #expect(text.contains(#""strategy":{"type":"Recreate"}"#))
    }

    @Test func aPatchThatMakesAnotherTypeIsRefused() {
        #expect(throws: PatchError.self) { try patched(pod, #"{"spec":{"containers":{}}}"#) }
    }
}
