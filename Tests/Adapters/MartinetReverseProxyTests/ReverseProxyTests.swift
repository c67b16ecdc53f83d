import MartinetBase
import MartinetClient
import MartinetTransport
import Synchronization
import Testing

@testable import MartinetReverseProxy

struct ReverseProxyTests {
    @Test func pathAndQueryGoOnAsTheyAreAndCredentialsStay() async throws {
        try await ProxySite.with(Echo()) { site in
            let answer = try await site.get(
                "/p/a%2Fb/?x=%20&y",
                headers: [
                    ("Authorization", "Bearer secret"), ("Cookie", "a=b"), ("Impersonate-User", "x"),
                    ("X-Remote-User", "root"), ("X-Remote-Extra-A", "b"), ("TE", "trailers"), ("X-Own", "no"),
                    ("Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.abc, v5.channel.k8s.io"),
                    ("X-Forwarded-For", "1.2.3.4"), ("Host", "elsewhere:1"),
                ])
            let text = String(decoding: answer.body, as: UTF8.self)
            #expect(answer.status == 200)
            #expect(text.hasPrefix("GET /a%2Fb/?x=%20&y 0\n"))
            for secret in ["secret", "impersonate", "x-remote", "x-own: no", "base64url"] {
                #expect(!text.contains(secret))
            }
            for field in [
                "cookie: a=b\n", "x-own: yes\n", "x-forwarded-for: 1.2.3.4, 127.0.0.1\n",
                "x-forwarded-uri: /p/a%2Fb/\n", "host: 127.0.0.1:\(site.port)\n",
                "sec-websocket-protocol: v5.channel.k8s.io\n",
            ] { #expect(text.contains(field), "\(field) in \(text)") }
            #expect(answer.headers["access-control-allow-origin"] == nil)
            #expect(answer.headers["x-own"] == "a")
        }
    }

    @Test func redirectsAndPagesLeadBackThroughTheProxy() async throws {
        try await ProxySite.with(Echo()) { site in
            #expect(try await site.get("/p/redirect").headers["location"] == "/p/there?x=1")
            #expect(String(decoding: try await site.get("/p/page").body, as: UTF8.self) == "<a href=\"/p/x\">x</a>")
            let folder = try await site.get("/p?a=b")
            #expect(folder.status == 301)
            #expect(folder.headers["location"] == "/p/?a=b")
        }
        try await ProxySite.with(Echo(), passesRedirects: false) { site in
            let answer = try await site.get("/p/redirect")
            #expect(answer.status == 502)
        }
    }

    @Test func aTargetThatIsNotThereIs503() async throws {
        try await ProxySite.with(Echo()) { site in
            await site.target.shutdown(grace: .zero)
            let answer = try await site.get("/p/a")
            #expect(answer.status == 503)
            #expect(String(decoding: answer.body, as: UTF8.self).contains("error trying to reach service"))
        }
    }

    /// Both bodies are larger than any limit of the server, and than what may wait anywhere.
    @Test(arguments: [nil, 40 << 20])
    func bodiesPassAsTheyCome(_ length: Int?) async throws {
        try await ProxySite.with(Echo()) { site in
            let size = 40 << 20
            var request = ClientRequest("POST", "http://127.0.0.1:\(site.port)/p/echo", timeout: .seconds(120))
            request.stream = ClientStream(length: length) { Pouring(size).pour(into: $0) }
            let received = Mutex((count: 0, sum: UInt64(0), status: 0))
            let error: TransportError? = await withCheckedContinuation { continuation in
                site.client.open(
                    request, onHead: { head in received.withLock { $0.status = head.status } },
                    onBody: { bytes in
                        let sum = bytes.reduce(UInt64(0)) { $0 &+ UInt64($1) }
                        received.withLock {
                            $0.count += bytes.count
                            $0.sum &+= sum
                        }
                    }, onEnd: { continuation.resume(returning: $0) })
            }
            #expect(error == nil)
            #expect(received.withLock { $0.status } == 200)
            #expect(received.withLock { $0.count } == size)
            #expect(received.withLock { $0.sum } == Pouring.sum(size))
        }
    }

    @Test func anUpgradeIsPassedOnWithItsHeaders() async throws {
        try await ProxySite.with(Echo()) { site in
            let echoed = Mutex<[UInt8]>([])
            let chosen = Mutex("")
            await withCheckedContinuation { continuation in
                site.client.passUpgrade(
                    ClientRequest("GET", "http://127.0.0.1:\(site.port)/p/up"), to: "echo/1",
                    onUpgrade: { head, pipe in
                        chosen.withLock { $0 = head.headers["x-chosen"] ?? "" }
                        pipe.start(
                            onBytes: { bytes in
                                let whole = echoed.withLock { all in
                                    all += bytes
                                    return all.count == 11
                                }
                                if whole { pipe.end() }
                            }, onEnd: { continuation.resume() })
                        pipe.write(Array("hello proxy".utf8))
                    }, onHead: { _ in }, onBody: { _ in }, onEnd: { if $0 != nil { continuation.resume() } })
            }
            #expect(String(decoding: echoed.withLock { $0 }, as: UTF8.self) == "hello proxy")
            #expect(chosen.withLock { $0 } == "one")
        }
    }

    /// A figure for the page, and a guard against a proxy that copies byte by byte.
    @Test func throughputIsNotFarFromADirectConnection() async throws {
        try await ProxySite.with(Echo()) { site in
            _ = try await site.get("/large", direct: true)
            func seconds(direct: Bool) async throws -> Double {
                let start = site.runtime.monotonic()
                let count = try await site.get(direct ? "/large" : "/p/large", direct: direct).body.count
                #expect(count == 64 << 20)
                return (site.runtime.monotonic() - start) / .seconds(1)
            }
            let direct = try await seconds(direct: true)
            let proxied = try await seconds(direct: false)
            print("64 MiB: direct \(Int(64 / direct)) MiB/s, through the proxy \(Int(64 / proxied)) MiB/s")
            #expect(proxied < direct * 20 + 5)
        }
    }
}

/// A body that is poured as fast as it is taken.
private final class Pouring: Sendable {
    private let size: Int
    private let sent = Mutex(0)

    init(_ size: Int) { self.size = size }

    func pour(into out: any OutgoingStream) {
        out.onWritable { self.go(out) }
        go(out)
    }

    private func go(_ out: any OutgoingStream) {
        while out.isWritable {
            let piece = sent.withLock { sent -> [UInt8]? in
                guard sent < size else { return nil }
                let count = min(64 << 10, size - sent)
                defer { sent += count }
                return (sent..<sent + count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            }
            guard let piece else { return out.end() }
            out.write(piece)
        }
    }

    static func sum(_ size: Int) -> UInt64 {
        var sum: UInt64 = 0
        for index in 0..<size { sum &+= UInt64(UInt8(truncatingIfNeeded: index &* 31)) }
        return sum
    }
}
