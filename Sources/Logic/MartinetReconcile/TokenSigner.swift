/// Makes the tokens of service accounts.
package protocol TokenSigner: Sendable {
    /// A token without an end, bound to a Secret, of the issuer `kubernetes/serviceaccount`.
    func legacyToken(_ claims: LegacyTokenClaims) throws -> String
}

/// What a token of a `kubernetes.io/service-account-token` Secret says.
package struct LegacyTokenClaims: Sendable, Hashable {
    package let namespace: String
    package let secretName: String
    package let accountName: String
    package let accountUID: String

    package init(namespace: String, secretName: String, accountName: String, accountUID: String) {
        self.namespace = namespace
        self.secretName = secretName
        self.accountName = accountName
        self.accountUID = accountUID
    }
}
