import Crypto
import CryptoExtras
import FoundationEssentials

/// A public key of somebody else's tokens: RSA or ECDSA, as a JSON Web Key has it (RFC 7517, RFC 7518 §6).
///
/// It verifies what its own algorithms signed and nothing else: no `none`, and no symmetric algorithm for which a public
/// key would be a secret.
package struct VerificationKey: Sendable {
    private enum Key: Sendable {
        case rsa(_RSA.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
    }
    private let key: Key

    /// - Parameters: the numbers of an RSA key in base64url; at least 2048 bits.
    package init(rsaModulus modulus: String, exponent: String) throws {
        guard let n = Base64URL.decode(modulus), let e = Base64URL.decode(exponent), n.count <= 2048, e.count <= 8
        else {
            throw CertificateError(.malformed, "the RSA key is no pair of numbers")
        }
        do {
            key = .rsa(try _RSA.Signing.PublicKey(n: n, e: e))
        } catch {
            throw CertificateError(.malformed, "the RSA key cannot be used", cause: error)
        }
    }

    /// - Parameter curve: `P-256`, `P-384` or `P-521`; the coordinates are in base64url.
    package init(curve: String, x: String, y: String) throws {
        guard let x = Base64URL.decode(x), let y = Base64URL.decode(y), x.count == y.count else {
            throw CertificateError(.malformed, "the point of the key cannot be read")
        }
        do {
            switch curve {
            case "P-256": key = .p256(try P256.Signing.PublicKey(rawRepresentation: x + y))
            case "P-384": key = .p384(try P384.Signing.PublicKey(rawRepresentation: x + y))
            case "P-521": key = .p521(try P521.Signing.PublicKey(rawRepresentation: x + y))
            default:
                throw CertificateError(.refused, "the curve \(curve.debugDescription) is not one of P-256 to P-521")
            }
        } catch let error as CertificateError {
            throw error
        } catch {
            throw CertificateError(.malformed, "the point is not on the curve \(curve)", cause: error)
        }
    }

    /// Every algorithm that some key here may verify.
    package static let algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]

    /// Whether the key made the signature with this very algorithm.
    package func verifies(_ token: CompactToken, algorithm: String) -> Bool {
        let (signed, raw) = (token.signed, token.signature)
        switch (key, algorithm) {
        case (.p256(let key), "ES256"):
            return (try? P256.Signing.ECDSASignature(rawRepresentation: raw)).map {
                key.isValidSignature($0, for: SHA256.hash(data: signed))
            } ?? false
        case (.p384(let key), "ES384"):
            return (try? P384.Signing.ECDSASignature(rawRepresentation: raw)).map {
                key.isValidSignature($0, for: SHA384.hash(data: signed))
            } ?? false
        case (.p521(let key), "ES512"):
            return (try? P521.Signing.ECDSASignature(rawRepresentation: raw)).map {
                key.isValidSignature($0, for: SHA512.hash(data: signed))
            } ?? false
        case (.rsa(let key), _): return VerificationKey.verifies(key, signed, raw, algorithm)
        default: return false
        }
    }

    private static func verifies(
        _ key: _RSA.Signing.PublicKey, _ signed: [UInt8], _ raw: [UInt8], _ algorithm: String
    ) -> Bool {
        let signature = _RSA.Signing.RSASignature(rawRepresentation: raw)
        switch algorithm {
        // The name is the library's warning to those who choose; RFC 7518 leaves no choice (§3.3).
        case "RS256":
            return key.isValidSignature(signature, for: SHA256.hash(data: signed), padding: .insecurePKCS1v1_5)
        case "RS384":
            return key.isValidSignature(signature, for: SHA384.hash(data: signed), padding: .insecurePKCS1v1_5)
        case "RS512":
            return key.isValidSignature(signature, for: SHA512.hash(data: signed), padding: .insecurePKCS1v1_5)
        case "PS256": return key.isValidSignature(signature, for: SHA256.hash(data: signed), padding: .PSS)
        case "PS384": return key.isValidSignature(signature, for: SHA384.hash(data: signed), padding: .PSS)
        case "PS512": return key.isValidSignature(signature, for: SHA512.hash(data: signed), padding: .PSS)
        default: return false
        }
    }
}

/// The compact form of a signed token (RFC 7515 §7.1), taken apart and believed in nothing.
package struct CompactToken: Sendable {
    package static let sizeMax = 64 << 10

    /// JSON.
    package let header: [UInt8]
    /// JSON.
    package let claims: [UInt8]
    package let signature: [UInt8]
    /// What the signature is about.
    package let signed: [UInt8]

    /// Nil for what has not the form of one.
    package init?(_ text: String) {
        guard text.utf8.count <= CompactToken.sizeMax else { return nil }
        let parts = text.utf8.split(separator: 46, omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(Substring(parts[0])),
            let claims = Base64URL.decode(Substring(parts[1])), let signature = Base64URL.decode(Substring(parts[2]))
        else { return nil }
        self.header = header
        self.claims = claims
        self.signature = signature
        signed = Array(text.utf8.prefix(parts[0].count + 1 + parts[1].count))
    }
}
