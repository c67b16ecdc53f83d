import NIOCore

/// The connection that carries exchanges; called on its event loop only. `id` is the HTTP/2 stream, or the request's number
/// on an HTTP/1.1 connection: a call for an exchange that is over is ignored.
protocol ExchangeHost: AnyObject {
    var eventLoop: any EventLoop { get }
    var limits: ServerLimits { get }
    func respond(_ id: Int, _ status: Int, _ headers: [(String, String)], _ body: ResponseBody)
    func begin(_ id: Int, _ status: Int, _ headers: [(String, String)])
    /// `done` is fulfilled once the bytes are with the kernel, or are lost.
    func write(_ id: Int, _ buffers: [ByteBuffer], end: Bool, done: EventLoopPromise<Void>?)
    /// Ends the stream (HTTP/2) or the connection so that the client sees the answer as broken.
    func abort(_ id: Int)
    /// Leaves HTTP: writes the 101 and puts `upgrade`'s handlers in its own place.
    func upgrade(_ id: Int, _ headers: [(String, String)], _ upgrade: any ConnectionUpgrade)
}

/// What follows HTTP on an upgraded connection.
protocol ConnectionUpgrade: Sendable {
    func install(in pipeline: ChannelPipeline.SynchronousOperations, after: any ChannelHandler) throws
    /// HTTP's handlers are gone: bytes may flow.
    func activate()
    /// The exchange was over before the upgrade could take place.
    func failed()
}

extension ExchangeHost {
    /// How much of an answer is turned into buffers at a time.
    static var piece: Int { 128 << 10 }

    /// Sends a large body piece by piece, each when the one before is with the kernel: what waits for a slow client is the
    /// store's own bytes, not copies of them.
    func pump(_ id: Int, _ body: ResponseBody) {
        BodyPump(host: self, id: id, body: body).step()
    }
}

/// One large answer under way. Lives in the completion of its last write.
private final class BodyPump {
    private let host: any ExchangeHost
    private let id: Int
    private let slices: [ArraySlice<UInt8>]
    private var index = 0
    private var offset = 0

    init(host: any ExchangeHost, id: Int, body: ResponseBody) {
        self.host = host
        self.id = id
        switch body {
        case .empty: slices = []
        case .bytes(let bytes): slices = [bytes[...]]
        case .slices(let all): slices = all
        }
    }

    func step() {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(128 << 10)
        while index < slices.count, buffer.readableBytes < 128 << 10 {
            let rest = slices[index].dropFirst(offset)
            let taken = rest.prefix(128 << 10 - buffer.readableBytes)
            buffer.writeBytes(taken)
            offset += taken.count
            if taken.count == rest.count {
                index += 1
                offset = 0
            }
        }
        let last = index == slices.count
        guard !last else { return host.write(id, [buffer], end: true, done: nil) }
        let done = host.eventLoop.makePromise(of: Void.self)
        done.futureResult.assumeIsolated().whenSuccess { self.step() }
        host.write(id, [buffer], end: false, done: done)
    }
}

extension ByteBuffer {
    mutating func write(_ body: ResponseBody) {
        switch body {
        case .empty: break
        case .bytes(let bytes): writeBytes(bytes)
        case .slices(let slices): for slice in slices { writeBytes(slice) }
        }
    }
}
