import MartinetAddresses
package import MartinetDNSMessage

/// Answers questions about a cluster's names, after the specification "Kubernetes DNS-Based Service Discovery", 1.1.0.
package struct NameAnswers: Sendable {
    package enum Decision: Hashable, Sendable {
        case reply(DNSMessage)
        /// The name is not the cluster's: others know it.
        case forward
        /// The answer so far names `target`, which others know: what they answer is to be added.
        case forwardTarget(DNSMessage, DNSName)
    }

    private enum Found {
        case records([DNSRecord])
        /// The name is there, without a record of the kind asked for.
        case noData
        case noName
        case alias(DNSName)
    }

    private let records: NameRecords

    package init(_ records: NameRecords) { self.records = records }

    package func decide(_ query: DNSMessage) -> Decision {
        guard !query.isResponse, query.operation == 0 else { return .reply(query.reply(.notImplemented)) }
        guard query.questions.count == 1 else { return .reply(query.reply(.formatError)) }
        if let client = query.client, client.version != 0 { return .reply(query.reply(.badVersion)) }
        let question = query.questions[0]
        guard let found = find(question) else {
            return query.isRecursionDesired ? .forward : .reply(query.reply(.refused))
        }
        var reply = query.reply()
        reply.isAuthoritative = true
        guard question.recordClass == 1 || question.recordClass == 255 else {
            reply.outcome = .refused
            return .reply(reply)
        }
        switch found {
        case .records(let list):
            reply.answers = list
            reply.additional = question.type == .srv ? targets(of: list) : []
        case .noData: reply.authorities = [authority]
        case .noName:
            reply.outcome = .nameError
            reply.authorities = [authority]
        case .alias(let target): return alias(question, target, reply)
        }
        return .reply(reply)
    }

    private func alias(_ question: DNSQuestion, _ target: DNSName, _ reply: DNSMessage) -> Decision {
        var reply = reply
        reply.answers = [DNSRecord(question.name, .cname, ttl: records.ttl, .name(target))]
        guard question.type != .cname else { return .reply(reply) }
        // One step within the cluster: a chain of aliases is for the client to follow.
        switch find(DNSQuestion(target, question.type)) {
        case .records(let list): reply.answers += list
        case .noData, .noName, .alias: break
        case nil: return .forwardTarget(reply, target)
        }
        return .reply(reply)
    }

    // MARK: - Finding

    /// Nil where the name is not the cluster's.
    private func find(_ question: DNSQuestion) -> Found? {
        if let labels = question.name.labels(before: records.zone) { return findInZone(labels, question) }
        guard let address = NameAnswers.reversed(question.name) else { return nil }
        if let name = records.reverse[address] {
            return pick(question, [DNSRecord(question.name, .ptr, ttl: records.ttl, .name(name))])
        }
        return records.ownRanges.contains { $0.contains(address) } ? .noName : nil
    }

    private func findInZone(_ labels: [String], _ question: DNSQuestion) -> Found {
        let name = question.name
        switch labels.last {
        case nil:
            let server = NameRecords.name(["ns", "dns"], records.zone) ?? records.zone
            return pick(question, [authority, DNSRecord(name, .ns, ttl: records.ttl, .name(server))])
        case "dns-version" where labels.count == 1:
            return pick(question, [DNSRecord(name, .txt, ttl: records.ttl, .text([Array("1.1.0".utf8)]))])
        case "dns" where labels.count == 1: return .noData
        case "dns" where labels.count == 2 && labels[0] == "ns":
            return pick(question, addresses(name, records.serverAddresses))
        case "svc": return findService(Array(labels.dropLast()), question)
        case "pod": return findPod(Array(labels.dropLast()), question)
        default: return .noName
        }
    }

    /// `a-b-c-d.namespace`: any address has such a name, whether or not a pod has the address.
    private func findPod(_ labels: [String], _ question: DNSQuestion) -> Found {
        if labels.isEmpty { return .noData }
        guard let namespace = labels.last, records.namespaces.contains(namespace) else { return .noName }
        if labels.count == 1 { return .noData }
        guard labels.count == 2 else { return .noName }
        let dotted = labels[0].map { $0 == "-" ? "." : String($0) }.joined()
        let colons = labels[0].map { $0 == "-" ? ":" : String($0) }.joined()
        guard let address = IPAddress(dotted) ?? IPAddress(colons) else { return .noName }
        return pick(question, addresses(question.name, [address]))
    }

    private func findService(_ labels: [String], _ question: DNSQuestion) -> Found {
        if labels.isEmpty { return .noData }
        guard let namespace = labels.last, records.namespaces.contains(namespace) else { return .noName }
        if labels.count == 1 { return .noData }
        let service = labels[labels.count - 2]
        guard let kind = records.services[namespace]?[service] else { return .noName }
        let before = Array(labels.dropLast(2))
        switch kind {
        case .external(let target): return before.isEmpty ? .alias(target) : .noName
        case .cluster(let list, let ports):
            if before.isEmpty {
                let services = ports.map { (port: $0, target: question.name) }
                return pick(question, addresses(question.name, list) + serviceRecords(question.name, services))
            }
            let base = DNSName(labels: Array(question.name.labels.dropFirst(before.count))) ?? question.name
            return findPort(before, ports.map { (port: $0, target: base) }, question)
        case .headless(let endpoints): return findHeadless(before, endpoints, question)
        }
    }

    private func findHeadless(
        _ before: [String], _ endpoints: [NamedService.Endpoint], _ question: DNSQuestion
    ) -> Found {
        let base = DNSName(labels: Array(question.name.labels.dropFirst(before.count))) ?? question.name
        func target(_ endpoint: NamedService.Endpoint) -> DNSName {
            DNSName(labels: [Array(endpoint.label.utf8)] + base.labels) ?? base
        }
        let ports = endpoints.flatMap { endpoint in endpoint.ports.map { (port: $0, target: target(endpoint)) } }
        if before.isEmpty {
            let found = addresses(question.name, endpoints.map(\.address)) + serviceRecords(question.name, ports)
            return found.isEmpty ? .noData : pick(question, found)
        }
        if before.count == 1 {
            let own = endpoints.filter { $0.label == before[0] }
            if !own.isEmpty { return pick(question, addresses(question.name, own.map(\.address))) }
        }
        return findPort(before, ports, question)
    }

    /// `_port._protocol`, or `_protocol` alone, which is there without records.
    private func findPort(
        _ before: [String], _ ports: [(port: NamedService.Port, target: DNSName)], _ question: DNSQuestion
    ) -> Found {
        guard let transport = before.last, transport.hasPrefix("_") else { return .noName }
        let matching = ports.filter { "_" + $0.port.transportProtocol.lowercased() == transport }
        if before.count == 1 { return matching.contains { !$0.port.name.isEmpty } ? .noData : .noName }
        guard before.count == 2, before[0].hasPrefix("_"), before[0] != "_" else { return .noName }
        let named = matching.filter { "_" + $0.port.name.lowercased() == before[0] }
        return named.isEmpty ? .noName : pick(question, serviceRecords(question.name, named))
    }

    private func addresses(_ name: DNSName, _ list: [IPAddress]) -> [DNSRecord] {
        var seen: Set<IPAddress> = []
        return list.filter { seen.insert($0).inserted }.map {
            DNSRecord(name, $0.family == .v4 ? .a : .aaaa, ttl: records.ttl, .address($0))
        }
    }

    private func serviceRecords(
        _ name: DNSName, _ ports: [(port: NamedService.Port, target: DNSName)]
    ) -> [DNSRecord] {
        ports.map {
            DNSRecord(
                name, .srv, ttl: records.ttl,
                .service(
                    priority: 0, weight: UInt16(clamping: max(1, 100 / ports.count)), port: $0.port.port,
                    target: $0.target))
        }
    }

    private func pick(_ question: DNSQuestion, _ all: [DNSRecord]) -> Found {
        let matching = all.filter { $0.type == question.type || question.type == .any }
        return matching.isEmpty ? .noData : .records(matching)
    }

    /// The addresses that SRV records lead to.
    private func targets(of list: [DNSRecord]) -> [DNSRecord] {
        var seen: Set<DNSName> = []
        return list.flatMap { record -> [DNSRecord] in
            guard case .service(_, _, _, let target) = record.data, seen.insert(target).inserted else { return [] }
            return [DNSType.a, .aaaa].flatMap { type -> [DNSRecord] in
                guard case .records(let found) = find(DNSQuestion(target, type)) else { return [] }
                return found
            }
        }
    }

    /// The start of authority: where absences say for how long they hold (RFC 2308).
    private var authority: DNSRecord {
        let server = NameRecords.name(["ns", "dns"], records.zone) ?? records.zone
        let contact = NameRecords.name(["hostmaster"], records.zone) ?? records.zone
        return DNSRecord(
            records.zone, .soa, ttl: records.ttl,
            .authority(
                server: server, contact: contact, serial: records.serial, refresh: 7200, retry: 1800, expire: 86_400,
                minimum: records.ttl))
    }

    /// The address that `4.3.2.1.in-addr.arpa` or 32 nibbles under `ip6.arpa` stand for (RFC 1035, 3.5; RFC 3596).
    static func reversed(_ name: DNSName) -> IPAddress? {
        if let v4 = DNSName("in-addr.arpa"), let labels = name.labels(before: v4), labels.count == 4 {
            return IPAddress(labels.reversed().joined(separator: "."))
        }
        guard let v6 = DNSName("ip6.arpa"), let labels = name.labels(before: v6), labels.count == 32 else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for label in labels.reversed() {
            guard label.utf8.count == 1, label != "+", let nibble = UInt8(label, radix: 16) else { return nil }
            if let first = high {
                bytes.append(first << 4 | nibble)
                high = nil
            } else {
                high = nibble
            }
        }
        return IPAddress(bytes: bytes)
    }
}
