import FoundationEssentials
import MartinetManifests
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

    @Test func thereAreAtLeastSixty() { #expect(Self.names.count >= 60) }

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
        for end in stride(from: 0, to: bytes.count, by: 3) {
            _ = ManifestReader().read(Array(bytes[..<end]), file: name)
        }
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
