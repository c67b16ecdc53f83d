import MartinetCommandLine
import MartinetPrinters
import MartinetToolPorts
import MartinetYAML

/// `kubectl version` and `kubectl cluster-info`.
struct VersionCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    /// The Kubernetes version that this kubectl behaves as.
    static let version = "v1.36.2"

    func run() async throws {
        let format = context.flags.string("output")
        var server: YAMLNode?
        var failure: (any Error)?
        if !context.flags.bool("client") {
            do {
                server = try await context.json(SessionRequest("GET", "/version"))
            } catch {
                failure = error
            }
        }
        let parts = Self.version.dropFirst().split(separator: ".").map(String.init)
        let client: YAMLNode = .map([
            "gitVersion": YAMLNode(.string(Self.version)), "major": YAMLNode(.string(parts[0])),
            "minor": YAMLNode(.string(parts[1])), "platform": YAMLNode(.string(Self.platform)), "compiler": "swiftc",
        ])
        if format.isEmpty {
            context.out("Client Version: \(Self.version)\n")
            if let server { context.out("Server Version: \(server.text("gitVersion"))\n") }
        } else {
            var tree: YAMLNode = .map(["clientVersion": client])
            if let server { tree["serverVersion"] = server }
            context.out(format == "json" ? JSONText.indented(tree) + "\n" : YAML.text(tree.sorted()))
        }
        if let failure { throw failure }
    }

    private static var platform: String {
        #if arch(arm64)
            "linux/arm64"
        #else
            "linux/amd64"
        #endif
    }

    func clusterInfo() async throws {
        let session = try await context.session()
        let services = try await context.discovery.resource("services")
        let found = try await context.list(services, "kube-system", labels: "kubernetes.io/cluster-service=true")
        let (green, yellow, plain) =
            context.terminal.isOutputTerminal ? ("\u{1B}[0;32m", "\u{1B}[0;33m", "\u{1B}[0m") : ("", "", "")
        context.out("\(green)Kubernetes control plane\(plain) is running at \(yellow)\(session.server)\(plain)\n")
        for service in found {
            let name = service.at("metadata", "labels", "kubernetes.io/name")?.string ?? service.metaName
            let port = service.items("spec", "ports").first.map { $0.text("name") } ?? ""
            let link =
                "\(session.server)/api/v1/namespaces/kube-system/services/\(service.metaName)\(port.isEmpty ? "" : ":\(port)")/proxy"
            context.out("\(green)\(name)\(plain) is running at \(yellow)\(link)\(plain)\n")
        }
        context.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n")
    }
}
