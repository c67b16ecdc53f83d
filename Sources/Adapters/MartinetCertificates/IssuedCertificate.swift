/// A certificate and the private key that belongs to it, in PEM.
package struct IssuedCertificate: Sendable {
    /// The certificate alone; its issuer is what the peers hold.
    package let certificatePEM: [UInt8]
    /// PKCS #8. Empty where the certificate was issued for somebody else's request.
    package let privateKeyPEM: [UInt8]
    package let certificateDER: [UInt8]
}
