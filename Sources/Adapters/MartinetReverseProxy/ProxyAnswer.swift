import MartinetClient
import MartinetTransport
import Synchronization

/// An answer on its way back to the client.
final class ProxyAnswer: Sendable {
    private struct State {
        var call: ClientCall?
        var out: (any OutgoingStream)?
        var links: HTMLLinks?
        var answered = false
        var gone = false
        /// The answer is another one than the target's, whose rest is dropped.
        var isReplaced = false
    }

    private let exchange: any Exchange
    private let target: ProxyTarget
    private let requested: String
    private let upload: ProxyUpload?
    private let isUpgrade: Bool
    private let refuse: @Sendable (APIError) -> Void
    private let state = Mutex(State())

    init(
        _ exchange: any Exchange, target: ProxyTarget, requested: String, upload: ProxyUpload?, isUpgrade: Bool = false,
        _ refuse: @escaping @Sendable (APIError) -> Void
    ) {
        self.exchange = exchange
        self.target = target
        self.requested = requested
        self.upload = upload
        self.isUpgrade = isUpgrade
        self.refuse = refuse
        exchange.onClose { [weak self] in self?.gone() }
    }

    func attach(_ call: ClientCall?) {
        let gone = state.withLock { state in
            state.call = call
            return state.gone
        }
        if gone { call?.cancel() }
    }

    /// The connection has become another one: nothing of an answer comes any more. False where the client has gone.
    func upgraded() -> Bool {
        state.withLock { state in
            state.answered = true
            state.call = nil
            return !state.gone
        }
    }

    @Sendable func head(_ head: ClientHead) {
        // What comes before the answer is for this connection alone.
        guard head.status >= 200 else { return }
        if isUpgrade, head.status < 400 {
            return replace(
                APIError(code: 500, reason: "", message: "invalid upgrade response: status code \(head.status)"))
        }
        let location = head.headers["location"]
        if !target.passesRedirects, (300...399).contains(head.status), location?.isEmpty == false {
            state.withLock { ($0.answered, $0.isReplaced) = (true, true) }
            exchange.respond(
                502, text: "the backend attempted to redirect this request, which is not permitted")
            return state.withLock { $0.call }?.cancel() ?? ()
        }
        var headers = ForwardedHeaders.answer(head.headers)
        let rewriter = LinkRewriter(
            scheme: target.forwardedScheme, host: target.forwardedHost, prefix: target.prefix,
            source: target.authority, requested: requested)
        var links: HTMLLinks?
        if isUpgrade {
            // Refused as it was refused.
        } else if let location, !location.isEmpty {
            headers.removeAll { HTTPHeaderList.same($0.0, "location") }
            headers.append(("location", rewriter.rewrite(location) ?? location))
        } else if ProxyAnswer.isPage(head.headers) {
            headers.removeAll { HTTPHeaderList.same($0.0, "content-length") }
            links = HTMLLinks(rewriter)
        }
        let out = exchange.begin(head.status, headers)
        state.withLock { state in
            state.answered = true
            state.out = out
            state.links = links
        }
        out.onClose { [weak self] in self?.gone() }
        out.onWritable { [weak self] in self?.state.withLock { $0.call }?.setReading(true) }
    }

    private static func isPage(_ headers: HTTPHeaderList) -> Bool {
        let type = (headers["content-type"] ?? "").prefix { $0 != ";" }
        guard type.drop(while: { $0 == " " }).lowercased().hasPrefix("text/html") else { return false }
        let coding = headers["content-encoding"] ?? ""
        return coding.isEmpty || coding == "identity"
    }

    @Sendable func body(_ bytes: [UInt8]) {
        let (out, call, passed): ((any OutgoingStream)?, ClientCall?, [UInt8]) = state.withLock { state in
            guard state.out != nil, !state.isReplaced else { return (nil, nil, []) }
            return (state.out, state.call, state.links?.feed(bytes) ?? bytes)
        }
        guard let out, !passed.isEmpty else { return }
        out.write(passed)
        guard !out.isWritable else { return }
        call?.setReading(false)
        if out.isWritable { call?.setReading(true) }
    }

    @Sendable func end(_ error: TransportError?) {
        let (out, answered, rest) = state.withLock { state in
            defer {
                state.call = nil
                state.out = nil
            }
            return (state.out, state.answered, state.links?.finish() ?? [])
        }
        if let out {
            if !rest.isEmpty { out.write(rest) }
            return error == nil ? out.end() : out.abort()
        }
        guard !answered else { return }
        let why = error.map { "\($0)" } ?? "it ended without an answer"
        if isUpgrade {
            refuse(APIError(code: 500, reason: "", message: "error dialing backend: \(why)"))
        } else {
            refuse(
                APIError(
                    code: 503, reason: "ServiceUnavailable", message: "error trying to reach service: \(why)"))
        }
    }

    private func replace(_ error: APIError) {
        let call = state.withLock { state in
            (state.answered, state.isReplaced) = (true, true)
            return state.call
        }
        refuse(error)
        call?.cancel()
    }

    private func gone() {
        state.withLock { state in
            state.gone = true
            return state.call
        }?.cancel()
    }
}
