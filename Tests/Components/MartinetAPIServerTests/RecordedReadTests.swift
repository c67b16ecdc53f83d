import Glibc
import MartinetSchema
import MartinetTesting
import Testing

@Suite struct RecordedReadTests {
    /// How many answers may differ. It may only fall; what differs is listed in docs/reads.md.
    static let differencesMax = 0

    @Test(.enabled(if: SharedFiles.root != nil, "the recorded answers are not beside the clone"))
    func readsAndDeletionsAreAnsweredAsUpstreamDoes() throws {
        let reads = try RecordedReads()
        let lines = SharedFiles.read("upstream-answers/listwatch.jsonl").split(separator: 10)
        #expect(!lines.isEmpty)
        var differences: [String] = []
        var listed = 0
        var done: Set<String> = []
        for line in lines {
            let one = try JSONDecoder.decodeAny(Array(line)).value
            if let earlier = Self.before[one["id"].text] { for step in earlier { try reads.done(step, &done) } }
            done.insert(one["id"].text)
            let outcome = try reads.replay(one)
            if outcome.isListed {
                listed += 1
            } else if !outcome.isSame {
                differences.append(
                    "\(one["id"].text) \(one["path"].text) \(one["query"].json) \(one["body"].json)\n"
                        + "  expected \(outcome.expected.canonical)\n  found    \(outcome.own.canonical)")
            }
        }
        let text = "\(lines.count) cases, \(differences.count) differ, \(listed) listed"
        print(text)
        if let path = getenv("MARTINET_DIFFERENCES"), let file = fopen(path, "w") {
            defer { fclose(file) }
            fputs(text + "\n\n" + differences.joined(separator: "\n\n") + "\n", file)
        }
        #expect(differences.count <= Self.differencesMax, "\(differences.first ?? "")")
    }

    /// Cases that were kept back and changed something (a body beside `dryRun` makes it a real deletion): what they did is done
    /// before the first case behind them.
    private static let before: [String: [(id: String, path: String)]] = [
        "d00012": [("d00011", "/api/v1/namespaces/lw/configmaps/a")],
        "d00030": [("d00027", "/api/v1/namespaces/lw/configmaps")],
    ]
}

extension RecordedReads {
    fileprivate func done(_ step: (id: String, path: String), _ done: inout Set<String>) throws {
        guard done.insert(step.id).inserted else { return }
        let one = Value.members([
            ("method", .string("DELETE")), ("path", .string(step.path)),
            (
                "body",
                .members([
                    ("kind", .string("DeleteOptions")), ("apiVersion", .string("v1")),
                    ("gracePeriodSeconds", .int(-1)),
                ])
            ),
        ])
        _ = try replay(one)
    }
}
