import Glibc
import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import MartinetSchema
import MartinetTransport
import Synchronization
import Testing

/// Somebody else's server: an issuer of tokens, or a webhook.
final class Outside: RequestHandler {
    typealias Answer = @Sendable (HTTPRequest) -> (Int, String)
    let authority: CertificateAuthority
    let requests = Mutex<[String]>([])
    private let answer: Mutex<Answer>
    private let loops = EventLoops(threads: 1)
    private let server = Mutex<HTTPServer?>(nil)
    private let identity: TLSIdentity

    init(_ answer: @escaping Answer) throws {
        self.answer = Mutex(answer)
        let now = ProductionRuntime().now()
        authority = try CertificateAuthority.create(commonName: "outside", now: now)
        let shown = try authority.issue(
            .server("outside", dnsNames: ["localhost"], addresses: ["127.0.0.1"]), now: now, validity: .seconds(3600))
        identity = TLSIdentity(certificateChain: shown.certificatePEM, privateKey: shown.privateKeyPEM)
    }

    func start() throws -> Int {
        let http = try HTTPServer(loops: loops, tls: ServerTLS(identity: identity), handler: self)
        server.withLock { $0 = http }
        return try http.listen(.ip("127.0.0.1", port: 0), secure: true)
    }

    func answers(_ new: @escaping Answer) { answer.withLock { $0 = new } }

    func handle(_ request: HTTPRequest, _ exchange: any Exchange) {
        requests.withLock { $0.append(String(decoding: request.body, as: UTF8.self)) }
        let (status, text) = answer.withLock { $0 }(request)
        exchange.respond(status, [("content-type", "application/json")], .bytes(Array(text.utf8)))
    }

    func stop() async {
        let http = server.withLock { $0 }
        await http?.shutdown(grace: .seconds(1))
        await loops.shutdown()
    }

    /// A kubeconfig that leads here.
    func kubeconfig(_ port: Int) throws -> String {
        let file = "/tmp/martinet-outside-\(getpid())-\(port).yaml"
        let text = """
            apiVersion: v1
            kind: Config
            clusters: [{name: c, cluster: {server: "https://127.0.0.1:\(port)/ask", certificate-authority-data: \(Base64.encode(authority.certificatePEM))}}]
            users: [{name: u, user: {token: shared}}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            current-context: x
            """
        try CertificateFile.write(Array(text.utf8), to: file)
        return file
    }
}

