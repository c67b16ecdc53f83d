import NIOSSL

extension ClientConfiguration {
    /// Whom the client trusts and who it is, as BoringSSL has it.
    func tlsContext(protocols: [String]) throws -> NIOSSLContext {
        do {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.minimumTLSVersion = .tlsv12
            tls.applicationProtocols = protocols
            switch trust {
            case .system: break
            case .anybody: tls.certificateVerification = .none
            case .systemAnd(let pem):
                tls.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMBytes(pem))]
            case .authorities(let pem): tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(pem))
            }
            // NIOSSL would also take a certificate that holds the connection's own address in place of the name that was
            // asked for, so that any node could answer for any name. `ServerIdentity` looks at the name alone.
            if case .anybody = trust {} else { tls.certificateVerification = .noHostnameVerification }
            if let identity {
                tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(identity.certificateChain).map {
                    .certificate($0)
                }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: identity.privateKey, format: .pem))
            }
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw TransportError(.tls, "cannot use the client's certificates", cause: error)
        }
    }
}
