import NIOCore

/// A stream that is the near end of an outbox and nothing more.
protocol OutboxStream: OutgoingStream {
    var outbox: Outbox { get }
}

extension OutboxStream {
    func write(_ bytes: [UInt8]) -> Bool { outbox.write(ByteBuffer(bytes: bytes)) }

    func write(slices: [ArraySlice<UInt8>]) -> Bool {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(slices.reduce(0) { $0 + $1.count })
        buffer.write(.slices(slices))
        return outbox.write(buffer)
    }

    var pending: Int { outbox.pending }
    var isWritable: Bool { outbox.isWritable }
    func onWritable(_ callback: @escaping @Sendable () -> Void) { outbox.onWritable(callback) }
    func onClose(_ callback: @escaping @Sendable () -> Void) { outbox.onClose(callback) }
    func end() { outbox.end() }
    func abort() { outbox.abort() }
}
