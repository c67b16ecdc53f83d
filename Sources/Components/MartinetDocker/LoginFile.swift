import Glibc
import MartinetContainers
import MartinetImageSpec
import MartinetRegistry
import MartinetYAML
import MartinetPrinters

/// `~/.docker/config.json`: what `docker login` remembers. What it does not know in it stays as it is.
struct LoginFile {
    let path: String

    func keyring(for domain: String) throws -> RegistryKeyring {
        guard Files.exists(path) else { return .empty }
        let keyring = try RegistryKeyring(dockerConfigJSON: try Files.read(path))
        let helper = keyring.helperHosts[domain] ?? keyring.helperHosts[LoginFile.key(domain)]
        if let helper {
            throw DockerError("\(path): the login of \(domain) is in the helper \(helper), which is not supported")
        }
        return keyring
    }

    func set(_ credentials: RegistryCredentials?, for domain: String) throws -> Bool {
        var root =
            Files.exists(path)
            ? try YAML.readJSON(try Files.read(path), file: path).first ?? YAMLNode(.map([])) : YAMLNode(.map([]))
        guard var entries = root.map else { throw DockerError("\(path): expected an object") }
        var logins = root["auths"]?.map ?? []
        let key = LoginFile.key(domain)
        let before = logins.count
        logins.removeAll { $0.key == key }
        let removed = logins.count < before
        if let credentials {
            let word = String(credentials.basicAuthorization.dropFirst(6))
            logins.append(
                YAMLNode.Entry(
                    key: key,
                    node: YAMLNode(.map([YAMLNode.Entry(key: "auth", node: YAMLNode(.string(word)))]))))
        }
        entries.removeAll { $0.key == "auths" }
        entries.append(YAMLNode.Entry(key: "auths", node: YAMLNode(.map(logins))))
        root = YAMLNode(.map(entries))
        if let slash = path.lastIndex(of: "/") { try Files.makeFolders(String(path[..<slash]), mode: 0o700) }
        try Files.replace(path, Array((JSONText.indented(root) + "\n").utf8), mode: 0o600)
        return removed
    }

    /// Docker's own registry is written down by the address of its first version.
    static func key(_ domain: String) -> String { domain == "docker.io" ? "https://index.docker.io/v1/" : domain }
}
