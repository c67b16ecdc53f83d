import MartinetAPI
import MartinetImageSpec
import MartinetImages
import MartinetSchema

/// What a pod's `imagePullSecrets` say about an image's registry.
///
/// Sources: the two kinds of secrets and their matching as documented for "Pull an Image from a Private Registry".
enum PullSecrets {
    private struct Login: Decodable {
        var username: String?
        var password: String?
        /// `user:password` in base64.
        var auth: String?
        var identitytoken: String?
    }

    private struct Configuration: Decodable { var auths: [String: Login]? }

    /// In the order of the secrets, the more particular entry of one first. A secret that cannot be read is passed over:
    /// its name is in `unusable`.
    static func credentials(
        for reference: ImageReference, _ secrets: [(name: String, secret: Secret?)]
    ) -> (found: [RegistryCredentials], unusable: [String]) {
        var found: [RegistryCredentials] = []
        var unusable: [String] = []
        for (name, secret) in secrets {
            guard let logins = secret.flatMap(PullSecrets.logins) else {
                unusable.append(name)
                continue
            }
            let matching = logins.filter { matches($0.key, reference) }
            for (_, login) in matching.sorted(by: { $0.key.utf8.count > $1.key.utf8.count }) {
                if let one = credentials(login) { found.append(one) }
            }
        }
        return (found, unusable)
    }

    private static func logins(_ secret: Secret) -> [String: Login]? {
        let files = secret.files
        if let bytes = files[".dockerconfigjson"] {
            return (try? ImageJSON.decode(Configuration.self, from: bytes, of: "secret"))?.auths
        }
        guard let bytes = files[".dockercfg"] else { return nil }
        return try? ImageJSON.decode([String: Login].self, from: bytes, of: "secret")
    }

    private static func credentials(_ login: Login) -> RegistryCredentials? {
        if let user = login.username, let password = login.password, !user.isEmpty {
            return RegistryCredentials(user: user, secret: password)
        }
        guard let bytes = login.auth.flatMap({ Base64.decode($0) }), let colon = bytes.firstIndex(of: 58) else {
            return nil
        }
        return RegistryCredentials(
            user: String(decoding: bytes[..<colon], as: UTF8.self),
            secret: String(decoding: bytes[(colon + 1)...], as: UTF8.self))
    }

    /// `host[:port][/path]`, with or without a scheme; `*` stands for one part of the host's name.
    private static func matches(_ key: String, _ reference: ImageReference) -> Bool {
        var text = key
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) { text.removeFirst(scheme.count) }
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        guard let host = parts.first?.lowercased() else { return false }
        let hub = ["docker.io", "index.docker.io", "registry-1.docker.io"]
        if hub.contains(host), hub.contains(reference.domain) {
            // Of old, the hub is written with its version.
            return parts.count == 1 || ["v1", "v1/", "v2", "v2/"].contains(parts[1])
                || isWithin(reference.path, parts[1])
        }
        let (wanted, given) = (host.split(separator: "."), reference.domain.lowercased().split(separator: "."))
        guard wanted.count == given.count, zip(wanted, given).allSatisfy({ $0 == "*" || $0 == $1 }) else {
            return false
        }
        return parts.count == 1 || ["v1", "v1/", "v2", "v2/"].contains(parts[1]) || isWithin(reference.path, parts[1])
    }

    private static func isWithin(_ path: String, _ prefix: String) -> Bool {
        let folder = prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
        return path == folder || path.hasPrefix(folder + "/")
    }
}
