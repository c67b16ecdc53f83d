import Crypto
import FoundationEssentials
package import MartinetBase
import SwiftASN1
import X509

// Certificates as somebody asked for them and somebody else approved them (the API `certificates.k8s.io`).
extension CertificateAuthority {
    /// Signs a request as it is: its subject, its alternative names and its key, of its extensions nothing else. Whoever
    /// calls this has judged the request.
    ///
    /// - Parameters:
    ///   - usages: as the API names them, such as `digital signature` and `client auth`.
    ///   - validity: from now; the end of the authority's own certificate is the latest end.
    package func sign(
        _ request: CertificateRequest, usages: [String], now: Timestamp, validity: Duration
    ) throws -> [UInt8] {
        let (keyUsage, extended) = try RequestedUsages.read(usages)
        let own = try CertificateInfo(der: certificateDER)
        guard now < own.notAfter else {
            throw CertificateError(.expired, "the authority's certificate has expired: it signs nothing")
        }
        // Short lives are not shortened by what the beginning is put back.
        let end = validity < .seconds(8 * 3600) ? validity : validity - CertificateAuthority.backdating
        let last = own.notAfter.duration(since: now)
        return try issueAsRequested(
            request, now: now, validity: min(end, last)
        ) {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(keyUsage)
            if !extended.isEmpty { try ExtendedKeyUsage(extended) }
            if !request.names.isEmpty { SubjectAlternativeNames(request.names) }
        }
    }
}

/// The names that the API has for the usages of keys (RFC 5280 §4.2.1.3 and §4.2.1.12).
enum RequestedUsages {
    static func read(_ usages: [String]) throws -> (KeyUsage, [ExtendedKeyUsage.Usage]) {
        var keyUsage = KeyUsage()
        var extended: [ExtendedKeyUsage.Usage] = []
        for usage in usages {
            switch usage {
            case "signing", "digital signature": keyUsage.digitalSignature = true
            case "content commitment": keyUsage.nonRepudiation = true
            case "key encipherment": keyUsage.keyEncipherment = true
            case "key agreement": keyUsage.keyAgreement = true
            case "data encipherment": keyUsage.dataEncipherment = true
            case "cert sign": keyUsage.keyCertSign = true
            case "crl sign": keyUsage.cRLSign = true
            case "encipher only": keyUsage.encipherOnly = true
            case "decipher only": keyUsage.decipherOnly = true
            default:
                guard let found = RequestedUsages.extended[usage] else {
                    throw CertificateError(.refused, "unrecognized usage values: \(usage.debugDescription)")
                }
                if !extended.contains(found) { extended.append(found) }
            }
        }
        return (keyUsage, extended)
    }

    private static let extended: [String: ExtendedKeyUsage.Usage] = [
        "any": .any, "server auth": .serverAuth, "client auth": .clientAuth, "code signing": .codeSigning,
        "email protection": .emailProtection, "s/mime": .emailProtection, "timestamping": .timeStamping,
        "ocsp signing": .ocspSigning, "ipsec end system": .init(oid: [1, 3, 6, 1, 5, 5, 7, 3, 5]),
        "ipsec tunnel": .init(oid: [1, 3, 6, 1, 5, 5, 7, 3, 6]), "ipsec user": .init(oid: [1, 3, 6, 1, 5, 5, 7, 3, 7]),
        "microsoft sgc": .init(oid: [1, 3, 6, 1, 4, 1, 311, 10, 3, 3]),
        "netscape sgc": .init(oid: [2, 16, 840, 1, 113730, 4, 1]),
    ]
}

extension CertificateRequest {
    /// Makes a request with a new key, both in PEM.
    package static func make(_ subject: CertificateSubject) throws -> (request: [UInt8], privateKey: [UInt8]) {
        let key = P256.Signing.PrivateKey()
        let names = try subject.generalNames()
        let asked = try ExtensionRequest(
            extensions: Certificate.Extensions {
                if !names.isEmpty { SubjectAlternativeNames(names) }
            })
        let request = try CertificateSigningRequest(
            version: .v1, subject: subject.distinguishedName(), privateKey: Certificate.PrivateKey(key),
            attributes: CertificateSigningRequest.Attributes(names.isEmpty ? [] : [.init(asked)]))
        return (Array(try request.serializeAsPEM().pemString.utf8 + [10]), Array(key.pemRepresentation.utf8 + [10]))
    }
}
