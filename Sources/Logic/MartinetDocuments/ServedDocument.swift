/// A document as it is served: its bytes, what they are, and a hash by which a client knows that they are unchanged.
package struct ServedDocument: Sendable, Hashable {
    package let contentType: String
    package let bytes: [UInt8]
    /// Hexadecimal; the same bytes always have the same one.
    package let hash: String
    /// The hash as the `ETag` header has it, in quotes.
    package var etag: String { "\"\(hash)\"" }

    /// - Parameter hash: of what the bytes are made from, where that is known before they are.
    package init(contentType: String, bytes: [UInt8], hash: String? = nil) {
        self.contentType = contentType
        self.bytes = bytes
        self.hash = hash ?? ContentHash.hex(bytes)
    }

    init(_ tree: JSONTree, contentType: String = "application/json", hash: String? = nil) {
        self.init(contentType: contentType, bytes: tree.bytes, hash: hash)
    }
}

/// FNV-1a with 128 bits: tells documents apart; proves nothing against an attacker, who would only confuse himself.
enum ContentHash {
    static func hex(_ bytes: [UInt8]) -> String {
        var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
        for byte in bytes { hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B }
        let digits = String(hash, radix: 16, uppercase: true)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}
