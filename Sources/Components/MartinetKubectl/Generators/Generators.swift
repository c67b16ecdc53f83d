import MartinetBase
import MartinetCommandLine
import MartinetPrinters
import MartinetSchema
import MartinetToolPorts
import MartinetYAML

/// The objects that `create SUBCOMMAND` makes of its flags.
struct Generators {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    private var name: String { context.arguments.first ?? "" }

    func object(_ kind: String) throws -> YAMLNode {
        switch kind {
        case "deployment": try deployment()
        case "namespace": Self.object("v1", "Namespace", name, [("spec", .map([:])), ("status", .map([:]))])
        case "configmap": try configMap()
        case "secret generic": try genericSecret()
        case "secret tls": try tlsSecret()
        case "secret docker-registry": try registrySecret()
        case "serviceaccount": Self.object("v1", "ServiceAccount", name, [])
        case "service clusterip", "service nodeport", "service loadbalancer", "service externalname":
            try service(kind)
        default: throw KubectlError("\"create \(kind)\" is not there yet in this kubectl")
        }
    }

    static func object(_ version: String, _ kind: String, _ name: String, _ rest: [(String, YAMLNode)]) -> YAMLNode {
        var node: YAMLNode = .map([
            "apiVersion": YAMLNode(.string(version)), "kind": YAMLNode(.string(kind)),
            "metadata": metadata([("name", YAMLNode(.string(name)))]),
        ])
        for (key, value) in rest { node[key] = value }
        return node
    }

    /// Metadata as Go writes it, with the empty creation time that upstream's kubectl prints.
    static func metadata(_ entries: [(String, YAMLNode)]) -> YAMLNode {
        var node: YAMLNode = .map(["creationTimestamp": YAMLNode(.null)])
        for (key, value) in entries { node[key] = value }
        return node
    }

    // MARK: Workloads

    private func deployment() throws -> YAMLNode {
        let images = context.flags.strings("image")
        guard !images.isEmpty else { throw KubectlError("required flag(s) \"image\" not set") }
        let arguments = context.line.arguments
        let command = context.line.argumentsBeforeDashes.map { Array(arguments.dropFirst($0)) } ?? []
        guard context.line.argumentsBeforeDashes ?? arguments.count == 1 else {
            throw KubectlError(
                "exactly one NAME is required, got \(arguments.count)\nSee 'kubectl create deployment -h' for help and examples"
            )
        }
        if images.count > 1, !command.isEmpty {
            throw KubectlError("cannot specify multiple --image options and command")
        }
        var taken: Set<String> = []
        let containers = images.enumerated().map { index, image -> YAMLNode in
            var container: YAMLNode = .map([
                "image": YAMLNode(.string(image)), "name": YAMLNode(.string(Self.containerName(image, &taken))),
                "resources": .map([:]),
            ])
            if !command.isEmpty { container["command"] = .texts(command) }
            let port = context.flags.int("port")
            if port > 0, index == 0 { container["ports"] = [.map(["containerPort": YAMLNode(.int(Int64(port)))])] }
            return container
        }
        let labels = YAMLNode.strings([("app", name)])
        return .map([
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": Self.metadata([("labels", labels), ("name", YAMLNode(.string(name)))]),
            "spec": .map([
                "replicas": YAMLNode(.int(Int64(context.flags.int("replicas")))),
                "selector": .map(["matchLabels": labels]), "strategy": .map([:]),
                "template": .map([
                    "metadata": Self.metadata([("labels", labels)]),
                    "spec": .map(["containers": YAMLNode(.list(containers))]),
                ]),
            ]),
            "status": .map([:]),
        ])
    }

