import MartinetAPICore
import MartinetClient
import MartinetTransport

/// The answering side of a request that may need the word of somebody outside: it is begun again when that is there.
final class PatientExchange: Exchange {
    let inner: any Exchange
    private let tries: Int
    private let again: @Sendable (any Exchange) -> Void

    init(_ exchange: any Exchange, _ again: @escaping @Sendable (any Exchange) -> Void) {
        let earlier = exchange as? PatientExchange
        inner = earlier?.inner ?? exchange
        tries = (earlier?.tries ?? 0) + 1
        self.again = again
    }

    /// Whether the error is only that somebody must be asked first.
    func triesAgain(after error: APIError, _ authorizer: Authorizer) -> Bool {
        guard tries < Authorizer.triesMax else { return false }
        let isAsked = authorizer.settle(error) { [self] in again(self) }
        // Whoever waits for somebody outside holds no place meanwhile.
        if isAsked { (inner as? PassedExchange)?.leave() }
        return isAsked
    }

    func respond(_ status: Int, _ headers: [(String, String)], _ body: ResponseBody) {
        inner.respond(status, headers, body)
    }
    func begin(_ status: Int, _ headers: [(String, String)]) -> any OutgoingStream { inner.begin(status, headers) }
    func canUpgrade(to protocolName: String) -> Bool { inner.canUpgrade(to: protocolName) }
    func upgradeToWebSocket(subprotocol: String?, _ headers: [(String, String)]) -> (any WebSocketConnection)? {
        inner.upgradeToWebSocket(subprotocol: subprotocol, headers)
    }
    func upgradeRaw(_ protocolName: String, _ headers: [(String, String)]) -> (any BytePipe)? {
        inner.upgradeRaw(protocolName, headers)
    }
    func onClose(_ callback: @escaping @Sendable () -> Void) { inner.onClose(callback) }
}
