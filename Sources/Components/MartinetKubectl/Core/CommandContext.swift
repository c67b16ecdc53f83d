import MartinetBase
import MartinetCommandLine
import MartinetKubeconfig
import MartinetToolPorts
import MartinetYAML

/// What one command line has in its hands: its flags, the ports, and the API server, which is asked for at first use.
final class CommandContext {
    let line: Invocation
    let terminal: any Terminal
    let host: any Host
    let runtime: any Runtime
    let environment: [String: String]
    /// The command line as it was typed, for `--record`.
    let originalWords: [String]
    private let sessionFactory: KubectlCommand.SessionFactory
    private var opened: (any APISession)?
    private var kubeconfigRead: Kubeconfig?
    lazy var discovery = Discovery(self)
    /// The worst that happened so far; commands that go on after a failure end with it.
    var failures = 0

    init(
        line: Invocation, words: [String], terminal: any Terminal, host: any Host, runtime: any Runtime,
        environment: [String: String], sessionFactory: @escaping KubectlCommand.SessionFactory
    ) {
        self.line = line
        originalWords = words
        self.terminal = terminal
        self.host = host
        self.runtime = runtime
        self.environment = environment
        self.sessionFactory = sessionFactory
    }

    var flags: FlagValues { line.flags }
    var arguments: [String] { line.arguments }

    func out(_ text: String) { terminal.write(text) }
    func say(_ text: String) { terminal.writeError(text + "\n") }

    // MARK: Kubeconfig

    /// The files in the order of their precedence: `--kubeconfig`, `KUBECONFIG`, `~/.kube/config`.
    var kubeconfigPaths: [String] {
        let flag = flags.string("kubeconfig")
        if !flag.isEmpty { return [flag] }
        let listed = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
        if !listed.isEmpty { return listed }
        return [(environment["HOME"] ?? "/root") + "/.kube/config"]
    }

    func kubeconfigFiles() throws -> [Kubeconfig] {
        var files: [Kubeconfig] = []
        for path in kubeconfigPaths {
            guard host.isFolder(path) == false else {
                if !flags.string("kubeconfig").isEmpty { throw KubectlError("stat \(path): no such file or directory") }
                continue
            }
            files.append(try Kubeconfig.read(try host.readFile(path), file: path))
        }
        return files
    }

    func kubeconfig() throws -> Kubeconfig {
        if let kubeconfigRead { return kubeconfigRead }
        let files = try kubeconfigFiles()
        let merged = files.isEmpty ? try Kubeconfig(nil) : try Kubeconfig.merged(files)
        kubeconfigRead = merged
        return merged
    }

    private func overriding(_ name: String) -> String? {
        flags.isSet(name) && !flags.string(name).isEmpty ? flags.string(name) : nil
    }

    /// The context of the command line, with what its flags override.
    func connection() throws -> SessionConfiguration {
        var tree = try kubeconfig()
        let server = overriding("server")
        let context = overriding("context") ?? tree.currentContext
        var resolved: ResolvedContext?
        if let context {
            if let cluster = overriding("cluster"), var body = tree.entry(.contexts, context) {
                body["cluster"] = YAMLNode(.string(cluster))
                tree.set(.contexts, context, body)
            }
            if let user = overriding("user"), var body = tree.entry(.contexts, context) {
                body["user"] = YAMLNode(.string(user))
                tree.set(.contexts, context, body)
            }
            resolved = try tree.resolve(context: context)
        } else if server == nil {
            throw KubectlError(
                "there is no kubeconfig with a current context (looked at \(kubeconfigPaths.joined(separator: ", "))); "
                    + "start a cluster with `make up`, or name one with --kubeconfig or --server")
        }
        var configuration = SessionConfiguration(context: resolved, server: server ?? resolved?.server ?? "")
        configuration.token = overriding("token") ?? resolved?.token
        if let path = overriding("certificate-authority") { configuration.certificateAuthority = .path(path) }
        if let path = overriding("client-certificate") { configuration.clientCertificate = .path(path) }
        if let path = overriding("client-key") { configuration.clientKey = .path(path) }
        if flags.bool("insecure-skip-tls-verify") { configuration.skipsVerification = true }
        if let name = overriding("tls-server-name") { configuration.tlsServerName = name }
        configuration.impersonatedUser = overriding("as") ?? resolved?.impersonatedUser
        configuration.impersonatedGroups = flags.strings("as-group")
        configuration.impersonatedUID = overriding("as-uid")
        configuration.timeout = Self.timeout(flags.string("request-timeout"))
        return configuration
    }

    private static func timeout(_ text: String) -> Duration? {
        guard !text.isEmpty, text != "0" else { return nil }
        if let seconds = Int64(text), seconds > 0 { return .seconds(seconds) }
        return GoDuration.parse(text)
    }

    func session() async throws -> any APISession {
        if let opened { return opened }
        let session = try await sessionFactory(try connection())
        opened = session
        return session
    }

    // MARK: Namespaces

    var allNamespaces: Bool { flags.bool("all-namespaces") }
    var isNamespaceGiven: Bool { !flags.string("namespace").isEmpty }

    /// `-n`, else the context's, else `default`.
    var namespace: String {
        let given = flags.string("namespace")
        if !given.isEmpty { return given }
        guard let tree = try? kubeconfig(), let context = overriding("context") ?? tree.currentContext else {
            return "default"
        }
        return tree.entry(.contexts, context)?["namespace"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? "default"
    }

    // MARK: Time

    func sleep(_ duration: Duration) async {
        let executor = runtime.executor(named: "kubectl.sleep")
        await withCheckedContinuation { continuation in
            _ = executor.submit(after: duration) { continuation.resume() }
        }
    }
}
