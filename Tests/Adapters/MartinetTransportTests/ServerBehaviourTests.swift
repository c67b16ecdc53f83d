import Glibc
import MartinetBase
import MartinetCertificates
import MartinetTransport
import Synchronization
import Testing

@Suite("the server")
struct ServerBehaviourTests {
    let runtime = ProductionRuntime()

    @Test("a handler that drops its exchange is answered for with 500; one that answers twice is heard once")
    func dropped() async throws {
        let server = try HTTPServer(
            loops: TestSite.loops,
            handler: FunctionHandler { request, exchange in
                guard request.path == "/twice" else { return }
                exchange.respond(200, text: "first")
                exchange.respond(404, text: "second")
            })
        let port = try server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let client = try HTTPClient(loops: TestSite.loops, runtime: runtime, ClientConfiguration())
        let dropped = try await client.send(ClientRequest("GET", "http://127.0.0.1:\(port)/"))
        #expect(dropped.status == 500)
        _ = try await dropped.body.reduce(into: 0) { $0 += $1.count }
        let twice = try await client.send(ClientRequest("GET", "http://127.0.0.1:\(port)/twice"))
        #expect(try await twice.collect() == Array("first".utf8))
        await server.shutdown(grace: .seconds(1))
    }

    @Test("a streamed answer flows from any thread, and its end is seen")
    func stream() async throws {
        let executor = runtime.executor(named: "transport-test")
        let server = try HTTPServer(
            loops: TestSite.loops,
            handler: FunctionHandler { _, exchange in
                executor.submit {
                    let stream = exchange.begin(200, [("content-type", "application/json")])
                    for number in 0..<1000 { stream.write(Array("\(number)\n".utf8)) }
                    stream.end()
                }
            })
        let port = try server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let client = try HTTPClient(loops: TestSite.loops, runtime: runtime, ClientConfiguration())
        let response = try await client.send(ClientRequest("GET", "http://127.0.0.1:\(port)/"))
        let text = String(decoding: try await response.collect(), as: UTF8.self)
        #expect(text == (0..<1000).map { "\($0)\n" }.joined())
        await server.shutdown(grace: .seconds(1))
    }

