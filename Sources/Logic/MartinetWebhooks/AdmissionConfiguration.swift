import MartinetBase
import MartinetKubeconfig
package import MartinetYAML
import MartinetSchema

/// What is wrong with the file of `--admission-control-config-file`, or with one that it names.
package struct AdmissionConfigurationError: Error, Sendable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// An AdmissionConfiguration: what admission plugins are told. Pure: the caller reads the files.
///
/// Source: apiserver.config.k8s.io/v1.
package struct AdmissionConfiguration: Sendable {
    package let imagePolicy: ImagePolicySettings?

    /// - Parameters:
    ///   - file: where it came from; paths in it are relative to its folder.
    ///   - read: the bytes of a file.
    package static func read(
        _ bytes: [UInt8], file: String, read: (String) throws -> [UInt8]
    ) throws -> AdmissionConfiguration {
        let documents = try YAML.read(bytes, file: file)
        guard documents.count == 1, let tree = documents.first, tree.map != nil else {
            throw AdmissionConfigurationError("\(file): expected one AdmissionConfiguration")
        }
        let versions = ["apiserver.config.k8s.io/v1", "apiserver.k8s.io/v1alpha1"]
        guard tree["kind"]?.string == "AdmissionConfiguration", versions.contains(tree["apiVersion"]?.string ?? "")
        else {
            throw AdmissionConfigurationError(
                "\(file): expected apiVersion \(versions[0]) and kind AdmissionConfiguration")
        }
        var imagePolicy: ImagePolicySettings?
        for plugin in tree["plugins"]?.list ?? [] {
            let name = plugin["name"]?.string ?? ""
            guard name == "ImagePolicyWebhook" else {
                throw AdmissionConfigurationError(
                    "\(file): a configuration of the admission plugin \(name.debugDescription) is not there yet")
            }
            guard imagePolicy == nil else { throw AdmissionConfigurationError("\(file): \(name) is there twice") }
            let (node, place) = try configuration(plugin, file, read)
            imagePolicy = try ImagePolicySettings(node, file: place, read: read)
        }
        return AdmissionConfiguration(imagePolicy: imagePolicy)
    }

    /// What a plugin is told, here or in a file of its own.
    private static func configuration(
        _ plugin: YAMLNode, _ file: String, _ read: (String) throws -> [UInt8]
    ) throws -> (node: YAMLNode, file: String) {
        if let inline = plugin["configuration"], !inline.isNull { return (inline, file) }
        guard let path = plugin["path"]?.string, !path.isEmpty else {
            throw AdmissionConfigurationError("\(file): a plugin must have a path or a configuration")
        }
        let place = AdmissionConfiguration.path(path, besides: file)
        let documents = try YAML.read(try read(place), file: place)
        guard documents.count == 1, let tree = documents.first else {
            throw AdmissionConfigurationError("\(place): expected one document")
        }
        return (tree, place)
    }

    /// A path relative to the folder of the file that names it.
    static func path(_ path: String, besides file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }
}

extension WebhookEndpoint {
    /// Whom a kubeconfig's current context leads to; without one, its only cluster and user.
    init(kubeconfig file: String, read: (String) throws -> [UInt8]) throws {
        let config = try Kubeconfig.read(try read(file), file: file)
        let context = try config.resolve(context: config.currentContext ?? config.names(.contexts).first)
        func bytes(_ material: ResolvedContext.Material?) throws -> [UInt8] {
            switch material {
            case nil: return []
            case .path(let path)?: return try read(path)
            case .base64(let text)?:
                guard let bytes = Base64.decode(text) else {
                    throw AdmissionConfigurationError("\(file): certificate data is not base64")
                }
                return bytes
            }
        }
        guard context.exec == nil, context.username == nil, context.proxyURL == nil, !context.insecureSkipTLSVerify
        else {
            throw AdmissionConfigurationError(
                "\(file): exec, user name, proxy-url and insecure-skip-tls-verify are not there for webhooks")
        }
        guard context.server.hasPrefix("https://") else {
            throw AdmissionConfigurationError("\(file): the server must begin with https://")
        }
        var token = context.token ?? ""
        if let path = context.tokenFile {
            token = String(decoding: try read(path), as: UTF8.self)
            while token.last?.isWhitespace == true { token.removeLast() }
        }
        self.init(
            .url(context.server), authorities: try bytes(context.certificateAuthority),
            credentials: Credentials(
                certificateChain: try bytes(context.clientCertificate), privateKey: try bytes(context.clientKey),
                token: token), serverName: context.tlsServerName)
    }
}
