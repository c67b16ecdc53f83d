import Dispatch
import Glibc
import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import MartinetSchema
import MartinetTransport
import Synchronization
import Testing

/// A real API server, and real webhooks over HTTPS.
@Suite(.serialized) struct RealWebhookTests {
    /// One of each, for one test.
    private final class Pair: Sendable {
        let hook: WebhookServer
        let server: StandaloneAPIServer
        private let folder: String
        private let client: HTTPClient
        private let loops = EventLoops(threads: 1)

        init(dnsNames: [String]) throws {
            var template = Array("/tmp/martinet-webhooks-XXXXXX".utf8CString)
            try #require(mkdtemp(&template) != nil)
            folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let runtime = ProductionRuntime()
            hook = try WebhookServer(dnsNames: dnsNames)
            var configuration = StandaloneAPIServer.Configuration(folder: folder)
            configuration.tokens = ["admin": .admin]
            server = try StandaloneAPIServer(
                configuration, runtime: runtime, log: Log(component: "test", minimum: .error))
            client = try HTTPClient(
                loops: loops, runtime: runtime,
                ClientConfiguration(trust: .authorities(server.authority.certificatePEM)))
        }

        func stop() async {
            client.shutdown()
            await server.stop()
            await hook.stop()
            await loops.shutdown()
            for name in ["", "-wal", "-shm", ".lock"] { unlink("\(folder)/objects.db\(name)") }
            rmdir(folder)
        }

        func send(
            _ method: String, _ path: String, _ body: String = "", type: String = "application/json"
        ) async throws -> (status: Int, tree: Value) {
            let response = try await client.send(
                ClientRequest(
                    method, "https://127.0.0.1:\(server.port)\(path)",
                    headers: [("authorization", "Bearer admin"), ("content-type", type)], body: Array(body.utf8),
                    timeout: .seconds(90)))
            let bytes = try await response.collect()
            return (response.status, (try? JSONDecoder.decodeAny(bytes).value) ?? .null)
        }

        func create(_ name: String, _ data: String = "{}", query: String = "") async throws -> (
            status: Int, tree: Value
        ) {
            try await send(
                "POST", "/api/v1/namespaces/default/configmaps\(query)",
                #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"\#(name)"},"data":\#(data)}"#)
        }

        /// - Parameter place: of the clientConfig; nil for the url of the path.
        func register(_ sort: String, _ path: String, place: String? = nil, _ fields: String = "") async throws {
            let place = place ?? #""url":"https://127.0.0.1:\#(hook.port)\#(path)""#
            let bundle = Base64.encode(hook.authority.certificatePEM)
            let webhook =
                #"{"name":"\#(path.dropFirst()).example.com","clientConfig":{\#(place),"caBundle":"\#(bundle)"},"rules":[\#(WebhookCluster.anyConfigMap)],"sideEffects":"None","admissionReviewVersions":["v1"]\#(fields)}"#
            let answer = try await send(
                "POST", "/apis/admissionregistration.k8s.io/v1/\(sort)webhookconfigurations",
                #"{"kind":"\#(sort.prefix(1).uppercased() + sort.dropFirst())WebhookConfiguration","apiVersion":"admissionregistration.k8s.io/v1","metadata":{"name":"\#(path.dropFirst())"},"webhooks":[\#(webhook)]}"#
            )
            try #require(answer.status == 201, "\(answer.tree["message"].text)")
        }
    }

    private func with(dnsNames: [String] = ["localhost"], _ body: (Pair) async throws -> Void) async throws {
        let pair = try Pair(dnsNames: dnsNames)
        do {
            for _ in 0..<2000 {
                if try await pair.send("GET", "/readyz").status == 200 { break }
                await withCheckedContinuation { done in
                    DispatchQueue.global().async {
                        _ = usleep(5000)
                        done.resume()
                    }
                }
            }
            try await body(pair)
        } catch {
            await pair.stop()
            throw error
        }
        await pair.stop()
    }

