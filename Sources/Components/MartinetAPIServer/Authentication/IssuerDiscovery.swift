package import MartinetCertificates
import MartinetSchema

/// What others need to check the tokens of service accounts: the issuer's discovery document and its keys (OpenID Connect
/// Discovery 1.0 §3, RFC 7517). Who may read them is said by roles: `system:service-account-issuer-discovery`.
package struct IssuerDiscovery: Sendable {
    package static let configurationPath = "/.well-known/openid-configuration"
    package static let keysPath = "/openid/v1/jwks"
    private let configuration: [UInt8]
    private let keys: [UInt8]

    /// - Parameter keysURL: where the keys are to be fetched, as clients reach this server.
    package init(issuer: String, keysURL: String, signer: TokenSigner) {
        let entries: [(String, Value)] = [
            ("issuer", .string(issuer)), ("jwks_uri", .string(keysURL)),
            ("response_types_supported", .list([.string("id_token")])),
            ("subject_types_supported", .list([.string("public")])),
            ("id_token_signing_alg_values_supported", .list([.string("ES256")])),
        ]
        configuration = JSONEncoder.encode(
            .map(Map(unsorted: entries.map { Map.Entry(key: $0.0, value: $0.1) })))
        keys = Array(signer.jwks().utf8)
    }

    static let paths = [configurationPath, keysPath]

    func document(_ path: String) -> (contentType: String, bytes: [UInt8])? {
        switch path {
        case IssuerDiscovery.configurationPath: ("application/json", configuration)
        case IssuerDiscovery.keysPath: ("application/jwk-set+json", keys)
        default: nil
        }
    }
}
