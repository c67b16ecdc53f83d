import MartinetAPICore
import MartinetTransport
import Synchronization

/// An exchange whose request holds a place in the server until it is answered, or its stream has begun.
final class PassedExchange: Exchange {
    let base: any Exchange
    private let pass: FlowGate.Pass
    private let hasLeft = Atomic(false)

    init(_ base: any Exchange, _ pass: FlowGate.Pass) {
        self.base = base
        self.pass = pass
    }

    /// Nobody will answer any more: the transport says so to the client.
    deinit { leave() }

    private func leave() {
        if !hasLeft.exchange(true, ordering: .relaxed) { pass.leave() }
    }

    func respond(_ status: Int, _ headers: [(String, String)], _ body: ResponseBody) {
        base.respond(status, headers + pass.headers, body)
        leave()
    }

    func begin(_ status: Int, _ headers: [(String, String)]) -> any OutgoingStream {
        defer { leave() }
        return base.begin(status, headers + pass.headers)
    }

    func canUpgrade(to protocolName: String) -> Bool { base.canUpgrade(to: protocolName) }

    func upgradeToWebSocket(subprotocol: String?, _ headers: [(String, String)]) -> (any WebSocketConnection)? {
        defer { leave() }
        return base.upgradeToWebSocket(subprotocol: subprotocol, headers)
    }

    func upgradeRaw(_ protocolName: String, _ headers: [(String, String)]) -> (any BytePipe)? {
        defer { leave() }
        return base.upgradeRaw(protocolName, headers)
    }

    func onClose(_ callback: @escaping @Sendable () -> Void) { base.onClose(callback) }
}
