import MartinetBase
import MartinetCertificates
import MartinetTransport
import Testing

@Suite("other people's clients")
struct ServerPeerTests {
    @Test("curl is answered over TLS in HTTP/1.1 and in HTTP/2", .enabled(if: Support.has("curl")))
    func curl() async throws {
        let site = try TestSite()
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: true)
        for (flag, version) in [("--http1.1", "http11"), ("--http2", "http2")] {
            let answer = try await Support.run(
                "curl",
                ["-sS", flag, "--cacert", site.authorityFile, "https://localhost:\(port)/echo?a=b", "-d", "hello"])
            #expect(answer.output == "POST /echo a=b \(version) tls hello", "\(answer.errors)")
        }
        await site.stop()
    }
}
