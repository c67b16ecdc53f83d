import SwiftASN1
import X509

/// A PKCS #10 request (RFC 2986) whose own signature has been checked: who sent it holds the key.
package struct CertificateRequest: Sendable {
    let key: Certificate.PublicKey
    package let commonName: String?
    package let organizations: [String]
    package let dnsNames: [String]
    package let addresses: [String]
    package let mailAddresses: [String]
    package let uris: [String]
    let subject: DistinguishedName
    let names: [GeneralName]

    package init(pem: [UInt8]) throws {
        do {
            let request = try CertificateSigningRequest(pemEncoded: String(decoding: pem, as: UTF8.self))
            guard request.publicKey.isValidSignature(request.signature, for: request) else {
                throw CertificateError(.signature, "the certificate request is not signed with its own key")
            }
            key = request.publicKey
            subject = request.subject
            let text = SubjectText(request.subject)
            commonName = text.commonName
            organizations = text.organizations
            let asked = try request.attributes.extensionRequest?.extensions ?? Certificate.Extensions()
            let names = NamesText(asked)
            dnsNames = names.dnsNames
            addresses = names.addresses
            mailAddresses = names.mailAddresses
            uris = names.uris
            self.names = names.all
        } catch let error as CertificateError {
            throw error
        } catch {
            throw CertificateError(.malformed, "the certificate request cannot be read", cause: error)
        }
    }
}
