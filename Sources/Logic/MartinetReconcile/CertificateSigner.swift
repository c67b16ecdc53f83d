package import MartinetBase

/// What a request to be certified asks for, its own signature checked.
package struct CertificateWish: Sendable, Hashable {
    package var commonName: String
    package var organizations: [String]
    package var dnsNames: [String]
    package var addresses: [String]
    package var mailAddresses: [String]
    package var uris: [String]

    package init(
        commonName: String, organizations: [String] = [], dnsNames: [String] = [], addresses: [String] = [],
        mailAddresses: [String] = [], uris: [String] = []
    ) {
        self.commonName = commonName
        self.organizations = organizations
        self.dnsNames = dnsNames
        self.addresses = addresses
        self.mailAddresses = mailAddresses
        self.uris = uris
    }
}

/// Who asks for a certificate, by the API's own word.
package struct CertificateRequester: Sendable, Hashable {
    package let user: String
    package let groups: [String]
    package init(user: String, groups: [String]) {
        self.user = user
        self.groups = groups
    }
}

/// Reads and signs requests to be certified, and knows who may have which without being asked.
package protocol CertificateSigner: Sendable {
    /// Nil for what is no PKCS #10 request in PEM, or is not signed with its own key.
    func read(_ request: [UInt8]) -> CertificateWish?
    /// - Parameter lifetime: nil for the longest there is.
    func sign(_ request: [UInt8], usages: [String], lifetime: Duration?, now: Timestamp) throws -> [UInt8]
    /// When the first certificate of a chain ends.
    func end(of chain: [UInt8]) -> Timestamp?
    /// Whether somebody may create `certificatesigningrequests/SUBRESOURCE`, which is what approval asks.
    func permits(_ requester: CertificateRequester, _ subresource: String) -> Bool
}
