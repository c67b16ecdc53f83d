import Crypto
import FoundationEssentials

/// Signs and verifies JSON Web Tokens with ECDSA P-256 and SHA-256 (RFC 7515; ES256 of RFC 7518 §3.4), as service account
/// tokens are. What the claims mean, expiry included, is the caller's to judge.
package struct TokenSigner: Sendable {
    private let key: P256.Signing.PrivateKey
    private let encodedHeader: String
    /// Names the key in a token's header and in the key set: the RFC 7638 thumbprint.
    package let keyID: String

    /// A new key.
    package init() { self.init(key: P256.Signing.PrivateKey()) }

    /// Reads what `privateKeyPEM` wrote.
    package init(privateKeyPEM: [UInt8]) throws {
        do {
            self.init(
                key: try P256.Signing.PrivateKey(pemRepresentation: String(decoding: privateKeyPEM, as: UTF8.self)))
        } catch {
            throw CertificateError(.malformed, "the token key cannot be read", cause: error)
        }
    }

    private init(key: P256.Signing.PrivateKey) {
        self.key = key
        let members = TokenSigner.coordinates(key.publicKey)
        let canonical = #"{"crv":"P-256","kty":"EC","x":"\#(members.x)","y":"\#(members.y)"}"#
        keyID = Base64URL.encode(Array(SHA256.hash(data: Array(canonical.utf8))))
        encodedHeader = Base64URL.encode(#"{"alg":"ES256","kid":"\#(keyID)","typ":"JWT"}"#.utf8)
    }

    package var privateKeyPEM: [UInt8] { Array(key.pemRepresentation.utf8 + [10]) }
    package var publicKeyPEM: [UInt8] { Array(key.publicKey.pemRepresentation.utf8 + [10]) }

    /// The compact form of a token with these claims, which are JSON.
    package func sign(_ claims: [UInt8]) throws -> String {
        let signed = encodedHeader + "." + Base64URL.encode(claims)
        do {
            let signature = try key.signature(for: Array(signed.utf8))
            return signed + "." + Base64URL.encode(Array(signature.rawRepresentation))
        } catch {
            throw CertificateError(.signature, "the token cannot be signed", cause: error)
        }
    }

    /// The claims of a token that this key signed.
    ///
    /// - Throws: `CertificateError`: malformed, or signature. A header that this signer would not have written, another
    ///   algorithm or key for instance, is refused before the signature is looked at.
    package func verify(_ token: String) throws -> [UInt8] {
        let parts = token.utf8.split(separator: 46, omittingEmptySubsequences: false)
        guard token.utf8.count <= 64 << 10, parts.count == 3, let claims = Base64URL.decode(Substring(parts[1])),
            let raw = Base64URL.decode(Substring(parts[2]))
        else { throw CertificateError(.malformed, "the token has not the form of one") }
        guard Substring(parts[0]) == encodedHeader, raw.count == 64 else {
            throw CertificateError(.signature, "the token was not signed by this key")
        }
        let signed = token.utf8.prefix(parts[0].count + 1 + parts[1].count)
        guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: raw),
            key.publicKey.isValidSignature(signature, for: Array(signed))
        else { throw CertificateError(.signature, "the token was not signed by this key") }
        return claims
    }

    /// The key as a member of a JSON Web Key Set (RFC 7517).
    package var jwk: String {
        let members = TokenSigner.coordinates(key.publicKey)
        return #"{"use":"sig","kty":"EC","kid":"\#(keyID)","crv":"P-256","alg":"ES256","x":"\#(members.x)","#
            + #""y":"\#(members.y)"}"#
    }

    /// The set of this signer's key and of others that are still believed.
    package func jwks(with others: [TokenSigner] = []) -> String {
        #"{"keys":["# + ([self] + others).map(\.jwk).joined(separator: ",") + "]}"
    }

    private static func coordinates(_ key: P256.Signing.PublicKey) -> (x: String, y: String) {
        let raw = Array(key.rawRepresentation)
        return (Base64URL.encode(raw.prefix(32)), Base64URL.encode(raw.dropFirst(32)))
    }
}
