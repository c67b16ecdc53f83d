import MartinetSchema
import MartinetStrategies
import MartinetTesting
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Upstream's recorded verdicts. The floors may only rise.
@Suite struct JudgeTests {
    static let isRecorded = SharedFiles.root != nil

    struct Score {
        var total = 0
        var accepted = 0
        var causes = 0
        var warned = 0
        var warnings = 0
    }

    @Test(
        .enabled(if: isRecorded, "the shared answers are not beside this clone"),
        arguments: ["validation", "validation-sub"])
    func verdictsAreUpstreams(file: String) throws {
        var scores: [String: Score] = [:]
        let shown = getenv("MARTINET_JUDGE").map { String(cString: $0) } ?? ""
        for line in SharedFiles.read("upstream-answers/\(file).jsonl").split(separator: 10) {
            let item = try JSONDecoder.decodeAny(Array(line)).value
            guard let target = JudgedTarget(path: item["path"].text),
                ["POST", "PUT", "PATCH"].contains(item["method"].text),
                case .int(let code) = item["answer"]["code"], [200, 201, 400, 422].contains(code),
                item["mutation"].items.first?.items.first?.text != "request",
                ["", "application/json", "application/strategic-merge-patch+json"].contains(item["contentType"].text),
                let ours = Judge(target).verdict(item, in: Array(line))
            else { continue }
            let causes = item["answer"]["causes"].items.map { "\($0["reason"].text) \($0["field"].text)" }.sorted()
            var wanted = Verdict(code: code == 201 ? 200 : Int(code), causes: causes)
            if case .int(let count) = item["answer"]["warnings"] { wanted.warnings = Int(count) }
            var score = scores[target.title] ?? Score()
            score.total += 1
            if (ours.code == 200) == (wanted.code == 200) { score.accepted += 1 }
            if ours == wanted { score.causes += 1 }
            if ours.code == 200, wanted.code == 200 {
                score.warned += 1
                if ours.warnings == wanted.warnings { score.warnings += 1 }
            }
            scores[target.title] = score
            if !shown.isEmpty, shown == "all" || target.title.hasPrefix(shown) {
                if ours != wanted {
                    print("JUDGE \(target.title) \(item["id"].text) \(Self.difference(ours, wanted))")
                } else if ours.code == 200, ours.warnings != wanted.warnings {
                    print("JUDGE \(target.title) \(item["id"].text) warnings \(ours.warnings) for \(wanted.warnings)")
                }
            }
        }
        var sum = Score()
        for (name, score) in scores.sorted(by: { $0.key < $1.key }) {
            print("\(file) \(name): \(score.total) accepted \(score.accepted) causes \(score.causes)")
            #expect(score.causes >= Self.floors["\(file) \(name)", default: 0])
            sum.total += score.total
            sum.accepted += score.accepted
            sum.causes += score.causes
            sum.warned += score.warned
            sum.warnings += score.warnings
        }
        print(
            "\(file): \(sum.total) accepted \(sum.accepted) causes \(sum.causes) warnings \(sum.warnings)/\(sum.warned)"
        )
    }

    private static func difference(_ ours: Verdict, _ wanted: Verdict) -> String {
        guard ours.code == wanted.code else {
            return "code \(ours.code) for \(wanted.code): +\(ours.causes) -\(wanted.causes)"
        }
        var extra = ours.causes
        let lacking = wanted.causes.filter { cause in
            guard let index = extra.firstIndex(of: cause) else { return true }
            extra.remove(at: index)
            return false
        }
        return "+\(extra) -\(lacking)"
    }

    /// What a creation is filled in with, without what admission and allocation add.
    @Test(.enabled(if: isRecorded, "the shared answers are not beside this clone"))
    func defaultsAreUpstreams() throws {
        var (equal, total) = (0, 0)
        var lines: [String] = []
        let admitted: Set<String> = [
            "tolerations", "volumes", "volumeMounts", "serviceAccount", "serviceAccountName", "priority",
            "preemptionPolicy", "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "nodePort", "taints",
            "managedFields", "uid", "resourceVersion", "creationTimestamp", "generation", "healthCheckNodePort",
            "conditions", "acceptedNames",
        ]
        for line in SharedFiles.read("upstream-answers/defaults.jsonl").split(separator: 10) {
            let item = try JSONDecoder.decodeAny(Array(line)).value
            let text = String(decoding: JSONEncoder.encode(item["body"]), as: UTF8.self)
            guard let target = JudgedTarget(path: item["path"].text), item["method"].text == "POST",
                target.subresource.isEmpty, item["answer"]["code"] == .int(201),
                let body = Judge.decoded(Judge.filled(text), target.kind)?.object
            else { continue }
            total += 1
            let object = Judge(target).created(body).object
            let ours = try JSONDecoder.decodeAny(JSONEncoder.encode(object)).value.without(admitted)
            let answer = String(decoding: JSONEncoder.encode(item["answer"]["object"]), as: UTF8.self)
            let wanted = try #require(Judge.decoded(Judge.filled(answer), target.kind))
            let theirs = try JSONDecoder.decodeAny(JSONEncoder.encode(wanted.object)).value.without(admitted)
            if ours == theirs {
                equal += 1
            } else {
                lines.append("\(item["id"].text): \(Self.difference(ours, theirs))")
            }
        }
        print("defaults: \(equal) of \(total) creations equal")
        for line in lines { print("   \(line.prefix(300))") }
        #expect(equal >= Self.floors["defaults", default: 0])
    }

    private static func difference(_ ours: Value, _ theirs: Value, at path: String = "") -> String {
        guard ours != theirs else { return "" }
        guard case .map(let left) = ours, case .map(let right) = theirs else {
            return "\(path): \(ours.json.prefix(150)) for \(theirs.json.prefix(150)) "
        }
        let keys = Set(left.entries.map(\.key)).union(right.entries.map(\.key)).sorted()
        return keys.map { difference(left[$0] ?? .null, right[$0] ?? .null, at: "\(path)/\($0)") }.joined()
    }
}
