import Glibc
import MartinetBase
import MartinetImages
import MartinetYAML
import MartinetCommandLine
import MartinetImageSpec
import MartinetRegistry
import MartinetRegistryAccess

extension DockerCommand {
    func login() throws -> Int32 {
        let domain = domain()
        var user = flags.string("username")
        var secret = flags.string("password")
        if flags.bool("password-stdin") {
            guard !user.isEmpty else { throw DockerError("login: --password-stdin needs --username") }
            secret = String(readLine(strippingNewline: true) ?? "")
        } else if flags.isSet("password") {
            console.note("WARNING! Using --password via the CLI is insecure. Use --password-stdin.")
        }
        if user.isEmpty { user = try ask("Username: ", hidden: false) }
        if secret.isEmpty { secret = try ask("Password: ", hidden: true) }
        let credentials = RegistryCredentials(user: user, secret: secret)
        let access = access
        try Blocking.wait { try await access.check(credentials, domain: domain) }
        _ = try logins.set(credentials, for: domain)
        console.print("Login Succeeded")
        return 0
    }

    func logout() throws -> Int32 {
        let domain = domain()
        let removed = try logins.set(nil, for: domain)
        console.print(
            removed
                ? "Removing login credentials for \(LoginFile.key(domain))"
                : "Not logged in to \(LoginFile.key(domain))")
        return 0
    }

    private func domain() -> String {
        var text = arguments.first ?? "docker.io"
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) { text.removeFirst(scheme.count) }
        text = String(text.prefix { $0 != "/" })
        return ["index.docker.io", "registry-1.docker.io", "hub.docker.com"].contains(text) ? "docker.io" : text
    }

    private func ask(_ question: String, hidden: Bool) throws -> String {
        guard isatty(0) == 1 else {
            throw DockerError("login: no terminal to ask on; use --username and --password-stdin")
        }
        console.err(Array(question.utf8))
        var mode = termios()
        tcgetattr(0, &mode)
        if hidden {
            var quiet = mode
            quiet.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(0, TCSAFLUSH, &quiet)
        }
        let line = readLine(strippingNewline: true) ?? ""
        if hidden {
            tcsetattr(0, TCSAFLUSH, &mode)
            console.note("")
        }
        guard !line.isEmpty else { throw DockerError("login: expected an answer") }
        return line
    }

    func version() throws -> Int32 {
        if flags.isSet("format") {
            let node = Formatting.node([
                ("Version", "0.1.0"), ("ApiVersion", "none"), ("Os", Platform.host.os),
                ("Arch", Platform.host.architecture),
            ])
            try Formatting.one(
                flags.string("format"),
                .init(.map([.init(key: "Client", node: node), .init(key: "Server", node: node)])), console)
            return 0
        }
        console.print(
            """
            Client: Martinet
             Version:           0.1.0
             OS/Arch:           \(Platform.host.os)/\(Platform.host.architecture)

            Server: none; every command does its work itself
            """)
        return 0
    }

    func info() throws -> Int32 {
        let records = try book.all()
        let states = try records.map { try state(of: $0) }
        let running = states.filter(\.isRunning).count
        let fields = [
            ("Containers", "\(records.count)"), ("ContainersRunning", "\(running)"),
            ("ContainersStopped", "\(records.count - running)"),
            ("Images", "\(Set(try store.get().allNames().map(\.target.digest)).count)"),
            ("Driver", "overlay"), ("DockerRootDir", configuration.data), ("ImageStore", configuration.images),
            ("CgroupParent", configuration.cgroupParent), ("DefaultRuntime", "martinet oci"),
        ]
        if flags.isSet("format") {
            try Formatting.one(flags.string("format"), Formatting.node(fields), console)
            return 0
        }
        for (name, value) in fields { console.print(" \(name): \(value)") }
        return 0
    }
}
