import MartinetBase
import MartinetCommandLine
import MartinetKubeconfig
import MartinetPrinters
import MartinetSchema
import MartinetToolPorts
import MartinetYAML

/// `kubectl config`: kubeconfig files, without a server.
struct ConfigCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    private var flags: FlagValues { context.flags }
    private var name: String { context.arguments.first ?? "" }

    func run(_ verb: String) throws {
        let tree = try context.kubeconfig()
        switch verb {
        case "current-context":
            guard let current = tree.currentContext else { throw KubectlError("current-context is not set") }
            context.out("\(current)\n")
        case "get-contexts": try contexts(tree)
        case "get-clusters": names("NAME", tree.names(.clusters))
        case "get-users": names("NAME", tree.names(.users))
        case "view": try view(tree)
        case "use-context":
            try require(tree, .contexts, name, "no context exists with the name: \"\(name)\"")
            // As upstream: the current context is written to the first file.
            try change(containing: nil) { $0.setCurrentContext(name) }
            context.out("Switched to context \"\(name)\".\n")
        case "delete-context": try delete(.contexts, tree)
        case "delete-cluster": try delete(.clusters, tree)
        case "delete-user": try delete(.users, tree)
        case "rename-context": try rename(tree)
        case "set-context": try setContext(tree)
        case "set-cluster": try setCluster(tree)
        case "set-credentials": try setCredentials(tree)
        default: throw KubectlError("\"config \(verb)\" is not there yet in this kubectl")
        }
    }

    private func require(_ tree: Kubeconfig, _ section: Kubeconfig.Section, _ name: String, _ message: String) throws {
        guard tree.names(section).contains(name) else { throw KubectlError(message) }
    }

    private func names(_ heading: String, _ names: [String]) {
        context.out("\(heading)\n" + names.sorted().map { "\($0)\n" }.joined())
    }

    private func contexts(_ tree: Kubeconfig) throws {
        let wanted = context.arguments.isEmpty ? tree.names(.contexts).sorted() : context.arguments
        for name in wanted { try require(tree, .contexts, name, "context \(name) not found") }
        if flags.string("output") == "name" { return context.out(wanted.map { "\($0)\n" }.joined()) }
        var writer = TabWriter()
        if !flags.bool("no-headers") { writer.line(["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"]) }
        for name in wanted {
            let body = tree.entry(.contexts, name)
            writer.line([
                name == tree.currentContext ? "*" : "", name, body?.text("cluster") ?? "", body?.text("user") ?? "",
                body?.text("namespace") ?? "",
            ])
        }
        context.out(writer.flush())
    }

    // MARK: View

    private func view(_ tree: Kubeconfig) throws {
        var node = tree.tree
        if flags.bool("minify") { node = try minified(tree) }
        if flags.bool("flatten") { node = try flattened(node) }
        if !flags.bool("raw"), !flags.bool("flatten") { node = Self.redacted(node) }
        if var printer = try ObjectPrinter(context) { return context.out(try printer.text(node)) }
        context.out(YAML.text(node.sorted()))
    }

    private func minified(_ tree: Kubeconfig) throws -> YAMLNode {
        let flag = flags.string("context")
        guard let current = flag.isEmpty ? tree.currentContext : flag, let body = tree.entry(.contexts, current) else {
            throw KubectlError("current-context must exist in order to minify")
        }
        var node = tree.tree
        let kept = ["contexts": current, "clusters": body.text("cluster"), "users": body.text("user")]
        for (section, name) in kept {
            node[section] = YAMLNode(.list(tree.tree.items(section).filter { $0.text("name") == name }))
        }
        node["current-context"] = YAMLNode(.string(current))
        return node
    }

    private static let files = [
        "certificate-authority": "certificate-authority-data", "client-certificate": "client-certificate-data",
        "client-key": "client-key-data",
    ]

    private func flattened(_ node: YAMLNode) throws -> YAMLNode {
        var node = node
        for (section, key) in [("clusters", "cluster"), ("users", "user")] {
            node[section] = YAMLNode(
                .list(
                    try node.items(section).map { item in
                        var item = item
                        guard var body = item[key] else { return item }
                        for (file, data) in Self.files {
                            guard let path = body[file]?.string else { continue }
                            body[data] = YAMLNode(
                                .string(Base64.encode(try context.host.readFile(path))))
                            body[file] = nil
                        }
                        item[key] = body
                        return item
                    }))
        }
        return node
    }

    /// Secrets are shown as there, not as they are.
    private static func redacted(_ node: YAMLNode) -> YAMLNode {
        var node = node
        for (section, key) in [("clusters", "cluster"), ("users", "user")] {
            node[section] = YAMLNode(
                .list(
                    node.items(section).map { item in
                        var item = item
                        guard var body = item[key] else { return item }
                        for secret in ["token", "password"] where body[secret] != nil { body[secret] = "REDACTED" }
                        for secret in files.values where body[secret] != nil { body[secret] = "DATA+OMITTED" }
                        item[key] = body
                        return item
                    }))
        }
        return node
    }

    // MARK: Changes

    /// Changes the file that has an entry; the first one where none has.
    private func change(containing entry: (Kubeconfig.Section, String)?, _ change: (inout Kubeconfig) throws -> Void)
        throws
    {
        let files = try context.kubeconfigFiles()
        var file =
            try entry.flatMap { entry in files.first { $0.names(entry.0).contains(entry.1) } }
            ?? files.first ?? Kubeconfig(nil, file: context.kubeconfigPaths[0])
        try change(&file)
        try context.host.writeFile(file.file, file.text(), mode: 0o600)
    }

    private func delete(_ section: Kubeconfig.Section, _ tree: Kubeconfig) throws {
        let kind = section == .users ? "user" : section.body
        guard let holder = try context.kubeconfigFiles().first(where: { $0.names(section).contains(name) }) else {
            throw KubectlError(
                "cannot delete \(kind) \(name), not in \(context.kubeconfigPaths.joined(separator: ":"))")
        }
        if section == .contexts, tree.currentContext == name {
            context.say(
                "warning: this removed your active context, use \"kubectl config use-context\" to select a different one"
            )
        }
        try change(containing: (section, name)) { $0.remove(section, name) }
        context.out("deleted \(kind) \(name) from \(holder.file)\n")
    }

    private func rename(_ tree: Kubeconfig) throws {
        let (old, new) = (context.arguments[0], context.arguments[1])
        guard let body = tree.entry(.contexts, old) else {
            throw KubectlError("cannot rename the context \"\(old)\", it's not in \(context.kubeconfigPaths[0])")
        }
        guard tree.entry(.contexts, new) == nil else {
            throw KubectlError(
                "cannot rename the context \"\(old)\", the context \"\(new)\" already exists in \(context.kubeconfigPaths[0])"
            )
        }
        try change(containing: (.contexts, old)) { file in
            file.remove(.contexts, old)
            file.set(.contexts, new, body)
            if tree.currentContext == old { file.setCurrentContext(new) }
        }
        context.out("Context \"\(old)\" renamed to \"\(new)\".\n")
    }

    private func setContext(_ tree: Kubeconfig) throws {
        let name = flags.bool("current") ? tree.currentContext ?? "" : self.name
        guard !name.isEmpty else {
            throw KubectlError(
                flags.bool("current")
                    ? "no current context is set" : "you must specify a non-empty context name or --current")
        }
        var body = tree.entry(.contexts, name) ?? YAMLNode(.map([]))
        let isNew = tree.entry(.contexts, name) == nil
        for key in ["cluster", "namespace", "user"] where flags.isSet(key) {
            body[key] = flags.string(key).isEmpty ? nil : YAMLNode(.string(flags.string(key)))
        }
        try change(containing: (.contexts, name)) { $0.set(.contexts, name, body) }
        context.out("Context \"\(name)\" \(isNew ? "created" : "modified").\n")
    }

    private func file(_ flag: String, _ body: inout YAMLNode) throws {
        guard flags.isSet(flag) else { return }
        let path = flags.string(flag)
        let data = "\(flag)-data"
        if flags.bool("embed-certs") {
            body[data] = YAMLNode(.string(Base64.encode(try context.host.readFile(path))))
            body[flag] = nil
        } else {
            body[flag] = YAMLNode(.string(path))
            body[data] = nil
        }
    }

    private func setCluster(_ tree: Kubeconfig) throws {
        var body = tree.entry(.clusters, name) ?? YAMLNode(.map([]))
        for key in ["server", "tls-server-name", "proxy-url"] where flags.isSet(key) {
            body[key] = YAMLNode(.string(flags.string(key)))
        }
        try file("certificate-authority", &body)
        if flags.isSet("insecure-skip-tls-verify") {
            body["insecure-skip-tls-verify"] = flags.bool("insecure-skip-tls-verify") ? true : nil
        }
        try change(containing: (.clusters, name)) { $0.set(.clusters, name, body) }
        context.out("Cluster \"\(name)\" set.\n")
    }

    private func setCredentials(_ tree: Kubeconfig) throws {
        var body = tree.entry(.users, name) ?? YAMLNode(.map([]))
        for key in ["token", "username", "password"] where flags.isSet(key) {
            body[key] = YAMLNode(.string(flags.string(key)))
        }
        try file("client-certificate", &body)
        try file("client-key", &body)
        try change(containing: (.users, name)) { $0.set(.users, name, body) }
        context.out("User \"\(name)\" set.\n")
    }
}
