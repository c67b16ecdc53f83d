import MartinetPatch
import MartinetSchema
import Testing

@Suite struct ThreeWayMergeTests {
    private func map(_ json: String) throws -> Map {
        guard case .map(let map) = try JSONDecoder.decodeAny(Array(json.utf8)).value else { return Map() }
        return map
    }

    private func patch(
        _ original: String, _ modified: String, _ current: String, strategic: Bool = true
    ) throws -> String {
        let type = Schema.builtin.type(named: "apps/v1.Deployment")
        let patch = ThreeWayMerge.patch(
            original: try map(original), modified: try map(modified), current: try map(current),
            type: strategic ? type : nil)
        return String(decoding: JSONEncoder.encode(.map(patch)), as: UTF8.self)
    }

    @Test func nothingIsSentWhereNothingDiffers() throws {
        let object = #"{"spec":{"replicas":2}}"#
        #expect(try patch(object, object, #"{"spec":{"replicas":2,"paused":false}}"#) == "{}")
    }

    @Test func whatOthersHaveSetStaysAndWhatWasAppliedLastGoes() throws {
        #expect(
            try patch(
                #"{"metadata":{"labels":{"a":"1","b":"2"}}}"#, #"{"metadata":{"labels":{"a":"3"}}}"#,
                #"{"metadata":{"labels":{"a":"1","b":"2","other":"x"}}}"#)
                == #"{"metadata":{"labels":{"a":"3","b":null}}}"#)
    }

    @Test func containersAreMergedByTheirNames() throws {
        func spec(_ containers: String) -> String { #"{"spec":{"template":{"spec":{"containers":[\#(containers)]}}}}"# }
        let text = try patch(
            spec(#"{"name":"web","image":"a"},{"name":"old","image":"b"}"#), spec(#"{"name":"web","image":"c"}"#),
            spec(
                #"{"name":"web","image":"a","terminationMessagePath":"/x"},{"name":"old","image":"b"},{"name":"side","image":"s"}"#
            ))
        #expect(
            text == #"{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"web"}],"#
                + #""containers":[{"image":"c","name":"web"},{"$patch":"delete","name":"old"}]}}}}"#)
    }

    @Test func aListWithoutMergeKeyIsReplaced() throws {
        func spec(_ args: String) -> String {
            #"{"spec":{"template":{"spec":{"containers":[{"name":"w","args":[\#(args)]}]}}}}"#
        }
        let text = try patch(spec(#""a""#), spec(#""a","b""#), spec(#""a""#))
        #expect(text.contains(#""containers":[{"args":["a","b"],"name":"w"}]"#))
    }

    @Test func anEqualQuantityIsNoChange() throws {
        func spec(_ cpu: String) -> String {
            #"{"spec":{"template":{"spec":{"containers":[{"name":"w","resources":{"limits":{"cpu":\#(cpu)}}}]}}}}"#
        }
        #expect(try patch(spec(#""0.5""#), spec(#""0.5""#), spec(#""500m""#)) == "{}")
    }

    @Test func finalizersAreASet() throws {
        let text = try patch(
            #"{"metadata":{"finalizers":["a","b"]}}"#, #"{"metadata":{"finalizers":["a"]}}"#,
            #"{"metadata":{"finalizers":["a","b","c"]}}"#)
        #expect(
            text == #"{"metadata":{"$deleteFromPrimitiveList/finalizers":["b"],"$setElementOrder/finalizers":["a"]}}"#)
    }

    @Test func theStrategyKeepsOnlyWhatIsSaid() throws {
        let text = try patch(
            "{}", #"{"spec":{"strategy":{"type":"Recreate"}}}"#,
            #"{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}}"#)
        #expect(text == #"{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}"#)
    }

    @Test func withoutATypeListsAreReplacedWhole() throws {
        #expect(
            try patch("{}", #"{"spec":{"l":[{"name":"a"}]}}"#, #"{"spec":{"l":[{"name":"b"}]}}"#, strategic: false)
                == #"{"spec":{"l":[{"name":"a"}]}}"#)
    }

    @Test func applyingThePatchGivesWhatWasAsked() throws {
        let kind = try #require(Schema.builtin.type(named: "apps/v1.Deployment"))
        let original =
            #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"x"},"spec":{"template":{"spec":{"containers":[{"name":"a","env":[{"name":"E","value":"1"}]},{"name":"b"}]}}}}"#
        let modified = original.replacing(#"{"name":"E","value":"1"}"#, with: #"{"name":"F","value":"2"}"#)
        let current = try JSONDecoder.decode(Array(original.utf8), as: kind).object
        let patch = ThreeWayMerge.patch(
            original: try map(original), modified: try map(modified), current: try map(original), type: kind)
        let result = try Patcher.apply(JSONEncoder.encode(.map(patch)), .strategic, to: current)
        let wanted = try JSONDecoder.decode(Array(modified.utf8), as: kind).object
        #expect(result.object == wanted)
    }
}
