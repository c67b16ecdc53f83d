package import MartinetBase
package import MartinetImageSpec
package import MartinetImages
package import MartinetRegistry
package import MartinetTransport
import Synchronization

/// Images over the network: mirrors, logins, limits. One for a process.
package final class RegistryAccess: Sendable {
    private let runtime: any Runtime
    private let configuration: RegistryAccessConfiguration
    private let hosts: RegistryHosts
    private let transport: HTTPRegistryTransport
    private let log: Log
    private let gate: PullGate
    /// Registries of this machine, and whether they speak plain http.
    private let probed = Mutex<[String: Bool]>([:])

    package init(
        loops: EventLoops, runtime: any Runtime, log: Log, _ configuration: RegistryAccessConfiguration = .init()
    ) {
        self.runtime = runtime
        self.configuration = configuration
        self.log = log
        hosts = RegistryHosts(folders: configuration.folders)
        transport = HTTPRegistryTransport(loops: loops, runtime: runtime, configuration)
        gate = PullGate(limit: configuration.parallelPulls)
    }

    /// Fetches an image into the store. Mirrors are asked first, and each login that fits, until one gives it.
    ///
    /// Two that want the same image at once fetch it once.
    ///
    /// - Throws: `ImageStoreError`, whose words name image, registry and step.
    @discardableResult
    package func pull(
        _ reference: ImageReference, into store: ImageStore, keyring: RegistryKeyring = .empty,
        platform: Platform = .host, attempts: Int? = nil,
        progress: @escaping @Sendable (PullProgress) -> Void = { _ in }
    ) async throws -> Image {
        try await gate.enter(reference.description)
        defer { gate.leave(reference.description) }
        var refusals: [any Error] = []
        for endpoint in try await endpoints(reference.domain, for: "pull") {
            do {
                return try await withLogins(reference, keyring, endpoint, attempts) { client in
                    try await client.pull(reference, into: store, platform: platform, progress: progress)
                }
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                refusals.append(error)
            }
        }
        for refusal in refusals.dropLast() { log.warning("a mirror does not give an image", [("error", "\(refusal)")]) }
        throw refusals.last
            ?? ImageStoreError(.refused, "pull \(reference.familiar): no registry that images may be pulled from")
    }

    /// Sends an image to its registry; mirrors take none unless they say so.
    package func push(
        _ source: ImageReference, from store: ImageStore, as destination: ImageReference,
        keyring: RegistryKeyring = .empty, platform: Platform = .host,
        progress: @escaping @Sendable (PullProgress) -> Void = { _ in }
    ) async throws {
        guard let endpoint = try await endpoints(destination.domain, for: "push").last else {
            throw ImageStoreError(.refused, "push \(destination.familiar): no registry that images may be pushed to")
        }
        try await withLogins(destination, keyring, endpoint, nil) { client in
            try await client.push(source, from: store, as: destination, platform: platform, progress: progress)
        }
    }

    /// Asks a registry whether it takes a login.
    package func check(_ credentials: RegistryCredentials, domain: String) async throws {
        guard let endpoint = try await endpoints(domain, for: "push").last else { return }
        try await client(domain, endpoint, credentials, nil).checkLogin()
    }

    package func shutdown() { transport.shutdown() }

    // MARK: - Who is asked

    private func withLogins<T>(
        _ reference: ImageReference, _ keyring: RegistryKeyring, _ endpoint: RegistryHosts.Endpoint, _ attempts: Int?,
        _ body: (RegistryClient) async throws -> T
    ) async throws -> T {
        // A login is for the registry that it names, and not for whoever stands in for it.
        let isMirror = endpoint.url.authority != RegistryClient.host(of: reference.domain)
        var place = reference
        if isMirror {
            place = ImageReference(domain: endpoint.url.authority, path: reference.path, tag: "latest", digest: nil)
        }
        let logins = keyring.credentials(for: place)
        var failure: (any Error)?
        for login in logins.isEmpty ? [nil] : logins.map(Optional.some) {
            do {
                return try await body(client(reference.domain, endpoint, login, attempts))
            } catch let error as ImageStoreError where error.code == .unauthorized {
                failure = error
            }
        }
        throw failure ?? ImageStoreError(.unauthorized, "\(reference.familiar): no login")
    }

    private func client(
        _ domain: String, _ endpoint: RegistryHosts.Endpoint, _ credentials: RegistryCredentials?, _ attempts: Int?
    ) -> RegistryClient {
        transport.trust(endpoint.trust, for: endpoint.url.authority)
        var settings = RegistryClient.Configuration()
        settings.credentials = credentials
        settings.endpoint = endpoint.url
        settings.attemptsMax = attempts ?? configuration.attemptsMax
        settings.firstDelay = configuration.firstDelay
        settings.parallelLayers = configuration.parallelLayers
        return RegistryClient(domain: domain, transport: transport, runtime: runtime, configuration: settings)
    }

    private func endpoints(_ domain: String, for capability: String) async throws -> [RegistryHosts.Endpoint] {
        let plain = try await isPlain(domain)
        return try hosts.endpoints(of: domain, isPlain: plain).filter { $0.capabilities.contains(capability) }
    }

    /// Over plain http only where somebody said so, or where a registry of this very machine speaks nothing else.
    private func isPlain(_ domain: String) async throws -> Bool {
        if configuration.plainHTTP.contains(domain) { return true }
        guard RegistryAccess.speaksPlainByItself(domain) else { return false }
        if let known = probed.withLock({ $0[domain] }) { return known }
        for endpoint in try hosts.endpoints(of: domain, isPlain: false) {
            transport.trust(endpoint.trust, for: endpoint.url.authority)
        }
        var ping = RegistryURL(isSecure: true, authority: domain, target: "/v2/")
        var plain = false
        do {
            _ = try await transport.send(RegistryRequest("GET", ping))
        } catch {
            // A certificate that is not trusted is no reason to do without one.
            if (error as? ImageStoreError)?.message.contains("certificate") == true { return false }
            ping.isSecure = false
            do {
                _ = try await transport.send(RegistryRequest("GET", ping))
            } catch {
                return false
            }
            plain = true
        }
        probed.withLock { $0[domain] = plain }
        return plain
    }

    package static func speaksPlainByItself(_ domain: String) -> Bool {
        let host =
            domain.hasPrefix("[")
            ? String(domain.dropFirst().prefix { $0 != "]" }) : domain.prefix { $0 != ":" }.description
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
