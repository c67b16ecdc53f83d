/// Base64 with padding (RFC 4648, section 4).
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let reverse: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (index, byte) in alphabet.enumerated() { table[Int(byte)] = UInt8(index) }
        return table
    }()

    package static func encode(_ text: String) -> String { encode(Array(text.utf8)) }

    package static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        append(bytes, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    package static func append(_ bytes: [UInt8], to out: inout [UInt8]) {
        var index = 0
        while index < bytes.count {
            let rest = min(3, bytes.count - index)
            var word = UInt32(bytes[index]) << 16
            if rest > 1 { word |= UInt32(bytes[index + 1]) << 8 }
            if rest > 2 { word |= UInt32(bytes[index + 2]) }
            out.append(alphabet[Int(word >> 18)])
            out.append(alphabet[Int(word >> 12 & 63)])
            out.append(rest > 1 ? alphabet[Int(word >> 6 & 63)] : 61)
            out.append(rest > 2 ? alphabet[Int(word & 63)] : 61)
            index += 3
        }
    }

    /// Nil where the text is not base64. Line breaks are passed over, as Go's decoder does.
    package static func decode(_ text: String) -> [UInt8]? { decode(bytes: text.utf8) }

    /// The same for a text whose end may lack its padding: what credentials in files often do.
    package static func decode(unpadded text: String) -> [UInt8]? {
        let bare = text.utf8.prefix { $0 != 61 }
        guard text.utf8.count - bare.count <= 2, text.utf8.dropFirst(bare.count).allSatisfy({ $0 == 61 }) else {
            return nil
        }
        let missing = [0, 3, 2, 1][bare.count & 3]
        return missing == 3 ? nil : decode(bytes: Array(bare) + Array(repeating: 61, count: missing))
    }

    package static func decode(bytes: some Collection<UInt8>) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count / 4 * 3)
        var word: UInt32 = 0
        var digits = 0
        var padding = 0
        for byte in bytes where byte != 10 && byte != 13 {
            if byte == 61 {
                padding += 1
                continue
            }
            let digit = reverse[Int(byte)]
            guard digit != 255, padding == 0 else { return nil }
            word = word << 6 | UInt32(digit)
            digits += 1
            if digits == 4 {
                out.append(UInt8(truncatingIfNeeded: word >> 16))
                out.append(UInt8(truncatingIfNeeded: word >> 8))
                out.append(UInt8(truncatingIfNeeded: word))
                word = 0
                digits = 0
            }
        }
        switch (digits, padding) {
        case (0, 0): return out
        case (2, 2): out.append(UInt8(truncatingIfNeeded: word >> 4))
        case (3, 1):
            out.append(UInt8(truncatingIfNeeded: word >> 10))
            out.append(UInt8(truncatingIfNeeded: word >> 2))
        default: return nil
        }
        return out
    }
}
