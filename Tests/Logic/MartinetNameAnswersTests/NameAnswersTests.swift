import MartinetAddresses
import MartinetDNSMessage
import MartinetNameAnswers
import Testing

@Suite struct NameAnswersTests {
    private func answers() throws -> NameAnswers {
        let http = NamedService.Port("http", "tcp", 80)
        return NameAnswers(
            NameRecords(
                zone: try #require(DNSName("cluster.local")),
                services: [
                    NamedService(namespace: "default", name: "web", .cluster([IPAddress(10, 96, 0, 10)], [http])),
                    NamedService(
                        namespace: "default", name: "db",
                        .headless([
                            .init(IPAddress(10, 244, 0, 5), hostname: "db-0", ports: [http]),
                            .init(IPAddress(10, 244, 0, 6), ports: [http]),
                        ])),
                    NamedService(namespace: "default", name: "empty", .headless([])),
                    NamedService(
                        namespace: "default", name: "out", .external(try #require(DNSName("example.org")))),
                    NamedService(
                        namespace: "default", name: "same",
                        .external(try #require(DNSName("web.default.svc.cluster.local")))),
                ],
                namespaces: ["default", "quiet"], ownRanges: [try #require(IPNetwork("10.96.0.0/16"))],
                serverAddresses: [IPAddress(10, 96, 0, 2)]))
    }

    private func ask(_ name: String, _ type: DNSType) throws -> NameAnswers.Decision {
        var query = DNSMessage(id: 1)
        query.isRecursionDesired = true
        query.questions = [DNSQuestion(try #require(DNSName(name)), type)]
        return try answers().decide(query)
    }

    private func text(_ decision: NameAnswers.Decision) -> String {
        switch decision {
        case .forward: return "forward"
        case .forwardTarget(let message, let target): return "\(data(message.answers)) then \(target)"
        case .reply(let message):
            if message.outcome != .noError { return "\(message.outcome)" }
            if message.answers.isEmpty { return message.authorities.count == 1 ? "no data" : "nothing" }
            return data(message.answers)
        }
    }

    private func data(_ records: [DNSRecord]) -> String {
        records.map {
            switch $0.data {
            case .address(let address): "\(address)"
            case .name(let name): "\(name)"
            case .service(_, _, let port, let target): "\(port) \(target)"
            case .text(let strings): strings.map { String(decoding: $0, as: UTF8.self) }.joined()
            case .authority: "soa"
            case .other: "other"
            }
        }.joined(separator: ", ")
    }

    @Test(arguments: [
        ("web.default.svc.cluster.local", DNSType.a, "10.96.0.10"),
        ("WEB.Default.svc.cluster.LOCAL", .a, "10.96.0.10"),
        ("web.default.svc.cluster.local", .aaaa, "no data"),
        ("web.default.svc.cluster.local", .txt, "no data"),
        ("nope.default.svc.cluster.local", .a, "nameError"),
        ("web.nope.svc.cluster.local", .a, "nameError"),
        ("x.web.default.svc.cluster.local", .a, "nameError"),
        ("default.svc.cluster.local", .a, "no data"),
        ("quiet.svc.cluster.local", .a, "no data"),
        ("svc.cluster.local", .a, "no data"),
        ("cluster.local", .a, "no data"),
        ("cluster.local", .soa, "soa"),
        ("cluster.local", .ns, "ns.dns.cluster.local"),
        ("ns.dns.cluster.local", .a, "10.96.0.2"),
        ("dns-version.cluster.local", .txt, "1.1.0"),
        ("web.default.cluster.local", .a, "nameError"),
        ("_http._tcp.web.default.svc.cluster.local", .srv, "80 web.default.svc.cluster.local"),
        ("_http._tcp.web.default.svc.cluster.local", .a, "no data"),
        ("_tcp.web.default.svc.cluster.local", .srv, "no data"),
        ("_http._udp.web.default.svc.cluster.local", .srv, "nameError"),
        ("_none._tcp.web.default.svc.cluster.local", .srv, "nameError"),
        ("db.default.svc.cluster.local", .a, "10.244.0.5, 10.244.0.6"),
        ("db-0.db.default.svc.cluster.local", .a, "10.244.0.5"),
        ("10-244-0-6.db.default.svc.cluster.local", .a, "10.244.0.6"),
        ("db-1.db.default.svc.cluster.local", .a, "nameError"),
        (
            "_http._tcp.db.default.svc.cluster.local", .srv,
            "80 db-0.db.default.svc.cluster.local, 80 10-244-0-6.db.default.svc.cluster.local"
        ),
        ("empty.default.svc.cluster.local", .a, "no data"),
        ("out.default.svc.cluster.local", .a, "example.org then example.org"),
        ("out.default.svc.cluster.local", .cname, "example.org"),
        ("same.default.svc.cluster.local", .a, "web.default.svc.cluster.local, 10.96.0.10"),
        ("10.0.96.10.in-addr.arpa", .ptr, "web.default.svc.cluster.local"),
        ("10.0.96.10.in-addr.arpa", .a, "no data"),
        ("11.0.96.10.in-addr.arpa", .ptr, "nameError"),
        ("5.0.244.10.in-addr.arpa", .ptr, "db-0.db.default.svc.cluster.local"),
        ("8.8.8.8.in-addr.arpa", .ptr, "forward"),
        ("10-244-0-9.default.pod.cluster.local", .a, "10.244.0.9"),
        ("10-244-0-9.nope.pod.cluster.local", .a, "nameError"),
        ("nonsense.default.pod.cluster.local", .a, "nameError"),
        ("example.org", .a, "forward"),
        ("local", .a, "forward"),
    ])
    func namesAreAnsweredAsTheSpecificationHasThem(name: String, type: DNSType, expected: String) throws {
        #expect(text(try ask(name, type)) == expected)
    }

    @Test func serviceRecordsComeWithTheirAddresses() throws {
        guard case .reply(let reply) = try ask("_http._tcp.db.default.svc.cluster.local", .srv) else {
            Issue.record("no reply")
            return
        }
        #expect(reply.additional.count == 2)
        #expect(reply.isAuthoritative)
    }

    @Test func whatIsNoQuestionIsRefused() throws {
        var query = DNSMessage(id: 1)
        #expect(text(try answers().decide(query)) == "formatError")
        query.operation = 5
        #expect(text(try answers().decide(query)) == "notImplemented")
        query.operation = 0
        query.questions = [DNSQuestion(try #require(DNSName("example.org")), .a)]
        #expect(text(try answers().decide(query)) == "refused")
        query.client = DNSExtension(datagramBytes: 512)
        query.client?.version = 1
        #expect(text(try answers().decide(query)) == "badVersion")
    }
}
