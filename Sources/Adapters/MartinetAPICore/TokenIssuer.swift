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
    /// The node of the pod that the token is bound to; empty where that is not known.
    package let nodeName: String
    package let nodeUID: String
    /// When the token should have been replaced by a newer one, where it is good for longer than was asked for.
    package let warnsAfter: Timestamp?

    package init(
        namespace: String, account: String, accountUID: String, audiences: [String], issuedAt: Timestamp,
        expiresAt: Timestamp, boundKind: String = "", boundName: String = "", boundUID: String = "",
        nodeName: String = "", nodeUID: String = "", warnsAfter: Timestamp? = nil
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
        self.nodeName = nodeName
        self.nodeUID = nodeUID
        self.warnsAfter = warnsAfter
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
    /// By what names tokens may call this server: what a token is for that asks for nobody in particular.
    var audiences: [String] { get }
}

extension TokenIssuer {
    package var audiences: [String] { ["https://kubernetes.default.svc"] }
}
