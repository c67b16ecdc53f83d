import Glibc
import MartinetBase
import MartinetCertificates
import MartinetTransport

// Requests a second of a small GET over loopback, server and clients in this process, one event loop each; each figure
// also as a ratio to a bare NIO echo of the same bytes on the same run, so that two machines can be compared.

let seconds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 2
let runtime = ProductionRuntime()
let authority = try CertificateAuthority.create(commonName: "bench", now: runtime.now())
let identity = try authority.issue(
    .server("localhost", dnsNames: ["localhost"], addresses: ["127.0.0.1"]), now: runtime.now(),
    validity: .seconds(3600))
let tls = ServerTLS(
    identity: TLSIdentity(certificateChain: identity.certificatePEM, privateKey: identity.privateKeyPEM))

let body = [UInt8](repeating: 120, count: 1024)
let synchronous = FunctionHandler { _, exchange in
    exchange.respond(200, [("content-type", "application/json")], .bytes(body))
}
// The comparison that the rule "no task per request" rests on; nowhere else is this written.
let asynchronous = FunctionHandler { _, exchange in
    Task { exchange.respond(200, [("content-type", "application/json")], .bytes(body)) }
}

let echo = try await Load.echo(bytes: 1200, connections: 16, seconds: seconds)
report("bare echo", echo, of: echo)
for (name, handler) in [("on the loop", synchronous), ("task each", asynchronous)] {
    let server = try HTTPServer(loops: EventLoops(threads: 1), tls: tls, handler: handler)
    let plain = try server.listen(.ip("127.0.0.1", port: 0), secure: false)
    let secure = try server.listen(.ip("127.0.0.1", port: 0), secure: true)
    let load = Load(connections: 16, seconds: seconds)
    report("http/1.1 clear, \(name)", try await load.http1(port: plain, secure: false), of: echo)
    report("http/1.1 tls, \(name)", try await load.http1(port: secure, secure: true), of: echo)
    report("http/2 tls, 4 x 25 streams, \(name)", try await load.http2(port: secure), of: echo)
    await server.shutdown(grace: .seconds(1))
}

var certificates = 0
let began = runtime.monotonic()
while runtime.monotonic() - began < .seconds(1) {
    _ = try authority.issue(.client("user", groups: ["group"]), now: runtime.now(), validity: .seconds(60))
    certificates += 1
}
print("key and certificate: \(Double(1_000_000 / certificates) / 1000) ms each")

func report(_ name: String, _ rate: Rate, of base: Rate) {
    func short(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
    let ratio = short(Double(rate.perSecond) / Double(max(1, base.perSecond)))
    let cost = short(rate.cpu / base.cpu)
    print(
        "\(name): \(rate.perSecond) a second (\(ratio) of the echo), \(short(rate.cpu)) us of cpu (\(cost) times the echo)"
    )
}
