import MartinetTransport
import Testing

@Suite("hostile HTTP/1.1")
struct HostileHTTP1Tests {
    static let host = "Host: a\r\n"

    @Test(
        "a request that is malformed or ambiguous is refused and ends the connection",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", "400"),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
            ("GET a HTTP/1.1\r\n\(host)\r\n", "400"),
            ("GET /\u{FF} HTTP/1.1\r\n\(host)\r\n", "400"),
            ("GET /a#b HTTP/1.1\r\n\(host)\r\n", "400"),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400"),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: -1\r\n\r\n", "400"),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: 99999999999999999999999\r\n\r\n", "400"),
            ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"),
            ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "400"),
            ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", "400"),
            ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n2\r\nabXX0\r\n\r\n", "400"),
            ("POST / HTTP/1.0\r\n\(host)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
            ("GET / HTTP/1.1\r\n\(host)X : y\r\n\r\n", "400"),
            ("GET / HTTP/1.1\r\n\(host) folded\r\n\r\n", "400"),
            ("GET / HTTP/9.9\r\n\(host)\r\n", "400"),
            ("CONNECT a:1 HTTP/1.1\r\n\(host)\r\n", "400"),
            ("POST / HTTP/1.1\r\n\(host)Expect: magic\r\nContent-Length: 1\r\n\r\na", "417"),
            ("\u{0}\u{1}\u{2}\u{3} garbage\r\n\r\n", "400"),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: 9999999\r\n\r\n", "413"),
        ])
    func refused(request: String, status: String) async throws {
        let site = try TestSite()
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let answer = try await Support.blocking {
            let socket = try RawSocket(port: port)
            socket.send(request)
            return socket.receiveAll()
        }
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        #expect(answer.components(of: "HTTP/1.1 ") == 1, "one answer and no more: \(answer)")
        await site.stop()
    }

    @Test("headers over the limit are answered with 431, a body over it with 413 that the hook words")
    func tooLarge() async throws {
        var limits = ServerLimits()
        limits.headerBytes = 4096
        limits.bodyBytes = 1000
        let server = try HTTPServer(
            loops: TestSite.loops, limits: limits,
            limitExceeded: { ([("content-type", "application/json")], .bytes(Array("{\"code\":\($0.status)}".utf8))) },
            handler: FunctionHandler(TestSite.echo))
        let port = try server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let filler = String(repeating: "x", count: 5000)
        let chunks = String(repeating: "64\r\n\(String(repeating: "y", count: 100))\r\n", count: 20)
        for (request, status) in [
            ("GET / HTTP/1.1\r\n\(Self.host)X: \(filler)\r\n\r\n", 431),
            ("GET /\(filler) HTTP/1.1\r\n\(Self.host)\r\n", 431),
            ("POST / HTTP/1.1\r\n\(Self.host)Content-Length: 1001\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\n\(Self.host)Transfer-Encoding: chunked\r\n\r\n\(chunks)", 413),
        ] {
            let answer = try await Support.blocking {
                let socket = try RawSocket(port: port)
                socket.send(request)
                return socket.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && answer.hasSuffix("{\"code\":\(status)}"), "\(answer)")
        }
        await server.shutdown(grace: .seconds(1))
    }

    @Test("any split of pipelined requests gives the same answers", arguments: [1, 2, 3, 7, 64, 100_000])
    func drip(step: Int) async throws {
        let site = try TestSite()
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let requests =
            "GET /one?x=%20 HTTP/1.1\r\n\(Self.host)\r\n"
            + "POST /two HTTP/1.1\r\n\(Self.host)Content-Length: 5\r\n\r\nhello"
            + "POST /three HTTP/1.1\r\n\(Self.host)Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;e=1\r\ndefg\r\n0\r\nT: 1\r\n\r\n"
            + "HEAD /four HTTP/1.1\r\n\(Self.host)\r\n"
            + "GET http://a/five HTTP/1.1\r\n\(Self.host)Connection: close\r\n\r\n"
        let answer = try await Support.blocking {
            let socket = try RawSocket(port: port)
            socket.send(requests, step: step)
            return socket.receiveAll()
        }
        func one(_ text: String, extra: String = "", body: Bool = true) -> String {
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: \(text.utf8.count)\r\n\(extra)\r\n"
                + (body ? text : "")
        }
        let expected =
            one("GET /one x=%20 http11 plain ") + one("POST /two - http11 plain hello")
            + one("POST /three - http11 plain abcdefg") + one("HEAD /four - http11 plain ", body: false)
            + one("GET /five - http11 plain ", extra: "connection: close\r\n")
        #expect(answer == expected)
        await site.stop()
    }

    @Test("requests that stop half-way are ended by the timers, and the server serves others meanwhile")
    func slow() async throws {
        var limits = ServerLimits()
        limits.headerTimeout = .milliseconds(200)
        limits.bodyTimeout = .milliseconds(200)
        limits.idleTimeout = .milliseconds(200)
        let site = try TestSite(limits: limits)
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let secure = try site.server.listen(.ip("127.0.0.1", port: 0), secure: true)
        for (request, answer) in [
            ("", ""), ("GET / HT", ""),
            ("POST / HTTP/1.1\r\n\(Self.host)Content-Length: 10\r\n\r\nabc", "HTTP/1.1 408 "),
            ("GET / HTTP/1.1\r\n\(Self.host)\r\n", "HTTP/1.1 200 "),
        ] {
            let got = try await Support.blocking {
                let socket = try RawSocket(port: port)
                socket.send(request)
                return socket.receiveAll()
            }
            #expect(answer.isEmpty ? got.isEmpty : got.hasPrefix(answer), "\(request.debugDescription): \(got)")
        }
        // A handshake that never comes, too.
        let silent = try await Support.blocking { try RawSocket(port: secure).receiveAll() }
        #expect(silent.isEmpty)
        await site.stop()
    }

    @Test("connections over the limit wait, and all that were opened and dropped are forgotten")
    func manyConnections() async throws {
        var limits = ServerLimits()
        limits.connections = 50
        let site = try TestSite(limits: limits)
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let served = try await Support.blocking {
            for _ in 0..<20 {
                let sockets = try (0..<50).map { _ in try RawSocket(port: port) }
                for socket in sockets { socket.send("GET / HT") }
            }
            let held = try (0..<50).map { _ in try RawSocket(port: port) }
            for socket in held { socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
            let last = held[49].receive(until: "plain")
            let waiting = try RawSocket(port: port)
            waiting.send("GET /waited HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            held[0].send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return last + waiting.receiveAll()
        }
        #expect(served.contains("GET / - http11") && served.contains("GET /waited"), "\(served)")
        #expect(await Support.eventually { site.server.connectionCount == 0 })
        await site.stop()
    }
}

extension String {
    func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let found = rest.firstRange(of: text) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
