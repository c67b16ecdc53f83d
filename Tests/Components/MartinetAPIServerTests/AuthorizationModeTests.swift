import Glibc
import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import MartinetSchema
import Testing

@Suite("modes of authorization") struct AuthorizationModeTests {
    private static func server(_ flags: [String: String]) throws -> InMemoryServer {
        try InMemoryServer(
            access: try OtherCredentialTests.flags(flags),
            tokens: [
                "ann": Identity(user: "ann", groups: ["team", "system:authenticated"]),
                "bob": Identity(user: "bob", groups: ["system:authenticated"]),
            ])
    }

    private func status(_ server: InMemoryServer, _ token: String, _ method: String, _ path: String) throws -> Int {
        try server.send(method, path, token: token, headers: [], bytes: []).status
    }

    @Test("policies of a file allow what they say, in both of their forms")
    func policies() throws {
        let file = "/tmp/martinet-policies-\(getpid()).jsonl"
        defer { unlink(file) }
        let text = """
            # comment
            {"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"group":"team","namespace":"a","resource":"pods","readonly":true}}

            {"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"user":"bob","nonResourcePath":"/version*"}}
            {"user":"bob","resource":"secrets","namespace":"a"}
            """
        try CertificateFile.write(Array(text.utf8), to: file)
        let server = try Self.server(["authorization-mode": "ABAC", "authorization-policy-file": file])
        #expect(try status(server, "ann", "GET", "/api/v1/namespaces/a/pods") == 200)
        #expect(try status(server, "ann", "DELETE", "/api/v1/namespaces/a/pods/x") == 403)
        #expect(try status(server, "ann", "GET", "/api/v1/namespaces/kube-system/pods") == 403)
        #expect(try status(server, "ann", "GET", "/version") == 403)
        #expect(try status(server, "bob", "GET", "/version") == 200)
        #expect(try status(server, "bob", "GET", "/api/v1/namespaces/a/secrets/x") == 404)
        // Roles count where their mode is asked, and nowhere else; masters always come in.
        #expect(try status(server, "bob", "GET", "/healthz") == 403)
        #expect(try status(server, "t", "GET", "/healthz") == 200)
        let rules = try server.send(
            "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", token: "ann", headers: [], bytes: [])
        #expect(rules.status == 403)
    }

    @Test("the modes are asked in their order, and what refuses ends the question")
    func order() throws {
        let all = try Self.server(["authorization-mode": "AlwaysAllow"])
        #expect(try status(all, "bob", "GET", "/api/v1/secrets") == 200)
        let none = try Self.server(["authorization-mode": "AlwaysDeny,AlwaysAllow"])
        #expect(try status(none, "bob", "GET", "/api/v1/secrets") == 403)
        let roles = try Self.server(["authorization-mode": "RBAC,AlwaysDeny"])
        #expect(try status(roles, "bob", "GET", "/healthz") == 200)
        #expect(try status(roles, "bob", "GET", "/api/v1/secrets") == 403)
        for flags in [
            ["authorization-mode": "Sometimes"], ["authorization-mode": "RBAC,RBAC"], ["authorization-mode": "ABAC"],
            ["authorization-mode": "Webhook"],
        ] { #expect(throws: AccessError.self) { try Self.server(flags) } }
    }
}
