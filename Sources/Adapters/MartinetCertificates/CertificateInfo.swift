import FoundationEssentials
package import MartinetBase
import SwiftASN1
import X509

/// What a certificate says. Reading it checks its form and no signature.
package struct CertificateInfo: Sendable, Hashable {
    package let commonName: String?
    package let organizations: [String]
    package let dnsNames: [String]
    package let addresses: [String]
    package let notBefore: Timestamp
    package let notAfter: Timestamp
    /// The uid of a user, where the subject has one (OID 1.3.6.1.4.1.57683.2).
    package let userID: String?
    package let isAuthority: Bool
    package let isForServers: Bool
    package let isForClients: Bool

    package init(der: [UInt8]) throws {
        do {
            self.init(try Certificate(derEncoded: der))
        } catch {
            throw CertificateError(.malformed, "the certificate cannot be read", cause: error)
        }
    }

    /// The first certificate of a PEM file.
    package init(pem: [UInt8]) throws {
        do {
            let documents = try PEMDocument.parseMultiple(pemString: String(decoding: pem, as: UTF8.self))
            guard let first = documents.first(where: { $0.discriminator == "CERTIFICATE" }) else {
                throw CertificateError(.malformed, "the file holds no certificate")
            }
            try self.init(der: first.derBytes)
        } catch let error as CertificateError {
            throw error
        } catch {
            throw CertificateError(.malformed, "the certificate cannot be read", cause: error)
        }
    }

    private init(_ certificate: Certificate) {
        let subject = SubjectText(certificate.subject)
        commonName = subject.commonName
        organizations = subject.organizations
        userID = subject.userID
        let names = NamesText(certificate.extensions)
        dnsNames = names.dnsNames
        addresses = names.addresses
        notBefore = CertificateInfo.time(certificate.notValidBefore)
        notAfter = CertificateInfo.time(certificate.notValidAfter)
        if case .isCertificateAuthority? = try? certificate.extensions.basicConstraints {
            isAuthority = true
        } else {
            isAuthority = false
        }
        let usages = (try? certificate.extensions.extendedKeyUsage).map { Array($0) }
        isForServers = usages?.contains { $0 == .serverAuth || $0 == .any } ?? true
        isForClients = usages?.contains { $0 == .clientAuth || $0 == .any } ?? true
    }

    private static func time(_ date: Date) -> Timestamp {
        // X.509 dates end with the year 9999, which 64 bits of nanoseconds do not reach.
        let seconds = min(max(date.timeIntervalSince1970, -9_000_000_000), 9_000_000_000)
        return Timestamp(seconds: Int64(seconds))
    }
}

/// The parts of a subject that Kubernetes reads.
struct SubjectText {
    private(set) var commonName: String?
    private(set) var organizations: [String] = []
    private(set) var userID: String?

    private static let userIDType: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 57683, 2]

    init(_ name: DistinguishedName) {
        for part in name {
            for attribute in part {
                guard let text = String(attribute.value) else { continue }
                if attribute.type == .RDNAttributeType.commonName { commonName = text }
                if attribute.type == .RDNAttributeType.organizationName { organizations.append(text) }
                if attribute.type == SubjectText.userIDType { userID = text }
            }
        }
    }
}

/// The alternative names of a certificate or a request.
struct NamesText {
    private(set) var dnsNames: [String] = []
    private(set) var addresses: [String] = []
    private(set) var mailAddresses: [String] = []
    private(set) var uris: [String] = []
    /// Those of the four kinds that are read here.
    private(set) var all: [GeneralName] = []

    init(_ extensions: Certificate.Extensions) {
        guard let names = try? extensions.subjectAlternativeNames else { return }
        for name in names {
            switch name {
            case .dnsName(let text): dnsNames.append(text)
            case .ipAddress(let bytes): if let text = AddressBytes.text(bytes.bytes) { addresses.append(text) }
            case .rfc822Name(let text): mailAddresses.append(text)
            case .uniformResourceIdentifier(let text): uris.append(text)
            default: continue
            }
            all.append(name)
        }
    }
}
