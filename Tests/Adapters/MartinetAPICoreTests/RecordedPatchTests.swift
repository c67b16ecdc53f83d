import Glibc
import MartinetSchema
import MartinetTesting
import Testing

@Suite struct RecordedPatchTests {
    /// How many answers may differ in what they make of an object. It may only fall; what differs is listed in
    /// docs/managed-fields.md.
    static let differencesMax = 0
    /// How many may differ in whether and why the rules of a kind refuse an object, which is not what this is about.
    static let rulesMax = 152

    @Test(.enabled(if: SharedFiles.root != nil, "the recorded answers are not beside the clone"))
    func sequencesOfWritesAreAnsweredAsUpstreamDoes() throws {
        let server = try RecordedPatches()
        let lines = SharedFiles.read("upstream-answers/patches.jsonl").split(separator: 10)
        #expect(!lines.isEmpty)
        var differences: [RecordedPatches.Difference] = []
        var (steps, listed) = (0, 0)
        for line in lines {
            let replay = try server.replay(JSONDecoder.decodeAny(Array(line)).value)
            steps += replay.steps
            listed += replay.listed
            differences += replay.differences
        }
        var counts: [String: Int] = [:]
        for difference in differences { counts[difference.what, default: 0] += 1 }
        let summary = counts.sorted { $0.value > $1.value }.map { "\($0.value)\t\($0.key)" }.joined(separator: "\n")
        let rules = differences.filter(\.isRule).count
        let text =
            "\(lines.count) sequences, \(steps) steps, \(differences.count - rules) differ, \(rules) are of rules, \(listed) listed\n\(summary)"
        print(text)
        if let path = getenv("MARTINET_DIFFERENCES"), let file = fopen(path, "w") {
            defer { fclose(file) }
            fputs(text + "\n\n" + differences.map(\.description).joined(separator: "\n\n"), file)
        }
        #expect(differences.count - rules <= Self.differencesMax)
        #expect(rules <= Self.rulesMax)
    }
}
