import NIOCore

/// A streamed answer.
final class ServerStream: OutgoingStream {
    private let core: ExchangeCore
    private let outbox: Outbox

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

    func write(_ bytes: [UInt8]) -> Bool { outbox.write(ByteBuffer(bytes: bytes)) }

    func write(slices: [ArraySlice<UInt8>]) -> Bool {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(slices.reduce(0) { $0 + $1.count })
        for slice in slices { buffer.writeBytes(slice) }
        return outbox.write(buffer)
    }

    var pending: Int { outbox.pending }
    var isWritable: Bool { outbox.isWritable }
    func onWritable(_ callback: @escaping @Sendable () -> Void) { outbox.onWritable(callback) }
    func onClose(_ callback: @escaping @Sendable () -> Void) { outbox.onClose(callback) }
    func end() { outbox.end() }
    func abort() { outbox.abort() }
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
