/// The name of some content: `sha256:` and 64 lower-case hexadecimal digits (OCI image-spec, descriptor, "Digests").
///
/// A value of this type is always well-formed, so that it can be a file name.
package struct ContentDigest: Hashable, Comparable, Sendable, CustomStringConvertible, Codable {
    /// 64 lower-case hexadecimal digits.
    package let hex: String

    init(sha256 bytes: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        hex = String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    package init(of bytes: [UInt8]) {
        var hash = SHA256()
        hash.update(bytes)
        self = hash.digest()
    }

    package init(of text: String) { self.init(of: Array(text.utf8)) }

    package init(_ text: String) throws(ImageError) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            throw ImageError(.invalidDigest, "digest \(text.debugDescription): expected sha256: and 64 digits")
        }
        guard text[..<colon] == "sha256" else {
            throw ImageError(.unsupported, "digest \(text.debugDescription): only sha256 is supported")
        }
        try self.init(hex: String(text[text.utf8.index(after: colon)...]))
    }

    package init(hex: String) throws(ImageError) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            throw ImageError(
                .invalidDigest, "digest \(hex.debugDescription): expected 64 lower-case hexadecimal digits")
        }
        self.hex = hex
    }

    package init(from decoder: any Decoder) throws {
        self = try ContentDigest(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    package var description: String { "sha256:\(hex)" }
    /// The first twelve digits, as people read image ids.
    package var short: String { String(hex.prefix(12)) }
    package static func < (a: ContentDigest, b: ContentDigest) -> Bool { a.hex < b.hex }
}