    @Test("a watcher that does not read is cut off at the bound, and told")
    func slowWatcher() async throws {
        var limits = ServerLimits()
        limits.streamBuffer = 1 << 20
        let closed = Atomic<Bool>(false)
        let holder = Mutex<(any OutgoingStream)?>(nil)
        try await withServer(limits) { _, exchange in
            let stream = exchange.begin(200, [])
            stream.onClose { closed.store(true, ordering: .relaxed) }
            holder.withLock { $0 = stream }
        } body: { port in
            let socket = try RawSocket(port: port)
            socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await Support.eventually { holder.withLock { $0 != nil } })
            var written = 0
            while let stream = holder.withLock({ $0 }), stream.write([UInt8](repeating: 120, count: 65_536)) {
                written += 65_536
                #expect(stream.pending <= 1 << 20)
                guard written < 256 << 20 else { break }
            }
            #expect(written < 256 << 20)
            #expect(await Support.eventually { closed.load(ordering: .relaxed) })
            withExtendedLifetime(socket) {}
        }
    }

    @Test("a client that leaves is noticed while its answer is awaited and while it streams")
    func leaves() async throws {
        let gone = Atomic<Int>(0)
        let held = Mutex<[any Exchange]>([])
        let streams = Mutex<[any OutgoingStream]>([])
        try await withServer { request, exchange in
            if request.path == "/wait" {
                exchange.onClose { gone.add(1, ordering: .relaxed) }
                held.withLock { $0.append(exchange) }
            } else {
                let stream = exchange.begin(200, [])
                stream.onClose { gone.add(1, ordering: .relaxed) }
                streams.withLock { $0.append(stream) }
            }
        } body: { port in
            try await Support.blocking {
                for path in ["/wait", "/stream"] {
                    let socket = try RawSocket(port: port)
                    socket.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                    for _ in 0..<5000 where held.withLock({ $0.count }) + streams.withLock({ $0.count }) == 0 {
                        usleep(1000)
                    }
                    _ = path == "/stream" ? socket.receive(until: "\r\n\r\n") : ""
                }
            }
            #expect(await Support.eventually { gone.load(ordering: .relaxed) == 2 })
            #expect(streams.withLock { $0.first?.write([1]) } == false)
        }
    }

    @Test("a large answer made of slices arrives whole")
    func slices() async throws {
        let pieces = (0..<300).map { number in [UInt8](repeating: UInt8(number % 251), count: 10_007)[...] }
        let site = try TestSite(handler: FunctionHandler { _, exchange in exchange.respond(200, [], .slices(pieces)) })
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: true)
        let client = try HTTPClient(
            loops: TestSite.loops, runtime: runtime,
            ClientConfiguration(trust: .authorities(site.authority.certificatePEM)))
        let response = try await client.send(ClientRequest("GET", "https://localhost:\(port)/"))
        #expect(try await response.collect() == Array(pieces.joined()))
        if Support.has("curl") {
            let folder = try Support.Folder()
            let fetched = try await Support.run(
                "curl",
                [
                    "-sS", "--http2", "--cacert", site.authorityFile, "-o", "\(folder.path)/x",
                    "https://localhost:\(port)/",
                ])
            #expect(try folder.read("x") == Array(pieces.joined()), "\(fetched.errors)")
        }
        await site.stop()
    }

    @Test("shutting down lets an answer in flight finish, refuses new connections and is bounded")
    func shutdown() async throws {
        let held = Mutex<[any Exchange]>([])
        let server = try HTTPServer(
            loops: TestSite.loops, handler: FunctionHandler { _, exchange in held.withLock { $0.append(exchange) } })
        let port = try server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let client = try HTTPClient(loops: TestSite.loops, runtime: runtime, ClientConfiguration())
        async let slow = client.send(ClientRequest("GET", "http://127.0.0.1:\(port)/slow"))
        async let stuck = client.send(ClientRequest("GET", "http://127.0.0.1:\(port)/stuck"))
        #expect(await Support.eventually { held.withLock { $0.count } == 2 })
        async let answered = Support.afterClosing(port) {
            held.withLock { $0.removeFirst() }.respond(200, text: "done")
        }
        await server.shutdown(grace: .seconds(3))
        #expect(await answered)
        let results = [try? await slow, try? await stuck].compactMap { $0?.status }
        #expect(results == [200])
        #expect(server.connectionCount == 0)
        held.withLock { $0 = [] }
    }

    @Test("programs that this process starts inherit no socket")
    func inheritance() async throws {
        let site = try TestSite()
        let port = try site.server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let client = try HTTPClient(loops: TestSite.loops, runtime: runtime, ClientConfiguration())
        #expect(try await client.send(ClientRequest("GET", "http://127.0.0.1:\(port)/")).status == 200)
        let (all, kept) = try await Support.blocking { Support.sockets(atPort: port) }
        #expect(all >= 3 && kept == all, "\(kept) of \(all) are closed on exec")
        client.shutdown()
        await site.stop()
    }

    @Test("listens on an inherited descriptor and on a unix socket")
    func descriptor() async throws {
        let site = try TestSite()
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        #expect(bound == 0 && listen(descriptor, 16) == 0)
        let port = try site.server.listen(.descriptor(descriptor), secure: false)
        try site.server.listen(.unix("\(site.folder.path)/s"), secure: false)
        let answer = try await Support.blocking {
            let socket = try RawSocket(port: port)
            socket.send("GET /fd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return socket.receiveAll()
        }
        #expect(answer.contains("GET /fd"))
        if Support.has("curl") {
            let unix = try await Support.run(
                "curl", ["-sS", "--unix-socket", "\(site.folder.path)/s", "http://a/unix"])
            #expect(unix.output.contains("GET /unix"))
        }
        await site.stop()
    }

    private func withServer(
        _ limits: ServerLimits = ServerLimits(),
        _ handler: @escaping @Sendable (HTTPRequest, any Exchange) -> Void, body: (Int) async throws -> Void
    ) async throws {
        let server = try HTTPServer(loops: TestSite.loops, limits: limits, handler: FunctionHandler(handler))
        let port = try server.listen(.ip("127.0.0.1", port: 0), secure: false)
        try await body(port)
        await server.shutdown(grace: .zero)
    }
}
