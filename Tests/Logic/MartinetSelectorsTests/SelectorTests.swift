import MartinetSelectors
import Testing

@Suite struct SelectorTests {
    @Test(arguments: [
        ("", true), ("app=web", true), ("app==web", true), ("app!=web", false), ("app in (api,web)", true),
        ("app notin (api, web)", false), ("tier", false), ("!tier", true), ("app=web,!tier,size>3", true),
        ("size<3", false),
        ("tier!=x", true), ("app in ()", false), ("empty=", true),
    ])
    func matchesLabels(text: String, expected: Bool) throws {
        let labels = ["app": "web", "size": "4", "empty": ""]
        #expect(try LabelSelector(parsing: text).matches { labels[$0] } == expected)
    }

    @Test(arguments: ["app in web", "=web", "app in (a", "a b", "size>x", ",", "app=web,"])
    func refusesWhatIsNoLabelSelector(text: String) {
        #expect(throws: SelectorError.self) { try LabelSelector(parsing: text) }
    }

    @Test func matchesFields() throws {
        let selector = try FieldSelector(parsing: "metadata.name=a\\,b,status.phase!=Running")
        #expect(selector.matches { ["metadata.name": "a,b", "status.phase": "Pending"][$0] ?? "" })
        #expect(!selector.matches { ["metadata.name": "a,b", "status.phase": "Running"][$0] ?? "" })
        #expect(selector.exact("metadata.name") == "a,b")
        #expect(throws: SelectorError.self) { try FieldSelector(parsing: "metadata.name") }
    }
}
