import MartinetBase
import MartinetImages
import MartinetRegistry
import MartinetTransport
import Synchronization

/// Carries a registry client's requests over the network.
///
/// Who is trusted differs from host to host, so there is one HTTP client for each kind of trust; what leads elsewhere, such
/// as a redirect to where blobs are kept, is trusted as the machine trusts.
final class HTTPRegistryTransport: RegistryTransport {
    private let loops: EventLoops
    private let runtime: any Runtime
    private let configuration: RegistryAccessConfiguration
    private struct State {
        var clients: [RegistryHosts.Trust: HTTPClient] = [:]
        var trust: [String: RegistryHosts.Trust] = [:]
    }
    private let state = Mutex(State())

    init(loops: EventLoops, runtime: any Runtime, _ configuration: RegistryAccessConfiguration) {
        self.loops = loops
        self.runtime = runtime
        self.configuration = configuration
    }

    /// From now on this is what shows that `authority` is the one.
    func trust(_ trust: RegistryHosts.Trust, for authority: String) { state.withLock { $0.trust[authority] = trust } }

    func send(_ request: RegistryRequest) async throws -> RegistryResponse {
        var message = ClientRequest(
            request.method, request.url.description, headers: request.headers + [("User-Agent", "martinet")])
        // Lengths are the client's own to write.
        message.headers.removeAll { $0.0.lowercased() == "content-length" }
        message.stallTimeout = configuration.stallTimeout
        switch request.body {
        case .none: break
        case .bytes(let bytes): message.body = bytes
        case .stream(let length, let open):
            guard let length = Int(exactly: length) else {
                throw ImageStoreError(.refused, "a body of \(length) bytes cannot be sent")
            }
            message.upload = ClientUpload(length: length) {
                let body = try open()
                return { try await body.next() }
            }
        }
        let response: StreamedResponse
        do {
            response = try await client(for: request.url).send(message)
        } catch let error as TransportError {
            throw explained(error, request.url)
        }
        let reader = BodyReader(response.body)
        return RegistryResponse(
            status: response.status, headers: response.headers.fields.map { ($0.name, $0.value) },
            body: RegistryBody { try await reader.next() })
    }

    /// A certificate that nobody here knows does not become known by asking again.
    private func explained(_ error: TransportError, _ url: RegistryURL) -> any Error {
        guard error.code == .tls else { return error }
        let text = "\(error)"
        let isUnverified =
            text.uppercased().contains("CERTIFICATE_VERIFY_FAILED")
            || text.contains("unable to get local issuer") || text.contains("unableToValidateCertificate")
        guard isUnverified else {
            return ImageStoreError(.refused, "\(url.authority): no TLS with it", cause: error, isRetryable: false)
        }
        return ImageStoreError(
            .refused,
            "\(url.authority): its certificate is signed by an unknown authority, or out of date; give the authority with "
                + "--registry-ca, or in /etc/martinet/certs.d/\(url.authority)/ca.crt", isRetryable: false)
    }

    private func client(for url: RegistryURL) throws -> HTTPClient {
        try state.withLock { state in
            let trust = state.trust[url.authority] ?? RegistryHosts.Trust()
            if let client = state.clients[trust] { return client }
            let client = try make(trust)
            state.clients[trust] = client
            return client
        }
    }

    private func make(_ trust: RegistryHosts.Trust) throws -> HTTPClient {
        let authorities = configuration.authorities + trust.authorities
        var settings = ClientConfiguration(
            trust: trust.skipsVerification ? .anybody : authorities.isEmpty ? .system : .systemAnd(authorities))
        if !trust.certificate.isEmpty {
            settings.identity = TLSIdentity(certificateChain: trust.certificate, privateKey: trust.key)
        }
        settings.connectTimeout = configuration.connectTimeout
        settings.headTimeout = configuration.headTimeout
        if let proxies = configuration.proxies {
            settings.proxy = { host, port in
                proxies.proxy(for: host, port: port).map { proxy in
                    ClientProxy(
                        host: proxy.host, port: proxy.port, authorization: proxy.credentials?.basicAuthorization)
                }
            }
        }
        return try HTTPClient(loops: loops, runtime: runtime, settings)
    }

    func shutdown() {
        for client in state.withLock({ Array($0.clients.values) }) { client.shutdown() }
    }
}

/// A response's body for a reader that is called, one piece at a time.
private final class BodyReader: Sendable {
    private let body: ClientBody
    init(_ body: ClientBody) { self.body = body }
    func next() async throws -> [UInt8]? {
        // Iterators of this body share its queue: each begins where the last one stopped.
        var iterator = body.makeAsyncIterator()
        return try await iterator.next()
    }
}
