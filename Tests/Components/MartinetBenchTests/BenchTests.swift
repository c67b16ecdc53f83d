import Glibc
import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import MartinetSchema
import MartinetTransport
import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing

@testable import MartinetBench

@Suite("bench") struct BenchTests {
    @Test("measures every operation of a real API server, over both protocols", arguments: ["1", "2"])
    func operations(http: String) async throws {
        var template = Array("/tmp/martinet-bench-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var configuration = StandaloneAPIServer.Configuration(folder: folder)
        configuration.tokens = ["secret": .admin]
        let server = try StandaloneAPIServer(
            configuration, runtime: ProductionRuntime(), log: Log(component: "test", minimum: .error))
        let authority = folder + "/ca.crt"
        try CertificateFile.write(server.authority.certificatePEM, to: authority, mode: 0o600)
        let options = try BenchOptions([
            "--server=https://127.0.0.1:\(server.port)", "--token=secret", "--ca", authority, "--process=\(getpid())",
            "--http=\(http)", "--concurrency=4", "--connections=2", "--seconds=1", "--listed=50", "--remembered=60",
            "--watchers=3", "--size=100",
        ])
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let target = try LoadTarget(options.servers[0], http2: options.http2)
        let session = BenchSession(target, options, group, tag: "test\(http)", commits: nil)
        var report = BenchReport(options, names: [target.name])
        try await session.prepare()
        for operation in BenchOptions.Operation.allCases {
            let figures = try await session.measure(operation)
            #expect(!figures.isEmpty, "\(operation)")
            for one in figures {
                #expect(one.count > 0 && one.failures == 0, "\(one)")
                report.add(one, to: 0)
            }
        }
        await session.cleanUp()
        // The figures for programs are JSON, and hold every operation.
        let json = try JSONDecoder.decodeAny(Array(report.json.utf8)).value
        guard case .map(let map) = json, case .list(let servers)? = map["servers"], case .map(let one)? = servers.first,
            case .list(let figures)? = one["figures"]
        else {
            Issue.record("\(report.json)")
            return
        }
        #expect(figures.count >= 12, "\(report.json)")
        try await group.shutdownGracefully()
        await server.stop()
        for name in ["objects.db", "objects.db-wal", "objects.db-shm", "objects.db.lock", "ca.crt"] {
            unlink("\(folder)/\(name)")
        }
        rmdir(folder)
    }

    @Test(
        "flags that make no sense are refused by name",
        arguments: [
            ["--sever=x"], ["--seconds=0"], ["--seconds"], ["--token=x"], ["--only=dance"], ["--kind=nodes"], ["x"],
            ["--json=yes"], ["--server=https://a", "--server=https://b", "--server=https://c"],
        ])
    func flags(arguments: [String]) {
        #expect(throws: BenchError.self) { _ = try BenchOptions(arguments) }
    }

    /// Gives one request and notes what comes back.
    private final class OneRequest: LoadSource {
        let seen = Mutex<(asked: Bool, status: Int, body: [UInt8], ended: Bool, broken: String?)>(
            (false, 0, [], false, nil))

        func next() -> LoadRequest? {
            let first = seen.withLock { seen in
                defer { seen.asked = true }
                return !seen.asked
            }
            return first ? LoadRequest(method: "GET", target: "/") : nil
        }
        func head(_ ticket: Int, status: Int) { seen.withLock { $0.status = status } }
        func body(_ ticket: Int, _ bytes: ByteBuffer) { seen.withLock { $0.body += bytes.readableBytesView } }
        func end(_ ticket: Int) { seen.withLock { $0.ended = true } }
        func broken(_ why: String) { seen.withLock { $0.broken = why } }
    }

    @Test(
        "an answer is the same however it is split",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
        ])
    func split(answer: String) throws {
        let bytes = Array(answer.utf8)
        for step in [1, 2, 3, 7, bytes.count] {
            let source = OneRequest()
            let channel = EmbeddedChannel(handler: HTTP1Load(headers: [("host", "a")], source: source))
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            for start in stride(from: 0, to: bytes.count, by: step) {
                let piece = ByteBuffer(bytes: bytes[start..<min(bytes.count, start + step)])
                try channel.writeInbound(piece)
            }
            let seen = source.seen.withLock { $0 }
            #expect(seen.status == 200 && seen.ended && seen.broken == nil, "step \(step)")
            #expect(String(decoding: seen.body, as: UTF8.self) == "hello", "step \(step)")
        }
    }
}
