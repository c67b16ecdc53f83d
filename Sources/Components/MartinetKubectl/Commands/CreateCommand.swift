import MartinetCommandLine
import MartinetPrinters
import MartinetToolPorts
import MartinetYAML

/// `kubectl create`: from files, and from flags.
struct CreateCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    static let manager = "kubectl-create"

    func fromFiles() async throws {
        guard context.hasFiles else {
            throw KubectlError(
                context.arguments.first.map { "unknown command \"create \($0)\"; see 'kubectl create --help'" }
                    ?? "must specify one of -f and -k")
        }
        if context.flags.bool("edit") { throw KubectlError("create --edit is not there yet in this kubectl") }
        var printer = try ObjectPrinter(context)
        var failed: [any Error] = []
        for target in try await context.fileTargets() {
            do {
                try await create(target, &printer, doing: "error when creating \"\(target.file)\"")
            } catch let error as StatusError {
                failed.append(error)
            }
        }
        for error in failed { context.say("\(error)") }
        if !failed.isEmpty { throw KubectlError.silent(1) }
    }

    func create(_ target: Target, _ printer: inout ObjectPrinter?, doing: String = "") async throws {
        guard var object = target.object else { return }
        if context.flags.bool("save-config") { object = LastApplied.annotated(object) }
        if context.flags.bool("record") { object = ChangeCause.recorded(object, context) }
        if context.dryRun == .client { return try context.report(object, "created", &printer) }
        do {
            let answer = try await context.create(target.resource, target.namespace, object, manager: Self.manager)
            try context.report(answer, "created", &printer)
        } catch var error as StatusError {
            error.doing = doing
            throw error
        }
    }

    /// Makes the object of a subcommand, or prints it.
    func generated(_ kind: String) async throws {
        if kind == "token" { return try await token() }
        let object = try Generators(context).object(kind)
        var printer = try ObjectPrinter(context)
        try await create(generated: object, &printer)
    }

    func create(generated object: YAMLNode, _ printer: inout ObjectPrinter?) async throws {
        var object = object
        guard let resource = try await resource(of: object) else {
            throw KubectlError("the server has no \(object.text("kind")) in \(object.text("apiVersion"))")
        }
        if resource.isNamespaced, context.dryRun != .client || context.isNamespaceGiven {
            object = object.setting(["metadata", "namespace"], YAMLNode(.string(context.namespace)))
        }
        let failing = "failed to create \(resource.singularName)"
        do {
            try await create(
                Target(resource, namespace: context.namespace, name: object.metaName, object: object), &printer)
        } catch let error as StatusError where error.reason != "Invalid" {
            // kubectl words this without "Error from server".
            throw KubectlError("\(failing): \(error.message)")
        }
    }

    private func resource(of object: YAMLNode) async throws -> ResourceInfo? {
        let (version, kind) = (object.text("apiVersion"), object.text("kind"))
        let parts = version.split(separator: "/").map(String.init)
        if context.dryRun == .client,
            let builtin = ResourceInfo.builtin(
                group: parts.count > 1 ? parts[0] : "", version: parts.last ?? "", kind: kind)
        {
            return ResourceInfo(builtin)
        }
        return try await context.discovery.resource(apiVersion: version, kind: kind)
    }

    private func token() async throws {
        let accounts = try await context.discovery.resource("serviceaccounts")
        var spec: [YAMLNode.Entry] = []
        let audiences = context.flags.strings("audience")
        if !audiences.isEmpty { spec.append(.init(key: "audiences", node: .texts(audiences))) }
        let duration = context.flags.duration("duration")
        if duration > .zero {
            spec.append(.init(key: "expirationSeconds", node: YAMLNode(.int(duration.components.seconds))))
        }
        let request: YAMLNode = .map([
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": YAMLNode(.map(spec)),
        ])
        let answer = try await context.json(
            SessionRequest(
                "POST",
                accounts.path(namespace: context.namespace, name: context.arguments[0], subresource: "token"),
                headers: [(name: "Content-Type", value: "application/json")],
                body: Array(JSONText.compact(request).utf8)))
        if var printer = try ObjectPrinter(context) { return context.out(try printer.text(answer)) }
        context.out(answer.text("status", "token") + "\n")
    }
}

/// The annotation that `--record` leaves.
enum ChangeCause {
    static let key = "kubernetes.io/change-cause"

    static func recorded(_ object: YAMLNode, _ context: CommandContext) -> YAMLNode {
        object.setting(["metadata", "annotations", key], YAMLNode(.string(text(context))))
    }

    static func text(_ context: CommandContext) -> String {
        (["kubectl"] + context.originalWords).joined(separator: " ")
    }
}

/// The annotation that holds what was applied last.
enum LastApplied {
    static let key = "kubectl.kubernetes.io/last-applied-configuration"

    /// The object as JSON without the annotation, as upstream's kubectl writes it.
    static func text(_ object: YAMLNode) -> String {
        var bare = object.setting(["metadata", "annotations", key], nil)
        bare["status"] = object["status"]
        return JSONText.compact(bare) + "\n"
    }

    static func annotated(_ object: YAMLNode) -> YAMLNode {
        object.setting(["metadata", "annotations", key], YAMLNode(.string(text(object))))
    }

    static func original(_ live: YAMLNode) -> YAMLNode? {
        guard let text = live.at("metadata", "annotations", key)?.string else { return nil }
        return (try? YAML.readJSON(Array(text.utf8)))?.first
    }
}
