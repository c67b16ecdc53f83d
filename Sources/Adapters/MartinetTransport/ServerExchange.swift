import Crypto
import NIOCore
import Synchronization

/// What the connection keeps of an exchange; the handler holds `ServerExchange`, so that its being dropped is noticed.
final class ExchangeCore: Sendable {
    enum Phase { case open, answered, gone }

    private struct State {
        var phase = Phase.open
        var onClose: (@Sendable () -> Void)?
        var outbox: Outbox?
    }

    let id: Int
    let eventLoop: any EventLoop
    let host: NIOLoopBound<any ExchangeHost>
    private let state = Mutex(State())

    init(id: Int, host: any ExchangeHost) {
        self.id = id
        eventLoop = host.eventLoop
        self.host = NIOLoopBound(host, eventLoop: host.eventLoop)
    }

    /// True for the one answer that counts.
    func claim() -> Bool {
        state.withLock { state in
            guard state.phase == .open else { return false }
            state.phase = .answered
            return true
        }
    }

    func onLoop(_ work: @escaping @Sendable (any ExchangeHost) -> Void) {
        if eventLoop.inEventLoop {
            work(host.value)
        } else {
            eventLoop.execute { [host] in work(host.value) }
        }
    }

    func attach(_ outbox: Outbox) -> Bool {
        state.withLock { state in
            guard state.phase != .gone else { return false }
            state.outbox = outbox
            state.onClose = nil
            return true
        }
    }

    func onClose(_ callback: @escaping @Sendable () -> Void) {
        let gone = state.withLock { state in
            if state.phase == .gone { return true }
            state.onClose = callback
            return false
        }
        if gone { onLoop { _ in callback() } }
    }

    /// On the event loop: the answer went through, or was handed to an upgraded connection.
    func finished() {
        state.withLock {
            $0.phase = .answered
            $0.onClose = nil
            $0.outbox = nil
        }
    }

    /// On the event loop: the client has gone before the answer was complete.
    func clientGone() {
        let (callback, outbox) = state.withLock { state in
            defer {
                state.phase = .gone
                state.onClose = nil
                state.outbox = nil
            }
            return (state.onClose, state.outbox)
        }
        callback?()
        outbox?.closed()
    }
}

final class ServerExchange: Exchange {
    private let core: ExchangeCore
    /// Shared with the request: costs a retain.
    private let headers: HTTPHeaderList
    private let upgradable: Bool
    private let isGet: Bool
    private let limits: ServerLimits

    init(core: ExchangeCore, request: HTTPRequest, limits: ServerLimits) {
        self.core = core
        headers = request.headers
        isGet = request.method == "GET"
        upgradable = request.version == .http11 && (request.method == "GET" || request.method == "POST")
        self.limits = limits
    }

    deinit {
        guard core.claim() else { return }
        let id = core.id
        core.onLoop {
            $0.respond(id, 500, [("content-type", "text/plain")], .bytes(Array("no answer was given\n".utf8)))
        }
    }

    func respond(_ status: Int, _ headers: [(String, String)], _ body: ResponseBody) {
        guard core.claim() else { return }
        if core.eventLoop.inEventLoop {
            core.host.value.respond(core.id, status, headers, body)
        } else {
            core.eventLoop.execute { [core] in core.host.value.respond(core.id, status, headers, body) }
        }
    }

    func begin(_ status: Int, _ headers: [(String, String)]) -> any OutgoingStream {
        let stream = ServerStream(core: core, bound: limits.streamBuffer)
        if core.claim() { stream.begin(status, headers) } else { stream.refuse() }
        return stream
    }

    func onClose(_ callback: @escaping @Sendable () -> Void) { core.onClose(callback) }

    func canUpgrade(to protocolName: String) -> Bool {
        upgradable && headers.contains("connection", token: "upgrade")
            && headers.contains("upgrade", token: protocolName)
    }

    func upgradeToWebSocket(
        subprotocol: String?, _ headers: [(String, String)]
    ) -> (any WebSocketConnection)? {
        let request = self.headers
        guard canUpgrade(to: "websocket"), isGet, request.all("sec-websocket-key").count == 1,
            let key = request["sec-websocket-key"], WebSocketHandshake.isKey(key)
        else {
            respond(400, text: "the request is no websocket upgrade\n")
            return nil
        }
        guard request["sec-websocket-version"] == "13" else {
            respond(426, [("sec-websocket-version", "13")], text: "websocket version 13 is needed\n")
            return nil
        }
        guard core.claim() else { return nil }
        var fields = headers
        fields.append(("upgrade", "websocket"))
        fields.append(("sec-websocket-accept", WebSocketHandshake.accept(key)))
        if let subprotocol { fields.append(("sec-websocket-protocol", subprotocol)) }
        let connection = WebSocketChannel(
            eventLoop: core.eventLoop, role: .server, subprotocol: subprotocol, maximum: limits.webSocketMessage,
            bound: limits.streamBuffer)
        core.onLoop { [id = core.id, fields] in $0.upgrade(id, fields, connection) }
        return connection
    }

    func upgradeRaw(_ protocolName: String, _ headers: [(String, String)]) -> (any BytePipe)? {
        guard canUpgrade(to: protocolName) else {
            respond(400, text: "the request asks for no upgrade to \(protocolName)\n")
            return nil
        }
        guard core.claim() else { return nil }
        let pipe = PipeChannel(eventLoop: core.eventLoop, bound: limits.streamBuffer)
        let fields = headers + [("upgrade", protocolName)]
        core.onLoop { [id = core.id] in $0.upgrade(id, fields, pipe) }
        return pipe
    }
}