    @Test func deniesAndMutates() async throws {
        try await with { pair in
            pair.hook.answer("/deny") {
                $0["name"].text == "bad" ? #""allowed":false,"status":{"message":"no"}"# : #""allowed":true"#
            }
            pair.hook.answer("/mutate") { _ in
                WebhookCluster.patch(#"[{"op":"add","path":"/data/added","value":"yes"}]"#)
            }
            try await pair.register("validating", "/deny")
            try await pair.register("mutating", "/mutate")
            let good = try await pair.create("good", #"{"a":"b"}"#)
            #expect(good.status == 201)
            #expect(good.tree["data"]["added"].text == "yes")
            let bad = try await pair.create("bad", #"{"a":"b"}"#)
            #expect(bad.status == 400)
            #expect(bad.tree["message"].text == #"admission webhook "deny.example.com" denied the request: no"#)
            #expect(pair.hook.count("/deny") == 2)
        }
    }

    @Test func aServiceIsReachedAtItsEndpoint() async throws {
        try await with(dnsNames: ["hook.default.svc"]) { pair in
            pair.hook.answer("/svc") { _ in #""allowed":false,"status":{"message":"reached"}"# }
            let place =
                #""service":{"namespace":"default","name":"hook","path":"/svc","port":\#(pair.hook.port)}"#
            try await pair.register("validating", "/svc", place: place)
            let absent = try await pair.create("x")
            #expect(absent.status == 500)
            #expect(
                absent.tree["message"].text.contains(#"services "hook" not found"#), "\(absent.tree["message"].text)")
            let service = try await pair.send(
                "POST", "/api/v1/namespaces/default/services",
                #"{"kind":"Service","apiVersion":"v1","metadata":{"name":"hook"},"spec":{"ports":[{"name":"web","port":\#(pair.hook.port)}]}}"#
            )
            #expect(service.status == 201)
            let none = try await pair.create("x")
            #expect(none.tree["message"].text.contains(#"no endpoints available for service "hook""#))
            // Loopback is no address of an endpoint: a name stands for it.
            _ = try await pair.send("DELETE", "/api/v1/namespaces/default/services/hook")
            let external = try await pair.send(
                "POST", "/api/v1/namespaces/default/services",
                #"{"kind":"Service","apiVersion":"v1","metadata":{"name":"hook"},"spec":{"type":"ExternalName","externalName":"localhost"}}"#
            )
            try #require(external.status == 201, "\(external.tree["message"].text)")
            let denied = try await pair.create("x")
            #expect(
                denied.tree["message"].text.hasSuffix("denied the request: reached"), "\(denied.tree["message"].text)")
        }
    }

    @Test func answersThatAreNone() async throws {
        try await with { pair in
            pair.hook.neverAnswer("/late")
            pair.hook.on("/long") { _, exchange in
                exchange.respond(200, [], .bytes([UInt8](repeating: 32, count: 5 << 20)))
            }
            pair.hook.on("/error") { _, exchange in exchange.respond(503, [], .bytes(Array("overloaded".utf8))) }
            for (path, expected) in [
                ("/late", "/late?timeout=1s\": context deadline exceeded"), ("/long", "longer than"),
                ("/error", "the server answered 503: overloaded"),
                ("/refused", "cannot connect to 127.0.0.1:1"),
            ] {
                let place = path == "/refused" ? #""url":"https://127.0.0.1:1/refused""# : nil
                for policy in ["Fail", "Ignore"] {
                    try await pair.register(
                        "validating", path, place: place, #","timeoutSeconds":1,"failurePolicy":"\#(policy)""#)
                    let answer = try await pair.create("x\(path.dropFirst())", query: "?dryRun=All")
                    #expect(answer.status == (policy == "Fail" ? 500 : 201), "\(path) \(policy)")
                    if policy == "Fail" {
                        #expect(answer.tree["message"].text.contains(expected), "\(answer.tree["message"].text)")
                    }
                    _ = try await pair.send(
                        "DELETE",
                        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/\(path.dropFirst())")
                }
            }
        }
    }

    @Test func theTimeOfARequestBoundsItsWebhooks() async throws {
        try await with { pair in
            pair.hook.neverAnswer("/late")
            try await pair.register("validating", "/late", #","timeoutSeconds":30"#)
            let began = ProductionRuntime().monotonic()
            let answer = try await pair.create("x", query: "?timeout=1s")
            #expect(answer.status == 500 || answer.status == 504)
            #expect(ProductionRuntime().monotonic() - began < .seconds(20))
        }
    }

    @Test func aWebhookMayUseTheServerThatAsksIt() async throws {
        try await with { pair in
            // Each question makes another one of the same sort: only bounds end that.
            pair.hook.on("/nested") { [weak pair] review, exchange in
                let request = review["request"]
                Task {
                    let depth = request["name"].text.utf8.count
                    var answer = #""allowed":true"#
                    if depth < 5, let pair {
                        let inner = try? await pair.create(request["name"].text + "x")
                        if inner?.status != 201 { answer = #""allowed":false,"status":{"message":"inner failed"}"# }
                    }
                    exchange.respond(200, [], .bytes(WebhookServer.review(request, answer)))
                }
            }
            try await pair.register("validating", "/nested", #","timeoutSeconds":30"#)
            #expect(try await pair.create("x").status == 201)
            for name in ["xx", "xxx", "xxxx", "xxxxx"] {
                #expect(try await pair.send("GET", "/api/v1/namespaces/default/configmaps/\(name)").status == 200)
            }
            // Without an end: refused in time, and the server lives.
            pair.hook.on("/nested") { [weak pair] review, exchange in
                let request = review["request"]
                Task {
                    let inner = try? await pair?.create(request["name"].text + "y")
                    let answer =
                        inner?.status == 201
                        ? #""allowed":true"#
                        : #""allowed":false,"status":{"message":"\#(inner?.status ?? 0) \#(inner?.tree["reason"].text ?? "")"}"#
                    exchange.respond(200, [], .bytes(WebhookServer.review(request, answer)))
                }
            }
            let began = ProductionRuntime().monotonic()
            let answer = try await pair.create("endless")
            #expect(answer.status == 400, "\(answer.tree["message"].text)")
            #expect(ProductionRuntime().monotonic() - began < .seconds(60))
            #expect(try await pair.send("GET", "/api/v1/namespaces/default").status == 200)
        }
    }

    @Test func whatNoWebhookMatchesIsNotSlowedDown() async throws {
        try await with { pair in
            pair.hook.answer("/fast") { _ in #""allowed":true"# }
            func measure(_ plural: String, _ kind: String, _ count: Int) async throws -> Double {
                let began = ProductionRuntime().monotonic()
                for number in 0..<count {
                    let answer = try await pair.send(
                        "POST", "/api/v1/namespaces/default/\(plural)?dryRun=All",
                        #"{"kind":"\#(kind)","apiVersion":"v1","metadata":{"name":"m\#(number)"}}"#)
                    try #require(answer.status == 201)
                }
                let (seconds, rest) = (ProductionRuntime().monotonic() - began).components
                return (Double(seconds) + Double(rest) / 1e18) / Double(count) * 1e6
            }
            _ = try await measure("secrets", "Secret", 50)
            let none = try await measure("secrets", "Secret", 200)
            try await pair.register("validating", "/fast")
            let other = try await measure("secrets", "Secret", 200)
            _ = try await measure("configmaps", "ConfigMap", 20)
            let matched = try await measure("configmaps", "ConfigMap", 200)
            print("µs for a dry creation: no webhook \(none), none that matches \(other), one that matches \(matched)")
            #expect(pair.hook.count("/fast") == 220)
        }
    }
}
