package import MartinetAPICore

/// What the check of a bearer token came to.
package enum TokenOutcome: Sendable, Hashable {
    /// It is good; for which of the audiences that were asked for.
    case accepted(Identity, audiences: [String])
    /// It is one of those that the checker knows, and good for nothing. The reason has nothing of the token in it.
    case refused(String)
    /// It is none of the checker's: another one may know it.
    case foreign
}

/// Checks the tokens of one kind, at once.
package protocol TokenVerifier: Sendable {
    /// - Parameter audiences: whom the bearer wants to talk to: the API server's own, or those of a review.
    func check(_ token: String, for audiences: [String]) -> TokenOutcome
}

/// Checks tokens that somebody else has to be asked about: a webhook, or an issuer for its keys.
package protocol RemoteTokenVerifier: Sendable {
    /// What is known without asking; nil where somebody has to be asked.
    func known(_ token: String, for audiences: [String]) -> TokenOutcome?

    /// Asks. `completion` is called once, on any thread but none that must not wait.
    func check(
        _ token: String, for audiences: [String], _ completion: @escaping @Sendable (TokenOutcome) -> Void)
}

/// Those of the wanted audiences that a token is for, whose kind says nothing of audiences: it is for the API server.
func agnosticAudiences(_ wanted: [String], of own: [String]) -> [String]? {
    let common = own.filter(wanted.contains)
    return common.isEmpty ? nil : common
}
