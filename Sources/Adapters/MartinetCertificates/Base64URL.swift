/// Base64 with the URL alphabet and without padding (RFC 7515 §2).
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: some Collection<UInt8>) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count * 4 + 2) / 3)
        var word: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            word = word << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                out.append(alphabet[Int(word >> bits & 63)])
            }
        }
        if bits > 0 { out.append(alphabet[Int(word << (6 - bits) & 63)]) }
        return String(decoding: out, as: UTF8.self)
    }

    /// Nil for a foreign letter, a wrong length, or bits that canonical text leaves at zero.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var out: [UInt8] = []
        var word: UInt32 = 0
        var bits: UInt32 = 0
        for letter in text.utf8 {
            let value: UInt8
            switch letter {
            case 65...90: value = letter - 65
            case 97...122: value = letter - 71
            case 48...57: value = letter + 4
            case 45: value = 62
            case 95: value = 63
            default: return nil
            }
            word = (word << 6 | UInt32(value)) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: word >> bits))
            }
        }
        guard bits < 6, word & (1 << bits - 1) == 0 else { return nil }
        return out
    }
}
