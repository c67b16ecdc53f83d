import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import MartinetClient
import MartinetReconcile
import MartinetSchema
import Testing

@Suite("tokens of service accounts") struct ServiceAccountTokenTests {
    private static func server() throws -> InMemoryServer {
        let server = try InMemoryServer(access: AccessFlags())
        _ = try server.account("robot")
        return server
    }

    @Test("a token names its account, and is good as long as the account is the same")
    func account() throws {
        let server = try Self.server()
        let token = try server.token("robot")
        let bearer = try server.bearer(token)
        #expect(bearer.user["username"].text == "system:serviceaccount:a:robot")
        #expect(bearer.user["groups"].items.map(\.text).contains("system:serviceaccounts:a"))
        #expect(bearer.user["extra"]["authentication.kubernetes.io/credential-id"].items.count == 1)
        try server.delete("/api/v1/namespaces/a/serviceaccounts/robot")
        #expect(try server.bearer(token).status == 401)
        _ = try server.account("robot")
        #expect(try server.bearer(token).status == 401)
    }

    @Test("a token that is bound to a pod tells pod and node, and ends with the pod")
    func pod() throws {
        let server = try Self.server()
        _ = try server.create("/api/v1/nodes", #"{"kind":"Node","apiVersion":"v1","metadata":{"name":"n1"}}"#)
        let pod = try server.pod("p", node: "n1")
        let bound =
            #"{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p","uid":"\#(pod["metadata"]["uid"].text)"}}"#
        let token = try server.token("robot", bound)
        let extra = try server.bearer(token).user["extra"]
        for (key, value) in [("pod-name", "p"), ("node-name", "n1")] {
            #expect(extra["authentication.kubernetes.io/\(key)"].items.map(\.text) == [value])
        }
        #expect(!extra["authentication.kubernetes.io/node-uid"].items.isEmpty)
        try server.delete("/api/v1/namespaces/a/pods/p")
        #expect(try server.bearer(token).status == 401)
        #expect(
            try server.review(token)["error"].text
                == "[invalid bearer token, service account token has been invalidated]")
    }