@Suite("whom the server asks") struct OutsideTests {
    private static let review = Array(
        #"{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}"#.utf8)
    private static let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"

    private static func with(
        _ flags: [String: String], _ body: (TestServer) async throws -> Void
    ) async throws {
        try await TestServer.with(access: try OtherCredentialTests.flags(flags), body)
    }

    private static func ask(_ server: TestServer, _ token: String) async throws -> TestServer.Answer {
        try await server.send("POST", path, token: token, contentType: "application/json", review)
    }

    @Test("an issuer's tokens are good by its keys, which are fetched once and again for a key that is new")
    func openID() async throws {
        let signers = Mutex([TokenSigner()])
        let url = Mutex("")
        let outside = try Outside { request in
            let base = url.withLock { $0 }
            if request.path == "/.well-known/openid-configuration" {
                return (200, #"{"issuer":"\#(base)","jwks_uri":"\#(base)/keys"}"#)
            }
            return (200, signers.withLock { $0[0].jwks(with: Array($0.dropFirst())) })
        }
        let port = try outside.start()
        let base = "https://127.0.0.1:\(port)"
        url.withLock { $0 = base }
        let file = "/tmp/martinet-authentication-\(getpid()).yaml"
        defer { unlink(file) }
        let pem = String(decoding: outside.authority.certificatePEM, as: UTF8.self).split(separator: "\n")
            .map { "      " + $0 }.joined(separator: "\n")
        let text = """
            apiVersion: apiserver.config.k8s.io/v1
            kind: AuthenticationConfiguration
            anonymous: {enabled: true, conditions: [{path: /healthz}, {path: /readyz}]}
            jwt:
            - issuer:
                url: \(base)
                audiences: [cluster]
                certificateAuthority: |
            \(pem)
              claimMappings:
                username: {claim: email, prefix: "id:"}
                groups: {expression: "claims.roles.map(r, 'id:' + r)"}
                extra: [{key: acme.com/shift, valueExpression: claims.shift}]
              claimValidationRules: [{expression: "claims.hd == 'acme.com'", message: wrong house}]
              userValidationRules: [{expression: "!user.username.startsWith('id:root')", message: no root}]
            """
        try CertificateFile.write(Array(text.utf8), to: file)
        try await Self.with(["authentication-config": file]) { server in
            let now = ProductionRuntime().now().seconds
            func token(_ signer: TokenSigner, _ changes: [String: String] = [:]) throws -> String {
                var claims = [
                    "iss": "\"\(base)\"", "aud": "\"cluster\"", "exp": "\(now + 600)", "email": "\"ann@acme.com\"",
                    "hd": "\"acme.com\"", "roles": #"["dev"]"#, "shift": "\"night\"",
                ]
                claims.merge(changes) { _, new in new }
                let body = claims.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
                return try signer.sign(Array("{\(body)}".utf8))
            }
            let first = signers.withLock { $0[0] }
            let good = try await Self.ask(server, try token(first))
            #expect(good.status == 201 && good.text.contains("\"id:ann@acme.com\""), "\(good.text)")
            #expect(good.text.contains("\"id:dev\"") && good.text.contains("night"))
            for changes in [
                ["iss": "\"https://elsewhere\""], ["aud": "\"other\""], ["exp": "\(now - 1)"], ["nbf": "\(now + 3600)"],
                ["hd": "\"evil.com\""], ["email": "\"root@acme.com\""], ["email_verified": "false"], ["roles": "7"],
            ] { #expect(try await Self.ask(server, try token(first, changes)).status == 401, "\(changes)") }
            // One whose key the issuer does not show, signed well.
            let second = TokenSigner()
            #expect(try await Self.ask(server, try token(second)).status == 401)
            #expect(try await server.send("GET", "/healthz", token: nil).status == 200)
            #expect(try await server.send("GET", "/api", token: nil).status == 401)
        }
        await outside.stop()
    }

    @Test("a token webhook is asked once about a token, and nobody comes in while it gives no answer")
    func tokenWebhook() async throws {
        let outside = try Outside { request in
            let isKnown = String(decoding: request.body, as: UTF8.self).contains("\"known-token\"")
            let user = isKnown ? #"{"authenticated":true,"user":{"username":"wanda","groups":["g"]}}"# : "{}"
            return (200, #"{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","status":\#(user)}"#)
        }
        let file = try outside.kubeconfig(try outside.start())
        defer { unlink(file) }
        try await Self.with(["authentication-token-webhook-config-file": file]) { server in
            for _ in 0..<5 {
                let answer = try await Self.ask(server, "known-token")
                #expect(answer.status == 201 && answer.text.contains("wanda"), "\(answer.text)")
            }
            #expect(outside.requests.withLock { $0.count } == 1)
            #expect(try await Self.ask(server, "other-token").status == 401)
            outside.answers { _ in (500, "broken") }
            #expect(try await Self.ask(server, "third-token").status == 401)
            outside.answers { _ in (200, "{\"kind\":\"Pod\"}") }
            #expect(try await Self.ask(server, "fourth-token").status == 401)
        }
        await outside.stop()
    }

    @Test("an authorization webhook decides what nobody else does, and its word is kept as long as was said")
    func accessWebhook() async throws {
        let outside = try Outside { request in
            let text = String(decoding: request.body, as: UTF8.self)
            let says =
                text.contains("\"secrets\"")
                ? #"{"allowed":false,"denied":true,"reason":"never"}"#
                : #"{"allowed":\#(text.contains("\"jane\"") && !text.contains("impersonate"))}"#
            return (200, #"{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","status":\#(says)}"#)
        }
        let file = try outside.kubeconfig(try outside.start())
        defer { unlink(file) }
        try await Self.with(["authorization-mode": "Node,RBAC,Webhook", "authorization-webhook-config-file": file]) {
            server in
            let jane = "nobody-in-particular"
            for _ in 0..<4 {
                #expect(try await server.send("GET", "/api/v1/namespaces/default/pods", token: jane).status == 200)
            }
            let asked = outside.requests.withLock { requests in
                requests.filter { $0.contains("\"pods\"") && $0.contains("\"jane\"") }
            }
            #expect(asked.count == 1, "\(asked)")
            // Roles allow it: nobody is asked.
            #expect(try await server.send("GET", "/version", token: jane).status == 200)
            #expect(outside.requests.withLock { $0.contains { $0.contains("/version") } } == false)
            let refused = try await server.send("GET", "/api/v1/namespaces/default/secrets", token: jane)
            #expect(refused.status == 403 && refused.text.contains("never"), "\(refused.text)")
            // Writes and watches too, and what is asked beside the request itself.
            let made = try await server.send(
                "POST", "/api/v1/namespaces/default/configmaps", token: jane, contentType: "application/json",
                TestServer.configMap("w"))
            #expect(made.status == 201, "\(made.text)")
            let other = try await server.send(
                "GET", "/api/v1/nodes", token: jane, headers: [("impersonate-user", "ann")])
            #expect(other.status == 403, "\(other.text)")
            let review = try await server.send(
                "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", contentType: "application/json",
                Array(
                    #"{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{"user":"jane","resourceAttributes":{"verb":"get","resource":"nodes"}}}"#
                        .utf8))
            #expect(review.text.contains("\"allowed\":true"), "\(review.text)")
            outside.answers { _ in (500, "") }
            #expect(try await server.send("GET", "/api/v1/events", token: jane).status == 403)
        }
        await outside.stop()
    }
}
