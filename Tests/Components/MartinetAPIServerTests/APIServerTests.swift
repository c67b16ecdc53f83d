import MartinetAPI
import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import MartinetTransport
import Synchronization
import Testing

/// An API server below its sockets, over a store in memory, in virtual time.
struct TestServer {
    let runtime: SimulatedRuntime
    let registry: Registry
    let server: APIServer

    init(runtimeConfig: RuntimeConfig = RuntimeConfig()) throws {
        runtime = SimulatedRuntime(seed: 1)
        let store = try SQLiteStore(inMemory: "test", runtime: runtime, executor: runtime.executor(named: "store"))
        registry = try Registry(
            store: store, runtime: runtime, log: Log(component: "test", minimum: .error),
            configuration: .init(runtimeConfig: runtimeConfig))
        server = APIServer(registry: registry, authenticator: Authenticator(tokens: ["t": .admin]))
        _ = try send(
            "POST", "/api/v1/namespaces", body: #"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"a"}}"#)
    }

    struct Answer {
        var status = 0
        var headers = HTTPHeaderList()
        var body: [UInt8] = []
        var text: String { String(decoding: body, as: UTF8.self) }
        var tree: Value { (try? JSONDecoder.decodeAny(body).value) ?? .null }
    }

    func send(
        _ method: String, _ path: String, accept: String = "application/json", type: String = "application/json",
        body: String = ""
    ) throws -> Answer {
        try send(method, path, accept: accept, type: type, bytes: Array(body.utf8))
    }

    func send(_ method: String, _ path: String, accept: String, type: String, bytes: [UInt8]) throws -> Answer {
        let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
        let exchange = TestExchange()
        server.handle(
            HTTPRequest(
                method: method, path: parts[0], query: parts.count > 1 ? parts[1] : nil,
                headers: [("authorization", "Bearer t"), ("accept", accept), ("content-type", type)], body: bytes),
            exchange)
        _ = runtime.run(until: runtime.monotonic() + .seconds(10)) { exchange.answer.withLock { $0.status != 0 } }
        let isStream = exchange.isStream.withLock { $0 }
        if isStream { _ = runtime.run(until: runtime.monotonic() + .seconds(5)) { false } }
        return exchange.answer.withLock { $0 }
    }
}

final class TestExchange: Exchange, OutgoingStream {
    let answer = Mutex(TestServer.Answer())
    let isStream = Mutex(false)

    func respond(_ status: Int, _ headers: [(String, String)], _ body: ResponseBody) {
        answer.withLock { answer in
            answer.headers = HTTPHeaderList(headers)
            switch body {
            case .empty: break
            case .bytes(let bytes): answer.body = bytes
            case .slices(let slices): answer.body = Array(slices.joined())
            }
            answer.status = status
        }
    }

    func begin(_ status: Int, _ headers: [(String, String)]) -> any OutgoingStream {
        isStream.withLock { $0 = true }
        respond(status, headers, .empty)
        return self
    }

    func canUpgrade(to protocolName: String) -> Bool { false }
    func upgradeToWebSocket(subprotocol: String?, _ headers: [(String, String)]) -> (any WebSocketConnection)? { nil }
    func upgradeRaw(_ protocolName: String, _ headers: [(String, String)]) -> (any BytePipe)? { nil }
    func onClose(_ callback: @escaping @Sendable () -> Void) {}

