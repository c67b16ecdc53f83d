import NIOCore

/// A client's end of an HTTP/1.1 connection: one request at a time, and as little work as can be with what comes back.
final class HTTP1Load: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State { case idle, head, length(Int), chunkHead, chunk(Int), chunkEnd, trailer, untilClose }

    private let fixed: String
    private let source: any LoadSource
    private var state = State.idle
    private var pending = ByteBuffer()
    private var ticket = 0

    /// - Parameter headers: of every request, host included.
    init(headers: [(String, String)], source: any LoadSource) {
        fixed = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
        self.source = source
    }

    func handlerAdded(context: ChannelHandlerContext) { if context.channel.isActive { ask(context) } }

    func channelActive(context: ChannelHandlerContext) {
        ask(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .idle = state {} else { source.broken("the server closed the connection") }
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is LoadKick { ask(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        source.broken("\(error)")
        context.close(promise: nil)
    }

    private func ask(_ context: ChannelHandlerContext) {
        guard case .idle = state, let request = source.next() else { return }
        ticket = request.ticket
        state = .head
        var out = context.channel.allocator.buffer(capacity: 512 + request.body.count)
        out.writeString("\(request.method) \(request.target) HTTP/1.1\r\n")
        out.writeString(fixed)
        if let type = request.contentType {
            out.writeString("content-type: \(type)\r\ncontent-length: \(request.body.count)\r\n")
        }
        out.writeStaticString("\r\n")
        out.writeBytes(request.body)
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if pending.readableBytes == 0 { pending = bytes } else { pending.writeBuffer(&bytes) }
        while step(context) {}
    }

    /// False where more bytes are needed.
    private func step(_ context: ChannelHandlerContext) -> Bool {
        switch state {
        case .idle: return false
        case .head: return readHead(context)
        case .length(let left): return take(left, then: nil, context)
        case .chunk(let left): return take(left, then: .chunkEnd, context)
        case .chunkHead:
            guard let line = line() else { return false }
            let size = Int(line.prefix { $0 != 59 }.trimmingASCII, radix: 16) ?? -1
            guard size >= 0 else { return fail("a chunk of the response has no size", context) }
            state = size == 0 ? .trailer : .chunk(size)
            return true
        case .chunkEnd:
            guard line() != nil else { return false }
            state = .chunkHead
            return true
        case .trailer:
            guard let line = line() else { return false }
            if line.isEmpty { finish(context) }
            return true
        case .untilClose:
            pending.clear()
            return false
        }
    }

    private func take(_ left: Int, then next: State?, _ context: ChannelHandlerContext) -> Bool {
        let count = min(left, pending.readableBytes)
        guard let part = pending.readSlice(length: count) else { return false }
        if count > 0 { source.body(ticket, part) }
        if count < left {
            state = next == nil ? .length(left - count) : .chunk(left - count)
            return false
        }
        if let next { state = next } else { finish(context) }
        return true
    }

    private func finish(_ context: ChannelHandlerContext) {
        state = .idle
        source.end(ticket)
        ask(context)
    }

    private func fail(_ why: String, _ context: ChannelHandlerContext) -> Bool {
        source.broken(why)
        state = .idle
        context.close(promise: nil)
        return false
    }

    /// The next line without its end.
    private func line() -> Substring.UTF8View? {
        let view = pending.readableBytesView
        guard let end = view.firstIndex(of: 10) else { return nil }
        let count = end - view.startIndex
        let text = pending.readString(length: count) ?? ""
        pending.moveReaderIndex(forwardBy: 1)
        let line = text.utf8
        return Substring(text.hasSuffix("\r") ? text.dropLast() : text[...]).utf8[line.startIndex...]
    }

    private func readHead(_ context: ChannelHandlerContext) -> Bool {
        let view = pending.readableBytesView
        guard let end = HTTP1Load.headEnd(view) else { return false }
        let head = pending.readString(length: end) ?? ""
        let lines = head.split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count > 1, let status = Int(words[1]) else {
            return fail("the response's status cannot be read", context)
        }
        guard status >= 200 else { return true }
        state = .untilClose
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon].lowercased() {
            case "content-length": state = .length(Int(value) ?? 0)
            case "transfer-encoding" where value.lowercased() == "chunked": state = .chunkHead
            default: break
            }
        }
        source.head(ticket, status: status)
        if status == 204 || status == 304 { state = .length(0) }
        return true
    }

    private static func headEnd(_ view: ByteBufferView) -> Int? {
        view.withUnsafeBytes { bytes in
            var index = 0
            while index + 3 < bytes.count {
                if bytes[index] == 13, bytes[index + 1] == 10, bytes[index + 2] == 13, bytes[index + 3] == 10 {
                    return index + 4
                }
                index += 1
            }
            return nil
        }
    }
}

extension Substring.UTF8View.SubSequence {
    fileprivate var trimmingASCII: String {
        String(Substring(self)).filter { $0 != " " && $0 != "\t" }
    }
}
