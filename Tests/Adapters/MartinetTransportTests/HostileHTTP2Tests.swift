import MartinetTransport
import Synchronization
import Testing

@Suite("hostile HTTP/2", .enabled(if: Support.has("python3")))
struct HostileHTTP2Tests {
    /// Speaks frames by hand, so that nothing well-behaved stands between the test and the server.
    static let script = #"""
        import socket, ssl, struct, sys
        port, mode = int(sys.argv[1]), sys.argv[2]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        s = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10))
        def frame(kind, flags, stream, payload=b""):
            return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload
        def literal(name, value):
            def text(x):
                n = len(x)
                if n < 127: return bytes([n]) + x
                out, n = b"\x7f", n - 127
                while n >= 128:
                    out, n = out + bytes([n % 128 + 128]), n // 128
                return out + bytes([n]) + x
            return b"\x00" + text(name) + text(value)
        base = b"\x82\x87\x84\x41\x01a"
        post = b"\x83\x87\x84\x41\x01a"
        hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0)
        def collect(stop=None):
            data, seen = b"", []
            try:
                while True:
                    more = s.recv(65536)
                    if not more: return seen + ["closed"]
                    data += more
                    while len(data) >= 9:
                        n = int.from_bytes(data[:3], "big")
                        if len(data) < 9 + n: break
                        kind, flags, stream = data[3], data[4], int.from_bytes(data[5:9], "big")
                        body, data = data[9:9 + n], data[9 + n:]
                        if kind == 0: seen.append("data:" + body.decode())
                        if kind == 1: seen.append("headers:%d" % stream)
                        if kind == 3: seen.append("reset:%d" % stream)
                        if kind == 7: seen.append("goaway:%d" % int.from_bytes(body[4:8], "big"))
                        if stop and seen and seen[-1].startswith(stop): return seen
            except (ConnectionError, ssl.SSLError, OSError): return seen + ["closed"]
        def send(data, step=1 << 20):
            try:
                for i in range(0, len(data), step): s.sendall(data[i:i + step])
            except (ConnectionError, ssl.SSLError, OSError): pass
        if mode == "reset":
            send(hello + b"".join(frame(1, 5, i, base) + frame(3, 0, i, b"\0\0\0\x08") for i in range(1, 20001, 2)))
            print(collect()[-1])
        elif mode == "ping":
            send(hello + frame(6, 0, 0, b"12345678") * 5000)
            print(collect()[-1])
        elif mode == "settings":
            send(hello + frame(4, 0, 0) * 5000)
            print(collect()[-1])
        elif mode == "continuation":
            send(hello + frame(1, 1, 1, base) + frame(9, 0, 1, b"") * 5000)
            print(collect()[-1])
        elif mode == "headers":
            big = base + b"".join(literal(b"x-%d" % i, b"y" * 4000) for i in range(20))
            parts = [big[i:i + 16000] for i in range(0, len(big), 16000)]
            out = frame(1, 1, 1, parts[0])
            for i, p in enumerate(parts[1:]): out += frame(9, 4 if i == len(parts) - 2 else 0, 1, p)
            # The server's settings hold once they are acknowledged.
            send(hello + frame(4, 1, 0) + out)
            print(collect("data"))
        elif mode == "body":
            send(hello + frame(1, 4, 1, post) + frame(0, 0, 1, b"x" * 8000) + frame(0, 1, 1, b"x" * 8000))
            print(collect("data"))
        elif mode == "stream":
            wrong = post + literal(b"content-length", b"3")
            send(hello + frame(1, 4, 1, wrong) + frame(0, 1, 1, b"hello") + frame(1, 5, 3, base))
            print(collect("data"))
        elif mode == "drain":
            send(hello + frame(1, 5, 1, base))
            print(collect())
        elif mode == "garbage":
            send(b"\x16\x03" * 500)
            print(collect()[-1])
        elif mode == "window":
            send(hello + frame(8, 0, 0, b"\x7f\xff\xff\xff"))
            print(collect()[-1])
        elif mode == "drip":
            send(hello + frame(1, 4, 1, post) + frame(0, 0, 1, b"hel") + frame(0, 1, 1, b"lo"), int(sys.argv[3]))
            print(collect("data"))
        """#

    func run(_ port: Int, _ mode: String...) async throws -> String {
        let answer = try await Support.run("python3", ["-c", Self.script, "\(port)"] + mode)
        return answer.output + answer.errors
    }

    @Test("floods end the connection", arguments: ["reset", "ping", "settings", "continuation", "garbage", "window"])
    func floods(mode: String) async throws {
        let site = try TestSite()
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: true)
        #expect(try await run(port, mode) == "closed\n")
        #expect(await Support.eventually { site.server.connectionCount == 0 })
        await site.stop()
    }

    @Test("headers over the limit are answered with 431, a body over it with 413, each in its own stream")
    func tooLarge() async throws {
        var limits = ServerLimits()
        limits.headerBytes = 70_000
        limits.bodyBytes = 10_000
        let site = try TestSite(limits: limits)
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: true)
        let headers = try await run(port, "headers")
        #expect(headers.contains("headers:1") && headers.contains("larger than 70000"), "\(headers)")
        let body = try await run(port, "body")
        #expect(body.contains("larger than 10000") && !body.contains("goaway"), "\(body)")
        await site.stop()
    }

    @Test("what is wrong with one stream resets it and leaves the others alone")
    func streamError() async throws {
        let site = try TestSite()
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: true)
        let answer = try await run(port, "stream")
        #expect(answer.contains("reset:1") && answer.contains("data:GET /") && !answer.contains("goaway"), "\(answer)")
        await site.stop()
    }

    @Test("shutting down says goaway, answers what is in flight, and closes")
    func drain() async throws {
        let held = Mutex<(any Exchange)?>(nil)
        let site = try TestSite(handler: FunctionHandler { _, exchange in held.withLock { $0 = exchange } })
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: true)
        async let answer = run(port, "drain")
        #expect(await Support.eventually { held.withLock { $0 != nil } })
        async let answered = Support.afterClosing(port) { held.withLock { $0.take() }?.respond(200, text: "late") }
        await site.server.shutdown(grace: .seconds(20))
        #expect(await answered)
        let seen = try await answer
        #expect(seen.contains("goaway:0") && seen.contains("data:late") && seen.contains("closed"), "\(seen)")
    }

    @Test("any split of a request gives the same answer", arguments: ["1", "2", "5", "1000"])
    func drip(step: String) async throws {
        let site = try TestSite()
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: true)
        #expect(try await run(port, "drip", step).contains("data:POST / - http2 tls hello"))
        await site.stop()
    }
}
