import NIOCore

/// Writes RFC 6455 §5.2 frames.
enum WebSocketFraming {
    enum Opcode: UInt8 { case text = 1, binary = 2, close = 8, ping = 9, pong = 10 }

    /// One unfragmented frame. `mask` is given by clients, whose frames must be masked (§5.3).
    static func frame(_ opcode: Opcode, _ payload: some Collection<UInt8>, mask: UInt32?) -> ByteBuffer {
        var buffer = ByteBuffer()
        let count = payload.count
        buffer.reserveCapacity(count + 14)
        buffer.writeInteger(0x80 | opcode.rawValue)
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        switch count {
        case ..<126: buffer.writeInteger(maskBit | UInt8(count))
        case ...0xFFFF:
            buffer.writeInteger(maskBit | 126)
            buffer.writeInteger(UInt16(count))
        default:
            buffer.writeInteger(maskBit | 127)
            buffer.writeInteger(UInt64(count))
        }
        guard let mask else {
            buffer.writeBytes(payload)
            return buffer
        }
        buffer.writeInteger(mask)
        var shift: UInt32 = 24
        buffer.writeBytes(
            payload.map { byte in
                defer { shift = shift == 0 ? 24 : shift - 8 }
                return byte ^ UInt8(truncatingIfNeeded: mask >> shift)
            })
        return buffer
    }

    /// Whether a peer may put this code into a close frame (§7.4).
    static func isValid(closeCode code: Int) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
