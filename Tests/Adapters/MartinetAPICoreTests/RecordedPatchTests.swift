import Glibc
import MartinetSchema
import MartinetTesting
import Testing

@Suite struct RecordedPatchTests {
    /// How many of the sequences may differ. It may only fall; what differs is listed in docs/managed-fields.md.
    static let differencesMax = 10000

    @Test(.enabled(if: SharedFiles.root != nil, "the recorded answers are not beside the clone"))
    func sequencesOfWritesAreAnsweredAsUpstreamDoes() throws {
        let server = try RecordedPatches()
        let lines = SharedFiles.read("upstream-answers/patches.jsonl").split(separator: 10)
        #expect(!lines.isEmpty)
        var differences: [RecordedPatches.Difference] = []
        var steps = 0
        for line in lines {
            let sequence = try JSONDecoder.decodeAny(Array(line)).value
            let result = try server.replay(sequence)
            steps += result.steps
            if let difference = result.difference { differences.append(difference) }
        }
        var counts: [String: Int] = [:]
        for difference in differences { counts[difference.what, default: 0] += 1 }
        let summary = counts.sorted { $0.value > $1.value }.map { "\($0.value)\t\($0.key)" }.joined(separator: "\n")
        let text = "\(lines.count) sequences, \(steps) steps, \(differences.count) differ\n\(summary)"
        print(text)
        if let path = getenv("MARTINET_DIFFERENCES"), let file = fopen(path, "w") {
            defer { fclose(file) }
            fputs(text + "\n\n" + differences.map(\.description).joined(separator: "\n\n"), file)
        }
        #expect(differences.count <= Self.differencesMax)
    }
}
