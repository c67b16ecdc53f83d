import SwiftASN1
import X509

/// Whom a certificate is for. For a user the API server reads the name from `commonName` and the groups from
/// `organizations`.
package struct CertificateSubject: Sendable, Hashable {
    package enum Usage: Sendable, Hashable { case server, client }

    package var commonName: String
    package var organizations: [String]
    package var dnsNames: [String]
    /// IPv4 and IPv6 addresses in their text form.
    package var addresses: [String]
    package var usages: [Usage]

    package init(
        commonName: String, organizations: [String] = [], dnsNames: [String] = [], addresses: [String] = [],
        usages: [Usage]
    ) {
        self.commonName = commonName
        self.organizations = organizations
        self.dnsNames = dnsNames
        self.addresses = addresses
        self.usages = usages
    }

    /// A server that answers at these names and addresses.
    package static func server(_ commonName: String, dnsNames: [String], addresses: [String] = []) -> CertificateSubject
    {
        CertificateSubject(commonName: commonName, dnsNames: dnsNames, addresses: addresses, usages: [.server])
    }

    /// A user or a component, with its groups.
    package static func client(_ user: String, groups: [String] = []) -> CertificateSubject {
        CertificateSubject(commonName: user, organizations: groups, usages: [.client])
    }

    func distinguishedName() throws -> DistinguishedName {
        try DistinguishedName(
            organizations.map {
                RelativeDistinguishedName(.init(type: .RDNAttributeType.organizationName, utf8String: $0))
            }
                + [RelativeDistinguishedName(.init(type: .RDNAttributeType.commonName, utf8String: commonName))])
    }

    func generalNames() throws -> [GeneralName] {
        for name in dnsNames where !name.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) || name.isEmpty {
            throw CertificateError(.refused, "the name \(name.debugDescription) is no dns name")
        }
        return try dnsNames.map { GeneralName.dnsName($0) }
            + addresses.map { text in
                guard let bytes = AddressBytes.parse(text) else {
                    throw CertificateError(.refused, "the address \(text.debugDescription) is neither IPv4 nor IPv6")
                }
                return .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
            }
    }
}
