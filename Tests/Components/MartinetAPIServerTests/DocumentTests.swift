import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetSchema
import MartinetTransport
import Synchronization
import Testing

/// Discovery and OpenAPI as clients ask for them: in their encodings, compressed, and only when they have changed.
@Suite struct DocumentTests {
    private static let few = [
        "api/all=false", "api/ga=false", "v1/namespaces=true", "v1/configmaps=true", "apps/v1/deployments=true",
    ]
    private func server() throws -> InMemoryServer { try InMemoryServer(runtimeConfig: RuntimeConfig(Self.few)) }

    private func get(
        _ server: InMemoryServer, _ path: String, accept: String = "*/*", _ headers: [(String, String)] = []
    ) throws -> InMemoryServer.Answer {
        try server.send("GET", path, accept: accept, token: "t", headers: headers, bytes: [])
    }

    static let gnostic = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

    @Test(arguments: [
        ("/openapi/v2", "application/json", "application/json"),
        // An @ is in no media type, so the answer is called otherwise than the request, as upstream's is.
        ("/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf", gnostic),
        ("/openapi/v2", "\(gnostic), */*;q=0.1", gnostic),
        ("/openapi/v2", "\(gnostic);q=0.1, application/*", "application/json"),
        ("/openapi/v3", "application/json;q=0.4, text/html", "application/json"),
        ("/api", "application/yaml", "application/yaml"), ("/apis", "application/cbor", "application/cbor"),
        ("/apis/apps", "application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf"),
        ("/api/v1", "application/vnd.kubernetes.protobuf,application/json", "application/vnd.kubernetes.protobuf"),
        (
            "/apis",
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList;profile=nopeer,application/json",
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        ),
        (
            "/apis", "application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList,application/json",
            "application/json"
        ),
    ])
    func eachComesInTheBestFormThatIsAccepted(path: String, accept: String, type: String) throws {
        let answer = try get(server(), path, accept: accept)
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == type)
        #expect(!answer.body.isEmpty)
    }

    @Test(arguments: [
        ("/openapi/v2", "text/html"), ("/openapi/v3/api/v1", "application/yaml"), ("/api", "image/png"),
        ("/api", "application/json;q=0"), ("/api", "application/json;q=much"), ("/api", "application/json;q=nan"),
        ("/api", "application/json;q=1e3"), ("/api", "application/json;q=-1"),
        ("/apis", "application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList"),
        ("/api/v1/namespaces", "application/json;q=inf"),
    ])
    func whatCannotBeAcceptedIsNotAcceptable(path: String, accept: String) throws {
        #expect(try get(server(), path, accept: accept).status == 406)
    }

    @Test(arguments: ["/openapi/v2", "/openapi/v3", "/openapi/v3/api/v1", "/api", "/apis/apps/v1"])
    func whoHasADocumentIsOnlyToldSo(path: String) throws {
        let server = try server()
        let first = try get(server, path)
        let etag = try #require(first.headers["etag"])
        #expect(first.status == 200 && etag.hasPrefix("\"") && first.headers.all("vary").contains("Accept"))
        for known in [etag, "W/\(etag)", "\"other\", \(etag)", "*"] {
            let again = try get(server, path, [("if-none-match", known)])
            #expect(again.status == 304 && again.body.isEmpty && again.headers["etag"] == etag, "\(known)")
        }
        #expect(try get(server, path, [("if-none-match", "\"other\"")]).status == 200)
    }

    @Test func openAPIIsCompressedForWhoAcceptsIt() throws {
        let server = try server()
        let plain = try get(server, "/openapi/v3/api/v1")
        for accepted in ["gzip", "deflate, gzip;q=0.5", "*"] {
            let packed = try get(server, "/openapi/v3/api/v1", [("accept-encoding", accepted)])
            #expect(packed.headers["content-encoding"] == "gzip")
            #expect(packed.headers.all("vary").contains("Accept-Encoding"))
            #expect(packed.body.starts(with: [0x1F, 0x8B]) && packed.body.count < plain.body.count / 3)
            #expect(packed.headers["etag"] == plain.headers["etag"])
        }
        for refused in ["identity", "gzip;q=0", "br", "gzip;q=nonsense"] {
            let answer = try get(server, "/openapi/v3/api/v1", [("accept-encoding", refused)])
            #expect(answer.headers["content-encoding"] == nil && answer.body == plain.body)
        }
    }

    @Test func aListIsCompressedWhenItIsLarge() throws {
        let server = try server()
        let text = String(repeating: "0123456789", count: 8000)
        for index in 0..<2 {
            let body =
                #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c\#(index)"},"data":{"k":"\#(text)"}}"#
            #expect(try server.send("POST", "/api/v1/namespaces/a/configmaps", body: body).status == 201)
        }
        let gzip = [("accept-encoding", "gzip")]
        let list = try get(server, "/api/v1/configmaps", gzip)
        #expect(list.headers["content-encoding"] == "gzip" && list.body.count < 100 << 10)
        let one = try get(server, "/api/v1/namespaces/a/configmaps/c0", gzip)
        #expect(one.headers["content-encoding"] == nil && one.tree["data"]["k"].text == text)
    }

    @Test func discoveryIsIndentedForEyes() throws {
        let server = try server()
        #expect(try get(server, "/api?pretty=true").text.contains("\n  \"kind\": \"APIVersions\""))
        #expect(try get(server, "/apis/apps", [("user-agent", "curl/8")]).text.contains("\n  \"kind\": \"APIGroup\""))
        #expect(try !get(server, "/api").text.contains("\n"))
    }

    @Test func aThousandRequestsAtOnceMakeEachDocumentOnceAndAreAnsweredAlike() throws {
        let server = try server()
        let paths = ["/openapi/v2", "/openapi/v3", "/openapi/v3/api/v1", "/openapi/v3/apis/apps/v1", "/apis"]
        let exchanges = (0..<1000).map { index in
            let exchange = RecordedExchange()
            let headers = HTTPHeaderList([("authorization", "Bearer t"), ("accept-encoding", "gzip")])
            server.server.handle(
                HTTPRequest(method: "GET", path: paths[index % paths.count], query: nil, headers: headers, body: []),
                exchange)
            return exchange
        }
        // None was made on the event loop that took the requests.
        #expect(exchanges[0].answer.withLock { $0.status } == 0)
        let runtime = server.runtime
        _ = runtime.run(until: runtime.monotonic() + .seconds(60)) {
            exchanges.allSatisfy { exchange in exchange.answer.withLock { $0.status != 0 } }
        }
        for (index, exchange) in exchanges.enumerated() {
            let (answer, first) = (
                exchange.answer.withLock { $0 }, exchanges[index % paths.count].answer.withLock { $0 }
            )
            #expect(answer.status == 200 && answer.body == first.body)
        }
    }

    @Test func aDocumentChangesItsHashWithItsKindsAndNotWithOthers() throws {
        func hashes(_ more: String) throws -> Value {
            let server = try InMemoryServer(runtimeConfig: RuntimeConfig(Self.few + [more]))
            return try get(server, "/openapi/v3").tree["paths"]
        }
        let (before, after) = (try hashes("v1/secrets=false"), try hashes("v1/secrets=true"))
        #expect(before["apis/apps/v1"] == after["apis/apps/v1"])
        #expect(before["api/v1"] != after["api/v1"])
    }
}

