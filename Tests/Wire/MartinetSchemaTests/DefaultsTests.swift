import MartinetSchema
import Testing

@Suite struct DefaultsTests {
    private func filled(_ type: String, _ json: String) throws -> String {
        let type = try #require(Schema.builtin.type(named: type))
        var object = try JSONDecoder.decode(Array(json.utf8), as: type).object
        Defaults.apply(to: &object)
        return String(decoding: JSONEncoder.encode(object), as: UTF8.self)
    }

    @Test func literalsReachObjectsThatWereNotNamed() throws {
        let text = try filled("apps/v1.Deployment", #"{"spec":{"template":{"spec":{"containers":[{"name":"a"}]}}}}"#)
        #expect(text.contains(#""replicas":1"#))
        #expect(text.contains(#""restartPolicy":"Always""#))
        #expect(text.contains(#""terminationMessagePath":"/dev/termination-log""#))
        #expect(text.contains(#""revisionHistoryLimit":10"#))
    }

    @Test func aValueThatIsSetStays() throws {
        #expect(try filled("apps/v1.Deployment", #"{"spec":{"replicas":0}}"#).contains(#""replicas":0"#))
    }

    @Test func someDefaultsBelongToTheKindAlone() throws {
        #expect(try filled("v1.Pod", #"{"spec":{}}"#).contains(#""enableServiceLinks":true"#))
        #expect(try !filled("apps/v1.Deployment", #"{"spec":{}}"#).contains("enableServiceLinks"))
    }
}
