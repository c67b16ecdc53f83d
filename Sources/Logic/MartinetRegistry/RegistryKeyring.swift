import MartinetBase
package import MartinetImageSpec

/// Who somebody is at which registry, as docker writes it down: `~/.docker/config.json`, and the Secrets of types
/// `kubernetes.io/dockerconfigjson` and `kubernetes.io/dockercfg`.
///
/// Several Secrets make one keyring with `add`. It holds no clock and reads no file.
package struct RegistryKeyring: Sendable, Hashable {
    private struct Entry: Hashable, Sendable {
        /// Its labels, from the left; `*` stands for one, or for a part of one.
        var host: [String]
        var port: String?
        var path: String
        var text: String
        var credentials: RegistryCredentials
    }

    private var entries: [Entry] = []
    /// Hosts whose login is in a helper program (`credHelpers`), which nobody here calls.
    package private(set) var helperHosts: [String: String] = [:]
    /// The helper for all others (`credsStore`).
    package private(set) var store: String?

    package static let empty = RegistryKeyring()
    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    /// What `.dockerconfigjson` holds.
    ///
    /// - Throws: `ImageError` naming the entry; never its content.
    package init(dockerConfigJSON bytes: [UInt8]) throws {
        struct File: Decodable {
            var auths: [String: Login]?
            var credHelpers: [String: String]?
            var credsStore: String?
        }
        let file = try ImageJSON.decode(File.self, from: bytes, of: "docker configuration")
        try read(file.auths ?? [:])
        helperHosts = file.credHelpers ?? [:]
        store = file.credsStore
    }

    /// What `.dockercfg` holds: the logins alone, as docker wrote them long ago.
    package init(dockerCfg bytes: [UInt8]) throws {
        try read(try ImageJSON.decode([String: Login].self, from: bytes, of: "docker configuration"))
    }

    package init(_ credentials: RegistryCredentials, for domain: String) { insert(domain, credentials) }

    /// Takes over what `other` knows; for the same registry both are tried, the older first.
    package mutating func add(_ other: RegistryKeyring) {
        for entry in other.entries where !entries.contains(entry) { entries.append(entry) }
        sort()
    }

    /// What may be tried for an image, the most particular first: `host/team` before `host` before `*.host`.
    package func credentials(for reference: ImageReference) -> [RegistryCredentials] {
        let place = RegistryKeyring.split(reference.domain)
        var found: [RegistryCredentials] = []
        for entry in entries
        where entry.port == place.port && RegistryKeyring.matches(entry.host, place.host)
            && RegistryKeyring.isPrefix(entry.path, of: reference.path) && !found.contains(entry.credentials)
        {
            found.append(entry.credentials)
        }
        return found
    }

    // MARK: - Reading

    private struct Login: Decodable {
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
        var registrytoken: String?
    }

    private mutating func read(_ logins: [String: Login]) throws {
        for (text, login) in logins {
            var user = login.username ?? ""
            var secret = login.password ?? ""
            if let auth = login.auth, !auth.isEmpty {
                guard let bytes = Base64.decode(unpadded: auth.filter { !$0.isWhitespace }),
                    let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
                else { throw ImageError(.invalidDocument, "auths[\(text)].auth: expected user:password in base64") }
                user = String(decoding: bytes[..<colon], as: UTF8.self)
                // Old docker padded the password with zeros.
                secret = String(decoding: bytes[(colon + 1)...].filter { $0 != 0 }, as: UTF8.self)
            }
            if login.identitytoken?.isEmpty == false || login.registrytoken?.isEmpty == false {
                throw ImageError(
                    .unsupported, "auths[\(text)]: identity and registry tokens are not supported, a password is")
            }
            // A login that lives in a helper leaves an empty entry behind.
            guard !user.isEmpty || !secret.isEmpty else { continue }
            insert(text, RegistryCredentials(user: user, secret: secret))
        }
        sort()
    }

    private mutating func insert(_ text: String, _ credentials: RegistryCredentials) {
        var rest = text[...]
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        let place = RegistryKeyring.split(String(rest.prefix { $0 != "/" }))
        var path = rest.drop { $0 != "/" }.drop { $0 == "/" }
        while path.hasSuffix("/") { path = path.dropLast() }
        // Docker writes its own registry down as https://index.docker.io/v1/.
        if path == "v1" || path == "v2" { path = "" }
        entries.append(
            Entry(host: place.host, port: place.port, path: String(path), text: text, credentials: credentials))
    }

    /// Later in the alphabet comes first: what is longer, and letters before `*`. See upstream's keyring.
    private mutating func sort() {
        let sorted = entries.enumerated().sorted { left, right in
            left.element.text == right.element.text
                ? left.offset < right.offset : left.element.text > right.element.text
        }
        entries = sorted.map(\.element)
    }

    private static func split(_ domain: String) -> (host: [String], port: String?) {
        var host = domain.lowercased()
        var port: String?
        if let colon = host.lastIndex(of: ":"), host[host.index(after: colon)...].utf8.allSatisfy({ $0 != 93 }) {
            port = String(host[host.index(after: colon)...])
            host = String(host[..<colon])
        }
        if host == "index.docker.io" || host == "registry-1.docker.io" { host = "docker.io" }
        return (host.split(separator: ".", omittingEmptySubsequences: false).map(String.init), port)
    }

    private static func matches(_ pattern: [String], _ host: [String]) -> Bool {
        guard pattern.count == host.count else { return false }
        return zip(pattern, host).allSatisfy { glob(Array($0.utf8)[...], Array($1.utf8)[...]) }
    }

    /// `*` stands for any bytes. Goes back to the last star only, so that it takes no more than pattern times text steps.
    private static func glob(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        var (p, t) = (pattern.startIndex, text.startIndex)
        var star: (p: Int, t: Int)?
        while t < text.endIndex {
            if p < pattern.endIndex, pattern[p] == UInt8(ascii: "*") {
                star = (p, t)
                p += 1
            } else if p < pattern.endIndex, pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let last = star {
                star = (last.p, last.t + 1)
                p = last.p + 1
                t = last.t + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    private static func isPrefix(_ path: String, of whole: String) -> Bool {
        path.isEmpty || whole == path || whole.hasPrefix(path + "/")
    }
}
