import Glibc
import MartinetArchive
import MartinetBase
import MartinetImages
import MartinetRegistry

/// What the machine's folders say about registries, read when a registry is first asked.
struct RegistryHosts {
    /// A place to ask, and how it shows that it is the one.
    struct Endpoint: Sendable {
        var url: RegistryURL
        var capabilities: Set<String>
        var trust: Trust
    }

    struct Trust: Sendable, Hashable {
        var authorities: [UInt8] = []
        var skipsVerification = false
        /// The client's own certificate and key, in PEM.
        var certificate: [UInt8] = []
        var key: [UInt8] = []
    }

    private let folders: [String]

    init(folders: [String]) { self.folders = folders }

    /// The mirrors, then the registry. `isPlain`: it is known to speak plain http.
    func endpoints(of domain: String, isPlain: Bool) throws -> [Endpoint] {
        let own = RegistryClient.host(of: domain)
        guard let folder = folder(of: domain) else {
            return [
                endpoint(RegistryURL(isSecure: !isPlain, authority: own, target: "/v2/"), ["pull", "resolve", "push"])
            ]
        }
        var trust = Trust()
        for name in try RegistryHosts.names(folder) {
            if name.hasSuffix(".crt") { trust.authorities += try RegistryHosts.read("\(folder)/\(name)") + [10] }
            if name.hasSuffix(".cert") {
                trust.certificate = try RegistryHosts.read("\(folder)/\(name)")
                trust.key = try RegistryHosts.read("\(folder)/\(name.dropLast(5)).key")
            }
        }
        let path = "\(folder)/hosts.toml"
        var file = HostsFile()
        if access(path, F_OK) == 0 {
            file = try HostsFile(String(decoding: try RegistryHosts.read(path), as: UTF8.self), file: path)
        }
        var all: [Endpoint] = []
        for host in file.mirrors { all.append(try endpoint(host, trust, folder)) }
        if let server = file.server, !server.server.isEmpty {
            all.append(try endpoint(server, trust, folder))
        } else {
            var last = trust
            if let server = file.server {
                last = try endpoint(HostsFile.Host(like: server, at: "https://\(own)"), trust, folder).trust
            }
            all.append(
                Endpoint(
                    url: RegistryURL(isSecure: !isPlain, authority: own, target: "/v2/"),
                    capabilities: ["pull", "resolve", "push"], trust: last))
        }
        return all
    }

    /// Whether a folder says anything about the host.
    func folder(of domain: String) -> String? {
        // A name comes from a pod; what is not a name of one folder is none.
        guard !domain.contains("/"), !domain.hasPrefix(".") else { return nil }
        for name in [domain, RegistryClient.host(of: domain), "_default"] {
            for folder in folders where access("\(folder)/\(name)", F_OK) == 0 { return "\(folder)/\(name)" }
        }
        return nil
    }

    private func endpoint(_ url: RegistryURL, _ capabilities: Set<String>) -> Endpoint {
        Endpoint(url: url, capabilities: capabilities, trust: Trust())
    }

    private func endpoint(_ host: HostsFile.Host, _ base: Trust, _ folder: String) throws -> Endpoint {
        let text = host.server.contains("://") ? host.server : "https://\(host.server)"
        guard var url = RegistryURL(text) else {
            throw ImageStoreError(.refused, "\(folder)/hosts.toml: \(host.server.debugDescription) is no address")
        }
        if !host.overridesPath, !url.target.hasSuffix("/v2") { url.target += url.target.hasSuffix("/") ? "v2" : "/v2" }
        if !url.target.hasSuffix("/") { url.target += "/" }
        var trust = base
        for file in host.authorities {
            trust.authorities += try RegistryHosts.read(file.hasPrefix("/") ? file : "\(folder)/\(file)") + [10]
        }
        trust.skipsVerification = host.skipsVerification
        return Endpoint(url: url, capabilities: host.capabilities, trust: trust)
    }

    static func names(_ path: String) throws -> [String] { try OpenFile.folder(path).names().sorted() }

    static func read(_ path: String) throws -> [UInt8] {
        let file = try OpenFile.open(path, O_RDONLY)
        return try FileSource(file).readAll(limit: 4 << 20)
    }
}

extension HostsFile.Host {
    /// The same words about another address.
    fileprivate init(like other: HostsFile.Host, at server: String) {
        self = other
        self.server = server
    }
}
