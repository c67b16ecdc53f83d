import MartinetBase
import MartinetClient
import MartinetTransport
import Synchronization

@testable import MartinetReverseProxy

/// A server, a proxy before it, and a client, all on loopback.
struct ProxySite: Sendable {
    let loops = EventLoops(threads: 2)
    let runtime = ProductionRuntime()
    let client: HTTPClient
    let target: HTTPServer
    let front: HTTPServer
    let targetPort: Int
    let port: Int

    init(_ handler: any RequestHandler, limits: ServerLimits = ServerLimits(), passesRedirects: Bool = true) throws {
        client = try HTTPClient(loops: loops, runtime: runtime, ClientConfiguration(trust: .anybody))
        let log = Log(component: "test", minimum: .error)
        target = try HTTPServer(loops: loops, tls: nil, limits: limits, log: log, handler: handler)
        let targetPort = try target.listen(.ip("127.0.0.1", port: 0), secure: false)
        let passing = Passing(client: client, port: targetPort, passesRedirects: passesRedirects)
        front = try HTTPServer(loops: loops, tls: nil, limits: limits, log: log, handler: passing)
        port = try front.listen(.ip("127.0.0.1", port: 0), secure: false)
        self.targetPort = targetPort
    }

    func stop() async {
        client.shutdown()
        await front.shutdown(grace: .zero)
        await target.shutdown(grace: .zero)
        await loops.shutdown()
    }

    static func with(
        _ handler: any RequestHandler, passesRedirects: Bool = true, _ body: (ProxySite) async throws -> Void
    ) async throws {
        let site = try ProxySite(handler, passesRedirects: passesRedirects)
        do {
            try await body(site)
        } catch {
            await site.stop()
            throw error
        }
        await site.stop()
    }

    func get(
        _ path: String, headers: [(String, String)] = [], direct: Bool = false
    ) async throws -> (status: Int, headers: HTTPHeaderList, body: [UInt8]) {
        let answer = try await client.send(
            ClientRequest(
                "GET", "http://127.0.0.1:\(direct ? targetPort : port)\(path)", headers: headers,
                timeout: .seconds(60)))
        return (answer.status, answer.headers, try await answer.body.reduce(into: [UInt8]()) { $0 += $1 })
    }
}

/// Passes on what is below `/p`.
private struct Passing: RequestHandler {
    let client: HTTPClient
    let port: Int
    let passesRedirects: Bool

    func takesStream(_ request: HTTPRequest) -> Bool { ReverseProxy.takesStream(request) }

    func handle(_ request: HTTPRequest, _ exchange: any Exchange) {
        var target = ProxyTarget(
            scheme: "http", host: "127.0.0.1", port: port, path: String(request.path.dropFirst(2)), prefix: "/p")
        target.passesRedirects = passesRedirects
        target.headers = [("X-Own", "yes")]
        ReverseProxy(client).serve(request, exchange, to: target) { error in
            exchange.respond(error.code, text: "\(error.reason) \(error.message)")
        }
    }
}

/// Answers with what it was asked.
struct Echo: RequestHandler {
    func takesStream(_ request: HTTPRequest) -> Bool { request.path == "/echo" }

    func handle(_ request: HTTPRequest, _ exchange: any Exchange) {
        switch request.path {
        case "/echo": return echo(request, exchange)
        case "/redirect": return exchange.respond(302, [("location", "/there?x=1")], .empty)
        case "/page":
            return exchange.respond(
                200, [("content-type", "text/html; charset=utf-8")], .bytes(Array("<a href=\"/x\">x</a>".utf8)))
        case "/large": return exchange.respond(200, [], .bytes([UInt8](repeating: 120, count: 64 << 20)))
        case "/up":
            guard let pipe = exchange.upgradeRaw("echo/1", [("x-chosen", "one")]) else { return }
            return pipe.start(onBytes: { pipe.write($0) }, onEnd: { pipe.end() })
        default: break
        }
        let fields = request.headers.fields.map { "\($0.name.lowercased()): \($0.value)\n" }.sorted().joined()
        let query = request.query.map { "?\($0)" } ?? ""
        exchange.respond(
            200, [("access-control-allow-origin", "*"), ("x-own", "a")],
            text: "\(request.method) \(request.path)\(query) \(request.body.count)\n\(fields)")
    }

    private func echo(_ request: HTTPRequest, _ exchange: any Exchange) {
        let out = exchange.begin(200, [])
        guard let stream = request.stream else {
            out.write(request.body)
            return out.end()
        }
        out.onWritable { stream.setReading(true) }
        stream.start(
            onBytes: { bytes in
                out.write(bytes)
                guard !out.isWritable else { return }
                stream.setReading(false)
                if out.isWritable { stream.setReading(true) }
            }, onEnd: { $0 ? out.end() : out.abort() })
    }
}
