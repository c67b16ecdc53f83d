import MartinetBase
import MartinetCertificates
import MartinetTransport
import Testing

@Suite("tls")
struct TLSTests {
    let runtime = ProductionRuntime()

    static func user(_ authority: CertificateAuthority) throws -> TLSIdentity {
        let issued = try authority.issue(
            .client("jane", groups: ["admins"]), now: ProductionRuntime().now(), validity: .seconds(3600))
        return TLSIdentity(certificateChain: issued.certificatePEM, privateKey: issued.privateKeyPEM)
    }

    static let whoami = FunctionHandler { request, exchange in
        let name = request.peer.certificates.first.flatMap { try? CertificateInfo(der: $0).commonName } ?? "nobody"
        exchange.respond(200, text: name)
    }

    @Test("a client certificate is optional, handed over when it verifies, and ends the handshake when it does not")
    func clientCertificates() async throws {
        let site = try TestSite(clientAuthentication: true, handler: TLSTests.whoami)
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: true)
        let other = try CertificateAuthority.create(commonName: "other", now: runtime.now())
        let expected: [(TLSIdentity?, String?)] = [
            (nil, "nobody"), (try TLSTests.user(site.authority), "jane"), (try TLSTests.user(other), nil),
        ]
        for (identity, name) in expected {
            let client = try HTTPClient(
                loops: TestSite.loops, runtime: runtime,
                ClientConfiguration(trust: .authorities(site.authority.certificatePEM), identity: identity))
            let response = try? await client.send(ClientRequest("GET", "https://127.0.0.1:\(port)/"))
            let text = try? await response?.collect()
            #expect(text.map { String(decoding: $0, as: UTF8.self) } == name)
            client.shutdown()
        }
        await site.stop()
    }

    @Test(
        "the certificate is chosen by the name asked for, and replaced without a restart",
        .enabled(if: Support.has("curl")))
    func namesAndReload() async throws {
        let site = try TestSite()
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: true)
        func code(_ host: String) async throws -> Int32 {
            try await Support.run(
                "curl",
                [
                    "-sS", "--cacert", site.authorityFile, "--resolve", "\(host):\(port):127.0.0.1",
                    "https://\(host):\(port)/",
                ]
            ).status
        }
        #expect(try await code("localhost") == 0)
        #expect(try await code("a.example.org") == 60)
        try site.server.reload(
            ServerTLS(
                identity: try TestSite.identity(site.authority, ["other.example.org"]),
                named: [
                    (host: "*.example.org", identity: try TestSite.identity(site.authority, ["*.example.org"]))
                ]))
        #expect(try await code("a.example.org") == 0)
        #expect(try await code("localhost") == 60)
        await site.stop()
    }

    @Test("the client believes only its authorities, the right name, and nobody's certificate when told so")
    func trust() async throws {
        let site = try TestSite()
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: true)
        let other = try CertificateAuthority.create(commonName: "other", now: runtime.now())
        func code(_ configuration: ClientConfiguration) async throws -> String {
            let client = try HTTPClient(loops: TestSite.loops, runtime: runtime, configuration)
            defer { client.shutdown() }
            do {
                return "\(try await client.send(ClientRequest("GET", "https://127.0.0.1:\(port)/")).status)"
            } catch let error as TransportError {
                return error.code == .tls ? "tls" : "\(error.code): \(error)"
            }
        }
        #expect(try await code(ClientConfiguration(trust: .authorities(site.authority.certificatePEM))) == "200")
        #expect(try await code(ClientConfiguration(trust: .authorities(other.certificatePEM))) == "tls")
        #expect(try await code(ClientConfiguration(trust: .anybody)) == "200")
        var named = ClientConfiguration(trust: .authorities(site.authority.certificatePEM))
        named.serverName = "elsewhere"
        let wrongName = try await code(named)
        #expect(wrongName == "tls")
        await site.stop()
    }
}
