package import MartinetBase
import MartinetImageSpec
package import MartinetRegistry
import Synchronization

/// Talks to one registry: tokens, redirects, retries. Repository by repository; safe to use from several tasks.
///
/// Never sends credentials to another host than the one they are for, and never from https to http.
/// Sources: OCI distribution-spec 1.1; docker registry token specification.
package final class RegistryClient: Sendable {
    package struct Configuration: Sendable {
        package var credentials: RegistryCredentials?
        /// Where the registry is asked, a mirror for instance; nil asks the host that the images' names begin with.
        package var endpoint: RegistryURL?
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
        base =
            configuration.endpoint
            ?? RegistryURL(
                isSecure: !configuration.allowsPlainHTTP, authority: RegistryClient.host(of: domain), target: "/v2/")
    }

    /// Docker's own registry answers under another name than its images have.
    package static func host(of domain: String) -> String { domain == "docker.io" ? "registry-1.docker.io" : domain }

    func url(_ path: String) -> RegistryURL {
        let url = RegistryURL(isSecure: base.isSecure, authority: base.authority, target: base.target + path)
        // A mirror serves several registries, and is told which (containerd's convention).
        guard configuration.endpoint != nil, base.authority != RegistryClient.host(of: domain) else { return url }
        return url.appending(query: "ns", domain)
    }

    /// What went wrong, and where: the host and the step that it was asked for.
    func problem(
        _ code: ImageStoreError.Code, _ step: String, _ text: String, cause: (any Error)? = nil,
        isRetryable: Bool? = nil
    ) -> ImageStoreError {
        ImageStoreError(code, "\(base.authority): \(step): \(text)", cause: cause, isRetryable: isRetryable)
    }

    /// Asks whether the registry takes the credentials, or anybody where there are none.
    package func checkLogin() async throws {
        let response = try await perform(RegistryRequest("GET", base), scope: "", step: "login")
        guard response.status == 200 else { throw await failure(response, "login") }
    }

    /// Sends a request until it is answered with something that sending it again would not change.
    package func perform(_ request: RegistryRequest, scope: String, step: String) async throws -> RegistryResponse {
        var attempt = 0
        while true {
            attempt += 1
            do {
                let response = try await authorized(request, scope: scope, step)
                guard response.status == 429 || (500..<600).contains(response.status) else { return response }
                guard attempt < configuration.attemptsMax else { return response }
                try await pause(attempt, atLeast: response.header("Retry-After").flatMap { Int($0) })
            } catch let error as ImageStoreError where !error.isRetryable {
                throw error
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                guard attempt < configuration.attemptsMax else {
                    guard attempt > 1 else { throw error }
                    throw problem(.unreachable, step, "failed \(attempt) times", cause: error)
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

    private func authorized(
        _ request: RegistryRequest, scope: String, _ step: String
    ) async throws -> RegistryResponse {
        var request = request
        // Uploads may be taken by another host: what it needs is in the address that we were given.
        guard request.url.authority == base.authority, request.url.isSecure == base.isSecure else {
            return try await followed(request, step)
        }
        if let known = authorizations.withLock({ $0[scope] }) { request.headers.append(("Authorization", known)) }
        let response = try await followed(request, step)
        guard response.status == 401 else { return response }
        guard let header = response.header("Www-Authenticate"), let challenge = AuthChallenge(header) else {
            throw problem(.unauthorized, step, "401, and no word on what is expected")
        }
        let authorization = try await answer(challenge, scope: scope, step)
        authorizations.withLock { $0[scope] = authorization }
        request.headers.removeAll { $0.0 == "Authorization" }
        request.headers.append(("Authorization", authorization))
        let second = try await followed(request, step)
        guard second.status == 401 || second.status == 403 else { return second }
        authorizations.withLock { $0[scope] = nil }
        let who = configuration.credentials == nil ? "without a login" : "with this login"
        throw problem(
            .unauthorized, step, "\(second.status), \(scope.isEmpty ? "the registry" : scope) is not allowed \(who)")
    }

    private func answer(_ challenge: AuthChallenge, scope: String, _ step: String) async throws -> String {
        let basic = configuration.credentials?.basicAuthorization
        switch challenge.scheme {
        case "basic":
            guard let basic else { throw problem(.unauthorized, step, "401, expects a login") }
            return basic
        case "bearer":
            guard var realm = challenge.parameters["realm"].flatMap({ RegistryURL($0, relativeTo: base) }),
                realm.isSecure || !base.isSecure
            else { throw problem(.unauthorized, "token", "there is no safe place to get tokens from") }
            if let service = challenge.parameters["service"] { realm = realm.appending(query: "service", service) }
            let wanted = challenge.parameters["scope"] ?? scope
            if !wanted.isEmpty { realm = realm.appending(query: "scope", wanted) }
            let headers = basic.map { [("Authorization", $0)] } ?? []
            let response = try await followed(RegistryRequest("GET", realm, headers: headers), "token")
            guard response.status == 200 else {
                guard response.status < 500 else {
                    throw problem(.unreachable, "token", "\(realm.authority) answers \(response.status)")
                }
                throw problem(.unauthorized, "token", "\(realm.authority) answers \(response.status)")
            }
            struct Token: Decodable {
                var token: String?
                var access_token: String?
            }
            let body = try await response.body.readAll(limit: 1 << 20)
            let token = try ImageJSON.decode(Token.self, from: body, of: "token")
            guard let text = token.token ?? token.access_token, !text.isEmpty,
                text.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
            else { throw problem(.unauthorized, "token", "it is empty") }
            return "Bearer \(text)"
        default:
            throw problem(.unauthorized, step, "authentication \(challenge.scheme) is not supported")
        }
    }

    /// Goes where redirects lead, a few times, and leaves credentials behind at the first other host.
    private func followed(_ original: RegistryRequest, _ step: String) async throws -> RegistryResponse {
        var request = original
        for _ in 0..<6 {
            let response: RegistryResponse
            do {
                response = try await transport.send(request)
            } catch let error as ImageStoreError {
                throw error
            } catch {
                let elsewhere = request.url.authority != base.authority
                throw problem(
                    .unreachable, step, elsewhere ? "\(request.url.authority) cannot be asked" : "cannot be asked",
                    cause: error)
            }
            guard [301, 302, 303, 307, 308].contains(response.status),
                request.method == "GET" || request.method == "HEAD"
            else { return response }
            guard let location = response.header("Location"), let next = RegistryURL(location, relativeTo: request.url)
            else {
                throw problem(.registry, step, "redirects to nowhere")
            }
            guard next.isSecure || !request.url.isSecure else {
                throw problem(.registry, step, "redirects from https to http, which is refused")
            }
            if next.authority != request.url.authority || next.isSecure != request.url.isSecure {
                request.headers.removeAll { $0.0 == "Authorization" }
            }
            request.url = next
        }
        throw problem(.registry, step, "redirects without end")
    }

    /// The error that a registry's answer is: its own words, bounded.
    func failure(_ response: RegistryResponse, _ step: String) async -> ImageStoreError {
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
        let code: ImageStoreError.Code =
            switch response.status {
            case 404: .notFound
            case 401, 403: .unauthorized
            default: .registry
            }
        return problem(
            code, step, "\(response.status)" + (words.isEmpty ? "" : " \(words)"),
            isRetryable: response.status >= 500 || response.status == 429)
    }
}
