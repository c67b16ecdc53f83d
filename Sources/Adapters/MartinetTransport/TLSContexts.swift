import NIOCore
import NIOSSL
import Synchronization

/// The server's TLS as BoringSSL has it, replaced as a whole when certificates are renewed.
final class TLSContexts: Sendable {
    private let current: Mutex<NIOSSLContext>

    init(_ tls: ServerTLS) throws { current = Mutex(try TLSContexts.make(tls)) }

    /// For connections from now on; those that are open keep what they have.
    func reload(_ tls: ServerTLS) throws {
        let context = try TLSContexts.make(tls)
        current.withLock { $0 = context }
    }

    var context: NIOSSLContext { current.withLock { $0 } }

    private static func make(_ tls: ServerTLS) throws -> NIOSSLContext {
        do {
            let (chain, key) = try parse(tls.identity)
            var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: key)
            configuration.minimumTLSVersion = .tlsv12
            // Of TLS 1.2 only what authenticates what it encrypts and forgets its keys (RFC 9325 §4.2); all of 1.3 does.
            configuration.cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"
            configuration.applicationProtocols = ["h2", "http/1.1"]
            if let authorities = tls.clientAuthorities {
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authorities))
                configuration.certificateVerification = .optionalVerification
            }
            let named = try tls.named.map { (host: $0.host.lowercased(), identity: try parse($0.identity)) }
            if !named.isEmpty {
                configuration.sslContextCallback = { values, promise in
                    var change = NIOSSLContextConfigurationOverride.noChanges
                    let asked = values.serverHostname?.lowercased()
                    if let asked, let found = named.first(where: { ServerIdentity.matches($0.host, asked) }) {
                        change.certificateChain = found.identity.chain
                        change.privateKey = found.identity.key
                    }
                    promise.succeed(change)
                }
            }
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TransportError(.tls, "cannot use the server's certificates", cause: error)
        }
    }

    private static func parse(
        _ identity: TLSIdentity
    ) throws -> (chain: [NIOSSLCertificateSource], key: NIOSSLPrivateKeySource) {
        let chain = try NIOSSLCertificate.fromPEMBytes(identity.certificateChain).map(
            NIOSSLCertificateSource.certificate)
        return (chain, .privateKey(try NIOSSLPrivateKey(bytes: identity.privateKey, format: .pem)))
    }
}
