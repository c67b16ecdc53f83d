import MartinetAddresses
import MartinetDNSMessage
import Testing

@Suite struct DNSMessageTests {
    private func sample() throws -> DNSMessage {
        let name = try #require(DNSName("web.default.svc.cluster.local"))
        let target = try #require(DNSName("web-0.web.default.svc.cluster.local"))
        var message = DNSMessage(id: 0xBEEF)
        message.isResponse = true
        message.isRecursionDesired = true
        message.questions = [DNSQuestion(name, .any)]
        message.answers = [
            DNSRecord(name, .a, ttl: 5, .address(IPAddress(10, 96, 0, 1))),
            DNSRecord(name, .aaaa, ttl: 5, .address(try #require(IPAddress("fd00::1")))),
            DNSRecord(name, .srv, ttl: 5, .service(priority: 0, weight: 50, port: 80, target: target)),
            DNSRecord(name, .txt, ttl: 5, .text([Array("1.1.0".utf8), []])),
            DNSRecord(name, .cname, ttl: 5, .name(target)),
        ]
        message.authorities = [
            DNSRecord(
                name, .soa, ttl: 5,
                .authority(
                    server: target, contact: name, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5))
        ]
        message.additional = [DNSRecord(target, DNSType(rawValue: 99), ttl: 9, .other([1, 2, 3]))]
        message.client = DNSExtension(datagramBytes: 1232)
        return message
    }

    @Test func messagesSurviveTheWire() throws {
        let message = try sample()
        let bytes = message.encode()
        #expect(try DNSMessage.parse(bytes) == message)
        // The name of the question is written once; every answer points at it.
        #expect(bytes.count < 300)
        #expect(try DNSMessage.timesToLive(bytes).shortest == 5)
        #expect(try DNSMessage.timesToLive(bytes).offsets.count == 7)
    }

    @Test func whatDoesNotFitIsCutAndSaid() throws {
        let message = try sample()
        for limit in 60..<280 {
            let bytes = message.encode(limit: limit)
            #expect(bytes.count <= limit)
            let read = try DNSMessage.parse(bytes)
            #expect(read.isTruncated == (read.answers.count < 5 || read.authorities.isEmpty))
        }
    }

    @Test func compressionCannotLeadInACircle() {
        let header: [UInt8] = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        for name: [UInt8] in [
            [0xC0, 12], [0xC0, 14, 0xC0, 12], [1, 97, 0xC0, 12], [0xC0, 20], [0x40, 1], [63, 1], [1, 97, 0xC0, 14],
        ] {
            #expect(throws: DNSError.self) { try DNSMessage.parse(header + name + [0, 1, 0, 1]) }
        }
    }

    @Test func noBytesTrapTheParser() throws {
        let whole = try sample().encode()
        for length in 0..<whole.count { _ = try? DNSMessage.parse(Array(whole.prefix(length))) }
        // Knuth's linear congruential generator: the same bytes every time.
        var state: UInt64 = 7
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        for _ in 0..<4000 {
            var bytes = whole
            for _ in 0...Int(next() % 4) {
                bytes[Int(next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: next())
            }
            guard let read = try? DNSMessage.parse(bytes) else { continue }
            // What was read can be written and read again.
            _ = try DNSMessage.parse(read.encode())
            _ = try? DNSMessage.timesToLive(bytes)
        }
    }

    @Test func namesCompareWithoutCase() throws {
        #expect(DNSName("Web.Default") == DNSName("web.default."))
        #expect(DNSName("a..b") == nil)
        #expect(DNSName(String(repeating: "a", count: 64)) == nil)
        #expect(DNSName(String(repeating: "a.", count: 128)) == nil)
        let zone = try #require(DNSName("cluster.local"))
        #expect(DNSName("A.b.CLUSTER.local")?.labels(before: zone) == ["a", "b"])
        #expect(DNSName("xcluster.local")?.labels(before: zone) == nil)
    }
}
