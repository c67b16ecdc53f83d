import Glibc
import MartinetAPICore
import MartinetAPIServer
import MartinetAuthorization
import MartinetBase
import MartinetCertificates
import MartinetClient
import MartinetControllers
import MartinetSchema
import Testing

/// Every path that the running server says it has, asked with every credential that must not open it.
///
/// What is expected is in `AccessTable`, which is made by this test: with `MARTINET_ACCESS_TABLE=FILE` it writes the table
/// anew, and a change of it is read before it is committed.
@Suite("nobody gets in") struct NobodyGetsInTests {
    struct Probe: Hashable {
        let method: String
        let path: String
    }

    /// The paths and methods of the server's own OpenAPI document, and those that no document names.
    static func probes(_ server: InMemoryServer) throws -> [Probe] {
        let document = try server.send("GET", "/openapi/v2").tree
        guard case .map(let paths) = document["paths"] else { throw ForgedToken.Failure() }
        var probes: [Probe] = []
        for entry in paths.entries {
            var path = entry.key.replacing("{namespace}", with: "a")
            while let open = path.firstIndex(of: "{"), let close = path[open...].firstIndex(of: "}") {
                path.replaceSubrange(open...close, with: "x")
            }
            guard case .map(let methods) = entry.value else { continue }
            for method in methods.entries.map({ $0.key.uppercased() })
            where ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].contains(method) {
                probes.append(Probe(method: method, path: path))
            }
        }
        for path in others { probes += ["GET", "POST"].map { Probe(method: $0, path: path) } }
        return Array(Set(probes)).sorted { ($0.path, $0.method) < ($1.path, $1.method) }
    }

    private static let others = [
        "/", "/api", "/apis", "/healthz", "/healthz/ping", "/livez", "/readyz", "/version", "/metrics", "/logs",
        "/logs/a",
        "/debug/pprof/", "/openapi/v2", "/openapi/v3", "/openapi/v3/api/v1", "/openid/v1/jwks", "/metrics/slis",
        "/.well-known/openid-configuration", "/apis/none.example.com/v1/things", "/none", "/api/v1/../v1/secrets", "//",
        "/api/v1/namespaces/a/pods/x/exec", "/api/v1/namespaces/a/pods/x/proxy/a", "/api/v1/nodes/x/proxy/stats",
        "/api/v1/namespaces/a/services/x/proxy/", "/API/v1/secrets", "/api/v1/watch/secrets", "/api/v1/secrets?watch=1",
    ]

    /// Credentials that are good for nothing, each with why.
    private static func credentials(_ server: InMemoryServer) throws -> [(name: String, token: String, reason: String)]
    {
        _ = try server.account("robot")
        _ = try server.account("gone")
        let signer = try #require(server.signer)
        let good = try server.token("robot")
        let claims = try ForgedToken.claims(of: good)
        let text = String(decoding: ForgedToken.changed(claims, [:]), as: UTF8.self)
        let now = server.runtime.now().seconds
        func changed(_ changes: [String: Value]) throws -> String {
            try signer.sign(ForgedToken.changed(claims, changes))
        }
        let gone = try server.token("gone")
        try server.delete("/api/v1/namespaces/a/serviceaccounts/gone")
        _ = try server.pod("p")
        let pod = try server.token("robot", #"{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p"}}"#)
        try server.delete("/api/v1/namespaces/a/pods/p")
        return [
            ("guess", "guess", "nobody has it"), ("cut", String(good.dropLast(3)), "its signature is not whole"),
            ("alg none", ForgedToken.make(header: #"{"alg":"none"}"#, claims: text, signature: []), "it is not signed"),
            (
                "alg HS256",
                ForgedToken.make(
                    header: #"{"alg":"HS256","kid":"\#(signer.keyID)","typ":"JWT"}"#, claims: text,
                    signature: Array(signer.publicKeyPEM.prefix(32))), "the public key is no shared secret"
            ),
            ("foreign key", try TokenSigner().sign(Array(text.utf8)), "another key signed it"),
            ("foreign issuer", try changed(["iss": .string("https://elsewhere")]), "another issuer made it"),
            ("foreign audience", try server.token("robot", #"{"audiences":["vault"]}"#), "it is for somebody else"),
            ("expired", try changed(["exp": .int(now - 1)]), "it is over"),
            ("early", try changed(["nbf": .int(now + 3600)]), "it has not begun"),
            ("deleted account", gone, "its account is gone"), ("deleted pod", pod, "its pod is gone"),
            ("bootstrap", "abcdef.0123456789abcdef", "no Secret holds it"),
        ]
    }

    @Test("without a credential only health and version are seen, and with a bad one nothing at all")
    func credentials() throws {
        let server = try InMemoryServer(access: AccessFlags())
        server.server.becomeReady()
        let probes = try Self.probes(server)
        #expect(probes.count > 800)
        var seen: Set<String> = []
        for probe in probes {
            let answer = try server.send(probe.method, probe.path, token: "", headers: [], bytes: [])
            if ![401, 403].contains(answer.status), !Self.isNoPath(probe, answer.status) {
                seen.insert("\(probe.method) \(probe.path) \(answer.status)")
            }
        }
        #expect(seen.sorted() == AccessTable.anonymous, "\(seen.sorted())")
        for (name, token, reason) in try Self.credentials(server) {
            let opened = try probes.filter {
                let status = try server.send($0.method, $0.path, token: token, headers: [], bytes: []).status
                return status != 401 && !Self.isNoPath($0, status)
            }
            #expect(opened.isEmpty, "\(name), though \(reason): \(opened.prefix(5))")
        }
    }

    /// A path that goes back up is none, whoever asks.
    private static func isNoPath(_ probe: Probe, _ status: Int) -> Bool { probe.path.contains("..") && status == 400 }

    // MARK: - Roles

    @Test("every bootstrap role opens what its line in the table says, and nothing else")
    func roles() throws {
        let server = try InMemoryServer(access: AccessFlags())
        let gathering = try Self.gather(server)
        defer { gathering.stop() }
        let probes = try Self.probes(server)
        let roles = try server.send("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles").tree["items"].items
            .map { $0["metadata"]["name"].text }
        var lines: [String] = []
        for role in roles.sorted() {
            let user = "only-" + role
            _ = try server.create(
                "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                #"{"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"only-\#(role)"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"\#(role)"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"\#(user)"}]}"#
            )
            var opened: [String: Set<String>] = [:]
            for probe in probes {
                guard let (what, verb, request) = Self.access(probe, user) else { continue }
                if server.registry.authorizer.decide(request).isAllowed { opened[what, default: []].insert(verb) }
            }
            let byVerbs = Dictionary(grouping: opened.keys) { opened[$0, default: []].sorted().joined(separator: ",") }
            lines.append(role)
            for (verbs, things) in byVerbs.sorted(by: { $0.key < $1.key }) {
                lines += Self.wrapped(verbs + ":", things.sorted())
            }
        }
        let text = lines.joined(separator: "\n")
        if let file = getenv("MARTINET_ACCESS_TABLE") {
            try CertificateFile.write(Array(text.utf8), to: String(cString: file), mode: 0o644)
        }
        let expected = AccessTable.roles.split(separator: "\n").map(String.init)
        let first = zip(lines, expected).first { $0 != $1 }
        #expect(
            lines == expected,
            "\(lines.count) lines, \(expected.count) expected; the first that differ: \(first as Any)")
    }

    /// Lines that a table in the source can have.
    private static func wrapped(_ head: String, _ words: [String]) -> [String] {
        var lines = ["  " + head]
        for word in words {
            if lines[lines.count - 1].count + word.count > 100 { lines.append("   ") }
            lines[lines.count - 1] += " " + word
        }
        return lines
    }

    /// Fills the roles that gather their rules from others, as the controller does.
    private static func gather(_ server: InMemoryServer) throws -> ComponentDriver {
        let registry = server.registry
        let kind = try #require(
            registry.served[.init(group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterroles")]?.kind)
        let driver = ComponentDriver(
            [ReconcilerComponent(ClusterRoleAggregation(clusterRoles: kind))],
            client: RegistryClient(registry: registry, identity: .component("kube-controller-manager")),
            clientOf: { name in
                StandardControllers.account(of: name).map {
                    RegistryClient(registry: registry, identity: .controller($0))
                }
            }, runtime: server.runtime, log: Log(component: "test", minimum: .error))
        driver.start()
        server.advance(.seconds(5))
        return driver
    }

    /// What a probe asks for, as the authorizer is asked.
    private static func access(_ probe: Probe, _ user: String) -> (String, String, AccessRequest)? {
        let verbs = ["POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "GET": "get"]
        guard var verb = verbs[probe.method], !probe.path.contains("?") else { return nil }
        var parts = probe.path.split(separator: "/").map(String.init)
        guard parts.count > 2, parts[0] == "api" || parts[0] == "apis" && parts.count > 3 else {
            guard probe.method == "GET" else { return nil }
            return (probe.path, "get", AccessRequest(user: user, groups: [], verb: "get", path: probe.path))
        }
        var request = AccessRequest(user: user, groups: [], verb: verb)
        request.group = parts[0] == "api" ? "" : parts[1]
        parts.removeFirst(parts[0] == "api" ? 2 : 3)
        guard parts.first != "watch" else { return nil }
        if parts.first == "namespaces", parts.count > 2 {
            guard !["status", "finalize"].contains(parts[2]) else { return nil }
            request.namespace = parts[1]
            parts.removeFirst(2)
        }
        request.resource = parts[0]
        if parts.count > 1 { request.name = parts[1] }
        if parts.count > 2 { request.subresource = parts[2] }
        if parts.count == 1, verb == "get" { verb = "list" }
        if parts.count == 1, verb == "delete" { verb = "deletecollection" }
        request.verb = verb
        let scope = request.namespace.isEmpty ? "" : "a/"
        let group = request.group.isEmpty ? "" : ".\(request.group)"
        return ("\(scope)\(request.combined)\(group)", verb, request)
    }
}