    /// The last part of an image's name without tag and digest, made a label, and told apart from others.
    static func containerName(_ image: String, _ taken: inout Set<String>) -> String {
        let last = image.split(separator: "/").last.map(String.init) ?? image
        let bare = last.prefix { $0 != ":" && $0 != "@" }
        let name = String(bare.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
        var unique = name
        var count = 1
        while !taken.insert(unique).inserted {
            unique = "\(name)-\(count)"
            count += 1
        }
        return unique
    }

    // MARK: ConfigMaps and Secrets

    private func configMap() throws -> YAMLNode {
        let data = try DataSources(context).read()
        var node = Self.object("v1", "ConfigMap", name, [])
        var texts: [(String, YAMLNode)] = []
        var binaries: [(String, YAMLNode)] = []
        for (key, bytes) in data {
            if let text = String(validating: bytes, as: UTF8.self) {
                texts.append((key, YAMLNode(.string(text))))
            } else {
                binaries.append((key, YAMLNode(.string(Base64.encode(bytes)))))
            }
        }
        if !texts.isEmpty { node["data"] = YAMLNode(.map(texts.map { .init(key: $0.0, node: $0.1) })) }
        if !binaries.isEmpty { node["binaryData"] = YAMLNode(.map(binaries.map { .init(key: $0.0, node: $0.1) })) }
        try refuseHash()
        return node
    }

    private func refuseHash() throws {
        if context.flags.bool("append-hash") { throw KubectlError("--append-hash is not there yet in this kubectl") }
    }

    private func secret(_ data: [(String, [UInt8])], type: String) -> YAMLNode {
        var node = Self.object("v1", "Secret", name, [])
        if !data.isEmpty { node["data"] = .strings(data.map { ($0.0, Base64.encode($0.1)) }) }
        if !type.isEmpty { node["type"] = YAMLNode(.string(type)) }
        return node
    }

    private func genericSecret() throws -> YAMLNode {
        try refuseHash()
        return secret(try DataSources(context).read(), type: context.flags.string("type"))
    }

    private func tlsSecret() throws -> YAMLNode {
        let (cert, key) = (context.flags.string("cert"), context.flags.string("key"))
        guard !cert.isEmpty, !key.isEmpty else {
            throw KubectlError("key and cert must be specified")
        }
        let (certificate, privateKey) = (try context.host.readFile(cert), try context.host.readFile(key))
        guard String(decoding: certificate, as: UTF8.self).contains("-----BEGIN CERTIFICATE-----") else {
            throw KubectlError("tls: failed to find any PEM data in certificate input (\(cert))")
        }
        guard String(decoding: privateKey, as: UTF8.self).contains("PRIVATE KEY-----") else {
            throw KubectlError("tls: failed to find any PEM data in key input (\(key))")
        }
        return secret([("tls.crt", certificate), ("tls.key", privateKey)], type: "kubernetes.io/tls")
    }

    private func registrySecret() throws -> YAMLNode {
        let key = ".dockerconfigjson"
        let type = "kubernetes.io/dockerconfigjson"
        if let file = context.flags.strings("from-file").first {
            let path = file.split(separator: "=", maxSplits: 1).last.map(String.init) ?? file
            return secret([(key, try context.host.readFile(path))], type: type)
        }
        let (user, password) = (context.flags.string("docker-username"), context.flags.string("docker-password"))
        guard !user.isEmpty else {
            throw KubectlError(
                "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required"
            )
        }
        guard !password.isEmpty else { throw KubectlError("required flag(s) \"docker-password\" not set") }
        var entries = [("username", user), ("password", password)]
        let email = context.flags.string("docker-email")
        if !email.isEmpty { entries.append(("email", email)) }
        entries.append(("auth", Base64.encode(Array("\(user):\(password)".utf8))))
        // Docker's own field order: JSONText would sort it.
        let fields = entries.map { "\"\($0.0)\":\(JSONText.compact(YAMLNode(.string($0.1))))" }.joined(separator: ",")
        let server = JSONText.compact(YAMLNode(.string(context.flags.string("docker-server"))))
        return secret([(key, Array("{\"auths\":{\(server):{\(fields)}}}".utf8))], type: type)
    }

    // MARK: Services

    private func service(_ kind: String) throws -> YAMLNode {
        let types = [
            "clusterip": "ClusterIP", "nodeport": "NodePort", "loadbalancer": "LoadBalancer",
            "externalname": "ExternalName",
        ]
        let type = types[kind.split(separator: " ").last.map(String.init) ?? ""] ?? "ClusterIP"
        let labels = YAMLNode.strings([("app", name)])
        var ports: [YAMLNode] = []
        for pair in context.flags.strings("tcp") {
            let sides = pair.split(separator: ":").map(String.init)
            guard let port = sides.first.flatMap({ UInt16($0) }), sides.count <= 2 else {
                throw KubectlError("invalid port format '\(pair)': expected port or port:targetPort")
            }
            let target: YAMLNode = sides.count == 2 ? Self.intOrString(sides[1]) : YAMLNode(.int(Int64(port)))
            var node: YAMLNode = .map([
                "name": YAMLNode(.string(pair.replacing(":", with: "-"))), "port": YAMLNode(.int(Int64(port))),
                "protocol": "TCP", "targetPort": target,
            ])
            let nodePort = context.flags.int("node-port")
            if nodePort > 0, type == "NodePort" { node["nodePort"] = YAMLNode(.int(Int64(nodePort))) }
            ports.append(node)
        }
        var spec: YAMLNode = .map(["selector": labels, "type": YAMLNode(.string(type))])
        if !ports.isEmpty { spec["ports"] = YAMLNode(.list(ports)) }
        let clusterIP = context.flags.string("clusterip")
        if !clusterIP.isEmpty { spec["clusterIP"] = YAMLNode(.string(clusterIP)) }
        if type == "ExternalName" {
            guard !context.flags.string("external-name").isEmpty else {
                throw KubectlError("required flag(s) \"external-name\" not set")
            }
            spec["externalName"] = YAMLNode(.string(context.flags.string("external-name")))
        } else if ports.isEmpty, clusterIP != "None" {
            throw KubectlError("at least one tcp port specifier must be provided")
        }
        return .map([
            "apiVersion": "v1", "kind": "Service",
            "metadata": Self.metadata([("labels", labels), ("name", YAMLNode(.string(name)))]), "spec": spec,
            "status": .map(["loadBalancer": .map([:])]),
        ])
    }

    static func intOrString(_ text: String) -> YAMLNode {
        Int64(text).map { YAMLNode(.int($0)) } ?? YAMLNode(.string(text))
    }

    /// `a=b,c=d`.
    static func labels(_ text: String) throws -> [(String, String)] {
        try text.split(separator: ",").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2, !sides[0].isEmpty else {
                throw KubectlError("unexpected label \"\(pair)\": expected key=value")
            }
            return (sides[0].trimmed, sides[1].trimmed)
        }
    }
}
