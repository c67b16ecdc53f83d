import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import MartinetSchema
import MartinetTransport
import Synchronization
import Testing

/// Two API servers, each with a folder and a port of its own: one serves a group that the other only knows by an APIService.
@Suite(.enabled(if: OwnAddress.value != nil, "this machine has no address but loopback"))
struct AggregationTests {
    static func with(_ body: (_ front: TestServer, _ back: TestServer) async throws -> Void) async throws {
        let front = try TestServer { $0.forwards = true }
        let back = try TestServer {
            $0.address = "0.0.0.0"
            $0.names = ["back.default.svc"]
            $0.proxyAuthority = front.server.authority.certificatePEM
        }
        var failure: (any Error)?
        do {
            try await front.ready()
            try await back.ready()
            try await define(on: back)
            try await publish(back, on: front)
            try await body(front, back)
        } catch {
            failure = error
        }
        await front.stop()
        await back.stop()
        if let failure { throw failure }
    }

    private static func define(on back: TestServer) async throws {
        let text = #"""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
            "metadata":{"name":"flunders.wardle.example.com"},"spec":{"group":"wardle.example.com","scope":"Namespaced",
            "names":{"plural":"flunders","singular":"flunder","kind":"Flunder","listKind":"FlunderList"},
            "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",
            "properties":{"spec":{"type":"object","properties":{"size":{"type":"integer"}}}}}}}]}}
            """#
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        #expect(try await back.send("POST", path, contentType: "application/json", Array(text.utf8)).status == 201)
        try await back.until("the group is served") {
            try await back.send("GET", "/apis/wardle.example.com/v1").status == 200
        }
    }

    private static func publish(_ back: TestServer, on front: TestServer) async throws {
        let authority = Base64.encode(back.server.authority.certificatePEM)
        for (path, text) in [
            (
                "/api/v1/namespaces/default/services",
                #"{"kind":"Service","apiVersion":"v1","metadata":{"name":"back"},"spec":{"ports":[{"port":443,"name":"tls"}]}}"#
            ),
            (
                "/apis/apiregistration.k8s.io/v1/apiservices",
                #"{"kind":"APIService","apiVersion":"apiregistration.k8s.io/v1","metadata":{"name":"v1.wardle.example.com"},"spec":{"group":"wardle.example.com","version":"v1","groupPriorityMinimum":2000,"versionPriority":200,"caBundle":"\#(authority)","service":{"name":"back","namespace":"default"}}}"#
            ),
            (
                "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
                #"{"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":"back","labels":{"kubernetes.io/service-name":"back"}},"addressType":"IPv4","endpoints":[{"addresses":["\#(OwnAddress.value ?? "")"]}],"ports":[{"name":"tls","port":\#(back.server.port)}]}"#
            ),
        ] {
            let answer = try await front.send("POST", path, contentType: "application/json", Array(text.utf8))
            #expect(answer.status == 201, "\(answer.text)")
        }
        try await front.until("the APIService is available") {
            try await front.condition("v1.wardle.example.com").contains("all checks passed")
        }
    }

    @Test func requestsGoOnInTheNameOfWhoAsks() async throws {
        try await Self.with { front, _ in
            let path = "/apis/wardle.example.com/v1/namespaces/default/flunders"
            let body =
                #"{"kind":"Flunder","apiVersion":"wardle.example.com/v1","metadata":{"name":"a"},"spec":{"size":3}}"#
            let made = try await front.send("POST", path, contentType: "application/json", Array(body.utf8))
            #expect(made.status == 201, "\(made.text)")
            #expect(try await front.send("GET", path).text.contains(#""size":3"#))
            #expect(try await front.send("GET", path + "/a").status == 200)
            // Not the other server's to judge first.
            let refused = try await front.send("GET", path, token: "nobody-in-particular")
            #expect(refused.status == 403)
            #expect(refused.text.contains("jane"))
            let watched = try await front.send(
                "GET", path + "?watch=1&timeoutSeconds=1&resourceVersion=0")
            #expect(watched.text.contains(#""type":"ADDED""#))
            #expect(try await front.send("DELETE", path + "/a").status == 200)
        }
    }

    @Test func discoveryAndOpenAPIAreThoseOfAllServers() async throws {
        try await Self.with { front, _ in
            #expect(try await front.send("GET", "/apis").text.contains("wardle.example.com"))
            #expect(try await front.send("GET", "/apis/wardle.example.com").text.contains("wardle.example.com/v1"))
            #expect(try await front.send("GET", "/apis/wardle.example.com/v1").text.contains("flunders"))
            let accept = [("accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")]
            try await front.until("discovery has the group") {
                try await front.send("GET", "/apis", headers: accept).text.contains(#""resource":"flunders""#)
            }
            let tree = try JSONDecoder.decodeAny(
                Array(try await front.send("GET", "/apis", headers: accept).text.utf8)
            ).value
            let group = tree["items"].items.first { $0["metadata"]["name"].text == "wardle.example.com" }
            #expect(group?["versions"].items.first?["freshness"].text == "Current")
            try await front.until("the OpenAPI documents have it") {
                let v2 = try await front.send("GET", "/openapi/v2").text
                let v3 = try await front.send("GET", "/openapi/v3").text
                return v2.contains("/apis/wardle.example.com/v1/namespaces/{namespace}/flunders")
                    && v2.contains("com.example.wardle.v1.Flunder") && v3.contains("apis/wardle.example.com/v1")
            }
            let one = try await front.send("GET", "/openapi/v3/apis/wardle.example.com/v1")
            #expect(one.status == 200)
            #expect(one.text.contains("Flunder"))
        }
    }

    @Test func aServerThatIsGoneIsTold() async throws {
        try await Self.with { front, back in
            await back.server.http.shutdown(grace: .zero)
            let slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/back"
            #expect(try await front.send("DELETE", slices).status == 200)
            try await front.until("the APIService is not available") {
                try await front.condition("v1.wardle.example.com").contains("EndpointsNotFound")
            }
            let answer = try await front.send("GET", "/apis/wardle.example.com/v1/namespaces/default/flunders")
            #expect(answer.status == 503)
            #expect(answer.text == "service unavailable\n")
            #expect(try await front.send("GET", "/apis").text.contains("wardle.example.com"))
            let name = "/apis/apiregistration.k8s.io/v1/apiservices/v1.wardle.example.com"
            #expect(try await front.send("DELETE", name).status == 200)
            try await front.until("the group is gone") {
                try await front.send("GET", "/apis/wardle.example.com/v1").status == 404
            }
            #expect(try await !front.send("GET", "/apis").text.contains("wardle.example.com"))
        }
    }

    @Test func whatIsServedHereHasAPIServicesOfItsOwn() async throws {
        let front = try TestServer { $0.forwards = true }
        try await front.ready()
        try await front.until("the built-in groups are there") {
            let core = try await front.condition("v1.")
            let apps = try await front.condition("v1.apps")
            return core.contains("Local") && apps.contains("Local APIServices are always available")
        }
        try await Self.define(on: front)
        try await front.until("the custom group has one") {
            try await front.condition("v1.wardle.example.com").contains("Local")
        }
        let path = "/apis/apiregistration.k8s.io/v1/apiservices/"
        #expect(
            try await front.send("GET", path + "v1.wardle.example.com").text.contains(#""groupPriorityMinimum":1000"#))
        // One that is kept comes back; one of the start does not.
        #expect(try await front.send("DELETE", path + "v1.wardle.example.com").status == 200)
        try await front.until("it is made again") {
            try await front.send("GET", path + "v1.wardle.example.com").status == 200
        }
        let definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/flunders.wardle.example.com"
        #expect(try await front.send("DELETE", definition).status == 200)
        try await front.until("it goes with its definition") {
            try await front.send("GET", path + "v1.wardle.example.com").status == 404
        }
        await front.stop()
    }
}

extension TestServer {
    /// The conditions of an APIService, as text.
    func condition(_ name: String) async throws -> String {
        let answer = try await send("GET", "/apis/apiregistration.k8s.io/v1/apiservices/\(name)")
        let tree = try JSONDecoder.decodeAny(Array(answer.text.utf8)).value
        return String(decoding: JSONEncoder.encode(tree["status"]), as: UTF8.self)
    }

    func until(_ what: String, _ isSo: () async throws -> Bool) async throws {
        for _ in 0..<6000 {
            if try await isSo() { return }
            await TestServer.moment()
        }
        throw Failure(description: "waited in vain until \(what)")
    }
}
