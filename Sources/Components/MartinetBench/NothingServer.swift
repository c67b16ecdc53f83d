import MartinetBase
import MartinetCertificates
import MartinetTransport

/// An HTTPS server that does nothing but send as many bytes as it is asked for: what the machine, TLS and the transport
/// allow an API server at most.
enum NothingServer {
    static func run() async throws {
        let now = ProductionRuntime().now()
        let authority = try CertificateAuthority.create(commonName: "nothing", now: now)
        let issued = try authority.issue(
            .server("localhost", dnsNames: ["localhost"], addresses: ["127.0.0.1"]), now: now,
            validity: .seconds(86_400))
        let page = [UInt8](repeating: 120, count: 16 << 10)
        let loops = EventLoops(threads: 1)
        let server = try HTTPServer(
            loops: loops,
            tls: ServerTLS(
                identity: TLSIdentity(certificateChain: issued.certificatePEM, privateKey: issued.privateKeyPEM)),
            handler: FunctionHandler { request, exchange in
                // `/BYTES`
                let count = min(1 << 30, max(0, Int(request.path.dropFirst()) ?? 0))
                let headers = [("content-type", "application/json"), ("cache-control", "no-cache, private")]
                // Larger answers are gathered, as lists are.
                guard count > page.count else { return exchange.respond(200, headers, .bytes(Array(page[..<count]))) }
                var slices = [ArraySlice<UInt8>](repeating: page[...], count: count / page.count)
                slices.append(page[..<(count % page.count)])
                exchange.respond(200, headers, .slices(slices))
            })
        let port = try server.listen(.ip("127.0.0.1", port: 0), secure: true)
        BenchChild.serve(String(port))
        await server.shutdown(grace: .seconds(1))
        await loops.shutdown()
    }
}
