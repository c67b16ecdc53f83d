import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import MartinetClient
import MartinetControllers
import MartinetReconcile
import MartinetSchema
import Testing

@Suite("requests to be certified") struct SigningRequestTests {
    /// A server with the controller that approves and signs, as the identity that upstream gives it.
    private final class Signing {
        let server: InMemoryServer
        private let driver: ComponentDriver

        init() throws {
            server = try InMemoryServer(
                access: AccessFlags(),
                tokens: [
                    "node": Identity(user: "system:node:n1", groups: ["system:nodes", "system:authenticated"]),
                    "boot": Identity(
                        user: "system:bootstrap:abcdef", groups: ["system:bootstrappers", "system:authenticated"]),
                ])
            let registry = server.registry
            let kind = try #require(
                registry.served[
                    .init(group: "certificates.k8s.io", version: "v1", plural: "certificatesigningrequests")]?.kind)
            let authority = try CertificateAuthority.create(commonName: "ca", now: server.runtime.now())
            driver = ComponentDriver(
                [
                    ReconcilerComponent(
                        SigningRequestController(
                            kind: kind, signer: ClusterSigner(authority, authorizer: registry.authorizer)))
                ],
                client: RegistryClient(registry: registry, identity: .component("kube-controller-manager")),
                clientOf: { name in
                    StandardControllers.account(of: name).map {
                        RegistryClient(registry: registry, identity: .controller($0))
                    }
                }, runtime: server.runtime, log: Log(component: "test", minimum: .error))
            driver.start()
            server.advance(.seconds(2))
        }

        static let path = "/apis/certificates.k8s.io/v1/certificatesigningrequests"

        func ask(
            _ name: String, _ signer: String, _ subject: CertificateSubject, usages: [String], seconds: Int? = nil,
            as token: String = "t"
        ) throws -> Value {
            let pem = try CertificateRequest.make(subject).request
            let list = usages.map { "\"\($0)\"" }.joined(separator: ",")
            let life = seconds.map { ",\"expirationSeconds\":\($0)" } ?? ""
            let answer = try server.send(
                "POST", Self.path, token: token, headers: [],
                bytes: Array(
                    #"{"kind":"CertificateSigningRequest","apiVersion":"certificates.k8s.io/v1","metadata":{"name":"\#(name)"},"spec":{"request":"\#(Base64.encode(pem))","signerName":"kubernetes.io/\#(signer)","usages":[\#(list)]\#(life)}}"#
                        .utf8))
            #expect(answer.status == 201, "\(answer.text)")
            server.advance(.seconds(2))
            return try status(name)
        }

        func status(_ name: String) throws -> Value { try server.send("GET", "\(Self.path)/\(name)").tree["status"] }

        func approve(_ name: String, type: String = "Approved") throws {
            var object = try server.send("GET", "\(Self.path)/\(name)").text
            object = object.replacing(
                "\"status\":{}",
                with: #""status":{"conditions":[{"type":"\#(type)","status":"True","reason":"test","message":"m"}]}"#)
            let answer = try server.send("PUT", "\(Self.path)/\(name)/approval", body: object)
            #expect(answer.status == 200, "\(answer.text)")
            server.advance(.seconds(2))
        }

        func certificate(_ name: String) throws -> CertificateInfo {
            let pem = try #require(Base64.decode(try status(name)["certificate"].text))
            return try CertificateInfo(pem: pem)
        }
    }

    private static let client = ["digital signature", "client auth"]

