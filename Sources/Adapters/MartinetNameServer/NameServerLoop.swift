import CMartinetNetwork
import Glibc
import MartinetAddresses
import MartinetBase
import MartinetDNSMessage
import MartinetNameAnswers
import MartinetNetwork

/// The thread behind a `NameServer`. Everything here belongs to that thread alone.
final class NameServerLoop {
    /// Who waits for an answer.
    struct Asker {
        enum Way {
            case datagram(Peer)
            case connection(Int32)
        }
        var way: Way
        var query: DNSMessage
        /// An alias that the answer is put behind.
        var alias: DNSMessage?
    }

    struct Question {
        var key: ForwardKey
        var id: UInt16
        var bytes: [UInt8]
        var askers: [Asker]
        var server: Int
        var attempts: Int
        var deadline: Duration
        /// Over TCP: what is still to be sent, and what came so far.
        var unsent: [UInt8] = []
        var received: [UInt8] = []
    }

    struct Connection {
        var received: [UInt8] = []
        var unsent: [UInt8] = []
        var deadline: Duration
    }

    // The server ends the loop in its last breath; until then the loop must not keep it alive.
    private weak var server: NameServer?
    private let configuration: NameServer.Configuration
    private let upstream: [Peer]
    private let sockets: (udp: Int32, tcp: Int32, wake: Int32)
    private let runtime: any Runtime
    private let log: Log
    private var questions: [Int32: Question] = [:]
    private var asked: [ForwardKey: Int32] = [:]
    private var connections: [Int32: Connection] = [:]
    private var cache = ForwardCache()
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    init(
        server: NameServer, configuration: NameServer.Configuration, upstream: [Peer],
        sockets: (udp: Int32, tcp: Int32, wake: Int32), runtime: any Runtime, log: Log
    ) {
        self.server = server
        self.configuration = configuration
        self.upstream = upstream
        self.sockets = sockets
        self.runtime = runtime
        self.log = log
    }

    func run() {
        // Upstream sockets are made by this thread, in the namespace that it serves.
        do {
            try configuration.namespace.run { loop() }
        } catch {
            log.error("the name server ended", [("error", "\(error)")])
        }
        for descriptor in Array(questions.keys) + Array(connections.keys) + [sockets.udp, sockets.tcp, sockets.wake] {
            close(descriptor)
        }
    }

    private func loop() {
        while true {
            var polled = [sockets.wake, sockets.udp, sockets.tcp].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            for (descriptor, connection) in connections {
                polled.append(pollfd(fd: descriptor, events: events(connection.unsent), revents: 0))
            }
            for (descriptor, question) in questions {
                polled.append(pollfd(fd: descriptor, events: events(question.unsent), revents: 0))
            }
            guard poll(&polled, nfds_t(polled.count), timeout()) >= 0 || errno == EINTR else {
                log.error("the name server cannot wait", [("error", "\(SystemError.last("poll", "name server"))")])
                return
            }
            if polled[0].revents != 0 { return }
            if polled[1].revents != 0 { readDatagrams() }
            if polled[2].revents != 0 { acceptConnections() }
            for entry in polled.dropFirst(3) where entry.revents != 0 {
                if connections[entry.fd] != nil {
                    serve(entry.fd)
                } else if questions[entry.fd] != nil {
                    readAnswer(entry.fd)
                }
            }
            expire()
        }
    }

    private func events(_ unsent: [UInt8]) -> Int16 { Int16(unsent.isEmpty ? POLLIN : POLLIN | POLLOUT) }

    private func timeout() -> Int32 {
        let next = questions.values.map(\.deadline).min()
        guard let first = [next, connections.values.map(\.deadline).min()].compactMap({ $0 }).min() else { return -1 }
        return Int32(clamping: max(0, (first - runtime.monotonic()).nanoseconds / 1_000_000 + 1))
    }

    private func expire() {
        let now = runtime.monotonic()
        for (descriptor, connection) in connections where connection.deadline <= now { drop(connection: descriptor) }
        for (descriptor, question) in questions where question.deadline <= now { retry(descriptor, question) }
    }

    // MARK: - Clients

