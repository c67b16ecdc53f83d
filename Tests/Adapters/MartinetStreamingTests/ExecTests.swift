import Dispatch
import MartinetBase
import MartinetStreaming
import MartinetTransport
import Synchronization
import Testing

@Suite("exec and attach")
struct ExecTests {
    @Test(
        "a command's output, its status and its exit code come over every WebSocket protocol",
        arguments: ["v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io", "v4.base64.channel.k8s.io"])
    func webSocket(subprotocol: String) async throws {
        let site = try Site()
        let socket = try await site.client.webSocket(
            ClientRequest("GET", site.url("/exec/ns/p/c?command=exit&command=3&output=1&error=1")),
            subprotocols: [subprotocol])
        let seen = Seen(socket)
        #expect(await Support.eventually { seen.closed == 1000 })
        #expect(seen.text(1) == "out\n" && seen.text(2) == "err\n")
        let error = seen.text(3)
        if subprotocol.hasPrefix("v") {
            #expect(
                error.contains(
                    #""reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}"#))
        } else {
            #expect(error == "command terminated with non-zero exit code: exit status 3")
        }
        await site.stop()
    }

    @Test("input is echoed whole, the half close of v5 ends it, sizes arrive, success is told")
    func input() async throws {
        let site = try Site()
        let socket = try await site.client.webSocket(
            ClientRequest("GET", site.url("/exec/ns/p/c?command=cat&input=1&output=1&tty=1")),
            subprotocols: ["v5.channel.k8s.io"])
        let seen = Seen(socket)
        socket.send(.binary([4] + Array(#"{"Width":80,"Hei"#.utf8)))
        socket.send(.binary([4] + Array(#"ght":24}"#.utf8)))
        socket.send(.binary([0] + Array("hello".utf8)))
        socket.send(.binary([255, 0]))
        #expect(await Support.eventually { seen.closed == 1000 })
        #expect(seen.text(1) == "hello" && seen.text(3) == #"{"metadata":{},"status":"Success"}"#)
        #expect(site.fake.processes.withLock { $0.first?.sizes } == ["80x24"])
        await site.stop()
    }

    @Test("a client that goes hangs the command up; a pod that is not there is 404; no stream is 400")
    func refusals() async throws {
        let site = try Site()
        let socket = try await site.client.webSocket(
            ClientRequest("GET", site.url("/exec/ns/p/c?command=cat&input=1")), subprotocols: ["v5.channel.k8s.io"])
        let seen = Seen(socket)
        #expect(await Support.eventually { site.fake.processes.withLock { $0.count } == 1 })
        socket.close(code: 1000, reason: "")
        #expect(await Support.eventually { site.fake.processes.withLock { $0[0].hungUp } })
        #expect(seen.text(3).isEmpty)
        for (path, word) in [
            ("/exec/ns/missing/c?command=cat&input=1", "404"), ("/exec/ns/p/c?command=cat", "at least 1 of stdin"),
            ("/exec/ns/p/c?input=1", "specify a command"),
        ] {
            await #expect(throws: TransportError.self) {
                do {
                    _ = try await site.client.webSocket(
                        ClientRequest("GET", site.url(path)), subprotocols: ["v5.channel.k8s.io"])
                } catch {
                    #expect("\(error)".contains(word), "\(error)")
                    throw error
                }
            }
        }
        let failed = try await site.client.webSocket(
            ClientRequest("GET", site.url("/exec/ns/p/c?command=nosuch&output=1")), subprotocols: ["v5.channel.k8s.io"])
        let told = Seen(failed)
        #expect(await Support.eventually { told.closed == 1000 })
        #expect(told.text(3).contains("not found"))
        await site.stop()
    }

    @Test(
        "50 MB go in and come back to a slow reader byte for byte, in bounded memory, also through the proxy over TLS",
        arguments: [false, true])
    func bulk(throughProxy: Bool) async throws {
        let site = try Site()
        let api = try FakeAPI()
        let fake = throughProxy ? api.fake : site.fake
        let socket = try await site.client.webSocket(
            ClientRequest(
                "GET",
                throughProxy
                    ? api.url("p/exec?command=cat&stdin=1&stdout=1")
                    : site.url("/exec/ns/p/c?command=cat&input=1&output=1")), subprotocols: ["v5.channel.k8s.io"])
        let total = 50 << 20
        let sum = Mutex((count: 0, wrong: 0))
        let closed = Mutex<Int?>(nil)
        socket.start(
            onMessage: { message in
                guard case .binary(let bytes) = message, bytes.first == 1 else { return }
                sum.withLock { sum in
                    if !Support.same(bytes[1...], Support.bytes(sum.count, bytes.count - 1)) { sum.wrong += 1 }
                    sum.count += bytes.count - 1
                }
            }, onClose: { code, _ in closed.withLock { $0 = code } })
        socket.setReading(false)
        let before = Support.residentBytes()
        // 50 MB are offered while nobody reads: what is on the way stays small, the rest waits at the writer.
        let sent = Atomic<Int>(0)
        let done = Atomic<Bool>(false)
        let writer = Support.thread {
            while sent.load(ordering: .relaxed) < total {
                guard socket.isWritable else {
                    Support.pause()
                    continue
                }
                let start = sent.load(ordering: .relaxed)
                socket.send(.binary([0] + Support.bytes(start, 32 << 10)))
                sent.store(start + 32 << 10, ordering: .relaxed)
            }
            socket.send(.binary([255, 0]))
            done.store(true, ordering: .relaxed)
        }
        #expect(await Support.steady { sent.load(ordering: .relaxed) })
        #expect(sent.load(ordering: .relaxed) < total && !done.load(ordering: .relaxed))
        let grown = Support.residentBytes() - before
        #expect(grown < 72 << 20, "memory grew by \(grown >> 20) MB")
        #expect(fake.processes.withLock { $0[0].queuedMax } < 2 << 20)
        socket.setReading(true)
        #expect(await Support.eventually(120) { closed.withLock { $0 } == 1000 })
        #expect(sum.withLock { $0.count } == total && sum.withLock { $0.wrong } == 0)
        writer.wait()
        await site.stop()
        await api.stop()
    }
}
