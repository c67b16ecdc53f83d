import MartinetAPICore
import MartinetAuthorization
import MartinetTransport
import Synchronization

/// The one wrapper of a request: it holds a place in the server until the request is answered, or its stream has begun, and
/// sees how it ends, for the metrics and the audit log. Once a stream has begun it is that stream too.
final class PassedExchange: Exchange, OutgoingStream {
    private struct State {
        /// Let go once a stream has begun, which may last for hours.
        var base: (any Exchange)?
        var pass: FlowGate.Pass?
        var series: RequestSeries?
        var isLong = false
        var draft: AuditDraft?
        var stream: (any OutgoingStream)?
        var code = 0
        var isOver = false
    }

    private let metrics: RequestMetrics
    private let began: Duration
    private let state: Mutex<State>

    init(_ base: any Exchange, _ metrics: RequestMetrics) {
        state = Mutex(State(base: base))
        self.metrics = metrics
        began = metrics.now
    }

    /// The wrapper of an exchange that a request was handed on with.
    static func of(_ exchange: any Exchange) -> PassedExchange? {
        exchange as? PassedExchange ?? (exchange as? PatientExchange)?.inner as? PassedExchange
    }

    /// Nobody will answer any more: the transport says so to the client.
    deinit {
        guard let code = state.withLock({ $0.isOver ? nil : $0.code }) else { return }
        finish(code, bytes: 0)
    }

    // MARK: - What becomes known on the way

    /// What the request asks for, and whether it is audited. A request that is begun again keeps what it was.
    func know(_ series: RequestSeries, isLong: Bool, _ draft: AuditDraft?) {
        let isNew = state.withLock { state in
            guard state.series == nil else { return false }
            (state.series, state.isLong, state.draft) = (series, isLong, draft)
            return true
        }
        if isNew {
            metrics.began(series, isLong: isLong)
            draft?.received()
        }
    }

    /// Nil where nothing is audited.
    var draft: AuditDraft? { state.withLock { $0.draft } }

    /// From now on the request holds a place; one that it held before is given back.
    func hold(_ pass: FlowGate.Pass) {
        let old = state.withLock { state in
            defer { state.pass = pass }
            return state.pass
        }
        old?.leave()
    }

    /// Gives the place back: the request waits for somebody outside.
    func leave() { state.withLock { $0.pass.take() }?.leave() }

    /// - Parameter code: 0 where no answer was given.
    private func finish(_ code: Int, bytes: Int) {
        let ended = state.withLock { state -> (FlowGate.Pass?, RequestSeries?, AuditDraft?, Bool)? in
            guard !state.isOver else { return nil }
            state.isOver = true
            return (state.pass.take(), state.series, state.draft.take(), state.isLong)
        }
        guard let (pass, series, draft, isLong) = ended else { return }
        pass?.leave()
        metrics.ended(series, code: code, bytes: bytes, since: began, isLong: isLong)
        draft?.completed(code, bytes: bytes)
    }

    /// The exchange behind, and what is said to the client with these headers.
    private func answering(_ own: [(String, String)]) -> ((any Exchange)?, [(String, String)]) {
        let (base, pass, id) = state.withLock { ($0.base, $0.pass?.headers, $0.draft?.id) }
        var all = own
        if let pass { all.append(contentsOf: pass) }
        if let id { all.append(("audit-id", id)) }
        return (base, all)
    }

    // MARK: - Exchange

    func respond(_ status: Int, _ headers: [(String, String)], _ body: ResponseBody) {
        let (base, headers) = answering(headers)
        base?.respond(status, headers, body)
        finish(status, bytes: body.count)
    }

    func begin(_ status: Int, _ headers: [(String, String)]) -> any OutgoingStream {
        let (base, headers) = answering(headers)
        guard let base else { return self }
        let stream = base.begin(status, headers)
        let draft = state.withLock { state in
            (state.base, state.stream, state.code) = (nil, stream, status)
            return state.draft
        }
        leave()
        draft?.started(status)
        return self
    }

    private var base: (any Exchange)? { state.withLock { $0.base } }

    func canUpgrade(to protocolName: String) -> Bool { base?.canUpgrade(to: protocolName) ?? false }

    func upgradeToWebSocket(subprotocol: String?, _ headers: [(String, String)]) -> (any WebSocketConnection)? {
        let (base, headers) = answering(headers)
        let connection = base?.upgradeToWebSocket(subprotocol: subprotocol, headers)
        finish(connection == nil ? 400 : 101, bytes: 0)
        return connection
    }

    func upgradeRaw(_ protocolName: String, _ headers: [(String, String)]) -> (any BytePipe)? {
        let (base, headers) = answering(headers)
        let pipe = base?.upgradeRaw(protocolName, headers)
        finish(pipe == nil ? 400 : 101, bytes: 0)
        return pipe
    }

    func onClose(_ callback: @escaping @Sendable () -> Void) {
        guard let stream = open else {
            base?.onClose(callback)
            return
        }
        stream.onClose { [weak self] in
            self?.over()
            callback()
        }
    }

    // MARK: - The stream that it has become

    private var open: (any OutgoingStream)? { state.withLock { $0.stream } }
    private func over() { finish(state.withLock { $0.code }, bytes: 0) }

    func write(_ bytes: [UInt8]) -> Bool { open?.write(bytes) ?? false }
    func write(slices: [ArraySlice<UInt8>]) -> Bool { open?.write(slices: slices) ?? false }
    var pending: Int { open?.pending ?? 0 }
    var isWritable: Bool { open?.isWritable ?? false }
    func onWritable(_ callback: @escaping @Sendable () -> Void) { open?.onWritable(callback) }

    func end() {
        open?.end()
        over()
    }

    func abort() {
        open?.abort()
        over()
    }
}
