import MartinetAPIServer
import MartinetTransport
import Testing

@Suite("reads of what is not there yet") struct FreshnessTests {
    static let configMaps = "/api/v1/namespaces/default/configmaps"

    private func revision(_ server: TestServer) async throws -> Int {
        let list = try await server.send("GET", Self.configMaps)
        let field = try #require(list.text.firstRange(of: "\"resourceVersion\":\""))
        return try #require(Int(list.text[field.upperBound...].prefix { $0.isNumber }))
    }

    @Test("wait until it is", arguments: ["", "/first", "?watch=1&timeoutSeconds=1"])
    func wait(what: String) async throws {
        try await TestServer.with { server in
            _ = try await server.send(
                "POST", Self.configMaps, contentType: "application/json", TestServer.configMap("first"))
            let next = try await revision(server) + 1
            let target = Self.configMaps + what + (what.contains("?") ? "&" : "?") + "resourceVersion=\(next)"
            async let read = server.send("GET", target)
            // The read is on its way when its connection is there beside the one that is idle.
            for _ in 0..<200 where server.server.http.connectionCount < 2 { await TestServer.moment() }
            let made = try await server.send(
                "POST", Self.configMaps, contentType: "application/json", TestServer.configMap("second"))
            #expect(made.status == 201)
            let answer = try await read
            #expect(answer.status == 200, "\(answer.text)")
            if what.isEmpty { #expect(answer.text.contains("second")) }
        }
    }

    @Test("are told to come again when it does not come", arguments: ["", "/first"])
    func timeout(what: String) async throws {
        try await TestServer.with { server in
            let separator = what.contains("?") ? "&" : "?"
            let answer = try await server.send(
                "GET", Self.configMaps + what + separator + "resourceVersion=9223372036854775807")
            #expect(answer.status == 504)
            #expect(answer.headers["retry-after"] == "1")
            for part in [
                #""reason":"Timeout""#, #""reason":"ResourceVersionTooLarge""#, #""retryAfterSeconds":1"#,
                "Too large resource version: 9223372036854775807, current: ",
            ] {
                #expect(answer.text.contains(part), "\(answer.text)")
            }
        }
    }
}
