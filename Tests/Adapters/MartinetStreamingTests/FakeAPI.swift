import MartinetAPI
import MartinetBase
import MartinetCertificates
import MartinetClient
import MartinetSchema
import MartinetStreaming
import MartinetTransport

/// Just enough of an API for `kubectl` to reach a pod, with the real proxy to a real node endpoint over TLS.
final class FakeAPI: Sendable {
    let fake = FakeContainers()
    let node: HTTPServer
    let api: HTTPServer
    let client: HTTPClient
    let plain: HTTPClient
    let port: Int

    init(user: String = "kube-apiserver-kubelet-client", groups: [String] = ["system:masters"]) throws {
        let runtime = ProductionRuntime()
        let authority = try CertificateAuthority.create(commonName: "test-ca", now: runtime.now())
        func issue(_ subject: CertificateSubject) throws -> TLSIdentity {
            let issued = try authority.issue(subject, now: runtime.now(), validity: .seconds(3600))
            return TLSIdentity(certificateChain: issued.certificatePEM, privateKey: issued.privateKeyPEM)
        }
        node = try HTTPServer(
            loops: Site.loops,
            tls: ServerTLS(
                identity: try issue(.server("node", dnsNames: ["node"], addresses: ["127.0.0.1"])),
                clientAuthorities: authority.certificatePEM),
            handler: KubeletEndpoint(fake, runtime: runtime))
        let nodePort = try node.listen(.ip("127.0.0.1", port: 0), secure: true)
        client = try HTTPClient(
            loops: Site.loops, runtime: runtime,
            ClientConfiguration(
                trust: .authorities(authority.certificatePEM),
                identity: groups == ["nobody"] ? nil : try issue(.client(user, groups: groups))))
        plain = try HTTPClient(loops: Site.loops, runtime: runtime, ClientConfiguration())
        let proxy = NodeStreamProxy(client: client) { name in
            name == "n1" ? .init(host: "127.0.0.1", port: nodePort) : nil
        }
        api = try HTTPServer(
            loops: Site.loops, handler: FunctionHandler { FakeAPI.handle($0, $1, proxy) })
        port = try api.listen(.ip("127.0.0.1", port: 0), secure: false)
    }

    func stop() async {
        await api.shutdown(grace: .zero)
        await node.shutdown(grace: .zero)
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)/api/v1/namespaces/default/pods/\(path)" }

    static func pod(_ name: String) -> String {
        let node = name == "pending" ? "" : #""nodeName":"n1","#
        let containers = name == "two" ? #"[{"name":"c"},{"name":"d"}]"# : #"[{"name":"c"}]"#
        return #"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"\#(name)","namespace":"default","uid":"u"},"#
            + #""spec":{\#(node)"containers":\#(containers)},"status":{"phase":"Running"}}"#
    }

    static let documents = [
        "/api": #"{"kind":"APIVersions","versions":["v1"]}"#,
        "/apis": #"{"kind":"APIGroupList","apiVersion":"v1","groups":[]}"#,
        "/api/v1": #"{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","singularName":"pod","#
            + #""namespaced":true,"kind":"Pod","verbs":["get","list"],"shortNames":["po"]}]}"#,
    ]

    static func handle(_ request: HTTPRequest, _ exchange: any Exchange, _ proxy: NodeStreamProxy) {
        @Sendable func json(_ status: Int, _ text: String) {
            exchange.respond(status, [("content-type", "application/json")], .bytes(Array(text.utf8)))
        }
        if let document = documents[request.path] { return json(200, document) }
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.count >= 6, parts[4] == "pods" else { return json(404, "{}") }
        let text = pod(parts[5])
        guard parts.count == 7 else { return json(200, text) }
        guard let decoded = try? JSONDecoder.decode(Array(text.utf8), as: Pod.type) else { return json(500, "{}") }
        proxy.serve(parts[6], request, pod: decoded.object, exchange) { error in
            let message = error.message.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            json(
                error.code,
                #"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"\#(error.reason)","code":\#(error.code),"#
                    + #""message":"\#(message)"}"#)
        }
    }
}
