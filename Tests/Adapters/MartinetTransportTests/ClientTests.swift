import Glibc
import MartinetBase
import MartinetTransport
import Synchronization
import Testing

@Suite("the client")
struct ClientTests {
    let runtime = ProductionRuntime()

    @Test("a connection is used again, for hundreds of requests by callback without a task")
    func reuse() async throws {
        let ports = Mutex<Set<Int>>([])
        let server = try HTTPServer(
            loops: TestSite.loops,
            handler: FunctionHandler { request, exchange in
                _ = ports.withLock { $0.insert(request.peer.port) }
                exchange.respond(200, [], .bytes(request.body))
            })
        let port = try server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let client = try HTTPClient(loops: TestSite.loops, runtime: runtime, ClientConfiguration())
        let done = Atomic<Int>(0)
        @Sendable func next(_ number: Int) {
            client.send(ClientRequest("PUT", "http://127.0.0.1:\(port)/", body: Array("\(number)".utf8))) { result in
                guard let body = try? result.get().body, body == Array("\(number)".utf8) else { return }
                done.add(1, ordering: .relaxed)
                if number < 300 { next(number + 1) }
            }
        }
        next(1)
        #expect(await Support.eventually { done.load(ordering: .relaxed) == 300 })
        #expect(ports.withLock { $0.count } == 1)
        await server.shutdown(grace: .seconds(1))
        #expect(await Support.eventually { client.connectionCount == 0 })
    }

    @Test("a request on a kept connection that the server has closed is sent again")
    func retry() async throws {
        let listener = try RawListener()
        async let served: Int = Support.blocking {
            var answered = 0
            // The first connection answers once and closes on the second request; the next one answers that.
            for _ in 0..<2 {
                let connection = try listener.accept()
                _ = connection.receive(until: "\r\n\r\n")
                connection.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                answered += 1
                if answered == 1 { _ = connection.receive(until: "\r\n\r\n") }
            }
            return answered
        }
        let client = try HTTPClient(loops: TestSite.loops, runtime: runtime, ClientConfiguration())
        let url = "http://127.0.0.1:\(listener.port)/"
        for _ in 0..<2 { #expect(try await client.send(ClientRequest("GET", url)).collect() == []) }
        #expect(try await served == 2)
    }

    @Test("a reader that does not read holds the server back, and gets every byte in the end")
    func backpressure() async throws {
        var limits = ServerLimits()
        limits.streamBuffer = 64 << 20
        let holder = Mutex<(any OutgoingStream)?>(nil)
        let server = try HTTPServer(
            loops: TestSite.loops, limits: limits,
            handler: FunctionHandler { _, exchange in
                let stream = exchange.begin(200, [])
                stream.write([UInt8](repeating: 7, count: 32 << 20))
                stream.end()
                holder.withLock { $0 = stream }
            })
        let port = try server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let client = try HTTPClient(loops: TestSite.loops, runtime: runtime, ClientConfiguration())
        let response = try await client.send(ClientRequest("GET", "http://127.0.0.1:\(port)/"))
        var iterator = response.body.makeAsyncIterator()
        var count = try await iterator.next()?.count ?? 0
        #expect(holder.withLock { $0?.pending ?? 0 } > 8 << 20)
        while let piece = try await iterator.next() { count += piece.count }
        #expect(count == 32 << 20)
        await server.shutdown(grace: .seconds(1))
    }

    @Test("what cannot be had is told by its kind: a refused port, silence, a cut body, a cancelled call, a broken url")
    func failures() async throws {
        let silent = Mutex<[any Exchange]>([])
        let server = try HTTPServer(
            loops: TestSite.loops,
            handler: FunctionHandler { request, exchange in
                switch request.path {
                case "/cut":
                    let stream = exchange.begin(200, [])
                    stream.write([1, 2, 3])
                    stream.onWritable {}
                    stream.abort()
                case "/endless": exchange.begin(200, []).write([1])
                default: silent.withLock { $0.append(exchange) }
                }
            })
        let port = try server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let client = try HTTPClient(loops: TestSite.loops, runtime: runtime, ClientConfiguration())
        func code(_ request: ClientRequest) async -> TransportError.Code? {
            do {
                _ = try await client.send(request).collect()
                return nil
            } catch { return (error as? TransportError)?.code }
        }
        let base = "http://127.0.0.1:\(port)"
        #expect(await code(ClientRequest("GET", "\(base)/cut")) == .closed)
        #expect(await code(ClientRequest("GET", "\(base)/silent", headTimeout: .milliseconds(50))) == .timeout)
        #expect(await code(ClientRequest("GET", "\(base)/endless", timeout: .milliseconds(50))) == .timeout)
        #expect(await code(ClientRequest("GET", "http://127.0.0.1:1/")) == .connect)
        for url in [
            "ftp://a/", "http://", "http://a:0/", "http://a:99999/", "http://[::1/", "http://a b/", "http://u@a/",
        ] {
            #expect(await code(ClientRequest("GET", url)) == .invalid, "\(url)")
        }
        let cancelled = Mutex<TransportError.Code?>(nil)
        let call = client.send(ClientRequest("GET", "\(base)/silent")) { result in
            if case .failure(let error) = result { cancelled.withLock { $0 = error.code } }
        }
        call?.cancel()
        #expect(await Support.eventually { cancelled.withLock { $0 } == .cancelled })
        let task = Task { try await client.send(ClientRequest("GET", "\(base)/silent")) }
        #expect(await Support.eventually { silent.withLock { $0.count } >= 2 })
        task.cancel()
        await #expect(throws: TransportError.self) { try await task.value }
        silent.withLock { $0 = [] }
        await server.shutdown(grace: .zero)
    }

    @Test("the bearer token is asked for at each request")
    func bearer() async throws {
        let server = try HTTPServer(
            loops: TestSite.loops,
            handler: FunctionHandler { request, exchange in
                exchange.respond(200, text: request.headers["authorization"] ?? "none")
            })
        let port = try server.listen(.ip("127.0.0.1", port: 0), secure: false)
        let number = Atomic<Int>(0)
        var configuration = ClientConfiguration()
        configuration.bearer = { "token-\(number.add(1, ordering: .relaxed).newValue)" }
        let client = try HTTPClient(loops: TestSite.loops, runtime: runtime, configuration)
        for expected in ["Bearer token-1", "Bearer token-2"] {
            let body = try await client.send(ClientRequest("GET", "http://127.0.0.1:\(port)/")).collect()
            #expect(String(decoding: body, as: UTF8.self) == expected)
        }
        await server.shutdown(grace: .seconds(1))
    }
}
