import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetTransport
import Testing

@Suite struct EncodingTests {
    private let maps = "/api/v1/namespaces/a/configmaps"
    private func map(_ name: String) -> String {
        #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"\#(name)"},"data":{"k":"v"}}"#
    }

    @Test(arguments: [
        ("application/json", "application/json"), ("application/yaml", "application/yaml"),
        ("application/cbor", "application/cbor"), ("*/*", "application/json"),
        ("application/vnd.kubernetes.protobuf,application/json", "application/vnd.kubernetes.protobuf"),
        ("application/json;q=0.5,application/yaml", "application/yaml"),
        ("text/html, application/yaml;q=0.1", "application/yaml"),
    ])
    func theAnswerIsInTheBestEncodingThatIsAccepted(accept: String, type: String) throws {
        let server = try InMemoryServer()
        let answer = try server.send("GET", "/api/v1/namespaces/a", accept: accept)
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == type)
    }

    @Test func whatNobodyAcceptsIsNotAcceptable() throws {
        let few = ["api/ga=false", "v1/namespaces=true", "apiextensions.k8s.io/v1=true"]
        let server = try InMemoryServer(runtimeConfig: RuntimeConfig(few))
        #expect(try server.send("GET", "/api/v1/namespaces/a", accept: "text/html").status == 406)
        let definition = """
            {"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1","metadata":{"name":"ws.x.io"},"spec":{\
            "group":"x.io","scope":"Cluster","names":{"plural":"ws","kind":"W"},"versions":[{"name":"v1","served":true,\
            "storage":true,"schema":{"openAPIV3Schema":{"type":"object","description":"a w"}}}]}}
            """
        _ = try server.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body: definition)
        _ = server.runtime.run(until: server.runtime.monotonic() + .seconds(1)) { false }
        let protobuf = "application/vnd.kubernetes.protobuf"
        #expect(try server.send("GET", "/apis/x.io/v1/ws", accept: protobuf).status == 406)
        #expect(try server.send("GET", "/apis/x.io/v1/ws", accept: protobuf + ",application/json").status == 200)
        #expect(try server.send("GET", "/openapi/v3/apis/x.io/v1").text.contains(#""description":"a w""#))
    }

    @Test func anObjectIsWrittenAndReadInCBOR() throws {
        let server = try InMemoryServer()
        let type = try #require(Schema.builtin.type(named: "v1.ConfigMap"))
        let object = try JSONDecoder.decode(Array(map("c").utf8), as: type).object
        let answer = try server.send(
            "POST", maps, accept: "application/cbor", type: "application/cbor", bytes: CBOREncoder.encode(object))
        #expect(answer.status == 201)
        #expect(Array(answer.body.prefix(3)) == CBOREncoder.selfDescribed)
        let read = try CBORDecoder.decode(answer.body, as: type)
        #expect(read.kind == "ConfigMap")
        #expect(read.object.metadata.name == "c")
        let list = try server.send("GET", maps, accept: "application/cbor")
        let tree = try JSONDecoder.decodeAny(CBORDecoder.json(from: list.body)).value
        #expect(tree["kind"].text == "ConfigMapList")
        #expect(tree["items"].items.first?["metadata"]["name"].text == "c")
    }

    @Test func aWatchInCBORIsASequence() throws {
        let server = try InMemoryServer()
        _ = try server.send("POST", maps, body: map("c"))
        let answer = try server.send("GET", maps + "?watch=1", accept: "application/cbor")
        #expect(answer.headers["content-type"] == "application/cbor-seq")
        let event = try JSONDecoder.decodeAny(CBORDecoder.json(from: answer.body)).value
        #expect(event["type"].text == "ADDED")
        #expect(event["object"]["kind"].text == "ConfigMap")
    }

    @Test func metadataAloneComesInEveryEncoding() throws {
        let server = try InMemoryServer()
        _ = try server.send("POST", maps, body: map("c"))
        for (encoding, version) in [
            ("application/json", "v1"), ("application/json", "v1beta1"), ("application/cbor", "v1"),
        ] {
            let accept = "\(encoding);as=PartialObjectMetadataList;g=meta.k8s.io;v=\(version)"
            let answer = try server.send("GET", maps, accept: accept)
            let json = encoding == "application/cbor" ? try CBORDecoder.json(from: answer.body) : answer.body
            let tree = try JSONDecoder.decodeAny(json).value
            #expect(tree["apiVersion"].text == "meta.k8s.io/\(version)")
            #expect(tree["items"].items.first?["kind"].text == "PartialObjectMetadata")
            #expect(tree["items"].items.first?["metadata"]["name"].text == "c")
            #expect(tree["items"].items.first?["data"] == .null)
        }
        let protobuf = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        let answer = try server.send("GET", maps, accept: protobuf)
        #expect(answer.headers["content-type"] == "application/vnd.kubernetes.protobuf")
        #expect(try ProtobufDecoder.envelope(answer.body).kind == "PartialObjectMetadataList")
        let table = try server.send("GET", maps, accept: "application/json;as=Table;g=meta.k8s.io;v=v1")
        #expect(table.tree["kind"].text == "Table")
    }
}

@Suite struct FieldValidationTests {
    private let json =
        #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"NAME","nmae":"x"},"data":{"a":"1","a":"2"}}"#
    private let yaml =
        "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: NAME\n  nmae: x\ndata:\n  a: '1'\n  a: '2'\n"

    @Test func unknownAndRepeatedFieldsAreFoundInJSONAndYAML() throws {
        let server = try InMemoryServer()
        for (index, (type, body)) in [("application/json", json), ("application/yaml", yaml)].enumerated() {
            func send(_ validation: String) throws -> InMemoryServer.Answer {
                let name = "n\(index)\(validation.lowercased())"
                return try server.send(
                    "POST", "/api/v1/namespaces/a/configmaps?fieldValidation=\(validation)", type: type,
                    body: body.replacing("NAME", with: name))
            }
            let strict = try send("Strict")
            #expect(strict.status == 400)
            #expect(strict.text.contains(#"unknown field \"metadata.nmae\""#))
            #expect(strict.text.contains(#"duplicate field \"data.a\""#))
            let warned = try send("Warn")
            #expect(warned.status == 201)
            #expect(warned.headers.all("warning").count == 2)
            #expect(warned.tree["data"]["a"].text == "2", "the last one counts")
            let ignored = try send("Ignore")
            #expect(ignored.status == 201)
            #expect(ignored.headers.all("warning") == [])
        }
    }
}