    @Test("a node's own renewal and a new node's first certificate are approved and signed, once a role says so")
    func nodes() throws {
        let signing = try Signing()
        let subject = CertificateSubject.client("system:node:n1", groups: ["system:nodes"])
        let open = try signing.ask("early", "kube-apiserver-client-kubelet", subject, usages: Self.client, as: "node")
        #expect(open["conditions"] == .null && open["certificate"] == .null)
        for (name, role, group) in [
            ("renewal", "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient", "system:nodes"),
            ("first", "system:certificates.k8s.io:certificatesigningrequests:nodeclient", "system:bootstrappers"),
            ("asking", "system:node-bootstrapper", "system:bootstrappers"),
        ] {
            _ = try signing.server.create(
                "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                #"{"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"\#(name)"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"\#(role)"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"\#(group)"}]}"#
            )
        }
        // A request for another node by a node is nobody's to approve but a person's.
        let other = CertificateSubject.client("system:node:n2", groups: ["system:nodes"])
        let foreign = try signing.ask("other", "kube-apiserver-client-kubelet", other, usages: Self.client, as: "node")
        #expect(foreign["conditions"] == .null)
        for (name, token) in [("self", "node"), ("new", "boot")] {
            let status = try signing.ask(
                name, "kube-apiserver-client-kubelet", subject, usages: Self.client, seconds: 3600, as: token)
            #expect(status["conditions"].items.first?["reason"].text == "AutoApproved", "\(status)")
            let info = try signing.certificate(name)
            #expect(info.commonName == "system:node:n1" && info.organizations == ["system:nodes"])
            #expect(info.isForClients && !info.isForServers)
            #expect((3590...3610).contains(info.notAfter.seconds - signing.server.runtime.now().seconds))
        }
        signing.server.advance(.seconds(120))
        #expect(try signing.certificate("early").commonName == "system:node:n1")
    }

    @Test("what is approved is signed if the signer takes such requests, and else marked as failed")
    func signers() throws {
        let signing = try Signing()
        let server = ["digital signature", "server auth"]
        let node = CertificateSubject(
            commonName: "system:node:n1", organizations: ["system:nodes"], dnsNames: ["n1"], addresses: ["10.0.0.1"],
            usages: [.server])
        let ann = CertificateSubject.client("ann", groups: ["team"])
        for (name, signer, subject, usages, failure) in [
            ("user", "kube-apiserver-client", ann, Self.client, ""),
            ("serving", "kubelet-serving", node, server, ""),
            ("user-serving", "kube-apiserver-client", ann, server, "invalid usage for client certificate: server auth"),
            (
                "nameless", "kubelet-serving", .client("system:node:n1", groups: ["system:nodes"]), server,
                "DNS or IP subjectAltName is required"
            ),
            (
                "groupless", "kubelet-serving", .server("system:node:n1", dnsNames: ["n1"]), server,
                "subject organization is not system:nodes"
            ),
            (
                "usages", "kube-apiserver-client-kubelet", .client("system:node:n1", groups: ["system:nodes"]), server,
                "usages did not match"
            ),
        ] as [(String, String, CertificateSubject, [String], String)] {
            let before = try signing.ask(name, signer, subject, usages: usages, seconds: name == "user" ? 600 : nil)
            #expect(before["certificate"] == .null && before["conditions"] == .null, "\(name)")
            try signing.approve(name)
            let status = try signing.status(name)
            if failure.isEmpty {
                let info = try signing.certificate(name)
                #expect(info.commonName == subject.commonName && info.dnsNames == subject.dnsNames)
                #expect(info.addresses == subject.addresses && info.isForServers == (usages == server))
            } else {
                #expect(status["certificate"] == .null)
                let failed = status["conditions"].items.first { $0["type"].text == "Failed" }
                #expect(failed?["message"].text.hasPrefix(failure) == true, "\(name): \(status)")
            }
        }
    }

    @Test("what is answered, denied or forgotten is taken away when it is old")
    func cleaning() throws {
        let signing = try Signing()
        let ann = CertificateSubject.client("ann")
        for name in ["signed", "denied", "open"] {
            _ = try signing.ask(name, "kube-apiserver-client", ann, usages: Self.client)
        }
        try signing.approve("signed")
        try signing.approve("denied", type: "Denied")
        func there() throws -> [String] {
            try signing.server.send("GET", Signing.path).tree["items"].items.map { $0["metadata"]["name"].text }
        }
        #expect(try there() == ["denied", "open", "signed"])
        signing.server.advance(.seconds(3700))
        #expect(try there() == ["open"])
        signing.server.advance(.seconds(86_400))
        #expect(try there().isEmpty)
    }
}
