import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import Testing

@Suite("who may ask") struct AuthenticationTests {
    static let protected = [
        "/api", "/apis", "/api/v1", "/openapi/v2", "/openapi/v3", "/", "/api/v1/namespaces", "/api/v1/nodes",
        "/api/v1/namespaces/default/secrets", "/apis/apps/v1/deployments", "/api/v1/namespaces/default/pods/a/log",
        "/api/v1/namespaces?watch=1", "/nothing", "/metrics", "/logs",
    ]

    @Test("nobody in particular sees health and version, and nothing else")
    func anonymous() async throws {
        try await TestServer.with { server in
            for path in ["/healthz", "/livez", "/readyz", "/version"] {
                #expect(try await server.send("GET", path, token: nil).status == 200, "\(path)")
            }
            for path in Self.protected {
                let answer = try await server.send("GET", path, token: nil)
                #expect([401, 403].contains(answer.status), "\(path): \(answer.status)")
                #expect(answer.text.contains("system:anonymous") || answer.status == 401, "\(path): \(answer.text)")
            }
            let write = try await server.send(
                "POST", "/api/v1/namespaces", token: nil, contentType: "application/json",
                Array(#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"mine"}}"#.utf8))
            #expect(write.status == 403)
        }
    }

    @Test("a token that is not known is 401 everywhere, one that is known but has no role 403 for resources")
    func tokens() async throws {
        try await TestServer.with { server in
            for path in Self.protected {
                let answer = try await server.send("GET", path, token: "guess")
                #expect(answer.status == 401, "\(path): \(answer.status)")
            }
            // An unsigned token, and one of another issuer's key.
            for token in [
                "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "a.b.c", "..", String(repeating: "x", count: 100_000),
            ] {
                #expect(try await server.send("GET", "/api/v1/nodes", token: token).status == 401)
            }
            #expect(try await server.send("GET", "/api/v1/nodes", token: "nobody-in-particular").status == 403)
            #expect(try await server.send("GET", "/api", token: "nobody-in-particular").status == 200)
        }
    }

    @Test(
        "a client certificate counts if this cluster's authority issued it and it holds",
        .enabled(if: TestServer.hasPython, "python3 is not here"))
    func certificates() async throws {
        try await TestServer.with { server in
            let now = ProductionRuntime().now()
            let subject = CertificateSubject.client("someone", groups: ["system:masters"])
            let foreign = try CertificateAuthority.create(commonName: "standalone", now: now)
            func ask(_ authority: CertificateAuthority, from: Timestamp, _ subject: CertificateSubject) async throws
                -> String
            {
                let issued = try authority.issue(subject, now: from, validity: .seconds(3600))
                let certificate = try server.write("c.pem", issued.certificatePEM)
                let key = try server.write("k.pem", issued.privateKeyPEM)
                return try await server.python(RawRequests.certificateScript, [certificate, key])
            }
            let own = server.server.authority
            #expect(try await ask(own, from: now, subject).contains("200"))
            #expect(try await ask(own, from: now, .client("someone", groups: ["guests"])).contains("403"))
            #expect(try await ask(own, from: now, .server("someone", dnsNames: ["a"])).hasPrefix("closed"))
            #expect(try await ask(foreign, from: now, subject).hasPrefix("closed"))
            let past = Timestamp(seconds: now.seconds - 86_400)
            #expect(try await ask(own, from: past, subject).hasPrefix("closed"))
            let future = Timestamp(seconds: now.seconds + 86_400)
            #expect(try await ask(own, from: future, subject).hasPrefix("closed"))
        }
    }

    @Test("nothing below TLS 1.2 is spoken", .enabled(if: TestServer.hasPython, "python3 is not here"))
    func versions() async throws {
        try await TestServer.with { server in
            let seen = try await server.python(RawRequests.versionsScript)
            #expect(seen.contains("TLSv1 refused") && seen.contains("TLSv1_1 refused"), "\(seen)")
            #expect(seen.contains("TLSv1_2 TLSv1.2") && seen.contains("TLSv1_3 TLSv1.3"), "\(seen)")
        }
    }

    @Test("of TLS 1.2 only modern ciphers are spoken", .enabled(if: TestServer.hasPython, "python3 is not here"))
    func ciphers() async throws {
        try await TestServer.with { server in
            let script = """
                import socket, ssl, sys
                for name in ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-SHA",
                             "ECDHE-ECDSA-AES256-SHA384", "AES128-SHA", "AES128-GCM-SHA256"]:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                    context.maximum_version = ssl.TLSVersion.TLSv1_2
                    try:
                        context.set_ciphers(name + ":@SECLEVEL=0")
                        with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
                            with context.wrap_socket(s) as t: print(name, "spoken", t.cipher()[0])
                    except (ssl.SSLError, OSError): print(name, "refused")
                """
            let lines = try await server.python(script).split(separator: "\n")
            #expect(lines.filter { $0.contains("spoken") }.count == 2 && lines.count == 6, "\(lines)")
            #expect(lines.filter { $0.contains("-SHA") && $0.contains("spoken") }.allSatisfy { $0.contains("GCM") })
        }
    }
}
