import Glibc
import MartinetAddresses
import MartinetBase
import MartinetDNSMessage
import MartinetNameAnswers
import MartinetNameServer
import MartinetNetwork
import Testing

@Suite struct NameServerTests {
    private let loopback = IPAddress(127, 0, 0, 1)
    private let quiet = Log(component: "names", minimum: .error)

    private func records(_ zone: String, _ names: [String: [IPAddress]]) throws -> NameRecords {
        NameRecords(
            zone: try #require(DNSName(zone)),
            services: names.map { NamedService(namespace: "default", name: $0.key, .cluster($0.value, [])) }
                + [
                    NamedService(
                        namespace: "default", name: "out",
                        .external(try #require(DNSName("web.default.svc.upstream.test"))))
                ],
            namespaces: [])
    }

    private func start(
        _ records: NameRecords, upstream: [(IPAddress, UInt16)] = [], port: UInt16 = 0
    ) throws -> NameServer {
        var configuration = NameServer.Configuration(address: loopback)
        configuration.port = port
        configuration.upstream = upstream.map { (address: $0.0, port: $0.1) }
        configuration.upstreamTimeout = .milliseconds(200)
        return try NameServer(configuration, records: records, runtime: ProductionRuntime(), log: quiet)
    }

    private func ask(
        _ server: NameServer, _ name: String, _ type: DNSType = .a, isStream: Bool = false, extends: Bool = true
    ) throws -> DNSMessage {
        var query = DNSMessage(id: 4711)
        query.isRecursionDesired = true
        query.questions = [DNSQuestion(try #require(DNSName(name)), type)]
        if extends { query.client = DNSExtension(datagramBytes: 1232) }
        var bytes = query.encode()
        let descriptor = socket(
            AF_INET, Int32((isStream ? SOCK_STREAM : SOCK_DGRAM).rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = server.port.bigEndian
        withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: loopback.bytes) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw SystemError.last("connect", "name server") }
        if isStream { bytes = [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes }
        // Byte by byte over TCP: the server must put them together.
        for chunk in isStream ? bytes.map({ [$0] }) : [bytes] { send(descriptor, chunk, chunk.count, 0) }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let got = recv(descriptor, &buffer, buffer.count, 0)
            guard got > 0 else { throw SystemError.last("recv", "name server") }
            received += buffer.prefix(got)
            if !isStream { return try DNSMessage.parse(received) }
            guard received.count >= 2 else { continue }
            let length = Int(received[0]) << 8 | Int(received[1])
            if received.count >= length + 2 { return try DNSMessage.parse(Array(received[2..<length + 2])) }
        }
    }

    private func addresses(_ message: DNSMessage) -> [IPAddress] {
        message.answers.compactMap { if case .address(let address) = $0.data { address } else { nil } }
    }

    @Test(arguments: [false, true]) func itAnswersFromTheNewestSnapshot(isStream: Bool) throws {
        let server = try start(try records("cluster.local", ["web": [IPAddress(10, 96, 0, 1)]]))
        defer { server.stop() }
        let first = try ask(server, "web.default.svc.cluster.local", isStream: isStream)
        #expect(addresses(first) == [IPAddress(10, 96, 0, 1)])
        #expect(first.id == 4711)
        server.update(try records("cluster.local", ["web": [IPAddress(10, 96, 0, 2)]]))
        let second = try ask(server, "web.default.svc.cluster.local", isStream: isStream)
        #expect(addresses(second) == [IPAddress(10, 96, 0, 2)])
    }

    @Test(arguments: [false, true]) func otherNamesGoUpstream(isStream: Bool) throws {
        let upstream = try start(try records("upstream.test", ["web": [IPAddress(192, 0, 2, 1)]]))
        defer { upstream.stop() }
        let server = try start(try records("cluster.local", [:]), upstream: [(loopback, upstream.port)])
        defer { server.stop() }
        for extends in [true, false] {
            let answer = try ask(server, "WEB.default.svc.upstream.test", isStream: isStream, extends: extends)
            #expect(addresses(answer) == [IPAddress(192, 0, 2, 1)])
            #expect(answer.questions.first?.name.description == "WEB.default.svc.upstream.test")
        }
        #expect(try ask(server, "nope.default.svc.upstream.test", isStream: isStream).outcome == .nameError)
        let alias = try ask(server, "out.default.svc.cluster.local", isStream: isStream)
        #expect(alias.answers.first?.type == .cname)
        #expect(addresses(alias) == [IPAddress(192, 0, 2, 1)])
        // The second time it comes from memory: upstream is gone.
        upstream.stop()
        let remembered = try ask(server, "web.default.svc.upstream.test", isStream: isStream)
        #expect(addresses(remembered) == [IPAddress(192, 0, 2, 1)])
    }

    @Test func aDeadUpstreamIsPassedOver() throws {
        let upstream = try start(try records("upstream.test", ["web": [IPAddress(192, 0, 2, 1)]]))
        defer { upstream.stop() }
        let server = try start(
            try records("cluster.local", [:]), upstream: [(loopback, 1), (loopback, upstream.port)])
        defer { server.stop() }
        #expect(try addresses(ask(server, "web.default.svc.upstream.test")) == [IPAddress(192, 0, 2, 1)])
        let alone = try start(try records("cluster.local", [:]), upstream: [(loopback, 1)])
        defer { alone.stop() }
        #expect(try ask(alone, "web.default.svc.upstream.test").outcome == .serverFailure)
    }

    @Test func aLoopEndsByItself() throws {
        // Each is the other's upstream.
        let finder = try start(try records("cluster.local", [:]))
        let port = finder.port
        finder.stop()
        let other = try start(try records("other.test", [:]), upstream: [(loopback, port)])
        defer { other.stop() }
        var attempts = 0
        var server: NameServer?
        // The port is free once the finder's loop has ended.
        while server == nil {
            attempts += 1
            do {
                server = try start(try records("cluster.local", [:]), upstream: [(loopback, other.port)], port: port)
            } catch let error as SystemError where error.errno == EADDRINUSE && attempts < 10_000 {}
        }
        let looping = try #require(server)
        defer { looping.stop() }
        #expect(try ask(looping, "example.org").outcome == .serverFailure)
    }

    @Test func aLongAnswerIsCutInADatagramAndWholeOverTCP() throws {
        let many = (1...100).map { IPAddress(10, 96, 1, UInt8($0)) }
        let server = try start(try records("cluster.local", ["web": many]))
        defer { server.stop() }
        let datagram = try ask(server, "web.default.svc.cluster.local", extends: false)
        #expect(datagram.isTruncated)
        #expect(datagram.answers.count < 40)
        #expect(try ask(server, "web.default.svc.cluster.local", isStream: true).answers.count == 100)
    }

    @Test func resolverFilesAreRead() {
        let file = ResolverConfiguration(
            "# x\nnameserver 1.1.1.1\nnameserver fd00::1%eth0\nsearch a b\noptions ndots:5\n")
        #expect(file.servers == [IPAddress(1, 1, 1, 1)])
        #expect(file.search == ["a", "b"])
    }
}
