import MartinetPatch
import MartinetSchema
import MartinetTesting
import Testing

@Suite struct JSONPatchTests {
    static let isShared = SharedFiles.root != nil

    @Test(.enabled(if: isShared, "the shared cases are not beside this clone"), arguments: ["spec_tests", "tests"])
    func passesThePublicCases(file: String) throws {
        guard
            case .list(let cases) = try JSONDecoder.decodeAny(SharedFiles.read("upstream-api/json-patch/\(file).json"))
                .value
        else { Issue.record("no list of cases"); return }
        var run = 0
        for case .map(let test) in cases where test["disabled"] != .bool(true) {
            guard let document = test["doc"], let patch = test["patch"] else { continue }
            run += 1
            let comment = test["comment"].map { "\($0)" } ?? "case \(run)"
            let result = Result { try JSONPatch(patch).apply(to: document) }
            if let expected = test["expected"] {
                #expect((try? result.get()) == expected, "\(comment)")
            } else if test["error"] != nil {
                #expect((try? result.get()) == nil, "\(comment): expected a refusal")
            }
        }
        #expect(run > 10)
    }

    @Test func replaceAddsAMissingMemberAsUpstreamDoes() throws {
        let patch = try JSONDecoder.decodeAny(Array(#"[{"op":"replace","path":"/a","value":1}]"#.utf8)).value
        #expect(try JSONPatch(patch).apply(to: .map(Map())) == .map(Map(unsorted: [.init(key: "a", value: .int(1))])))
    }
}
