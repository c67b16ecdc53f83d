import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import MartinetSchema
import Testing

@Suite("what a node may not do") struct NodeRestrictionTests {
    private static func server() throws -> InMemoryServer {
        let server = try InMemoryServer(
            access: AccessFlags(),
            tokens: ["n1": Identity(user: "system:node:n1", groups: ["system:nodes", "system:authenticated"])],
            admission: try AdmissionSettings(enable: ["NodeRestriction"], disable: []))
        _ = try server.account("robot")
        for name in ["n1", "n2"] {
            _ = try server.create(
                "/api/v1/nodes", #"{"kind":"Node","apiVersion":"v1","metadata":{"name":"\#(name)"}}"#)
        }
        return server
    }

    private static func ask(
        _ server: InMemoryServer, _ method: String, _ path: String, _ body: String,
        type: String = "application/json"
    ) throws -> InMemoryServer.Answer {
        try server.send(method, path, type: type, token: "n1", headers: [], bytes: Array(body.utf8))
    }

    @Test("a token is for a pod of its own, by uid, and for an audience that the pod names")
    func tokens() throws {
        let server = try Self.server()
        let own = try server.create(
            "/api/v1/namespaces/a/pods",
            #"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"own"},"spec":{"nodeName":"n1","serviceAccountName":"robot","automountServiceAccountToken":false,"volumes":[{"name":"v","projected":{"sources":[{"serviceAccountToken":{"path":"t","audience":"vault"}},{"serviceAccountToken":{"path":"u"}}]}}],"containers":[{"name":"c","image":"i"}]}}"#
        )["metadata"]["uid"].text
        let other = try server.pod("other", node: "n2")["metadata"]["uid"].text
        let path = "/api/v1/namespaces/a/serviceaccounts/robot/token"
        func token(_ pod: String, _ uid: String, _ audiences: String) throws -> InMemoryServer.Answer {
            let reference =
                pod.isEmpty
                ? "" : #""boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"\#(pod)","uid":"\#(uid)"},"#
            return try Self.ask(
                server, "POST", path,
                #"{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","spec":{\#(reference)"audiences":[\#(audiences)]}}"#
            )
        }
        #expect(try token("own", own, "").status == 201)
        #expect(try token("own", own, "\"vault\"").status == 201)
        for (pod, uid, audiences, words) in [
            ("", "", "", "not bound to a pod"), ("own", "", "", "without a uid"),
            ("own", other, "", "does not match the UID"), ("other", other, "", "different node"),
            ("own", own, "\"elsewhere\"", "not found in pod spec volume"), ("own", own, "\"vault\",\"b\"", "0 or 1"),
        ] {
            let answer = try token(pod, uid, audiences)
            #expect(answer.status == 403 && answer.text.contains(words), "\(words): \(answer.text)")
        }
    }

    @Test("it writes its own node, lease and certificates, and neither labels nor taints that place pods")
    func own() throws {
        let server = try Self.server()
        let merge = "application/merge-patch+json"
        let label = #"{"metadata":{"labels":{"node-restriction.kubernetes.io/a":"b"}}}"#
        #expect(try Self.ask(server, "PATCH", "/api/v1/nodes/n1", label, type: merge).text.contains("modify labels"))
        let taint = #"{"spec":{"taints":[{"key":"k","effect":"NoSchedule"}]}}"#
        #expect(try Self.ask(server, "PATCH", "/api/v1/nodes/n1", taint, type: merge).text.contains("taints"))
        let fine = #"{"metadata":{"labels":{"node.kubernetes.io/a":"b"}}}"#
        #expect(try Self.ask(server, "PATCH", "/api/v1/nodes/n1", fine, type: merge).status == 200)
        #expect(try Self.ask(server, "PATCH", "/api/v1/nodes/n2", fine, type: merge).status == 403)
        func signing(_ node: String) throws -> InMemoryServer.Answer {
            let subject = CertificateSubject.client("system:node:\(node)", groups: ["system:nodes"])
            let pem = Base64.encode(try CertificateRequest.make(subject).request)
            return try Self.ask(
                server, "POST", "/apis/certificates.k8s.io/v1/certificatesigningrequests",
                #"{"kind":"CertificateSigningRequest","apiVersion":"certificates.k8s.io/v1","metadata":{"name":"of-\#(node)"},"spec":{"request":"\#(pem)","signerName":"kubernetes.io/kube-apiserver-client-kubelet","usages":["digital signature","client auth"]}}"#
            )
        }
        #expect(try signing("n1").status == 201)
        let foreign = try signing("n2")
        #expect(foreign.status == 403 && foreign.text.contains("CN=system:node:n1"), "\(foreign.text)")
    }
}
