import NIOCore

extension ChannelHandlerContext {
    /// Writes and flushes. Closing waits for the last byte: closing a channel at once would drop what is queued.
    func writeAll(_ buffers: [ByteBuffer], thenClose: Bool, done: EventLoopPromise<Void>?) {
        var last = done
        if thenClose {
            let promise = done ?? eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenComplete { [channel] _ in channel.close(promise: nil) }
            last = promise
        }
        for buffer in buffers.dropLast() { write(NIOAny(buffer), promise: nil) }
        if let buffer = buffers.last ?? (last == nil ? nil : ByteBuffer()) { write(NIOAny(buffer), promise: last) }
        flush()
    }
}
