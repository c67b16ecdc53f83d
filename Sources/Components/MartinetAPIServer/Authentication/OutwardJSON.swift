package import MartinetBase
import MartinetCertificates
import MartinetKubeconfig
import MartinetSchema
package import MartinetTransport

/// Sends JSON to somebody else's server and reads what comes back: webhooks, and the documents of issuers.
///
/// Nothing waits: the answer comes on an executor of its own, never on an event loop.
package struct OutwardJSON: Sendable {
    private let client: HTTPClient
    private let executor: any SerialExecutorPort
    private let timeout: Duration
    private let bearer: String?
    /// The URL that requests go to.
    package let url: String

    package init(
        url: String, trust: ClientConfiguration.Trust, identity: TLSIdentity? = nil, bearer: String? = nil,
        serverName: String? = nil, timeout: Duration, loops: EventLoops, runtime: any Runtime
    ) throws {
        var configuration = ClientConfiguration(trust: trust, identity: identity)
        configuration.serverName = serverName
        configuration.collectedBytes = 1 << 20
        configuration.connectTimeout = timeout
        client = try HTTPClient(loops: loops, runtime: runtime, configuration)
        executor = runtime.executor(named: "martinet.apiserver.outward")
        self.timeout = timeout
        self.bearer = bearer
        self.url = url
    }

    /// As a kubeconfig says: the server of its current context, with its authority and its user's credentials.
    package init(
        kubeconfig path: String, timeout: Duration, loops: EventLoops, runtime: any Runtime
    ) throws {
        let config = try Kubeconfig.read(try CertificateFile.read(path), file: path)
        let context = try config.resolve()
        func bytes(_ material: ResolvedContext.Material?) throws -> [UInt8]? {
            switch material {
            case .base64(let text)?:
                guard let bytes = Base64.decode(text) else {
                    throw AccessError("\(path): a certificate or key is no base64")
                }
                return bytes
            case .path(let file)?: return try CertificateFile.read(file)
            case nil: return nil
            }
        }
        var identity: TLSIdentity?
        if let chain = try bytes(context.clientCertificate), let key = try bytes(context.clientKey) {
            identity = TLSIdentity(certificateChain: chain, privateKey: key)
        }
        var bearer = context.token
        if bearer == nil, let file = context.tokenFile {
            bearer = String(decoding: try CertificateFile.read(file), as: UTF8.self).trimmingBlanks
            while bearer?.hasSuffix("\n") == true { bearer?.removeLast() }
        }
        let trust: ClientConfiguration.Trust
        if context.insecureSkipTLSVerify {
            trust = .anybody
        } else {
            trust = try bytes(context.certificateAuthority).map { .authorities($0) } ?? .system
        }
        try self.init(
            url: context.server, trust: trust, identity: identity, bearer: bearer, serverName: context.tlsServerName,
            timeout: timeout, loops: loops, runtime: runtime)
    }

    package func get(
        _ url: String, _ completion: @escaping @Sendable (Result<[UInt8], AccessError>) -> Void
    ) {
        send(ClientRequest("GET", url, headers: [("accept", "application/json")]), completion)
    }

    package func post(
        _ body: [UInt8], _ completion: @escaping @Sendable (Result<[UInt8], AccessError>) -> Void
    ) {
        let headers = [("content-type", "application/json"), ("accept", "application/json")]
        send(ClientRequest("POST", url, headers: headers, body: body), completion)
    }

    private func send(
        _ request: ClientRequest, _ completion: @escaping @Sendable (Result<[UInt8], AccessError>) -> Void
    ) {
        var request = request
        request.timeout = timeout
        request.headTimeout = timeout
        if let bearer { request.headers.append(("authorization", "Bearer \(bearer)")) }
        let url = request.url
        client.send(request) { [executor] result in
            executor.submit {
                switch result {
                case .failure(let error): completion(.failure(AccessError("\(url): \(error)")))
                case .success(let response):
                    guard (200...299).contains(response.status) else {
                        return completion(.failure(AccessError("\(url) answered \(response.status)")))
                    }
                    completion(.success(response.body))
                }
            }
        }
    }

    /// Waits: for what a start repeats and nobody else waits for.
    func later(_ delay: Duration, _ work: @escaping @Sendable () -> Void) { executor.submit(after: delay, work) }
}
