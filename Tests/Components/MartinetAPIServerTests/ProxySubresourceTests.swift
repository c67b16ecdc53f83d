import MartinetAddresses
import MartinetBase
import MartinetTransport
import Testing

@testable import MartinetAPIServer

@Suite(.enabled(if: OwnAddress.value != nil, "this machine has no address but loopback"))
struct ProxySubresourceTests {
    @Test func namesHaveAScheme() throws {
        #expect(try ProxyName("a", "pod") == ProxyName("a", "pod"))
        let whole = try ProxyName("https:a:80", "pod")
        #expect((whole.scheme, whole.name, whole.port) == ("https", "a", "80"))
        #expect(try ProxyName("a:web", "service").port == "web")
        for wrong in ["", ":80", "ftp:a:80", "a:b:c:d", "http::80"] {
            #expect(throws: (any Error).self) { try ProxyName(wrong, "pod") }
        }
    }

    @Test(arguments: [
        ("/api/v1/namespaces/a/pods/b/proxy", ""), ("/api/v1/namespaces/a/pods/b/proxy/", "/"),
        ("/api/v1/namespaces/a/pods/b/proxy/c%2Fd//e/", "/c%2Fd//e/"),
        ("//api/v1/namespaces/a/pods/b/proxy/../x", "/../x"),
    ])
    func theRestOfThePathIsPassedOnAsItIs(_ path: String, _ rest: String) {
        #expect(ProxyPath(path, count: 7).rest == rest)
        #expect(ProxyPath(path, count: 7).prefix + rest == path)
    }

    private static let pod = #"""
        {"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":PORT}]}]}}
        """#

    /// A pod whose address is this machine's, with a server behind it.
    private func with(_ body: (TestServer, Int) async throws -> Void) async throws {
        let loops = EventLoops(threads: 1)
        let target = try HTTPServer(
            loops: loops,
            handler: FunctionHandler { request, exchange in
                exchange.respond(
                    200, text: "\(request.method) \(request.path) \(request.query ?? "") \(request.body.count)")
            })
        let port = try target.listen(.ip("0.0.0.0", port: 0), secure: false)
        let server = try TestServer { $0.forwards = true }
        var failure: (any Error)?
        do {
            try await server.ready()
            let account = #"{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"default"}}"#
            let json = "application/json"
            let base = "/api/v1/namespaces/default"
            _ = try await server.send("POST", "\(base)/serviceaccounts", contentType: json, Array(account.utf8))
            let pod = Self.pod.replacing("PORT", with: "\(port)")
            let made = try await server.send("POST", "\(base)/pods", contentType: json, Array(pod.utf8))
            #expect(made.status == 201, "\(made.text)")
            let own = OwnAddress.value ?? ""
            let status = #"{"status":{"phase":"Running","podIP":"\#(own)","podIPs":[{"ip":"\#(own)"}]}}"#
            let patched = try await server.send(
                "PATCH", "\(base)/pods/p/status", contentType: "application/merge-patch+json", Array(status.utf8))
            #expect(patched.status == 200, "\(patched.text)")
            for (plural, text) in [
                (
                    "services",
                    #"{"kind":"Service","apiVersion":"v1","metadata":{"name":"s"},"spec":{"ports":[{"port":80,"name":"web"}]}}"#
                ),
                (
                    "endpoints",
                    #"{"kind":"Endpoints","apiVersion":"v1","metadata":{"name":"s"},"subsets":[{"addresses":[{"ip":"10.1.2.3"}],"ports":[{"name":"other","port":1}]}]}"#
                ),
            ] { _ = try await server.send("POST", "\(base)/\(plural)", contentType: json, Array(text.utf8)) }
            let slice =
                #"{"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":"s","labels":{"kubernetes.io/service-name":"s"}},"addressType":"IPv4","endpoints":[{"addresses":["\#(own)"]}],"ports":[{"name":"web","port":\#(port)}]}"#
            let path = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
            #expect(try await server.send("POST", path, contentType: json, Array(slice.utf8)).status == 201)
            try await body(server, port)
        } catch {
            failure = error
        }
        await server.stop()
        await target.shutdown(grace: .zero)
        await loops.shutdown()
        if let failure { throw failure }
    }

    @Test func podsAndServicesAreReached() async throws {
        try await with { server, port in
            let base = "/api/v1/namespaces/default"
            for name in [
                "pods/p", "pods/p:\(port)", "pods/http:p:\(port)", "services/s:web", "services/s:80",
                "services/http:s:web",
            ] {
                for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                    let body = [UInt8](repeating: 65, count: method == "POST" ? 1 << 20 : 0)
                    let answer = try await server.send(method, "\(base)/\(name)/proxy/x/y/?a=b", body)
                    #expect(answer.status == 200, "\(method) \(name): \(answer.text)")
                    #expect(answer.text == "\(method) /x/y/ a=b \(body.count)")
                }
            }
            let folder = try await server.send("GET", "\(base)/pods/p/proxy")
            #expect(folder.status == 301)
            #expect(folder.headers["location"] == "\(base)/pods/p/proxy/")
        }
    }

    @Test func whatCannotBeReachedIsToldWhy() async throws {
        try await with { server, _ in
            let base = "/api/v1/namespaces/default"
            for (path, status, word) in [
                ("pods/q/proxy/", 404, "not found"), ("pods/p:1/proxy/", 503, "error trying to reach service"),
                ("services/s:no/proxy/", 503, "no endpoints available for service"),
                ("services/s:81/proxy/", 503, "no service port 81 found"),
                ("pods/ftp:p:1/proxy/", 400, "invalid pod request"),
                ("services/t/proxy/", 404, "not found"),
            ] {
                let answer = try await server.send("GET", "\(base)/\(path)")
                #expect(answer.status == status, "\(path): \(answer.text)")
                #expect(answer.text.contains(word) && answer.text.contains(#""kind":"Status""#), "\(answer.text)")
            }
            #expect(try await server.send("GET", "\(base)/pods/p/proxy/", token: "nobody-in-particular").status == 403)
            #expect(try await server.send("GET", "/api/v1/nodes/n/proxy/healthz").status == 404)
        }
    }

    @Test func addressesOfThisMachineAreNone() {
        for text in [
            "127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "ff02::1",
        ] {
            #expect(IPAddress(text).map { !ProxySubresource.isUnicast($0) } ?? false, "\(text)")
        }
        for text in ["10.0.0.1", "192.168.1.1", "8.8.8.8", "fd00::1", "2001:db8::1"] {
            #expect(IPAddress(text).map { ProxySubresource.isUnicast($0) } ?? false, "\(text)")
        }
    }
}
