import MartinetBase
import MartinetCertificates
import MartinetSchema
import MartinetTransport
import Synchronization

/// A webhook as people write them: an HTTPS server of its own on loopback.
final class WebhookServer: RequestHandler, Sendable {
    typealias Hook = @Sendable (_ review: Value, _ exchange: any Exchange) -> Void

    let port: Int
    let authority: CertificateAuthority
    private let loops = EventLoops(threads: 1)
    private let server = Mutex<HTTPServer?>(nil)
    private let hooks = Mutex<[String: Hook]>([:])
    /// Questions that are never answered.
    private let kept = Mutex<[any Exchange]>([])
    private let counts = Mutex<[String: Int]>([:])

    init(dnsNames: [String] = ["localhost"]) throws {
        let now = ProductionRuntime().now()
        authority = try CertificateAuthority.create(commonName: "hooks", now: now)
        let shown = try authority.issue(
            .server("hook", dnsNames: dnsNames, addresses: ["127.0.0.1"]), now: now, validity: .seconds(86_400))
        let box = HandlerBox()
        let http = try HTTPServer(
            loops: loops,
            tls: ServerTLS(
                identity: TLSIdentity(certificateChain: shown.certificatePEM, privateKey: shown.privateKeyPEM)),
            log: Log(component: "hooks", minimum: .error), handler: box)
        port = try http.listen(.ip("127.0.0.1", port: 0), secure: true)
        server.withLock { $0 = http }
        box.handler.withLock { $0 = self }
    }

    func on(_ path: String, _ hook: @escaping Hook) { hooks.withLock { $0[path] = hook } }

    /// - Parameter fields: of the answer beside the uid.
    func answer(_ path: String, _ fields: @escaping @Sendable (Value) -> String) {
        on(path) { review, exchange in
            let request = review["request"]
            exchange.respond(
                200, [("content-type", "application/json")], .bytes(WebhookServer.review(request, fields(request))))
        }
    }

    func neverAnswer(_ path: String) {
        on(path) { [weak self] _, exchange in self?.kept.withLock { $0.append(exchange) } }
    }

    static func review(_ request: Value, _ fields: String) -> [UInt8] {
        Array(
            #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"\#(request["uid"].text)",\#(fields)}}"#
                .utf8)
    }

    func count(_ path: String) -> Int { counts.withLock { $0[path] ?? 0 } }

    func handle(_ request: HTTPRequest, _ exchange: any Exchange) {
        counts.withLock { $0[request.path, default: 0] += 1 }
        guard let hook = hooks.withLock({ $0[request.path] }) else { return exchange.respond(404, [], .bytes([])) }
        hook((try? JSONDecoder.decodeAny(request.body).value) ?? .null, exchange)
    }

    func stop() async {
        kept.withLock { $0 = [] }
        await server.withLock { $0 }?.shutdown(grace: .milliseconds(100))
        await loops.shutdown()
    }
}

/// Hands requests to somebody who is made later.
private final class HandlerBox: RequestHandler, Sendable {
    let handler = Mutex<(any RequestHandler)?>(nil)
    func handle(_ request: HTTPRequest, _ exchange: any Exchange) { handler.withLock { $0 }?.handle(request, exchange) }
}