    @Test("a token that is bound to a Secret or a node ends with it")
    func others() throws {
        let server = try Self.server()
        _ = try server.create("/api/v1/nodes", #"{"kind":"Node","apiVersion":"v1","metadata":{"name":"n1"}}"#)
        _ = try server.create(
            "/api/v1/namespaces/a/secrets", #"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"s"}}"#)
        for (kind, path) in [("Secret", "/api/v1/namespaces/a/secrets/s"), ("Node", "/api/v1/nodes/n1")] {
            let name = String(path.split(separator: "/").last ?? "")
            let token = try server.token(
                "robot", #"{"boundObjectRef":{"kind":"\#(kind)","apiVersion":"v1","name":"\#(name)"}}"#)
            #expect(try server.bearer(token).status == 201, "\(kind)")
            try server.delete(path)
            #expect(try server.bearer(token).status == 401, "\(kind)")
        }
    }

    @Test("what a token cannot be bound to is refused, and so is a life that is too short")
    func refusals() throws {
        let server = try Self.server()
        _ = try server.account("other")
        _ = try server.pod("p")
        for (spec, code, words) in [
            (#"{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"none"}}"#, 404, "not found"),
            (#"{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p","uid":"x"}}"#, 409, "does not match"),
            (#"{"boundObjectRef":{"kind":"ConfigMap","apiVersion":"v1","name":"p"}}"#, 400, "cannot bind token"),
            (#"{"expirationSeconds":599}"#, 422, "10 minutes"),
            (#"{"expirationSeconds":4294967297}"#, 422, "2^32"),
        ] {
            let answer = try server.send(
                "POST", "/api/v1/namespaces/a/serviceaccounts/robot/token",
                body: #"{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","spec":\#(spec)}"#)
            #expect(answer.status == code && answer.text.contains(words), "\(spec): \(answer.text)")
        }
        let foreign = try server.send(
            "POST", "/api/v1/namespaces/a/serviceaccounts/other/token",
            body:
                #"{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","spec":{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p"}}}"#
        )
        #expect(foreign.status == 400 && foreign.text.contains("different serviceaccount"), "\(foreign.text)")
    }

    @Test("a token for somebody else opens nothing here, and a review says whom it is for")
    func audiences() throws {
        let server = try Self.server()
        let token = try server.token("robot", #"{"audiences":["vault"]}"#)
        #expect(try server.bearer(token).status == 401)
        #expect(try server.review(token)["authenticated"] == .null)
        let status = try server.review(token, audiences: ["vault", "else"])
        #expect(status["authenticated"] == .bool(true) && status["audiences"].items.map(\.text) == ["vault"])
        let own = try server.review(try server.token("robot"), audiences: ["vault"])
        #expect(own["authenticated"] == .null && own["error"].text.contains("audiences"))
    }

    @Test("a forged, expired or early token opens nothing")
    func forged() throws {
        let server = try Self.server()
        let signer = try #require(server.signer)
        let good = try server.token("robot")
        let claims = try ForgedToken.claims(of: good)
        let text = String(decoding: ForgedToken.changed(claims, [:]), as: UTF8.self)
        let now = server.runtime.now().seconds
        var tokens = [
            ForgedToken.make(header: #"{"alg":"none"}"#, claims: text, signature: []),
            ForgedToken.make(header: #"{"alg":"none","kid":"\#(signer.keyID)"}"#, claims: text, signature: [1]),
            // The public key as if it were a shared secret: what it signed does not matter, the algorithm does.
            ForgedToken.make(
                header: #"{"alg":"HS256","kid":"\#(signer.keyID)","typ":"JWT"}"#, claims: text,
                signature: Array(signer.publicKeyPEM.prefix(32))),
            try TokenSigner().sign(Array(text.utf8)), String(good.dropLast(2)), good + "AA",
            good.replacing(".", with: "_"),
        ]
        for changes in [
            ["iss": .string("https://elsewhere")], ["exp": .int(now - 1)], ["nbf": .int(now + 3600)],
            ["iat": .int(now + 3600)], ["aud": .list([.string("vault")])], ["exp": .string("never")],
            ["kubernetes.io": .null],
        ] as [[String: Value]] {
            tokens.append(try signer.sign(ForgedToken.changed(claims, changes)))
        }
        #expect(try server.bearer(good).status == 201)
        for token in tokens { #expect(try server.bearer(token).status == 401, "\(token.prefix(40))") }
        server.advance(.seconds(3601))
        #expect(try server.bearer(good).status == 401)
    }

    @Test("a token that is kept in a Secret is good as long as it is there, and the Secret tells when it was used")
    func legacy() throws {
        let server = try InMemoryServer(access: AccessFlags())
        let account = try server.account("robot")
        let signer = try #require(server.signer)
        let tokens = ServiceAccountTokens(signer: signer, runtime: server.runtime, stored: StoredObjects())
        let token = try tokens.legacyToken(
            LegacyTokenClaims(
                namespace: "a", secretName: "kept", accountName: "robot",
                accountUID: account["metadata"]["uid"].text))
        #expect(try server.bearer(token).status == 401)
        _ = try server.create(
            "/api/v1/namespaces/a/secrets",
            #"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"kept","annotations":{"kubernetes.io/service-account.name":"robot"}},"type":"kubernetes.io/service-account-token","data":{"token":"\#(Base64.encode(Array(token.utf8)))"}}"#
        )
        #expect(try server.bearer(token).user["username"].text == "system:serviceaccount:a:robot")
        server.advance(.seconds(1))
        let secret = try server.send("GET", "/api/v1/namespaces/a/secrets/kept").tree
        #expect(
            secret["metadata"]["labels"]["kubernetes.io/legacy-token-last-used"].text
                == String(server.runtime.now().rfc3339.prefix(10)))
        let mark = #"{"metadata":{"labels":{"kubernetes.io/legacy-token-invalid-since":"2026-01-01"}}}"#
        _ = try server.send(
            "PATCH", "/api/v1/namespaces/a/secrets/kept", type: "application/merge-patch+json", body: mark)
        #expect(try server.bearer(token).status == 401)
        try server.delete("/api/v1/namespaces/a/secrets/kept")
        #expect(try server.bearer(token).status == 401)
    }

    @Test("whoever may read the issuer's documents finds its key there, and nobody else")
    func discovery() throws {
        let server = try Self.server()
        let token = try server.token("robot")
        for path in ["/.well-known/openid-configuration", "/openid/v1/jwks"] {
            #expect(try server.send("GET", path, token: "", headers: [], bytes: []).status == 403)
            #expect(try server.send("GET", path, token: token, headers: [], bytes: []).status == 200)
        }
        let document = try server.send("GET", "/.well-known/openid-configuration").tree
        #expect(document["issuer"].text == ServiceAccountTokens.issuer)
        #expect(document["jwks_uri"].text == "https://127.0.0.1:6443/openid/v1/jwks")
        let keys = try server.send("GET", "/openid/v1/jwks").tree["keys"].items
        #expect(keys.map { $0["kid"].text } == [server.signer?.keyID])
    }

    @Test("whose token names a node may act as that node and as no other, if a rule says so")
    func associatedNode() throws {
        let server = try Self.server()
        for name in ["n1", "n2"] {
            _ = try server.create(
                "/api/v1/nodes", #"{"kind":"Node","apiVersion":"v1","metadata":{"name":"\#(name)"}}"#)
        }
        _ = try server.pod("p", node: "n1")
        let token = try server.token("robot", #"{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p"}}"#)
        func list(as node: String) throws -> Int {
            try server.send(
                "GET", "/api/v1/pods?fieldSelector=spec.nodeName=\(node)", token: token,
                headers: [("impersonate-user", "system:node:\(node)")], bytes: []
            ).status
        }
        #expect(try list(as: "n1") == 403)
        _ = try server.create(
            "/apis/rbac.authorization.k8s.io/v1/clusterroles",
            #"{"kind":"ClusterRole","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"r"},"rules":[{"apiGroups":["authentication.k8s.io"],"resources":["nodes"],"verbs":["impersonate:associated-node"]},{"apiGroups":[""],"resources":["pods"],"verbs":["impersonate-on:associated-node:list"]}]}"#
        )
        _ = try server.create(
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            #"{"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"r"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"r"},"subjects":[{"kind":"ServiceAccount","namespace":"a","name":"robot"}]}"#
        )
        #expect(try list(as: "n1") == 200)
        #expect(try list(as: "n2") == 403)
    }
}
