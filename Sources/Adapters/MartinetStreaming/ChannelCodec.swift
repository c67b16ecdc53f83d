/// How a WebSocket message carries one of several channels: its number in front, the rest as it is or in base64
/// (the subprotocols `channel.k8s.io` and `base64.channel.k8s.io`).
struct ChannelCodec: Sendable {
    /// The subprotocols served for exec and attach, and whether each has numbers and bytes as they are.
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
        return .text(String(decoding: [48 &+ channel] + Base64.encode(Array(bytes)), as: UTF8.self))
    }

    /// Nil where the message is empty or no base64.
    func decode(_ message: [UInt8]) -> (channel: UInt8, bytes: [UInt8])? {
        guard let first = message.first else { return nil }
        guard isBase64 else { return (first, Array(message.dropFirst())) }
        guard let bytes = Base64.decode(message.dropFirst()) else { return nil }
        return (first &- 48, bytes)
    }

    enum Message: Sendable {
        case text(String)
        case binary([UInt8])
    }
}

/// Base64 with padding (RFC 4648 §4).
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for index in 0..<4 {
                out.append(index <= group.count ? alphabet[Int(word >> UInt32(18 - 6 * index) & 63)] : 61)
            }
        }
        return out
    }

    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var out: [UInt8] = []
        var word: UInt32 = 0
        var count = 0
        var padding = 0
        for byte in text {
            let value: UInt32
            switch byte {
            case 65...90: value = UInt32(byte) - 65
            case 97...122: value = UInt32(byte) - 71
            case 48...57: value = UInt32(byte) + 4
            case 43: value = 62
            case 47: value = 63
            case 61:
                value = 0
                padding += 1
            default: return nil
            }
            guard padding == 0 || byte == 61 else { return nil }
            word = word << 6 | value
            count += 1
            guard count == 4 else { continue }
            let triple = [16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
            guard padding <= 2 else { return nil }
            out += triple.dropLast(padding)
            word = 0
            count = 0
        }
        return out
    }
}
