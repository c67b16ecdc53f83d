import MartinetAPICore
import MartinetAuthorization
import MartinetTransport
import Synchronization

/// The one wrapper of a request: it holds a place in the server until the request is answered, or its stream has begun, and
/// sees how it ends, for the metrics and the audit log. Once a stream has begun it is that stream too.
final class PassedExchange: Exchange, OutgoingStream {
    private struct State {
        var pass: FlowGate.Pass?
        var series: RequestSeries?
        var isLong = false
        var draft: AuditDraft?
        var stream: (any OutgoingStream)?
        var code = 0
        var isOver = false
    }

    private let base: any Exchange
    private let metrics: RequestMetrics
    private let began: Duration
    private let state = Mutex(State())

    init(_ base: any Exchange, _ metrics: RequestMetrics) {
        self.base = base
        self.metrics = metrics
        began = metrics.now
    }

    /// The wrapper of an exchange that a request was handed on with.
    static func of(_ exchange: any Exchange) -> PassedExchange? {
        exchange as? PassedExchange ?? (exchange as? PatientExchange)?.inner as? PassedExchange
    }

    /// Nobody will answer any more: the transport says so to the client.
    deinit {
        let code = state.withLock { $0.stream == nil ? 0 : $0.code }
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

    private func finish(_ code: Int, bytes: Int) {
        let ended = state.withLock { state -> State? in
            guard !state.isOver else { return nil }
            state.isOver = true
            defer {
                state.pass = nil
                state.draft = nil
            }
            return state
        }
        guard let ended else { return }
        ended.pass?.leave()
        metrics.ended(ended.series, code: code, bytes: bytes, since: began, isLong: ended.isLong)
        ended.draft?.completed(code, bytes: bytes)
    }

    private func headers(_ own: [(String, String)]) -> [(String, String)] {
        let (pass, draft) = state.withLock { ($0.pass, $0.draft) }
        guard pass != nil || draft != nil else { return own }
        return own + (pass?.headers ?? []) + (draft.map { [("audit-id", $0.id)] } ?? [])
    }

    // MARK: - Exchange

    func respond(_ status: Int, _ headers: [(String, String)], _ body: ResponseBody) {
        base.respond(status, self.headers(headers), body)
        finish(status, bytes: body.count)
    }

    func begin(_ status: Int, _ headers: [(String, String)]) -> any OutgoingStream {
        let stream = base.begin(status, self.headers(headers))
        let draft = state.withLock { state in
            state.stream = stream
            state.code = status
            return state.draft
        }
        leave()
        draft?.started(status)
        return self
    }

    func canUpgrade(to protocolName: String) -> Bool { base.canUpgrade(to: protocolName) }

    func upgradeToWebSocket(subprotocol: String?, _ headers: [(String, String)]) -> (any WebSocketConnection)? {
        let connection = base.upgradeToWebSocket(subprotocol: subprotocol, self.headers(headers))
        finish(connection == nil ? 400 : 101, bytes: 0)
        return connection
    }

    func upgradeRaw(_ protocolName: String, _ headers: [(String, String)]) -> (any BytePipe)? {
        let pipe = base.upgradeRaw(protocolName, self.headers(headers))
        finish(pipe == nil ? 400 : 101, bytes: 0)
        return pipe
    }

    func onClose(_ callback: @escaping @Sendable () -> Void) {
        guard let stream = open else { return base.onClose(callback) }
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
