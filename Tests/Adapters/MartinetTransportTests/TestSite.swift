import MartinetBase
import MartinetCertificates
import MartinetTransport

/// A server with certificates of its own and a handler that tells what it was asked.
final class TestSite: Sendable {
    static let loops = EventLoops(threads: 2)

    let authority: CertificateAuthority
    let server: HTTPServer
    let folder: Support.Folder
    let authorityFile: String

    init(
        limits: ServerLimits = ServerLimits(), clientAuthentication: Bool = false,
        handler: any RequestHandler = FunctionHandler(TestSite.echo)
    ) throws {
        let now = ProductionRuntime().now()
        authority = try CertificateAuthority.create(commonName: "test-ca", now: now)
        let identity = try TestSite.identity(authority, ["localhost"])
        folder = try Support.Folder()
        authorityFile = try folder.write("ca.pem", authority.certificatePEM)
        server = try HTTPServer(
            loops: TestSite.loops,
            tls: ServerTLS(
                identity: identity, clientAuthorities: clientAuthentication ? authority.certificatePEM : nil),
            limits: limits, handler: handler)
    }

    static func identity(_ authority: CertificateAuthority, _ names: [String]) throws -> TLSIdentity {
        let issued = try authority.issue(
            .server(names[0], dnsNames: names, addresses: ["127.0.0.1"]), now: ProductionRuntime().now(),
            validity: .seconds(3600))
        return TLSIdentity(certificateChain: issued.certificatePEM, privateKey: issued.privateKeyPEM)
    }

    @Sendable static func echo(_ request: HTTPRequest, _ exchange: any Exchange) {
        let tls = request.peer.isTLS ? "tls" : "plain"
        let body = String(decoding: request.body, as: UTF8.self)
        exchange.respond(
            200, text: "\(request.method) \(request.path) \(request.query ?? "-") \(request.version) \(tls) \(body)")
    }

    func stop() async { await server.shutdown(grace: .seconds(2)) }
}
