import NIOCore

/// A streamed answer.
final class ServerStream: OutboxStream {
    private let core: ExchangeCore
    let outbox: Outbox

    init(core: ExchangeCore, bound: Int) {
        self.core = core
        outbox = Outbox(eventLoop: core.eventLoop, bound: bound)
    }

    func begin(_ status: Int, _ headers: [(String, String)]) {
        guard core.attach(outbox) else { return refuse() }
        core.onLoop { [core, outbox] host in
            host.begin(core.id, status, headers)
            outbox.open(HostSink(host: host, id: core.id))
        }
    }

    /// The exchange has its answer already: this stream leads nowhere.
    func refuse() { outbox.abort() }
}

/// Leads an outbox into one exchange of a connection.
private final class HostSink: OutboxSink {
    private let host: any ExchangeHost
    private let id: Int

    init(host: any ExchangeHost, id: Int) {
        self.host = host
        self.id = id
    }

    func drain(_ buffers: [ByteBuffer], end: Bool, done: EventLoopPromise<Void>?) {
        host.write(id, buffers, end: end, done: done)
    }

    func cutOff() { host.abort(id) }
}
