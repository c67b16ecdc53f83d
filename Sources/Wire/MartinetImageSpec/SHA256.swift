import CMartinetDigest

/// SHA-256 (FIPS 180-4) of bytes that come in pieces.
package struct SHA256: Sendable {
    private var context = martinet_sha256()

    package init() { martinet_sha256_init(&context) }

    /// Without the processor's own instructions: for tests and figures.
    package static func portable() -> SHA256 {
        var hash = SHA256()
        martinet_sha256_init_portable(&hash.context)
        return hash
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        martinet_sha256_update(&context, base, bytes.count)
    }

    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// Of what came so far; more may still come.
    package func digest() -> ContentDigest {
        var copy = context
        var bytes = [UInt8](repeating: 0, count: 32)
        martinet_sha256_final(&copy, &bytes)
        return ContentDigest(sha256: bytes)
    }
}
