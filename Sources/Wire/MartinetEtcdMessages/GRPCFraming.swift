/// How messages follow each other in a stream: a flag, a length of four bytes, the message.
///
/// Source: "gRPC over HTTP2", Length-Prefixed-Message.
package struct GRPCFraming: Sendable {
    /// A message larger than this ends the stream.
    private let messageMax: Int
    private var waiting: [UInt8] = []
    private var at = 0

    package init(messageMax: Int) { self.messageMax = messageMax }

    package static func frame(_ message: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0]
        bytes.reserveCapacity(message.count + 5)
        let count = UInt32(clamping: message.count)
        for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
        bytes += message
        return bytes
    }

    package mutating func append(_ bytes: [UInt8]) {
        if at > 0 {
            waiting.removeFirst(at)
            at = 0
        }
        waiting += bytes
    }

    /// The next whole message; nil until more has come.
    package mutating func next() throws(GRPCStatus) -> [UInt8]? {
        guard waiting.count - at >= 5 else { return nil }
        guard waiting[at] == 0 else { throw GRPCStatus(.unimplemented, "compressed messages are not understood") }
        let count = waiting[at + 1..<at + 5].reduce(0) { $0 << 8 | Int($1) }
        guard count <= messageMax else {
            throw GRPCStatus(.resourceExhausted, "a message has \(count) bytes, at most \(messageMax) are taken")
        }
        guard waiting.count - at - 5 >= count else { return nil }
        defer { at += 5 + count }
        return Array(waiting[at + 5..<at + 5 + count])
    }

    /// Whether a message has begun and not ended.
    package var isInside: Bool { waiting.count > at }
}
