package import MartinetBase
import MartinetImageSpec
import Synchronization

/// Talks to one registry: tokens, redirects, retries. Repository by repository; safe to use from several tasks.
///
/// Never sends credentials to another host than the one they are for, and never from https to http.
/// Sources: OCI distribution-spec 1.1; docker registry token specification.
package final class RegistryClient: Sendable {
    package struct Configuration: Sendable {
        package var credentials: RegistryCredentials?
        /// Plain http, for registries on this machine or in a lab.
        package var allowsPlainHTTP = false
        package var attemptsMax = 5
        package var firstDelay: Duration = .milliseconds(200)
        package var parallelLayers = 3
        package init() {}
    }

    let domain: String
    let base: RegistryURL
    let configuration: Configuration
    let runtime: any Runtime
    private let transport: any RegistryTransport
    private let timer: any SerialExecutorPort
    /// Authorization headers by scope: memory only, gone with the client.
    private let authorizations = Mutex<[String: String]>([:])

    package init(
        domain: String, transport: any RegistryTransport, runtime: any Runtime, configuration: Configuration = .init()
    ) {
        self.domain = domain
        self.transport = transport
        self.runtime = runtime
        self.configuration = configuration
        timer = runtime.executor(named: "registry \(domain)")
        // Docker's own registry answers under another name than its images have.
        let host = domain == "docker.io" ? "registry-1.docker.io" : domain
        base = RegistryURL(isSecure: !configuration.allowsPlainHTTP, authority: host, target: "/v2/")
    }

    func url(_ path: String) -> RegistryURL {
        RegistryURL(isSecure: base.isSecure, authority: base.authority, target: "/v2/\(path)")
    }

    /// Sends a request until it is answered with something that sending it again would not change.
    package func perform(_ request: RegistryRequest, scope: String) async throws -> RegistryResponse {
        var attempt = 0
        while true {
            attempt += 1
            do {
                let response = try await authorized(request, scope: scope)
                guard response.status == 429 || (500..<600).contains(response.status) else { return response }
                guard attempt < configuration.attemptsMax else { return response }
                try await pause(attempt, atLeast: response.header("Retry-After").flatMap { Int($0) })
            } catch let error as ImageStoreError where !error.isRetryable {
                throw error
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                guard attempt < configuration.attemptsMax else {
                    throw ImageStoreError(
                        .unreachable, "registry \(domain): \(request.method) failed \(attempt) times", cause: error)
                }
                try await pause(attempt)
            }
        }
    }

    /// Waits longer each time, and never as long as the others that wait: up to 10 s.
    func pause(_ attempt: Int, atLeast seconds: Int? = nil) async throws {
        try Task.checkCancellation()
        let doubled = configuration.firstDelay * (1 << min(attempt - 1, 6))
        var delay = min(doubled, .seconds(10))
        delay = delay / 2 + .nanoseconds(Int64(runtime.random() % UInt64(max(1, delay.nanoseconds / 2))))
        if let seconds, seconds > 0 { delay = max(delay, .seconds(min(seconds, 60))) }
        await withCheckedContinuation { continuation in
            timer.submit(after: delay) { continuation.resume() }
        }
        try Task.checkCancellation()
    }

    private func authorized(_ request: RegistryRequest, scope: String) async throws -> RegistryResponse {
        var request = request
        // Uploads may be taken by another host: what it needs is in the address that we were given.
        guard request.url.authority == base.authority, request.url.isSecure == base.isSecure else {
            return try await followed(request)
        }
        if let known = authorizations.withLock({ $0[scope] }) { request.headers.append(("Authorization", known)) }
        let response = try await followed(request)
        guard response.status == 401 else { return response }
        guard let header = response.header("Www-Authenticate"), let challenge = AuthChallenge(header) else {
            throw ImageStoreError(.unauthorized, "registry \(domain): refuses, and does not say what it expects")
        }
        let authorization = try await answer(challenge, scope: scope)
        authorizations.withLock { $0[scope] = authorization }
        request.headers.removeAll { $0.0 == "Authorization" }
        request.headers.append(("Authorization", authorization))
        let second = try await followed(request)
        guard second.status == 401 || second.status == 403 else { return second }
        authorizations.withLock { $0[scope] = nil }
        let who = configuration.credentials == nil ? "without a login" : "with this login"
        throw ImageStoreError(.unauthorized, "registry \(domain): \(scope) is not allowed \(who)")
    }

    private func answer(_ challenge: AuthChallenge, scope: String) async throws -> String {
        let basic = configuration.credentials.map { "Basic " + Base64.encode("\($0.user):\($0.secret)") }
        switch challenge.scheme {
        case "basic":
            guard let basic else { throw ImageStoreError(.unauthorized, "registry \(domain): expects a login") }
            return basic
        case "bearer":
            guard var realm = challenge.parameters["realm"].flatMap({ RegistryURL($0, relativeTo: base) }),
                realm.isSecure || !base.isSecure
            else { throw ImageStoreError(.unauthorized, "registry \(domain): names no safe place to get tokens from") }
            if let service = challenge.parameters["service"] { realm = realm.appending(query: "service", service) }
            realm = realm.appending(query: "scope", challenge.parameters["scope"] ?? scope)
            let headers = basic.map { [("Authorization", $0)] } ?? []
            let response = try await followed(RegistryRequest("GET", realm, headers: headers))
            guard response.status == 200 else {
                guard response.status < 500 else {
                    throw ImageStoreError(.unreachable, "registry \(domain): tokens: status \(response.status)")
                }
                throw ImageStoreError(.unauthorized, "registry \(domain): gives no token (status \(response.status))")
            }
            struct Token: Decodable {
                var token: String?
                var access_token: String?
            }
            let body = try await response.body.readAll(limit: 1 << 20)
            let token = try ImageJSON.decode(Token.self, from: body, of: "token")
            guard let text = token.token ?? token.access_token, !text.isEmpty,
                text.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
            else { throw ImageStoreError(.unauthorized, "registry \(domain): gave an empty token") }
            return "Bearer \(text)"
        default:
            throw ImageStoreError(
                .unauthorized, "registry \(domain): authentication \(challenge.scheme) is not supported")
        }
    }

    /// Goes where redirects lead, a few times, and leaves credentials behind at the first other host.
    private func followed(_ original: RegistryRequest) async throws -> RegistryResponse {
        var request = original
        for _ in 0..<6 {
            let response: RegistryResponse
            do {
                response = try await transport.send(request)
            } catch let error as ImageStoreError {
                throw error
            } catch {
                throw ImageStoreError(
                    .unreachable, "registry \(domain): \(request.url.authority) does not answer", cause: error)
            }
            guard [301, 302, 303, 307, 308].contains(response.status),
                request.method == "GET" || request.method == "HEAD"
            else { return response }
            guard let location = response.header("Location"), let next = RegistryURL(location, relativeTo: request.url)
            else {
                throw ImageStoreError(.registry, "registry \(domain): redirects to nowhere")
            }
            guard next.isSecure || !request.url.isSecure else {
                throw ImageStoreError(.registry, "registry \(domain): redirects from https to http, which is refused")
            }
            if next.authority != request.url.authority || next.isSecure != request.url.isSecure {
                request.headers.removeAll { $0.0 == "Authorization" }
            }
            request.url = next
        }
        throw ImageStoreError(.registry, "registry \(domain): redirects without end")
    }

    /// The error that a registry's answer is: its own words, bounded.
    func failure(_ response: RegistryResponse, _ what: String) async -> ImageStoreError {
        struct Problem: Decodable {
            struct Item: Decodable {
                var code: String?
                var message: String?
            }
            var errors: [Item]?
        }
        let body = (try? await response.body.readAll(limit: 64 << 10)) ?? []
        let first = (try? ImageJSON.decode(Problem.self, from: body, of: "error"))?.errors?.first
        let words = [first?.code, first?.message].compactMap { $0 }.joined(separator: ", ").prefix(300)
        return ImageStoreError(
            response.status == 404 ? .notFound : .registry,
            "registry \(domain): \(what): status \(response.status)" + (words.isEmpty ? "" : ", \(words)"),
            isRetryable: response.status >= 500 || response.status == 429)
    }
}
