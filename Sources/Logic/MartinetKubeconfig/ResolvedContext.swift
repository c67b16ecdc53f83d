import MartinetNearMiss
import MartinetYAML

/// What a client needs to talk to a cluster, from one context.
package struct ResolvedContext: Sendable {
    /// Bytes given in the file in base64, or the path of a file that has them.
    package enum Material: Sendable, Equatable {
        case base64(String)
        case path(String)
    }

    package struct Exec: Sendable {
        package let apiVersion: String
        package let command: String
        package let arguments: [String]
        package let environment: [(name: String, value: String)]
        package let installHint: String?
        package let providesClusterInfo: Bool
    }

    package let name: String
    package let server: String
    package let namespace: String
    package let certificateAuthority: Material?
    package let insecureSkipTLSVerify: Bool
    package let tlsServerName: String?
    package let proxyURL: String?
    package let clientCertificate: Material?
    package let clientKey: Material?
    package let token: String?
    package let tokenFile: String?
    package let username: String?
    package let password: String?
    package let impersonatedUser: String?
    package let exec: Exec?
}

extension Kubeconfig {
    /// - Parameter name: the context; nil for the current one.
    package func resolve(context name: String? = nil) throws(KubeconfigError) -> ResolvedContext {
        guard let name = name ?? currentContext else {
            throw KubeconfigError(
                code: .missing, file: file, mark: .none,
                message: "there is no current context; choose one of \(names(.contexts).joined(separator: ", "))")
        }
        let context = try require(.contexts, name, "")
        let cluster = try require(.clusters, context["cluster"]?.string ?? "", " of context \"\(name)\"")
        let userName = context["user"]?.string ?? ""
        let user = userName.isEmpty ? YAMLNode(.map([])) : try require(.users, userName, " of context \"\(name)\"")
        guard let server = cluster["server"]?.string, !server.isEmpty else {
            throw KubeconfigError(
                code: .malformed, file: file, mark: cluster.mark, message: "the cluster of \"\(name)\" has no server")
        }
        return ResolvedContext(
            name: name, server: server, namespace: text(context, "namespace") ?? "default",
            certificateAuthority: material(cluster, "certificate-authority"),
            insecureSkipTLSVerify: cluster["insecure-skip-tls-verify"]?.bool ?? false,
            tlsServerName: text(cluster, "tls-server-name"), proxyURL: text(cluster, "proxy-url"),
            clientCertificate: material(user, "client-certificate"), clientKey: material(user, "client-key"),
            token: text(user, "token"), tokenFile: text(user, "tokenFile").map { resolve($0) },
            username: text(user, "username"), password: text(user, "password"),
            impersonatedUser: text(user, "as"), exec: try exec(user))
    }

    private func require(_ section: Section, _ name: String, _ of: String) throws(KubeconfigError) -> YAMLNode {
        if let body = entry(section, name) { return body }
        throw KubeconfigError(
            code: .missing, file: file, mark: .none,
            message: "there is no \(section.body) \"\(name)\"\(of)"
                + NearMiss.question(for: name, among: names(section)))
    }

    private func text(_ body: YAMLNode, _ key: String) -> String? {
        body[key]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The data in the file itself goes before a path.
    private func material(_ body: YAMLNode, _ key: String) -> ResolvedContext.Material? {
        text(body, "\(key)-data").map { .base64($0) } ?? text(body, key).map { .path(resolve($0)) }
    }

    private func exec(_ user: YAMLNode) throws(KubeconfigError) -> ResolvedContext.Exec? {
        guard let exec = user["exec"], !exec.isNull else { return nil }
        guard let command = text(exec, "command"), let version = text(exec, "apiVersion") else {
            throw KubeconfigError(
                code: .malformed, file: file, mark: exec.mark, message: "exec has a command and an apiVersion")
        }
        // A command with a slash is a path, relative to the file; one without is looked for in PATH.
        return ResolvedContext.Exec(
            apiVersion: version, command: command.contains("/") ? resolve(command) : command,
            arguments: exec["args"]?.list?.compactMap(\.string) ?? [],
            environment: exec["env"]?.list?.compactMap { item in
                item["name"]?.string.map { ($0, item["value"]?.string ?? "") }
            } ?? [],
            installHint: text(exec, "installHint"), providesClusterInfo: exec["provideClusterInfo"]?.bool ?? false)
    }
}
