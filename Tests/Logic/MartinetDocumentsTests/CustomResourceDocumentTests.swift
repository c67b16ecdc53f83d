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
            let kinds = try CustomResources.served(CustomResourceDefinition(object: object)).filter(\.isServed).map(
                \.kind)
            var defined: [Kind: Value] = [:]
            for version in item["stored"]["spec"]["versions"].items {
                if let kind = kinds.first(where: { $0.version == version["name"].text }) {
                    defined[kind] = version["schema"]["openAPIV3Schema"]
                }
            }
            let documents = OpenAPIDocuments(kinds: kinds, defined: defined)
            var found: [String] = []
            for version in item["v3"].members {
                let document = try #require(documents.v3("apis/\(version.key)"))
                var ours = OpenAPITests.withoutDescriptions(try JSONDecoder.decodeAny(document.bytes).value)
                // Only what is the custom resources' own was kept of the recorded documents.
                if case .map(var tree) = ours, case .map(let schemas) = ours["components"]["schemas"] {
                    let own = Map(unsorted: schemas.entries.filter { !$0.key.hasPrefix("io.k8s.") })
                    tree["components"] = .map(Map(unsorted: [.init(key: "schemas", value: .map(own))]))
                    ours = .map(tree)
                }
                OpenAPITests.differences(ours, version.value, at: "v3 \(version.key)", into: &found)
            }
            let v2 = OpenAPITests.withoutDescriptions(
                try JSONDecoder.decodeAny(documents.v2(asProtobuf: false).bytes).value)
            for definition in item["v2"]["definitions"].members {
                OpenAPITests.differences(
                    v2["definitions"][definition.key], definition.value, at: "v2 \(definition.key)", into: &found)
            }
            let paths = Set(v2["paths"].members.map(\.key))
            for path in item["v2"]["paths"].items where !paths.contains(path.text) {
                found.append("v2 lacks \(path.text)")
            }
            let group = item["crd"]["spec"]["group"].text
            for version in item["discovery"].members {
                let document = try #require(Discovery(kinds: kinds).resources(group: group, version: version.key))
                let ours = try JSONDecoder.decodeAny(document.bytes).value
                OpenAPITests.differences(ours, version.value, at: "discovery \(version.key)", into: &found)
            }
            print("documents of \(name): \(found.count) differences")
            for line in found.prefix(30) { print("   \(line)") }
            total += found.count
        }
        #expect(total == 0)
    }

    @Test(.enabled(if: isRecorded, "the shared answers are not beside this clone"))
    func everyDefinedCellIsUpstreams() throws {
        var (equal, total) = (0, 0)
        let any = #"{"type":"object","x-kubernetes-preserve-unknown-fields":true}"#
        for line in SharedFiles.read("upstream-answers/tables-custom.jsonl").split(separator: 10) {
            let item = try JSONDecoder.decodeAny(Array(line)).value
            let group = String(item["object"]["apiVersion"].text.dropLast(3))
            let definition = """
                {"metadata":{"name":"rows.\(group)"},"spec":{"group":"\(group)","scope":"Namespaced","names":{"plural":"rows",\
                "kind":"Row","listKind":"RowList"},"versions":[{"name":"v1","served":true,"storage":true,\
                "additionalPrinterColumns":\(item["printerColumns"].json),"schema":{"openAPIV3Schema":\(any)}}]}}
                """
            let object = try JSONDecoder.decode(Array(definition.utf8), as: CustomResourceDefinition.type).object
            let kind = try #require(CustomResources.served(CustomResourceDefinition(object: object)).first).kind
            var body = item["object"].json
            body = body.replacing(#""metadata":{"#, with: #""metadata":{"creationTimestamp":"2023-11-14T22:13:20Z","#)
            let row = try JSONDecoder.decode(Array(body.utf8), as: kind.type).object
            let table = try #require(TableConverter(kind: kind).table([row], include: .none, now: TableTests.now))
            let ours =
                try JSONDecoder.decodeAny(JSONEncoder.encode(table)).value["rows"].items.first?["cells"].items ?? []
            let theirs = item["rows"].items.first?["cells"].items ?? []
            total += 1
            let differing = zip(ours, theirs).filter { !TableTests.same($0, $1) }
            if differing.isEmpty, ours.count == theirs.count {
                equal += 1
            } else {
                print("   \(item["id"].text): \(differing.map { "\($0.json) instead of \($1.json)" })")
            }
        }
        print("defined tables: \(equal) of \(total)")
        #expect(equal == total)
    }
}
