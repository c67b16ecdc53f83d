package import MartinetBase

/// What a service account's token says (KEP-1205).
package struct TokenClaims: Sendable, Hashable {
    package let namespace: String
    package let account: String
    package let accountUID: String
    /// Empty: for the API server itself.
    package let audiences: [String]
    package let issuedAt: Timestamp
    package let expiresAt: Timestamp
    /// The object whose end is the token's end; empty where there is none.
    package let boundKind: String
    package let boundName: String
    package let boundUID: String

    package init(
        namespace: String, account: String, accountUID: String, audiences: [String], issuedAt: Timestamp,
        expiresAt: Timestamp, boundKind: String = "", boundName: String = "", boundUID: String = ""
    ) {
        self.namespace = namespace
        self.account = account
        self.accountUID = accountUID
        self.audiences = audiences
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.boundKind = boundKind
        self.boundName = boundName
        self.boundUID = boundUID
    }

    /// As the API knows the bearer.
    package var identity: Identity {
        Identity(
            user: "system:serviceaccount:\(namespace):\(account)", uid: accountUID,
            groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"])
    }
}

/// Signs service account tokens.
package protocol TokenIssuer: Sendable {
    func issue(_ claims: TokenClaims) -> String
}
