/// A certificate chain (leaf first) and its private key, both in PEM.
package struct TLSIdentity: Sendable {
    package var certificateChain: [UInt8]
    package var privateKey: [UInt8]
    package init(certificateChain: [UInt8], privateKey: [UInt8]) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
    }
}

/// What a TLS server shows, and whom it trusts.
package struct ServerTLS: Sendable {
    /// Shown to clients that name no host, or one that is not in `named`.
    package var identity: TLSIdentity
    /// Shown to clients that ask for this host name (SNI): exact, or `*.example.org` for one label.
    package var named: [(host: String, identity: TLSIdentity)]
    /// The authorities, in PEM, that client certificates are verified against. Nil: none is asked for.
    /// A client may always come without a certificate; one that does not verify ends the handshake.
    package var clientAuthorities: [UInt8]?

    package init(
        identity: TLSIdentity, named: [(host: String, identity: TLSIdentity)] = [], clientAuthorities: [UInt8]? = nil
    ) {
        self.identity = identity
        self.named = named
        self.clientAuthorities = clientAuthorities
    }
}
