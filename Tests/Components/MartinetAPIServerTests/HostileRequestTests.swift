import MartinetTransport
import Testing

/// Requests that nobody sends by accident. Each has a clean refusal, and the server goes on.
@Suite("hostile requests") struct HostileRequestTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var method = "GET"
        var target = "/api/v1/namespaces/default/configmaps"
        var type: String?
        var headers: [(String, String)] = []
        var body: [UInt8] = []
        let status: Int
        /// A word of the message.
        var says = ""
        var testDescription: String { name }

        static func post(
            _ name: String, _ type: String?, _ body: [UInt8], _ status: Int, headers: [(String, String)] = []
        ) -> Case {
            Case(name: name, method: "POST", type: type, headers: headers, body: body, status: status)
        }
        static func post(_ name: String, _ type: String?, _ body: String, _ status: Int) -> Case {
            post(name, type, Array(body.utf8), status)
        }
        static func get(_ name: String, _ target: String, _ status: Int) -> Case {
            Case(name: name, target: target, status: status)
        }
    }

    static let json = "application/json"
    static let yaml = "application/yaml"
    static let protobuf = "application/vnd.kubernetes.protobuf"
    static let cbor = "application/cbor"
    static let configMaps = "/api/v1/namespaces/default/configmaps"

    static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    static let bodies: [Case] = [
        .post("no body", json, "", 400),
        .post("truncated JSON", json, #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"na"#, 400),
        .post("JSON with something behind it", json, "{} {}", 400),
        .post("JSON that is a number", json, "1e999999999", 400),
        .post("deep JSON lists", json, repeated("[", 1_000_000), 400),
        .post("deep JSON objects", json, repeated(#"{"a":"#, 300_000), 400),
        .post(
            "deep JSON below a field that may be anything", json,
            #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"managedFields":[{"fieldsV1":"#
                + repeated(#"{"a":"#, 200_000) + repeated("}", 200_000) + "}]}}", 400),
        .post(
            "JSON of bad UTF-8", json,
            Array(#"{"kind":"ConfigMap","data":{"a":""#.utf8) + [0xC3, 0x28, 0xFF, 34, 125, 125], 400),
        .post("a lone surrogate", json, #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"\ud800"}}"#, 422),
        .post("another kind", json, #"{"kind":"Secret","apiVersion":"v1"}"#, 400),
        .post("a wrong type", json, #"{"kind":"ConfigMap","apiVersion":"v1","data":{"a":{"b":1}}}"#, 400),
        .post(
            "a number out of range", json,
            #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","generation":99999999999999999999}}"#, 400),
        .post(
            "a name that climbs", json, #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"../../x"}}"#, 422),
        .post("a name of NUL", json, #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a\u0000"}}"#, 422),
        .post("truncated YAML", yaml, "kind: [ConfigMap", 400),
        .post("deep YAML", yaml, repeated("[", 100_000), 400),
        .post("deep YAML by indent", yaml, (0..<1500).map { repeated(" ", $0) + "a:\n" }.joined(), 400),
        .post("two YAML documents", yaml, "a: 1\n---\nb: 2\n", 400),
        .post(
            "a YAML bomb", yaml,
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
                + zip("bcdefghi", "abcdefgh").map { "\($0): &\($0) [\(repeated("*\($1),", 9))]\n" }.joined(), 400),
        .post("a YAML alias of itself", yaml, "a: &a [*a]", 400),
        .post("protobuf without its mark", protobuf, "{}", 400),
        // An object without a field, which lacks a name.
        .post("protobuf that ends at its mark", protobuf, [107, 56, 115, 0], 422),
        .post(
            "protobuf that declares 2^60 bytes", protobuf,
            [107, 56, 115, 0, 0x12, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10], 400),
        .post(
            "protobuf whose number never ends", protobuf, [107, 56, 115, 0] + [UInt8](repeating: 0xFF, count: 4000), 400
        ),
        .post("protobuf of another kind", protobuf, [107, 56, 115, 0, 0x12, 2, 0x0A, 0x7F], 400),
        .post(
            "JSON whose text is no UTF-8", json,
            Array(#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"u"},"data":{"a":""#.utf8) + [
                0xFF, 34, 125, 125,
            ],
            400),
        .post(
            "protobuf whose text is no UTF-8", protobuf,
            [107, 56, 115, 0, 0x0A, 15, 0x0A, 2, 118, 49, 0x12, 9] + Array("ConfigMap".utf8)
                + [0x12, 6, 0x0A, 4, 0x0A, 2, 0xFF, 0xFE], 400),
        .post(
            "protobuf cut off in an object", protobuf,
            [107, 56, 115, 0, 0x0A, 15, 0x0A, 2, 118, 49, 0x12, 9] + Array("ConfigMap".utf8) + [
                0x12, 6, 0x0A, 4, 0x0A,
            ],
            400),
        .post("CBOR of nothing", cbor, [0xD9, 0xD9, 0xF7], 400),
        .post("CBOR cut off", cbor, [0xA1, 0x64, 107, 105], 400),
        .post("deep CBOR", cbor, [UInt8](repeating: 0x81, count: 1_000_000), 400),
        .post("CBOR tags without end", cbor, [UInt8](repeating: 0xC1, count: 1_000_000), 400),
        .post("CBOR that declares 2^60 items", cbor, [0x9B, 0x10, 0, 0, 0, 0, 0, 0, 0], 400),
        .post(
            "CBOR whose number is beyond 64 bits", cbor, [0xA1, 0x61, 97, 0x1B] + [UInt8](repeating: 0xFF, count: 8),
            400),
        .post("a huge number", json, #"{"kind":"ConfigMap","apiVersion":"v1","x":\#(repeated("9", 100_000))}"#, 400),
        .post("JSON that is called protobuf", protobuf, #"{"kind":"ConfigMap"}"#, 400),
        .post("JSON that is called CBOR", cbor, #"{"kind":"ConfigMap"}"#, 400),
        .post("protobuf that is called JSON", json, [107, 56, 115, 0, 0x0A, 2, 0x0A, 0], 400),
        .post("an unknown media type", "text/plain", "{}", 415),
        .post("a media type of nothing but parameters", ";;;=;", "{}", 415),
        .post("a compressed body", json, [0x1F, 0x8B, 8, 0], 415, headers: [("content-encoding", "gzip")]),
        .post("a body over the limit", json, repeated(" ", (3 << 20) + 1), 413),
        Case(
            name: "a patch of an unknown type", method: "PATCH", target: "\(configMaps)/seed",
            type: "application/x-patch",
            body: [123, 125], status: 415),
        Case(
            name: "a JSON patch of pointers that lead nowhere", method: "PATCH", target: "\(configMaps)/seed",
            type: "application/json-patch+json",
            body: Array(#"[{"op":"test","path":"/data/99999999999999999999/~9","value":1}]"#.utf8), status: 422),
        Case(
            name: "a deep merge patch", method: "PATCH", target: "\(configMaps)/seed",
            type: "application/merge-patch+json", body: Array(repeated(#"{"a":"#, 300_000).utf8), status: 400),
        Case(
            name: "deletion options that are none", method: "DELETE", target: "\(configMaps)/seed", type: json,
            body: Array(#"{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":"soon"}"#.utf8), status: 400),
        Case(name: "an unknown method", method: "OPTIONS", status: 405),
        Case(name: "an Accept that cannot be met", headers: [("accept", "image/png")], status: 406),
        Case(
            name: "an Accept of a thousand clauses",
            headers: [("accept", (0..<1000).map { "a/b\($0);q=0.\($0)" }.joined(separator: ","))], status: 406),
        Case(
            name: "weights of nonsense", headers: [("accept", "*/*;q=NaN, application/json;q=0x1p3;q=, text/*;q=9")],
            status: 406),
        Case(
            name: "a document with weights of nonsense", target: "/openapi/v2",
            headers: [("accept", "application/json;q=--1")], status: 406),
        Case(
            name: "an Accept with a Table of another group",
            headers: [("accept", "application/json;as=Table;g=x;v=v9")], status: 406),
    ]

    static let targets: [Case] = [
        .get("a label selector that is none", "\(configMaps)?labelSelector=%28%28%28", 400),
        .get("a long label selector", "\(configMaps)?labelSelector=\(repeated("a%20in%20(", 5000))", 400),
        .get("a field selector of an unknown field", "\(configMaps)?fieldSelector=data.a%3Db", 400),
        .get("a broken escape", "\(configMaps)?labelSelector=%zz", 400),
        .get("a query of bad UTF-8", "\(configMaps)?labelSelector=%ff%fe", 400),
        .get("a revision of garbage", "\(configMaps)?resourceVersion=garbage", 400),
        .get("a negative revision", "\(configMaps)?resourceVersion=-1", 400),
        .get("a revision over 64 bits", "\(configMaps)?resourceVersion=99999999999999999999", 400),
        .get("a revision in Arabic digits", "\(configMaps)?resourceVersion=%D9%A1", 400),
        .get("a match without a revision", "\(configMaps)?resourceVersionMatch=Exact", 422),
        .get("a limit over 64 bits", "\(configMaps)?limit=99999999999999999999", 400),
        .get("a limit of words", "\(configMaps)?limit=all", 400),
        .get("the least limit", "\(configMaps)?limit=-9223372036854775808", 200),
        .get("the greatest limit", "\(configMaps)?limit=9223372036854775807", 200),
        .get("a timeout over 64 bits", "\(configMaps)?watch=1&timeoutSeconds=99999999999999999999", 400),
        .get("a continue token of garbage", "\(configMaps)?continue=garbage", 400),
        .get("a continue token that decodes to garbage", "\(configMaps)?continue=eyJ2IjoibWV0YSJ9", 400),
        .get("a watch of an unknown revision kind", "\(configMaps)?watch=1&resourceVersion=x", 400),
        Case(
            name: "a grace period over 64 bits", method: "DELETE",
            target: "\(configMaps)/seed?gracePeriodSeconds=99999999999999999999", status: 400),
        Case(
            name: "a dry run of something", method: "POST", target: "\(configMaps)?dryRun=Some", type: json,
            body: TestServer.configMap("dry"), status: 422),
        Case(
            name: "a field validation of something", method: "POST", target: "\(configMaps)?fieldValidation=Lax",
            type: json, body: TestServer.configMap("lax"), status: 422),
        .get("dots", "/api/v1/namespaces/default/configmaps/..", 400),
        .get("escaped dots", "/api/v1/namespaces/default/configmaps/%2e%2e", 400),
        .get("dots below the root", "/../../etc/passwd", 400),
        .get("a slash in a name", "/api/v1/namespaces/default%2Fconfigmaps/secrets", 400),
        .get("NUL", "/api/v1/namespaces/default/configmaps/%00", 400),
        .get("a line break", "/api/v1/namespaces/default/configmaps/a%0d%0aset-cookie:x", 400),
        .get("a path of bad UTF-8", "/api/v1/namespaces/%ff/configmaps", 400),
        .get("a path that is too deep", "/api/v1/namespaces/default/configmaps/a/b/c/d/e/f", 404),
        .get("a hundred thousand slashes", repeated("/", 100_000), 200),
        .get("a path of a hundred thousand segments", "/api" + repeated("/a", 100_000), 404),
        .get("an unknown group", "/apis/nothing.example/v1/things", 404),
        .get("an unknown version", "/api/v9/pods", 404),
        .get("a thousand parameters", "\(configMaps)?" + repeated("a=b&", 10_000), 200),
    ]

    @Test("are refused with a Status and leave the server answering")
    func table() async throws {
        try await TestServer.with { server in
            let seed = try await server.send(
                "POST", Self.configMaps, contentType: Self.json, TestServer.configMap("seed"))
            #expect(seed.status == 201, "\(seed.text)")
            for one in Self.bodies + Self.targets {
                let answer = try await server.send(
                    one.method, one.target, contentType: one.type, headers: one.headers, one.body)
                #expect(answer.status == one.status, "\(one.name): \(answer.status) \(answer.text.prefix(300))")
                guard one.status >= 400 else { continue }
                #expect(
                    answer.text.contains(#""kind":"Status""#) && answer.text.contains(#""code":\#(one.status)"#),
                    "\(one.name): \(answer.text.prefix(300))")
                #expect(answer.text.utf8.count < 64 << 10, "\(one.name): an answer of \(answer.text.utf8.count) bytes")
            }
            let kept = try await server.send("GET", "\(Self.configMaps)/seed")
            #expect(kept.status == 200 && kept.text.contains(#""a":"b""#), "\(kept.text)")
        }
    }

    @Test("extremes of what is a number are taken and do no harm")
    func extremes() async throws {
        try await TestServer.with { server in
            for seconds in ["-9223372036854775808", "0", "1"] {
                let watch = try await server.send("GET", "\(Self.configMaps)?watch=1&timeoutSeconds=\(seconds)")
                #expect(watch.status == 200)
            }
            let ends = try await server.python(
                RawRequests.watchScript,
                [TestServer.token, "\(Self.configMaps)?watch=1&timeoutSeconds=9223372036854775807"])
            #expect(ends.contains("200"), "\(ends)")
            for number in ["-9223372036854775808", "9223372036854775807"] {
                _ = try await server.send(
                    "POST", Self.configMaps, contentType: Self.json, TestServer.configMap("short-lived"))
                let gone = try await server.send(
                    "DELETE", "\(Self.configMaps)/short-lived?gracePeriodSeconds=\(number)")
                #expect([200, 400, 422].contains(gone.status), "\(number): \(gone.text)")
            }
        }
    }
}
