import Glibc
import MartinetBase
import MartinetCertificates
import MartinetKubeconfig
import MartinetSchema
import MartinetYAML

/// The user's kubeconfig: our context is merged into it, and no other is touched.
enum KubeconfigFile {
    /// Which file `up` wrote, for who renews what is in it and does not know its user.
    private static func note(_ settings: Settings) -> String { settings.state + "/kubeconfig" }

    /// Puts the administrator's new certificate where `up` put the first; what else is there stays.
    static func renew(_ settings: Settings) throws {
        guard let path = readText(note(settings)), readText(path) != nil else { return }
        var config = try Kubeconfig.read(Array((readText(path) ?? "").utf8), file: path)
        guard config.entry(.users, settings.name) != nil else { return }
        func data(_ name: String) throws -> YAMLNode {
            YAMLNode(.string(Base64.encode(try CertificateFile.read("\(settings.pki)/\(name)"))))
        }
        config.set(
            .users, settings.name,
            YAMLNode.map([
                "client-certificate-data": try data("admin.crt"), "client-key-data": try data("admin.key"),
            ]))
        var owner = stat()
        let isKnown = stat(path, &owner) == 0
        // The folder is its user's: a link that waits there must not lead root anywhere.
        try CertificateFile.write(config.text(), to: path, mode: 0o600)
        // Another file under the name: it belongs to whom the old one did.
        if isKnown, lchown(path, owner.st_uid, owner.st_gid) != 0 { throw SystemError.last("lchown", path) }
    }

    private static var path: String {
        if let named = getenv("KUBECONFIG"), let first = String(cString: named).split(separator: ":").first {
            return String(first)
        }
        return (getenv("HOME").map { String(cString: $0) } ?? "/root") + "/.kube/config"
    }

    private static func read() throws -> Kubeconfig {
        let text = readText(path) ?? ""
        return try Kubeconfig.read(Array(text.utf8), file: path)
    }

    private static func write(_ config: Kubeconfig) throws {
        if let slash = path.lastIndex(of: "/") { try makeFolders(String(path[..<slash])) }
        try writeText(String(decoding: config.text(), as: UTF8.self), to: path, mode: 0o600)
    }

    /// Adds our cluster, user and context. Returns the file's path.
    static func merge(_ settings: Settings) throws -> String {
        func data(_ name: String) throws -> YAMLNode {
            YAMLNode(.string(Base64.encode(try CertificateFile.read("\(settings.pki)/\(name)"))))
        }
        var config = try read()
        let cluster = YAMLNode.map([
            "certificate-authority-data": try data("ca.crt"),
            "server": YAMLNode(.string("https://127.0.0.1:\(settings.apiPort)")),
        ])
        let user = YAMLNode.map([
            "client-certificate-data": try data("admin.crt"), "client-key-data": try data("admin.key"),
        ])
        try config.merge(.init(name: settings.name, cluster: cluster, user: user), makeCurrent: true)
        try write(config)
        try writeText(path, to: note(settings), mode: 0o600)
        return path
    }

    /// Takes our entries out again.
    static func remove(_ settings: Settings) throws {
        guard readText(path) != nil else { return }
        var config = try read()
        config.removeOurs(settings.name)
        try write(config)
    }
}
