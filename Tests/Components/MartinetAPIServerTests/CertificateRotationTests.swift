import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import MartinetTransport
import Synchronization
import Testing

@Suite("certificates that are renewed while they are used") struct CertificateRotationTests {
    @Test("lives of a few seconds: new handshakes show what is new, and no connection is cut", .timeLimit(.minutes(2)))
    func shortLives() async throws {
        try await TestServer.with { server in
            let runtime = ProductionRuntime()
            let log = Log(component: "test", minimum: .error)
            let authority = server.server.authority
            let life: Int64 = 6
            let (shownFile, clientFile) = ("\(server.folder)/shown", "\(server.folder)/client")
            func issue(_ subject: CertificateSubject, to file: String) throws -> TLSIdentity {
                let issued = try authority.issue(subject, now: runtime.now(), validity: .seconds(life))
                try CertificateFile.write(issued.privateKeyPEM, to: file + ".key")
                try CertificateFile.write(issued.certificatePEM, to: file + ".crt")
                return TLSIdentity(certificateChain: issued.certificatePEM, privateKey: issued.privateKeyPEM)
            }
            let shown = CertificateSubject.server("kube-apiserver", dnsNames: ["localhost"], addresses: ["127.0.0.1"])
            let user = CertificateSubject.client("ann", groups: ["system:masters"])
            let http = server.server.http
            @Sendable func tls(_ identity: TLSIdentity) -> ServerTLS {
                ServerTLS(identity: identity, clientAuthorities: authority.certificatePEM)
            }
            let first = try issue(shown, to: shownFile)
            try http.reload(tls(first))
            let own = try issue(user, to: clientFile)
            let loops = EventLoops(threads: 1)
            let client = try HTTPClient(
                loops: loops, runtime: runtime,
                ClientConfiguration(trust: .authorities(authority.certificatePEM), identity: own))
            let interval = CertificateRenewal.interval(validity: .seconds(life))
            let reloads = [
                IdentityReload(shownFile, shown: first, every: interval, runtime: runtime, log: log) {
                    try http.reload(tls($0))
                },
                IdentityReload(clientFile, shown: own, every: interval, runtime: runtime, log: log) {
                    try client.reload($0)
                },
            ]
            for reload in reloads { reload.start() }
            let base = "https://127.0.0.1:\(server.server.port)/api/v1/namespaces"
            let hasEnded = Mutex(false)
            let watch = client.open(
                ClientRequest("GET", base + "?watch=1"), onHead: { _ in }, onBody: { _ in },
                onEnd: { _ in hasEnded.withLock { $0 = true } })
            let end = runtime.monotonic() + .seconds(3 * life)
            var (asked, renewed) = (0, 0)
            while runtime.monotonic() < end {
                for (file, subject) in [(shownFile, shown), (clientFile, user)] {
                    let info = try CertificateInfo(pem: CertificateFile.read(file + ".crt"))
                    guard CertificateRenewal.isDue(info, now: runtime.now()) else { continue }
                    _ = try issue(subject, to: file)
                    renewed += 1
                }
                // One over whatever connection there is, and one whose handshake is new.
                #expect(try await client.send(ClientRequest("GET", base)).status == 200)
                let fresh = try HTTPClient(
                    loops: loops, runtime: runtime,
                    ClientConfiguration(trust: .authorities(authority.certificatePEM), identity: server.server.admin))
                #expect(try await fresh.send(ClientRequest("GET", base)).status == 200)
                fresh.shutdown()
                asked += 1
                for _ in 0..<20 { await TestServer.moment() }
            }
            #expect(asked > 20 && renewed >= 6, "\(asked) \(renewed)")
            #expect(!hasEnded.withLock { $0 })
            watch?.cancel()
            for reload in reloads { reload.stop() }
            client.shutdown()
            await loops.shutdown()
        }
    }
}
