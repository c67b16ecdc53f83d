import MartinetAPI
import MartinetPodSecurity
import MartinetSchema
import MartinetTesting
import Testing

/// The pods that upstream admitted and refused, and the checks that refused them.
@Suite struct RecordedPodSecurityTests {
    static let isRecorded = SharedFiles.root != nil

    private func text(_ value: Value?) -> String { if case .string(let text)? = value { text } else { "" } }

    @Test(.enabled(if: isRecorded, "the shared answers are not beside this clone"))
    func everyRecordedPodIsHeldAgainstTheSameChecks() throws {
        var differences: [String] = []
        var compared = 0
        for line in SharedFiles.read("upstream-answers/podsecurity.jsonl").split(separator: 10) {
            guard case .map(let item) = try JSONDecoder.decodeAny(Array(line)).value,
                case .map(let answer)? = item["answer"], case .int(let code)? = answer["code"], code != 422,
                let json = item["pod"],
                let level = PodSecurityLevel(rawValue: text(item["level"])),
                let version = PodSecurityVersion(text(item["version"]))
            else { continue }
            let pod = try JSONDecoder.decode(JSONEncoder.encode(json), as: Pod.type).object
            var expected: [String] = []
            if case .list(let checks)? = item["checks"] { expected = checks.map { text($0) } }
            let found = PodSecurity.violations(of: pod, against: PodSecurityTarget(level, version)).map(\.check)
            compared += 1
            if found.sorted() != expected.sorted() {
                differences.append("\(text(item["id"])): \(found) for \(expected)")
            }
        }
        #expect(compared > 3000)
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(20).joined(separator: "\n"))")
    }
}
