import MartinetBase
import MartinetSchema

/// How a WebSocket message carries one of several channels: its number in front, the rest as it is or in base64
/// (the subprotocols `channel.k8s.io` and `base64.channel.k8s.io`).
struct ChannelCodec: Sendable {
    /// The subprotocols served for exec and attach.
    static let commandProtocols = [
        "v5.channel.k8s.io", "v4.channel.k8s.io", "v4.base64.channel.k8s.io", "channel.k8s.io",
        "base64.channel.k8s.io",
    ]

    let isBase64: Bool

    init(subprotocol: String?) { isBase64 = subprotocol?.contains("base64") ?? false }

    func encode(_ channel: UInt8, _ bytes: some Collection<UInt8>) -> Message {
        guard isBase64 else {
            var out: [UInt8] = []
            out.reserveCapacity(bytes.count + 1)
            out.append(channel)
            out += bytes
            return .binary(out)
        }
        return .text(String(decoding: [48 &+ channel], as: UTF8.self) + Base64.encode(Array(bytes)))
    }

    /// Nil where the message is empty or no base64.
    func decode(_ message: [UInt8]) -> (channel: UInt8, bytes: [UInt8])? {
        guard let first = message.first else { return nil }
        guard isBase64 else { return (first, Array(message.dropFirst())) }
        guard let bytes = Base64.decode(String(decoding: message.dropFirst(), as: UTF8.self)) else { return nil }
        return (first &- 48, bytes)
    }

    enum Message: Sendable {
        case text(String)
        case binary([UInt8])
    }
}
