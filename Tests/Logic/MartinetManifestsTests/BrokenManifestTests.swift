import FoundationEssentials
import MartinetManifests
import MartinetSchema
import MartinetTesting
import Testing

/// Every file of `Broken` beside the exact text that it is refused with: `NAME.yaml` and `NAME.txt`.
///
/// `MARTINET_UPDATE=1` writes the texts; they are reviewed as code.
@Suite struct BrokenManifestTests {
    static let folder = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex)) + "/Broken/"

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }()

    private func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    @Test func thereAreAtLeastThreeHundred() { #expect(Self.names.count >= 300) }

    @Test(arguments: names)
    func theProblemIsToldWithItsPlace(_ name: String) throws {
        let result = ManifestReader().read(try read(Self.folder + name + ".yaml"), file: name + ".yaml")
        let text = result.problems.map { "\($0)\n" }.joined()
        let expected = Self.folder + name + ".txt"
        if ProcessInfo.processInfo.environment["MARTINET_UPDATE"] == "1" {
            try Data(text.utf8).write(to: URL(filePath: expected))
        }
        #expect(!text.isEmpty)
        #expect(text == String(decoding: try read(expected), as: UTF8.self))
    }

    @Test(arguments: names)
    func noTruncationTraps(_ name: String) throws {
        let bytes = try read(Self.folder + name + ".yaml")
        // A few places in each: there are hundreds of files.
        for end in stride(from: bytes.count % 7, to: bytes.count, by: max(3, bytes.count / 4)) {
            _ = ManifestReader().read(Array(bytes[..<end]), file: name)
        }
    }

    /// What upstream accepted is not refused before it is sent.
    @Test(.enabled(if: SharedFiles.root != nil, "the shared answers are not beside this clone"))
    func whatUpstreamAcceptedIsSent() throws {
        var (accepted, refused, caught) = (0, 0, 0)
        var wrong: [String] = []
        let lines = SharedFiles.read("upstream-answers/validation.jsonl").split(separator: 10)
        // A third of them: the strategies' own test looks at all.
        for line in lines.indices.filter({ $0 % 3 == 0 }).map({ lines[$0] }) {
            let item = try JSONDecoder.decodeAny(Array(line)).value
            guard case .map(let map) = item, map["method"] == .string("POST"), let body = map["body"],
                case .map(let answer)? = map["answer"], case .int(let code)? = answer["code"],
                case .map(let query)? = map["query"], query["fieldValidation"] != .string("Ignore")
            else { continue }
            let result = ManifestReader().read(JSONEncoder.encode(body), file: "x.json")
            if code == 201, answer["warnings"] == nil {
                accepted += 1
                if let problem = result.problems.first { wrong.append("\(map["id"] ?? .null): \(problem)") }
            } else if code >= 400 {
                refused += 1
                if !result.problems.isEmpty { caught += 1 }
            }
        }
        print(
            "manifests: \(accepted) accepted ones, \(wrong.count) refused here; \(refused) refused ones, \(caught) told here"
        )
        for line in wrong.prefix(60) { print("   \(line)") }
        #expect(wrong.count <= Self.stricter)
        #expect(caught * 10 >= refused * 9)
    }

    /// Fields that the schema calls required and upstream takes for zero or empty where they are absent.
    private static let stricter = 3

    @Test func allDocumentsAreToldOfAtOnce() throws {
        let result = ManifestReader().read(
            try read(Self.folder + "three-documents-all-wrong.yaml"), file: "all.yaml")
        #expect(Set(result.problems.map(\.mark.line)).count >= 3)
        #expect(result.manifests.count == 3)
    }

    @Test func whatIsRightIsNotRefused() {
        let text = """
            apiVersion: v1
            kind: Pod
            metadata: {name: web, labels: {a: "1"}}
            spec:
              containers:
              - name: web
                image: nginx
                resources: {limits: {cpu: 1, memory: 256Mi}}
                ports: [{containerPort: 80, protocol: TCP}]
                livenessProbe: {httpGet: {port: http, path: /}}
            ---
            apiVersion: example.com/v1
            kind: Whatever
            metadata: {name: x}
            spec: {anything: [1, 2]}
            """
        let result = ManifestReader().read(Array(text.utf8), file: "ok.yaml")
        #expect(result.problems.isEmpty, "\(result.problems)")
        #expect(result.manifests.count == 2)
    }
}