    func write(_ bytes: [UInt8]) -> Bool {
        answer.withLock { $0.body += bytes }
        return true
    }
    func write(slices: [ArraySlice<UInt8>]) -> Bool { write(Array(slices.joined())) }
    var pending: Int { 0 }
    var isWritable: Bool { true }
    func onWritable(_ callback: @escaping @Sendable () -> Void) {}
    func end() {}
    func abort() {}
}

extension Value {
    subscript(key: String) -> Value { if case .map(let map) = self { map[key] ?? .null } else { .null } }
    var text: String { if case .string(let text) = self { text } else { "" } }
    var items: [Value] { if case .list(let values) = self { values } else { [] } }
}

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
        let server = try TestServer()
        let answer = try server.send("GET", "/api/v1/namespaces/a", accept: accept)
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == type)
    }

    @Test func whatNobodyAcceptsIsNotAcceptable() throws {
        let server = try TestServer()
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
        let server = try TestServer()
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
        let server = try TestServer()
        _ = try server.send("POST", maps, body: map("c"))
        let answer = try server.send("GET", maps + "?watch=1", accept: "application/cbor")
        #expect(answer.headers["content-type"] == "application/cbor-seq")
        let event = try JSONDecoder.decodeAny(CBORDecoder.json(from: answer.body)).value
        #expect(event["type"].text == "ADDED")
        #expect(event["object"]["kind"].text == "ConfigMap")
    }

    @Test func metadataAloneComesInEveryEncoding() throws {
        let server = try TestServer()
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
        let server = try TestServer()
        for (index, (type, body)) in [("application/json", json), ("application/yaml", yaml)].enumerated() {
            func send(_ validation: String) throws -> TestServer.Answer {
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

@Suite struct ServedKindTests {
    private let cron = """
        {"kind":"CronJob","apiVersion":"batch/v1beta1","metadata":{"name":"c"},"spec":{"schedule":"* * * * *","jobTemplate":{\
        "spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i:1"}]}}}}}}
        """

    @Test func versionsThatUpstreamDroppedAreServedWithAWarningWhereTheyAreAskedFor() throws {
        let path = "/apis/batch/v1beta1/namespaces/a/cronjobs"
        #expect(try TestServer().send("POST", path, body: cron).status == 404)
        let server = try TestServer(runtimeConfig: RuntimeConfig(servesLegacy: true))
        let made = try server.send("POST", path, body: cron)
        #expect(made.status == 201)
        #expect(made.tree["apiVersion"].text == "batch/v1beta1")
        #expect(
            made.headers.all("warning") == [
                #"299 - "batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob""#
            ])
        let modern = try server.send("GET", "/apis/batch/v1/namespaces/a/cronjobs/c")
        #expect(modern.tree["apiVersion"].text == "batch/v1")
        #expect(modern.headers.all("warning") == [])
        let table = try server.send("GET", path, accept: "application/json;as=Table;g=meta.k8s.io;v=v1")
        #expect(table.tree["columnDefinitions"].items.map { $0["name"].text }.contains("Schedule"))
    }

    @Test func bothVersionsOfAnEventAreOneObject() throws {
        let server = try TestServer()
        let event = """
            {"kind":"Event","apiVersion":"v1","metadata":{"name":"e"},"involvedObject":{"kind":"Pod","name":"p",\
            "namespace":"a"},"message":"m","reason":"R","type":"Normal"}
            """
        #expect(try server.send("POST", "/api/v1/namespaces/a/events", body: event).status == 201)
        let other = try server.send("GET", "/apis/events.k8s.io/v1/namespaces/a/events/e").tree
        #expect(other["note"].text == "m")
        #expect(other["regarding"]["name"].text == "p")
        let selected = "/apis/events.k8s.io/v1/namespaces/a/events?fieldSelector=regarding.name%3Dp"
        #expect(try server.send("GET", selected).tree["items"].items.count == 1)
    }

    @Test func whatHasNoHandlerIsRefusedByName() throws {
        let server = try TestServer()
        let review = #"{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","spec":{"token":"x"}}"#
        let answer = try server.send("POST", "/apis/authentication.k8s.io/v1/tokenreviews", body: review)
        #expect(answer.status == 501)
        #expect(answer.text.contains("tokenreviews"))
        #expect(try server.send("GET", "/apis/authentication.k8s.io/v1/tokenreviews").status == 405)
        let statuses = try server.send("GET", "/api/v1/componentstatuses")
        #expect(statuses.tree["items"].items.first?["metadata"]["name"].text == "etcd-0")
    }

    @Test func documentsComeUnderTheirHash() throws {
        let server = try TestServer()
        let index = try server.send("GET", "/openapi/v3").tree
        let url = index["paths"]["apis/apps/v1"]["serverRelativeURL"].text
        #expect(url.hasPrefix("/openapi/v3/apis/apps/v1?hash="))
        let document = try server.send("GET", url)
        #expect(document.status == 200)
        #expect(document.headers["cache-control"]?.contains("immutable") == true)
        #expect(try server.send("GET", "/openapi/v3/apis/apps/v1?hash=0").status == 301)
    }

    @Test func aCertificateIsApprovedByAConditionAlone() throws {
        let server = try TestServer()
        let path = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
        let csr = """
            {"kind":"CertificateSigningRequest","apiVersion":"certificates.k8s.io/v1","metadata":{"name":"c"},"spec":{"request":\
            "eA==","signerName":"example.com/s","usages":["client auth"]}}
            """
        let made = try server.send("POST", path, body: csr)
        guard made.status == 201 else { return }  // the request itself may be checked more closely
        let approval = made.text.replacing(
            #""status":{}"#,
            with:
                #""status":{"conditions":[{"type":"Approved","status":"True","reason":"r","message":"m"}],"certificate":"eA=="}"#
        )
        let answer = try server.send("PUT", path + "/c/approval", body: approval)
        #expect(answer.status == 200)
        #expect(answer.tree["status"]["conditions"].items.first?["type"].text == "Approved")
        #expect(answer.tree["status"]["certificate"] == .null)
    }
}
