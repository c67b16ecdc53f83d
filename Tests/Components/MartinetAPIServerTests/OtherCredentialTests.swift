import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import MartinetSchema
import MartinetTransport
import Testing

@Suite("other credentials") struct OtherCredentialTests {
    // MARK: - Files

    @Test("a file of tokens gives users, uids and groups, whatever is quoted")
    func tokenFile() throws {
        let text = "one,ann,1,\"a,b\"\ntwo,\"bob, the second\",2\r\n\nthree,carl,3,\"say \"\"x\"\"\"\n"
        let tokens = try StaticTokens.read(text, file: "f")
        #expect(tokens["one"] == Identity(user: "ann", uid: "1", groups: ["a", "b", "system:authenticated"]))
        #expect(tokens["two"]?.user == "bob, the second" && tokens["two"]?.groups == ["system:authenticated"])
        #expect(tokens["three"]?.groups.first == "say \"x\"")
        let error = #expect(throws: AccessError.self) { try StaticTokens.read("secret-token,user\n", file: "f") }
        #expect(error?.message.contains("line 1") == true && error?.message.contains("secret-token") == false)
        #expect(throws: AccessError.self) { try StaticTokens.read("a,\"b,c\n", file: "f") }
    }

    @Test("flags that are none, or say nothing that can be done, are refused by name")
    func flags() throws {
        var flags = AccessFlags()
        #expect(try !flags.set("no-such-flag", "x"))
        #expect(throws: AccessError.self) { try flags.set("anonymous-auth", "yes") }
        #expect(throws: AccessError.self) { try flags.set("authentication-token-webhook-cache-ttl", "soon") }
        #expect(throws: AccessError.self) { try flags.set("oidc-required-claim", "x") }
        #expect(try flags.set("requestheader-allowed-names", "a, b") && flags.proxyNames == ["a", "b"])
        #expect(throws: AccessError.self) { try InMemoryServer(access: Self.flags(["oidc-client-id": "x"])) }
        #expect(throws: AccessError.self) {
            try InMemoryServer(access: Self.flags(["oidc-client-id": "x", "oidc-issuer-url": "http://plain"]))
        }
    }

    static func flags(_ values: [String: String]) throws -> AccessFlags {
        var flags = AccessFlags()
        for (name, value) in values { _ = try flags.set(name, value) }
        return flags
    }

    // MARK: - Bootstrap tokens

    @Test("a bootstrap token is good as long as its Secret says so")
    func bootstrap() throws {
        let server = try InMemoryServer(access: AccessFlags())
        func secret(_ id: String, _ fields: [String: String]) throws {
            let all = [
                "token-id": id, "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true",
            ].merging(fields) { _, new in new }
            let data = all.map { #""\#($0.key)":"\#($0.value)""# }.joined(separator: ",")
            _ = try server.create(
                "/api/v1/namespaces/kube-system/secrets",
                #"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"bootstrap-token-\#(id)"},"type":"bootstrap.kubernetes.io/token","stringData":{\#(data)}}"#
            )
        }
        let later = server.runtime.now().advanced(by: .seconds(600)).rfc3339
        try secret("aaaaaa", ["auth-extra-groups": "system:bootstrappers:x:y", "expiration": later])
        try secret("bbbbbb", ["usage-bootstrap-authentication": "false"])
        try secret("cccccc", ["expiration": "some day"])
        try secret("dddddd", ["auth-extra-groups": "system:masters"])
        let bearer = try server.bearer("aaaaaa.0123456789abcdef").user
        #expect(bearer["username"].text == "system:bootstrap:aaaaaa")
        #expect(
            bearer["groups"].items.map(\.text)
                == ["system:bootstrappers", "system:bootstrappers:x:y", "system:authenticated"])
        for token in [
            "aaaaaa.0123456789abcdee", "bbbbbb.0123456789abcdef", "cccccc.0123456789abcdef", "dddddd.0123456789abcdef",
            "eeeeee.0123456789abcdef", "aaaaaa.", "aaaaaa.0123456789ABCDEF",
        ] { #expect(try server.bearer(token).status == 401, "\(token)") }
        server.advance(.seconds(601))
        #expect(try server.bearer("aaaaaa.0123456789abcdef").status == 401)
        let off = try InMemoryServer(access: try Self.flags(["enable-bootstrap-token-auth": "false"]))
        #expect(try off.bearer("aaaaaa.0123456789abcdef").status == 401)
    }

    // MARK: - Proxies

    @Test("a proxy speaks for others if its own authority issued its certificate under an allowed name")
    func proxies() throws {
        let now = SimulatedRuntime(seed: 1).now()
        let users = try CertificateAuthority.create(commonName: "users", now: now)
        let proxies = try CertificateAuthority.create(commonName: "proxies", now: now)
        let server = try InMemoryServer(
            access: AccessFlags(), proxyAuthority: proxies.certificatePEM, authority: users.certificatePEM)
        func ask(
            _ authority: CertificateAuthority, _ subject: CertificateSubject, for life: Duration = .seconds(3600)
        ) throws -> (Int, Value) {
            let der = try authority.issue(subject, now: now, validity: life).certificateDER
            let answer = try server.send(
                "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", token: "",
                headers: [
                    ("x-remote-user", "ann"), ("x-remote-uid", "7"), ("x-remote-group", "g1"), ("x-remote-group", "g2"),
                    ("x-remote-extra-acme.com%2fteam", "red"),
                ], bytes: Array(#"{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}"#.utf8),
                peer: Peer(address: "", port: 0, isTLS: true, certificates: [der]))
            return (answer.status, answer.tree["status"]["userInfo"])
        }
        let (status, user) = try ask(proxies, .client("front-proxy-client"))
        #expect(status == 201 && user["username"].text == "ann" && user["uid"].text == "7")
        #expect(user["groups"].items.map(\.text) == ["g1", "g2", "system:authenticated"])
        #expect(user["extra"]["acme.com/team"].items.map(\.text) == ["red"])
        // A user of the cluster of that name is a user, whatever headers he sends.
        #expect(try ask(users, .client("front-proxy-client")).1["username"].text == "front-proxy-client")
        // A proxy of another name is nobody: its authority issues no users.
        #expect(try ask(proxies, .client("other")).1["username"].text != "ann")
        #expect(try ask(proxies, .server("front-proxy-client", dnsNames: ["x"])).1["username"].text != "ann")
        #expect(try ask(proxies, .client("front-proxy-client"), for: .seconds(-1)).1["username"].text != "ann")
    }

    @Test("other servers find in a ConfigMap whom this one believes")
    func published() throws {
        let now = SimulatedRuntime(seed: 1).now()
        let proxies = try CertificateAuthority.create(commonName: "proxies", now: now).certificatePEM
        let server = try InMemoryServer(access: AccessFlags(), proxyAuthority: proxies)
        let map = try server.send(
            "GET", "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"
        ).tree["data"]
        #expect(map["requestheader-allowed-names"].text == #"["front-proxy-client"]"#)
        #expect(map["requestheader-extra-headers-prefix"].text == #"["X-Remote-Extra-"]"#)
        #expect(map["requestheader-client-ca-file"].text == String(decoding: proxies, as: UTF8.self))
        #expect(map["client-ca-file"].text.hasPrefix("-----BEGIN CERTIFICATE-----"))
    }

    // MARK: - Nobody in particular

    @Test("who says nothing comes in where that is allowed")
    func anonymous() throws {
        let off = try InMemoryServer(access: try Self.flags(["anonymous-auth": "false"]))
        for path in ["/healthz", "/api"] {
            #expect(try off.send("GET", path, token: "", headers: [], bytes: []).status == 401)
        }
        #expect(try off.send("GET", "/healthz").status == 200)
    }
}
