import SwiftASN1
import X509

/// A PKCS #10 request (RFC 2986) whose own signature has been checked: who sent it holds the key.
package struct CertificateRequest: Sendable {
    let key: Certificate.PublicKey
    package let commonName: String?
    package let organizations: [String]
    package let dnsNames: [String]
    package let addresses: [String]

    package init(pem: [UInt8]) throws {
        do {
            let request = try CertificateSigningRequest(pemEncoded: String(decoding: pem, as: UTF8.self))
            guard request.publicKey.isValidSignature(request.signature, for: request) else {
                throw CertificateError(.signature, "the certificate request is not signed with its own key")
            }
            key = request.publicKey
            let subject = SubjectText(request.subject)
            commonName = subject.commonName
            organizations = subject.organizations
            let asked = try request.attributes.extensionRequest?.extensions ?? Certificate.Extensions()
            let names = NamesText(asked)
            dnsNames = names.dnsNames
            addresses = names.addresses
        } catch let error as CertificateError {
            throw error
        } catch {
            throw CertificateError(.malformed, "the certificate request cannot be read", cause: error)
        }
    }
}