@Suite struct StrictFieldTests {
    private let maps = "/api/v1/namespaces/a/configmaps"

    @Test func aFieldIsNamedOnceHoweverOftenItIsWrong() throws {
        let server = try InMemoryServer()
        let body =
            #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"n","x":1,"x":2,"x":3},"data":{"a":"1","a":"2","a":"3"}}"#
        let answer = try server.send("POST", maps, body: body)
        #expect(answer.status == 201)
        #expect(answer.headers.all("warning").count == 2)
    }

    @Test func aNameCannotBeginAHeader() throws {
        let server = try InMemoryServer()
        let body = #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"n","a\r\nset-cookie: b":1,"plain":2}}"#
        let answer = try server.send("POST", maps, body: body)
        #expect(answer.status == 201)
        #expect(answer.headers.all("warning") == [#"299 - "unknown field \"metadata.plain\"""#])
        #expect(answer.headers["set-cookie"] == nil)
    }

    @Test func thousandsOfUnknownFieldsMakeNoEndlessHeaders() throws {
        let server = try InMemoryServer()
        let name = String(repeating: "x", count: 300)
        let unknown = (0..<3000).map { #""\#(name)\#($0)":1"# }.joined(separator: ",")
        let answer = try server.send(
            "POST", maps, body: #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"n"},\#(unknown)}"#)
        #expect(answer.status == 201)
        #expect(answer.headers.all("warning").reduce(0) { $0 + $1.utf8.count } < 8 << 10)
    }

    @Test func unknownFieldsAreFoundInCBORToo() throws {
        let server = try InMemoryServer()
        let tree = try JSONDecoder.decodeAny(
            Array(#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"n","nmae":"x"}}"#.utf8)
        ).value
        func send(_ validation: String) throws -> InMemoryServer.Answer {
            try server.send(
                "POST", "\(maps)?fieldValidation=\(validation)", accept: "application/json", type: "application/cbor",
                bytes: CBOREncoder.encode(tree))
        }
        let strict = try send("Strict")
        #expect(strict.status == 400 && strict.text.contains(#"unknown field \"metadata.nmae\""#))
        #expect(try send("Warn").headers.all("warning").count == 1)
    }

    @Test(arguments: [
        ("2026-01-02T03:04:05.000006Z", 201), ("2026-01-02T03:04:05.000006+02:00", 201), ("2026-01-02T03:04:05Z", 400),
        ("2026-01-02T03:04:05.006Z", 400), ("2026-01-02T03:04:05.000000006Z", 400),
    ])
    func aTimeOfALeaseHasSixDigitsAfterThePoint(time: String, status: Int) throws {
        let server = try InMemoryServer()
        let body =
            #"{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"l"},"spec":{"renewTime":"\#(time)"}}"#
        #expect(
            try server.send("POST", "/apis/coordination.k8s.io/v1/namespaces/a/leases", body: body).status == status)
    }

    @Test func anEmptyListOfABuiltInKindIsKeptAsNone() throws {
        let server = try InMemoryServer()
        let roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/a/roles"
        let body = #"{"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"r"},"rules":[]}"#
        #expect(try server.send("POST", roles, body: body).status == 201)
        #expect(try server.send("GET", roles + "/r").text.contains(#""rules":null"#))
        #expect(try server.send("GET", "/apis/apps/v1/namespaces/a/deployments").text.contains(#""items":[]"#))
    }
}
