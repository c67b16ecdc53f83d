import MartinetBase
import MartinetCertificates
import MartinetTransport
import Synchronization
import Testing

@Suite("upgrades")
struct WebSocketTests {
    let runtime = ProductionRuntime()

    static let echo = FunctionHandler { request, exchange in
        if exchange.canUpgrade(to: "SPDY/3.1") {
            guard let pipe = exchange.upgradeRaw("SPDY/3.1", []) else { return }
            pipe.start(onBytes: { pipe.write($0) }, onEnd: {})
            return
        }
        let offered = request.headers.tokens("sec-websocket-protocol")
        let chosen = offered.contains("v5.channel.k8s.io") ? "v5.channel.k8s.io" : nil
        guard let socket = exchange.upgradeToWebSocket(subprotocol: chosen, []) else { return }
        socket.start(onMessage: { socket.send($0) }, onClose: { _, _ in })
    }

    @Test("messages of all sizes go both ways over tls, in order, and the close code comes back")
    func messages() async throws {
        let site = try TestSite(handler: WebSocketTests.echo)
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: true)
        let client = try HTTPClient(
            loops: TestSite.loops, runtime: runtime,
            ClientConfiguration(trust: .authorities(site.authority.certificatePEM)))
        let socket = try await client.webSocket(
            ClientRequest("GET", "https://localhost:\(port)/"), subprotocols: ["x", "v5.channel.k8s.io"])
        #expect(socket.subprotocol == "v5.channel.k8s.io")
        let received = Mutex<[WebSocketMessage]>([])
        let closed = Mutex<Int?>(nil)
        let ponged = Atomic<Bool>(false)
        socket.onPong { ponged.store($0 == [1, 2], ordering: .relaxed) }
        socket.start(
            onMessage: { message in received.withLock { $0.append(message) } },
            onClose: { code, _ in closed.withLock { $0 = code } })
        var sent: [WebSocketMessage] = [.text("grüße"), .binary([])]
        for size in [1, 125, 126, 127, 65_535, 65_536, 300_000] {
            sent.append(.binary((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }))
        }
        for message in sent { socket.send(message) }
        socket.ping([1, 2])
        let count = sent.count
        #expect(await Support.eventually { received.withLock { $0.count } == count })
        #expect(received.withLock { $0 } == sent)
        #expect(await Support.eventually { ponged.load(ordering: .relaxed) })
        socket.close(code: 1000, reason: "done")
        #expect(await Support.eventually { closed.withLock { $0 } == 1000 })
        #expect(socket.send(.text("late")) == false)
        #expect(await Support.eventually { client.connectionCount == 0 && site.server.connectionCount == 0 })
        await site.stop()
    }

    @Test(
        "bytes of a frame in any split give the same, fragments are joined, and what breaks the rules is closed with its code",
        arguments: [1, 3, 1000])
    func frames(step: Int) async throws {
        let site = try TestSite(handler: WebSocketTests.echo)
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let mask: [UInt8] = [1, 2, 3, 4]
        func frame(_ first: UInt8, _ text: [UInt8]) -> [UInt8] {
            [first, 0x80 | UInt8(text.count)] + mask + text.enumerated().map { $1 ^ mask[$0 % 4] }
        }
        let cases: [([UInt8], [UInt8])] = [
            (frame(0x01, [104]) + frame(0x89, [9]) + frame(0x80, [105]), [0x8A, 1, 9, 0x81, 2, 104, 105]),
            ([0x81, 1, 65], [0x88]), (frame(0x80, [1]), [0x88]), (frame(0x81, [0xFF]), [0x88]),
            (frame(0x88, [3, 0xE8]), [0x88, 2, 3, 0xE8]), (frame(0xC1, [65]), [0x88]), (frame(0x83, [65]), [0x88]),
            ([0x82, 0xFF, 0x7F, 255, 255, 255, 255, 255, 255, 255] + mask, [0x88]),
        ]
        for (bytes, expected) in cases {
            let answer = try await Support.blocking {
                let socket = try RawSocket(port: port)
                socket.send(
                    "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                var head: [UInt8] = []
                while !String(decoding: head, as: UTF8.self).hasSuffix("\r\n\r\n"), let more = socket.receive() {
                    head += more
                }
                guard String(decoding: head, as: UTF8.self).contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") else {
                    return [] as [UInt8]
                }
                socket.send(bytes, step: step)
                var all: [UInt8] = []
                while all.count < expected.count, let piece = socket.receive() { all += piece }
                return all
            }
            #expect(answer.starts(with: expected), "\(bytes): \(answer)")
        }
        await site.stop()
    }

    @Test("bytes sent right behind the request reach the upgraded protocol", arguments: [1, 100_000])
    func raw(step: Int) async throws {
        let site = try TestSite(handler: WebSocketTests.echo)
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let answer = try await Support.blocking {
            let socket = try RawSocket(port: port)
            socket.send(
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\nearly bytes", step: step)
            return socket.receive(until: "early bytes")
        }
        #expect(answer.hasPrefix("HTTP/1.1 101 ") && answer.hasSuffix("\r\n\r\nearly bytes"), "\(answer)")
        let client = try HTTPClient(loops: TestSite.loops, runtime: runtime, ClientConfiguration())
        let got = Mutex<[UInt8]>([])
        let refused = Mutex<String?>(nil)
        client.upgradeRaw(ClientRequest("POST", "http://127.0.0.1:\(port)/"), to: "SPDY/3.1") { result in
            guard let pipe = try? result.get() else { return }
            pipe.start(onBytes: { bytes in got.withLock { $0 += bytes } }, onEnd: {})
            pipe.write(Array("ping".utf8))
        }
        #expect(await Support.eventually { got.withLock { $0 } == Array("ping".utf8) })
        client.upgradeRaw(ClientRequest("POST", "http://127.0.0.1:\(port)/"), to: "other/1") { result in
            if case .failure(let error) = result { refused.withLock { $0 = error.message } }
        }
        #expect(await Support.eventually { refused.withLock { $0?.contains("400") == true } })
        await site.server.shutdown(grace: .zero)
    }
}
