import MartinetBase
import MartinetSPDY
import MartinetStreaming
import MartinetTransport
import Synchronization
import Testing

@Suite("port-forward and SPDY")
struct PortForwardTests {
    @Test(
        "the older WebSocket channels begin with their port and carry bytes both ways",
        arguments: ["v4.channel.k8s.io", "v4.base64.channel.k8s.io"])
    func channels(subprotocol: String) async throws {
        let site = try Site()
        let socket = try await site.client.webSocket(
            ClientRequest("GET", site.url("/portForward/ns/p?port=80,81&port=8080")), subprotocols: [subprotocol])
        let seen = Seen(socket)
        socket.send(subprotocol.contains("base64") ? .text("4aGk=") : .binary([4] + Array("hi".utf8)))
        let greeting: [UInt8] = [0x90, 0x1F] + Array("port 8080\nhi".utf8)
        #expect(await Support.eventually { seen.bytes(4) == greeting })
        #expect(seen.bytes(0) == [80, 0] + Array("port 80\n".utf8) && seen.bytes(1) == [80, 0])
        #expect(await Support.eventually { seen.text(3).contains("ECONNREFUSED") })
        socket.close(code: 1000, reason: "")
        #expect(await Support.eventually { seen.closed == 1000 })
        for query in ["", "?port=0", "?port=x", "?port=", "?port=65536"] {
            await #expect(throws: TransportError.self) {
                _ = try await site.client.webSocket(
                    ClientRequest("GET", site.url("/portForward/ns/p\(query)")), subprotocols: [subprotocol])
            }
        }
        await site.stop()
    }

    /// The client's half of SPDY, enough to look at what the server sends.
    final class Peer: Sendable {
        private struct State: ~Copyable {
            var encoder = SPDYEncoder()
            var decoder = SPDYDecoder()
            var frames: [SPDYFrame] = []
            var ended = false
        }
        let pipe: any BytePipe
        private let state = Mutex(State())

        init(_ site: Site, _ path: String, _ protocols: String) async throws {
            let request = ClientRequest(
                "POST", site.url(path), headers: [("x-stream-protocol-version", protocols)])
            let client = site.client
            pipe = try await withCheckedThrowingContinuation { continuation in
                client.upgradeRaw(request, to: "SPDY/3.1") { continuation.resume(with: $0) }
            }
            pipe.start(
                onBytes: { bytes in
                    self.state.withLock { state in
                        var frames: [SPDYFrame] = []
                        do { try state.decoder.feed(bytes, &frames) } catch { Issue.record(error) }
                        state.frames += frames
                    }
                }, onEnd: { self.state.withLock { $0.ended = true } })
        }

        /// Byte by byte: the server must not care.
        func send(_ frame: SPDYFrame) {
            let bytes = state.withLock { state in (try? state.encoder.encode(frame)) ?? [] }
            for byte in bytes { pipe.write([byte]) }
        }

        func open(_ id: UInt32, _ headers: SPDYHeaders) {
            send(.synStream(id: id, associated: 0, priority: 0, fin: false, unidirectional: false, headers))
        }

        var frames: [SPDYFrame] { state.withLock { $0.frames } }
        var ended: Bool { state.withLock { $0.ended } }
        func text(_ id: UInt32) -> String {
            String(
                decoding: frames.flatMap { frame -> [UInt8] in
                    if case .data(id, _, let bytes) = frame { bytes } else { [] }
                }, as: UTF8.self)
        }
    }

    @Test("a terminal over SPDY: sizes, half close, status in its stream, goodbye at the end")
    func terminal() async throws {
        let site = try Site()
        let peer = try await Peer(
            site, "/exec/ns/p/c?command=cat&input=1&output=1&tty=1", "v5.channel.k8s.io, v4.channel.k8s.io")
        for (index, type) in ["error", "stdin", "stdout", "resize"].enumerated() {
            peer.open(UInt32(index * 2 + 1), ["streamtype": type])
        }
        peer.send(.ping(9))
        peer.send(.data(id: 7, fin: false, Array(#"{"Width":100,"Height":40}{"Width":1,"Height":99999}"#.utf8)))
        peer.send(.data(id: 3, fin: false, Array("typed".utf8)))
        peer.send(.data(id: 3, fin: true, []))
        #expect(await Support.eventually { peer.frames.contains(.goAway(lastGood: 7, status: 0)) })
        #expect(peer.text(5) == "typed" && peer.text(1) == #"{"metadata":{},"status":"Success"}"#)
        #expect(site.fake.processes.withLock { $0.first?.sizes } == ["100x40"])
        #expect(peer.frames.contains(.ping(9)))
        // Of each stream the reply comes first.
        for id in [1, 5] as [UInt32] {
            let own = peer.frames.filter {
                switch $0 {
                case .synReply(id, _, _), .data(id, _, _): true
                default: false
                }
            }
            #expect(own.first == .synReply(id: id, fin: false, [:]))
            #expect(own.last == .data(id: id, fin: true, []))
        }
        await site.stop()
    }

    @Test(
        "a client that goes hangs the command up; streams that are not asked for, repeated or badly numbered are reset")
    func resets() async throws {
        let site = try Site()
        let peer = try await Peer(site, "/exec/ns/p/c?command=cat&input=1", "v4.channel.k8s.io")
        peer.open(1, ["streamtype": "error"])
        peer.open(3, ["streamtype": "error"])
        peer.open(5, ["streamtype": "stdout"])
        peer.open(4, ["streamtype": "stdin"])
        peer.open(5, ["streamtype": "stdin"])
        peer.open(7, ["streamtype": "stdin"])
        #expect(await Support.eventually { site.fake.processes.withLock { $0.count } == 1 })
        for frame in [
            SPDYFrame.reset(id: 3, status: 3), .reset(id: 5, status: 3), .reset(id: 4, status: 1),
            .reset(id: 5, status: 1),
        ] {
            #expect(await Support.eventually { peer.frames.contains(frame) }, "\(frame)")
        }
        peer.pipe.abort()
        #expect(await Support.eventually { site.fake.processes.withLock { $0[0].hungUp } })
        let broken = try await Peer(site, "/portForward/ns/p", "portforward.k8s.io")
        broken.open(1, ["streamtype": "data", "port": "80", "requestid": "1"])
        broken.open(3, ["streamtype": "data", "port": "0"])
        broken.open(5, ["streamtype": "other", "port": "80"])
        broken.pipe.write([0x80, 9, 0, 1, 0, 0, 0, 1, 0])
        #expect(await Support.eventually { broken.ended })
        #expect(broken.frames.contains(.reset(id: 3, status: 3)) && broken.frames.contains(.reset(id: 5, status: 3)))
        #expect(broken.frames.contains(.goAway(lastGood: 5, status: 1)))
        await #expect(throws: TransportError.self) {
            _ = try await Peer(site, "/portForward/ns/p", "other.k8s.io")
        }
        await site.stop()
    }
}
