import NIOCore
import NIOHTTP1

/// The near end of a request's body under way.
final class ClientBodyStream: OutboxStream {
    let outbox: Outbox

    init(eventLoop: any EventLoop, bound: Int) { outbox = Outbox(eventLoop: eventLoop, bound: bound) }
}

/// Leads an outbox into the body of the request that a connection is sending.
final class ClientBodySink: OutboxSink {
    private let connection: ClientConnection
    private let call: ClientCall

    init(_ connection: ClientConnection, _ call: ClientCall) {
        self.connection = connection
        self.call = call
    }

    func drain(_ buffers: [ByteBuffer], end: Bool, done: EventLoopPromise<Void>?) {
        let channel = connection.channel
        for buffer in buffers.dropLast(end ? 0 : 1) {
            channel.write(HTTPClientRequestPart.body(.byteBuffer(buffer)), promise: nil)
        }
        if end {
            channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: done)
            connection.sent(call, all: true)
        } else if let last = buffers.last {
            channel.writeAndFlush(HTTPClientRequestPart.body(.byteBuffer(last)), promise: done)
            connection.sent(call, all: false)
        } else {
            done?.succeed()
        }
    }

    func cutOff() { call.fail(TransportError(.closed, "the request's body was not sent to its end")) }
}

extension ClientConnection {
    /// Lets the caller write a body. What the peer does not take is told by `isWritable`.
    func send(_ body: ClientStream, of call: ClientCall, _ eventLoop: any EventLoop, bound: Int) -> Outbox {
        began(call)
        let stream = ClientBodyStream(eventLoop: eventLoop, bound: bound)
        stream.outbox.open(ClientBodySink(self, call))
        body.start(stream)
        return stream.outbox
    }
}
