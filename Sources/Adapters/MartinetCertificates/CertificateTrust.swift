import Crypto
import FoundationEssentials
package import MartinetBase
import SwiftASN1
import X509

/// The authorities of one purpose: tells certificates that they issued from those of others, where a handshake verifies
/// against all of them at once.
package struct CertificateTrust: Sendable {
    private let authorities: [Certificate]

    /// - Parameter pem: one or more certificates of authorities.
    package init(pem: [UInt8]) throws {
        do {
            let documents = try PEMDocument.parseMultiple(pemString: String(decoding: pem, as: UTF8.self))
            authorities = try documents.filter { $0.discriminator == "CERTIFICATE" }
                .map { try Certificate(derEncoded: $0.derBytes) }
        } catch {
            throw CertificateError(.malformed, "the authorities cannot be read", cause: error)
        }
        guard !authorities.isEmpty else { throw CertificateError(.malformed, "the file holds no authority") }
    }

    /// Whether one of the authorities issued the certificate itself, and both hold now.
    package func issued(_ der: [UInt8], now: Timestamp) -> Bool {
        guard let certificate = try? Certificate(derEncoded: der), CertificateTrust.holds(certificate, now) else {
            return false
        }
        return authorities.contains {
            $0.subject == certificate.issuer && CertificateTrust.holds($0, now)
                && $0.publicKey.isValidSignature(certificate.signature, for: certificate)
        }
    }

    private static func holds(_ certificate: Certificate, _ now: Timestamp) -> Bool {
        let date = Date(timeIntervalSince1970: Double(now.seconds))
        return certificate.notValidBefore <= date && date <= certificate.notValidAfter
    }
}

/// What tells one certificate from every other.
package enum CertificateFingerprint {
    /// In lower-case hexadecimal.
    package static func sha256(_ der: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: SHA256.hash(data: der).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
