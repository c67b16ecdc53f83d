import MartinetAPI
import MartinetAPICore
import MartinetClient
import MartinetSchema
import MartinetTesting
import Testing

/// Pods and Deployments as upstream answered them under each level, against a whole registry.
@Suite struct RecordedPodSecurityTests {
    static let isRecorded = SharedFiles.root != nil

    @Test(.enabled(if: isRecorded, "the shared answers are not beside this clone"))
    func everyPodIsAnsweredAsUpstreamAnswersIt() throws {
        let cluster = try TestCluster(namespaces: [])
        var namespaces: Set<String> = []
        var differences: [String] = []
        var compared = 0
        for line in SharedFiles.read("upstream-answers/podsecurity.jsonl").split(separator: 10) {
            let item = try JSONDecoder.decodeAny(Array(line)).value
            guard case .int(let code) = item["answer"]["code"] else { continue }
            let mode = item["mode"].text.isEmpty ? "enforce" : item["mode"].text
            let version = item["version"].text
            let namespace = "\(mode)-\(item["level"].text)-\(version.replacing(".", with: "-"))"
            if namespaces.insert(namespace).inserted {
                try make(namespace, mode, item["level"].text, version, in: cluster)
            }
            let type = mode == "warn" ? Deployment.type : Pod.type
            let body = mode == "warn" ? item["deployment"] : item["pod"]
            let kind = try #require(type.kind)
            var request = APIRequest(.create, ResourceName(kind, namespace: namespace))
            request.options.dryRun = true
            let notes = RequestNotes()
            request.notes = notes
            var (got, why) = (201, "")
            do {
                request.object = try JSONDecoder.decode(JSONEncoder.encode(body), as: type).object
                try cluster.send(request)
            } catch let error as APIError {
                (got, why) = (error.code, error.message)
            }
            compared += 1
            if got != Int(code) {
                differences.append("\(item["id"].text): \(got) for \(code): \(why)")
            } else if mode == "warn", case .int(let warnings) = item["answer"]["warnings"],
                code == 201, notes.warnings.count != Int(warnings)
            {
                differences.append("\(item["id"].text): \(notes.warnings.count) warnings for \(warnings)")
            }
        }
        #expect(compared == 3907)
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(10).joined(separator: "\n"))")
    }

    private func make(
        _ namespace: String, _ mode: String, _ level: String, _ version: String, in cluster: TestCluster
    ) throws {
        let prefix = "pod-security.kubernetes.io/\(mode)"
        _ = try cluster.send(
            cluster.create(
                Namespace {
                    $0.metadata.name = namespace
                    $0.metadata.labels = [prefix: level, "\(prefix)-version": version]
                }))
        _ = try cluster.send(
            cluster.create(
                ServiceAccount {
                    $0.metadata.name = "default"
                    $0.metadata.namespace = namespace
                }))
    }
}
