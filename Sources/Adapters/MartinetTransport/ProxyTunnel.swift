import NIOCore

/// Asks a proxy for a tunnel before anything else is sent, then steps aside (CONNECT, RFC 9110 §9.3.6).
final class ProxyTunnel: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let answerBytesMax = 16 << 10
    private let proxy: ClientProxy
    private let place: String
    private var answer: [UInt8] = []

    init(_ proxy: ClientProxy, host: String, port: Int) {
        self.proxy = proxy
        place = host.utf8.contains(58) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Not handed on: those behind would begin their handshake with the proxy.
    func channelActive(context: ChannelHandlerContext) {
        var text = "CONNECT \(place) HTTP/1.1\r\nhost: \(place)\r\n"
        if let authorization = proxy.authorization, HTTP1Head.isSafe(name: "proxy-authorization", value: authorization)
        {
            text += "proxy-authorization: \(authorization)\r\n"
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text + "\r\n")), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        answer += unwrapInboundIn(data).readableBytesView
        guard let end = ProxyTunnel.end(of: answer) else {
            guard answer.count <= ProxyTunnel.answerBytesMax else { return refuse(context, "answers without an end") }
            return
        }
        let line = String(decoding: answer.prefix { $0 != 13 && $0 != 10 }.prefix(200), as: UTF8.self)
        let words = line.split(separator: " ", maxSplits: 2)
        guard line.hasPrefix("HTTP/1."), words.count >= 2, words[1].utf8.count == 3, words[1].hasPrefix("2") else {
            return refuse(context, "refuses the tunnel to \(place): \(line.dropFirst(9))")
        }
        // Whoever is behind the proxy waits for us to begin.
        guard end == answer.count else { return refuse(context, "sent more than its answer") }
        context.fireChannelActive()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func refuse(_ context: ChannelHandlerContext, _ what: String) {
        context.fireErrorCaught(TransportError(.connect, "the proxy \(proxy.host):\(proxy.port) \(what)"))
        context.close(promise: nil)
    }

    /// Where the answer's head ends.
    private static func end(of bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 3..<bytes.count
        where bytes[index] == 10 && bytes[index - 1] == 13 && bytes[index - 2] == 10 && bytes[index - 3] == 13 {
            return index + 1
        }
        return nil
    }
}
