import NIOCore
import NIOHTTP1

extension ClientConnection {
    /// Sends a body piece by piece, each when the kernel has taken the one before.
    func send(_ upload: ClientUpload, of call: ClientCall, _ eventLoop: any EventLoop) {
        began(call)
        let channel = channel
        let connection = NIOLoopBound(self, eventLoop: eventLoop)
        // Unstructured, as event loops have no tasks; it ends with the body, or with the connection.
        Task {
            do {
                let next = try upload.open()
                var left = upload.length
                while let piece = try await next() {
                    left -= piece.count
                    guard left >= 0 else { throw TransportError(.invalid, "the body is longer than was announced") }
                    let part = HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: piece)))
                    try await channel.writeAndFlush(part).get()
                    eventLoop.execute { connection.value.sent(call, all: false) }
                }
                guard left == 0 else { throw TransportError(.invalid, "the body is shorter than was announced") }
                try await channel.writeAndFlush(HTTPClientRequestPart.end(nil)).get()
                eventLoop.execute { connection.value.sent(call, all: true) }
            } catch {
                // A registry that refuses says why and closes: its answer may be on its way still.
                guard error is TransportError else { return }
                call.fail(TransportError(.invalid, "the request's body cannot be sent", cause: error))
            }
        }
    }
}
