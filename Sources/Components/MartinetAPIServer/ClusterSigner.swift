package import MartinetAPICore
import MartinetAuthorization
package import MartinetBase
package import MartinetCertificates
package import MartinetReconcile

/// The cluster's own authority behind the standard signers.
package struct ClusterSigner: CertificateSigner {
    private let authority: CertificateAuthority
    private let authorizer: Authorizer

    package init(_ authority: CertificateAuthority, authorizer: Authorizer) {
        self.authority = authority
        self.authorizer = authorizer
    }

    package func read(_ request: [UInt8]) -> CertificateWish? {
        guard let request = try? CertificateRequest(pem: request) else { return nil }
        return CertificateWish(
            commonName: request.commonName ?? "", organizations: request.organizations, dnsNames: request.dnsNames,
            addresses: request.addresses, mailAddresses: request.mailAddresses, uris: request.uris)
    }

    package func sign(_ request: [UInt8], usages: [String], lifetime: Duration?, now: Timestamp) throws -> [UInt8] {
        try authority.sign(
            CertificateRequest(pem: request), usages: usages, now: now, validity: lifetime ?? .seconds(365 * 86_400))
    }

    package func end(of chain: [UInt8]) -> Timestamp? { (try? CertificateInfo(pem: chain))?.notAfter }

    package func permits(_ requester: CertificateRequester, _ subresource: String) -> Bool {
        var asked = AccessRequest(user: requester.user, groups: requester.groups, verb: "create")
        asked.group = "certificates.k8s.io"
        asked.resource = "certificatesigningrequests"
        asked.subresource = subresource
        return authorizer.decide(asked).isAllowed
    }
}