    private func readDatagrams() {
        // As many as are there, but not for ever: others wait too.
        for _ in 0..<64 {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let got = withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(sockets.udp, &buffer, buffer.count, 0, $0, &length)
                }
            }
            guard got >= 0, let peer = InternetSocket.peer(storage) else { return }
            handle(Array(buffer.prefix(got)), .datagram(peer))
        }
    }

    private func acceptConnections() {
        while true {
            let descriptor = martinet_accept(sockets.tcp)
            guard descriptor >= 0 else { return }
            guard connections.count < configuration.connectionsMax else {
                close(descriptor)
                continue
            }
            connections[descriptor] = Connection(deadline: runtime.monotonic() + .seconds(10))
        }
    }

    private func serve(_ descriptor: Int32) {
        flush(connection: descriptor)
        guard connections[descriptor] != nil else { return }
        let got = recv(descriptor, &buffer, buffer.count, 0)
        if got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) { return drop(connection: descriptor) }
        if got > 0 { connections[descriptor]?.received += buffer.prefix(got) }
        // Each message comes after its length in two bytes (RFC 1035, 4.2.2).
        while let received = connections[descriptor]?.received, received.count >= 2 {
            let length = Int(received[0]) << 8 | Int(received[1])
            guard received.count >= length + 2 else { return }
            connections[descriptor]?.received.removeFirst(length + 2)
            connections[descriptor]?.deadline = runtime.monotonic() + .seconds(10)
            handle(Array(received[2..<length + 2]), .connection(descriptor))
        }
    }

    private func drop(connection descriptor: Int32) {
        guard connections.removeValue(forKey: descriptor) != nil else { return }
        // Its number may come back as another client's: nobody may answer to it any more.
        for key in questions.keys {
            questions[key]?.askers.removeAll {
                if case .connection(descriptor) = $0.way { return true }
                return false
            }
        }
        close(descriptor)
    }

    private func flush(connection descriptor: Int32) {
        guard let unsent = connections[descriptor]?.unsent, !unsent.isEmpty else { return }
        let sent = send(descriptor, unsent, unsent.count, Int32(MSG_NOSIGNAL))
        if sent < 0, errno != EAGAIN, errno != EINTR { return drop(connection: descriptor) }
        if sent > 0 { connections[descriptor]?.unsent.removeFirst(sent) }
    }

    private func handle(_ bytes: [UInt8], _ way: Asker.Way) {
        guard let server else { return }
        let query: DNSMessage
        do {
            query = try DNSMessage.parse(bytes)
        } catch {
            // Two bytes are enough to say so; less is nobody.
            guard bytes.count >= 12, bytes[2] & 0x80 == 0 else { return }
            let id = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
            return answer(Asker(way: way, query: DNSMessage(id: id)), DNSMessage(id: id).reply(.formatError))
        }
        // An answer is never answered: two servers would go on for ever.
        guard !query.isResponse else { return }
        let asker = Asker(way: way, query: query)
        switch server.decide(query) {
        case .reply(let reply): answer(asker, reply)
        case .forward: forward(query.questions[0], asker)
        case .forwardTarget(let reply, let target):
            var behind = asker
            behind.alias = reply
            forward(DNSQuestion(target, query.questions[0].type), behind)
        }
    }

    private func answer(_ asker: Asker, _ reply: DNSMessage) {
        switch asker.way {
        case .datagram(let peer):
            let limit = max(512, min(1232, Int(asker.query.client?.datagramBytes ?? 512)))
            transmit(reply.encode(limit: limit), peer)
        case .connection(let descriptor): transmit(reply.encode(), descriptor)
        }
    }

    private func transmit(_ bytes: [UInt8], _ peer: Peer) {
        _ = InternetSocket.with(peer) { sendto(sockets.udp, bytes, bytes.count, 0, $0, $1) }
    }

    private func transmit(_ bytes: [UInt8], _ descriptor: Int32) {
        guard let waiting = connections[descriptor]?.unsent.count else { return }
        // A client that asks and does not read is not kept for.
        guard waiting < 1 << 18 else { return drop(connection: descriptor) }
        connections[descriptor]?.unsent += [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
        flush(connection: descriptor)
    }

    // MARK: - Upstream

    private func forward(_ question: DNSQuestion, _ asker: Asker) {
        var isStream = false
        if case .connection = asker.way { isStream = true }
        let key = ForwardKey(
            question: question, wantsSignatures: asker.query.client?.wantsSignatures ?? false, isStream: isStream)
        if let bytes = cache.answer(key, at: runtime.monotonic()) { return pass(bytes, to: asker) }
        if let descriptor = asked[key], let count = questions[descriptor]?.askers.count {
            guard count < 64 else { return fail(asker) }
            questions[descriptor]?.askers.append(asker)
            return
        }
        guard questions.count < configuration.questionsMax, !upstream.isEmpty else { return fail(asker) }
        var message = DNSMessage(id: UInt16(truncatingIfNeeded: runtime.random()))
        message.isRecursionDesired = true
        message.questions = [question]
        message.client = DNSExtension(datagramBytes: 1232)
        message.client?.wantsSignatures = key.wantsSignatures
        begin(
            Question(
                key: key, id: message.id, bytes: message.encode(), askers: [asker], server: 0, attempts: 0,
                deadline: .zero))
    }

    /// Asks the next server, on a socket and so from a port of its own, which a forger would have to guess.
    private func begin(_ question: Question) {
        var question = question
        while question.attempts < max(2, upstream.count) {
            question.attempts += 1
            let peer = upstream[question.server % upstream.count]
            question.server += 1
            question.deadline = runtime.monotonic() + configuration.upstreamTimeout
            do {
                let socket = try InternetSocket.open(peer.address.family, isStream: question.key.isStream)
                try socket.connect(to: peer)
                question.received = []
                if question.key.isStream {
                    question.unsent =
                        [UInt8(question.bytes.count >> 8), UInt8(question.bytes.count & 0xFF)] + question.bytes
                } else if send(socket.descriptor, question.bytes, question.bytes.count, 0) < 0 {
                    continue
                }
                let descriptor = socket.release()
                asked[question.key] = descriptor
                questions[descriptor] = question
                return
            } catch {
                log.trace("an upstream name server is out of reach", [("error", "\(error)")])
            }
        }
        asked[question.key] = nil
        for asker in question.askers { fail(asker) }
    }

    private func retry(_ descriptor: Int32, _ question: Question) {
        questions[descriptor] = nil
        close(descriptor)
        begin(question)
    }

    private func fail(_ asker: Asker) { answer(asker, asker.query.reply(.serverFailure)) }

    private func readAnswer(_ descriptor: Int32) {
        guard let question = questions[descriptor] else { return }
        if !question.unsent.isEmpty {
            let sent = send(descriptor, question.unsent, question.unsent.count, Int32(MSG_NOSIGNAL))
            if sent > 0 { questions[descriptor]?.unsent.removeFirst(sent) }
        }
        let got = recv(descriptor, &buffer, buffer.count, 0)
        guard got > 0 else {
            if got < 0, errno == EAGAIN || errno == EINTR { return }
            return retry(descriptor, question)
        }
        guard question.key.isStream else { return finish(descriptor, question, Array(buffer.prefix(got))) }
        var received = question.received
        received += buffer.prefix(got)
        questions[descriptor]?.received = received
        guard received.count >= 2 else { return }
        let length = Int(received[0]) << 8 | Int(received[1])
        guard received.count >= length + 2 else { return }
        finish(descriptor, question, Array(received[2..<length + 2]))
    }

    private func finish(_ descriptor: Int32, _ question: Question, _ bytes: [UInt8]) {
        // What does not answer this question is somebody's forgery, or late: wait on.
        guard let message = try? DNSMessage.parse(bytes), message.isResponse, message.id == question.id,
            message.questions == [question.key.question]
        else { return }
        questions[descriptor] = nil
        asked[question.key] = nil
        close(descriptor)
        cache.store(question.key, bytes, message, at: runtime.monotonic())
        for asker in question.askers { pass(bytes, to: asker) }
    }

    /// Hands an answer of upstream on: as it came, under the client's number and in its spelling, where it fits; written
    /// anew where it does not, or where it comes behind an alias.
    private func pass(_ bytes: [UInt8], to asker: Asker) {
        guard let message = try? DNSMessage.parse(bytes) else { return fail(asker) }
        if var reply = asker.alias {
            reply.isAuthoritative = false
            reply.outcome = message.outcome
            reply.isTruncated = message.isTruncated
            // Only what means the same outside its message.
            reply.answers += message.answers.filter {
                if case .other = $0.data { return false }
                return true
            }
            return answer(asker, reply)
        }
        var raw = bytes
        let id = asker.query.id
        raw[0] = UInt8(id >> 8)
        raw[1] = UInt8(id & 0xFF)
        // Names that are equal without their case have equal lengths, and the question's is never compressed.
        var position = 12
        for label in asker.query.questions[0].name.labels where position + label.count < raw.count {
            for (index, byte) in label.enumerated() { raw[position + 1 + index] = byte }
            position += label.count + 1
        }
        switch asker.way {
        case .connection(let descriptor): transmit(raw, descriptor)
        case .datagram(let peer):
            let limit = max(512, min(1232, Int(asker.query.client?.datagramBytes ?? 512)))
            // A client that knows no extension gets none.
            if raw.count <= limit, asker.query.client != nil || message.client == nil { return transmit(raw, peer) }
            var reply = asker.query.reply(message.outcome)
            reply.isTruncated = message.isTruncated
            reply.answers = message.answers
            if reply.answers.contains(where: { if case .other = $0.data { true } else { false } }), raw.count > limit {
                reply.answers = []
                reply.isTruncated = true
            } else if reply.answers.contains(where: { if case .other = $0.data { true } else { false } }) {
                return transmit(raw, peer)
            }
            reply.authorities = message.authorities.filter { $0.type == .soa }
            transmit(reply.encode(limit: limit), peer)
        }
    }
}
