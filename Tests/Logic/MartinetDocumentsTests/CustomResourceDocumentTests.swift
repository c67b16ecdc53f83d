import MartinetAPI
import MartinetCustomResources
import MartinetDocuments
import MartinetSchema
import MartinetTesting
import Testing

/// What is published of custom resources, beside upstream's answers.
@Suite struct CustomResourceDocumentTests {
    static let isRecorded = SharedFiles.root != nil

    @Test(.enabled(if: isRecorded, "the shared answers are not beside this clone"))
    func definitionsArePublishedAsUpstreamPublishesThem() throws {
        var total = 0
        for item in try JSONDecoder.decodeAny(SharedFiles.read("upstream-answers/openapi-crds.json")).value.items {
            let name = item["crd"]["metadata"]["name"].text
            var object = try JSONDecoder.decode(
                Array(item["stored"].json.replacing("\"TIME\"", with: "null").utf8),
                as: CustomResourceDefinition.type
            ).object
            Defaults.apply(to: &object)
            let kinds = try CustomResources.served(CustomResourceDefinition(object: object)).filter(\.isServed).map(\.kind)
            let documents = OpenAPIDocuments(kinds: kinds)
            var found: [String] = []
            for version in item["v3"].members {
                let document = try #require(documents.v3("apis/\(version.key)"))
                let ours = OpenAPITests.withoutDescriptions(try JSONDecoder.decodeAny(document.bytes).value)
                OpenAPITests.differences(ours, version.value, at: "v3 \(version.key)", into: &found)
            }
            let v2 = OpenAPITests.withoutDescriptions(try JSONDecoder.decodeAny(documents.v2().json.bytes).value)
            for definition in item["v2"]["definitions"].members {
                OpenAPITests.differences(
                    v2["definitions"][definition.key], definition.value, at: "v2 \(definition.key)", into: &found)
            }
            let paths = Set(v2["paths"].members.map(\.key))
            for path in item["v2"]["paths"].items where !paths.contains(path.text) { found.append("v2 lacks \(path.text)") }
            let group = item["crd"]["spec"]["group"].text
            let discovery = Discovery(kinds: kinds)
            let recorded = item["discovery"]
            let version = recorded["groupVersion"].text.split(separator: "/").last.map(String.init) ?? ""
            if let document = discovery.resources(group: group, version: version) {
                let ours = try JSONDecoder.decodeAny(document.bytes).value
                OpenAPITests.differences(ours, recorded, at: "discovery", into: &found)
            }
            print("documents of \(name): \(found.count) differences")
            for line in found.prefix(30) { print("   \(line)") }
            total += found.count
        }
        #expect(total == 0)
    }
}
