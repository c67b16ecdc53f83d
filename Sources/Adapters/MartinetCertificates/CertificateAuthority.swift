import Crypto
import FoundationEssentials
package import MartinetBase
import SwiftASN1
import X509

/// A certificate authority with an ECDSA P-256 key: what the cluster's servers, nodes and users are known by.
package struct CertificateAuthority: Sendable {
    /// Certificates are valid from this much before they are issued, for peers whose clocks are late.
    package static let backdating: Duration = .seconds(300)

    private let key: P256.Signing.PrivateKey
    private let certificate: Certificate
    /// The authority's certificate, which is what peers trust.
    package let certificatePEM: [UInt8]
    package let certificateDER: [UInt8]

    private init(key: P256.Signing.PrivateKey, certificate: Certificate) throws {
        self.key = key
        self.certificate = certificate
        certificateDER = try CertificateAuthority.der(certificate)
        certificatePEM = Array(PEMDocument(type: "CERTIFICATE", derBytes: certificateDER).pemString.utf8 + [10])
    }

    /// Makes a new authority; upstream's authorities live ten years.
    package static func create(
        commonName: String, now: Timestamp, validity: Duration = .seconds(3650 * 86_400)
    ) throws -> CertificateAuthority {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName(commonName) }
        let certificate = try make(
            subject: name, publicKey: Certificate.PublicKey(key.publicKey), issuer: name, signer: key, now: now,
            validity: validity
        ) {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
            Critical(KeyUsage(digitalSignature: true, keyEncipherment: true, keyCertSign: true))
            SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey))
        }
        return try CertificateAuthority(key: key, certificate: certificate)
    }

    /// Reads what `certificatePEM` and `privateKeyPEM` wrote.
    package init(certificatePEM: [UInt8], privateKeyPEM: [UInt8]) throws {
        do {
            let key = try P256.Signing.PrivateKey(pemRepresentation: String(decoding: privateKeyPEM, as: UTF8.self))
            let certificate = try Certificate(pemEncoded: String(decoding: certificatePEM, as: UTF8.self))
            guard certificate.publicKey == Certificate.PublicKey(key.publicKey) else {
                throw CertificateError(.refused, "the authority's key and certificate do not belong together")
            }
            guard case .isCertificateAuthority = try certificate.extensions.basicConstraints else {
                throw CertificateError(.refused, "the authority's certificate is not one of an authority")
            }
            try self.init(key: key, certificate: certificate)
        } catch let error as CertificateError {
            throw error
        } catch {
            throw CertificateError(.malformed, "the authority's files cannot be read", cause: error)
        }
    }

    package var privateKeyPEM: [UInt8] { Array(key.pemRepresentation.utf8 + [10]) }

    /// Reads the authority's two files.
    package static func load(certificate: String, key: String) throws -> CertificateAuthority {
        try CertificateAuthority(
            certificatePEM: CertificateFile.read(certificate), privateKeyPEM: CertificateFile.read(key))
    }

    /// Writes the two files: the key first and for its owner only, so that a certificate on disk always has its key.
    package func save(certificate: String, key: String) throws {
        try CertificateFile.write(privateKeyPEM, to: key, mode: 0o600)
        try CertificateFile.write(certificatePEM, to: certificate, mode: 0o644)
    }

    /// Issues a certificate with a new key.
    package func issue(_ subject: CertificateSubject, now: Timestamp, validity: Duration) throws -> IssuedCertificate {
        let key = P256.Signing.PrivateKey()
        let der = try sign(subject, Certificate.PublicKey(key.publicKey), now, validity)
        return CertificateAuthority.issued(der, Array(key.pemRepresentation.utf8 + [10]))
    }

    /// Issues a certificate for the key of a PKCS #10 request. The request's own signature must hold; of its subject and
    /// extensions nothing is taken over: what `subject` says is what was approved.
    package func issue(
        _ subject: CertificateSubject, request: CertificateRequest, now: Timestamp, validity: Duration
    ) throws -> IssuedCertificate {
        CertificateAuthority.issued(try sign(subject, request.key, now, validity), [])
    }

    private static func issued(_ der: [UInt8], _ key: [UInt8]) -> IssuedCertificate {
        IssuedCertificate(
            certificatePEM: Array(PEMDocument(type: "CERTIFICATE", derBytes: der).pemString.utf8 + [10]),
            privateKeyPEM: key, certificateDER: der)
    }

    private func sign(
        _ subject: CertificateSubject, _ publicKey: Certificate.PublicKey, _ now: Timestamp, _ validity: Duration
    ) throws -> [UInt8] {
        let names = try subject.generalNames()
        let usages = subject.usages.map { $0 == .server ? ExtendedKeyUsage.Usage.serverAuth : .clientAuth }
        let authority = certificate.extensions.first { $0.oid == .X509ExtensionID.subjectKeyIdentifier }
        let identifier = try authority.map { try SubjectKeyIdentifier($0).keyIdentifier }
        let made = try CertificateAuthority.make(
            subject: try subject.distinguishedName(), publicKey: publicKey, issuer: certificate.subject, signer: key,
            now: now, validity: validity
        ) {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage(usages)
            if let identifier { AuthorityKeyIdentifier(keyIdentifier: identifier) }
            if !names.isEmpty { SubjectAlternativeNames(names) }
        }
        return try CertificateAuthority.der(made)
    }

    /// In PEM.
    func issueAsRequested(
        _ request: CertificateRequest, now: Timestamp, validity: Duration,
        @ExtensionsBuilder extensions: () throws -> Result<Certificate.Extensions, any Error>
    ) throws -> [UInt8] {
        let made = try CertificateAuthority.make(
            subject: request.subject, publicKey: request.key, issuer: certificate.subject, signer: key, now: now,
            validity: validity, extensions: extensions)
        return CertificateAuthority.issued(try CertificateAuthority.der(made), []).certificatePEM
    }

    private static func make(
        subject: DistinguishedName, publicKey: Certificate.PublicKey, issuer: DistinguishedName,
        signer: P256.Signing.PrivateKey, now: Timestamp, validity: Duration,
        @ExtensionsBuilder extensions: () throws -> Result<Certificate.Extensions, any Error>
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: date(now.advanced(by: .zero - backdating)), notValidAfter: date(now.advanced(by: validity)),
            issuer: issuer, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions(builder: extensions),
            issuerPrivateKey: Certificate.PrivateKey(signer))
    }

    private static func date(_ time: Timestamp) -> Date { Date(timeIntervalSince1970: Double(time.seconds)) }

    private static func der(_ certificate: Certificate) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }
}
