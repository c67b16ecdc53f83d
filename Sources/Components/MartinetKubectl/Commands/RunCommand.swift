import MartinetCommandLine
import MartinetPatch
import MartinetPrinters
import MartinetToolPorts
import MartinetYAML

/// `kubectl run`: a Pod of one image, and the forms of before: a Deployment with `--replicas`, a CronJob with `--schedule`.
struct RunCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    private var flags: FlagValues { context.flags }
    private var name: String { context.arguments[0] }
    private var isInteractive: Bool { flags.bool("stdin") || flags.bool("tty") || flags.bool("attach") }

    func run() async throws {
        try check()
        if flags.isSet("schedule") {
            context.say("Note: `kubectl run --schedule` is gone from upstream: a CronJob is made, as before.")
            return try await make(cronJob())
        }
        if flags.isSet("replicas") {
            context.say("Note: `kubectl run --replicas` is gone from upstream: a Deployment is made, as before.")
            return try await make(deployment())
        }
        var pod = try pod()
        if flags.isSet("overrides") { pod = try overridden(pod) }
        try await make(pod)
        guard isInteractive, context.dryRun == .none else { return }
        try await attach(pod)
    }

    private func check() throws {
        guard !flags.string("image").isEmpty else { throw KubectlError("required flag(s) \"image\" not set") }
        let image = flags.string("image")
        guard !image.contains(where: \.isWhitespace) else {
            throw KubectlError("Invalid image name \"\(image)\": invalid reference format")
        }
        if flags.bool("tty"), !flags.bool("stdin") {
            throw KubectlError("-i/--stdin is required for containers with -t/--tty=true")
        }
        if flags.bool("rm"), !isInteractive { throw KubectlError("--rm should only be used for attached containers") }
        if isInteractive, context.dryRun != .none {
            throw KubectlError(
                "--dry-run=\(flags.string("dry-run")) can't be used with attached containers options (--attach, --stdin, or --tty)"
            )
        }
        if flags.bool("expose"), flags.string("port").isEmpty {
            throw KubectlError("--port must be set when exposing a service")
        }
    }

    // MARK: Objects

    private func labels() throws -> YAMLNode {
        let given = flags.string("labels")
        return .strings(given.isEmpty ? [("run", name)] : try Generators.labels(given))
    }

    private func resources() throws -> YAMLNode {
        var node: YAMLNode = .map([:])
        for key in ["limits", "requests"] where flags.isSet(key) {
            node[key] = .strings(try Generators.labels(flags.string(key)))
        }
        return node
    }

    private func container() throws -> YAMLNode {
        var container: YAMLNode = .map([
            "image": YAMLNode(.string(flags.string("image"))), "name": YAMLNode(.string(name)),
            "resources": try resources(),
        ])
        let arguments = Array(context.arguments.dropFirst())
        if !arguments.isEmpty { container[flags.bool("command") ? "command" : "args"] = .texts(arguments) }
        let variables = try flags.strings("env").map { pair -> YAMLNode in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2, !sides[0].isEmpty else { throw KubectlError("invalid env: \(pair)") }
            return .map(["name": YAMLNode(.string(sides[0])), "value": YAMLNode(.string(sides[1]))])
        }
        if !variables.isEmpty { container["env"] = YAMLNode(.list(variables)) }
        let port = flags.string("port")
        if !port.isEmpty {
            guard let number = Int64(port), (1...65535).contains(number) else {
                throw KubectlError("\"\(port)\" is no port: expected 1 to 65535")
            }
            var entry: YAMLNode = .map(["containerPort": YAMLNode(.int(number))])
            if flags.int("hostport") > 0 { entry["hostPort"] = YAMLNode(.int(Int64(flags.int("hostport")))) }
            container["ports"] = [entry]
        }
        let policy = flags.string("image-pull-policy")
        if !policy.isEmpty { container["imagePullPolicy"] = YAMLNode(.string(policy)) }
        if flags.bool("stdin") {
            container["stdin"] = true
            if !flags.bool("leave-stdin-open") { container["stdinOnce"] = true }
        }
        if flags.bool("tty") { container["tty"] = true }
        if flags.bool("privileged") { container["securityContext"] = .map(["privileged": true]) }
        return container
    }

    private func metadata(_ name: String) throws -> YAMLNode {
        var metadata = Generators.metadata([("labels", try labels()), ("name", YAMLNode(.string(name)))])
        let annotations = try flags.strings("annotations").map { try Generators.labels($0) }.flatMap { $0 }
        if !annotations.isEmpty { metadata["annotations"] = .strings(annotations) }
        return metadata
    }

    private func podSpec(restart: String) throws -> YAMLNode {
        var spec: YAMLNode = .map([
            "containers": [try container()], "dnsPolicy": "ClusterFirst", "restartPolicy": YAMLNode(.string(restart)),
        ])
        let account = flags.string("serviceaccount")
        if !account.isEmpty { spec["serviceAccountName"] = YAMLNode(.string(account)) }
        return spec
    }

    private func pod() throws -> YAMLNode {
        .map([
            "apiVersion": "v1", "kind": "Pod", "metadata": try metadata(name),
            "spec": try podSpec(restart: flags.string("restart")), "status": .map([:]),
        ])
    }

    private func deployment() throws -> YAMLNode {
        .map([
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": try metadata(name),
            "spec": .map([
                "replicas": YAMLNode(.int(Int64(flags.int("replicas")))),
                "selector": .map(["matchLabels": try labels()]), "strategy": .map([:]),
                "template": .map([
                    "metadata": Generators.metadata([("labels", try labels())]),
                    "spec": try podSpec(restart: "Always"),
                ]),
            ]),
            "status": .map([:]),
        ])
    }

    private func cronJob() throws -> YAMLNode {
        let restart = flags.isSet("restart") ? flags.string("restart") : "OnFailure"
        guard restart != "Always" else { throw KubectlError("a CronJob's pods restart OnFailure or Never, not Always") }
        return .map([
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": try metadata(name),
            "spec": .map([
                "schedule": YAMLNode(.string(flags.string("schedule"))),
                "jobTemplate": .map([
                    "metadata": Generators.metadata([]),
                    "spec": .map([
                        "template": .map([
                            "metadata": Generators.metadata([("labels", try labels())]),
                            "spec": try podSpec(restart: restart),
                        ])
                    ]),
                ]),
            ]),
            "status": .map([:]),
        ])
    }

    private func overridden(_ pod: YAMLNode) throws -> YAMLNode {
        guard let overrides = try YAML.read(flags.string("overrides"), file: "--overrides").first else { return pod }
        guard flags.string("override-type") != "json" else {
            throw KubectlError("--override-type=json is not there yet in this kubectl: use merge or strategic")
        }
        return MergeTree.merged(overrides, into: pod)
    }

    // MARK: Doing

    private func make(_ object: YAMLNode) async throws {
        var printer = try ObjectPrinter(context)
        if flags.bool("expose") {
            try await CreateCommand(context).create(generated: try service(), &printer)
        }
        if isInteractive, context.dryRun == .none {
            // An attached run says nothing of its own: what follows is the container's.
            let resource = try await context.discovery.resource("pods")
            let placed = object.setting(["metadata", "namespace"], YAMLNode(.string(context.namespace)))
            _ = try await context.create(resource, context.namespace, placed, manager: "kubectl-run")
        } else {
            try await CreateCommand(context).create(generated: object, &printer)
        }
    }

    private func service() throws -> YAMLNode {
        let port = Int64(flags.string("port")) ?? 0
        return .map([
            "apiVersion": "v1", "kind": "Service",
            "metadata": Generators.metadata([("name", YAMLNode(.string(name)))]),
            "spec": .map([
                "ports": [
                    .map(["port": YAMLNode(.int(port)), "protocol": "TCP", "targetPort": YAMLNode(.int(port))])
                ],
                "selector": try labels(),
            ]),
            "status": .map(["loadBalancer": .map([:])]),
        ])
    }

    private func attach(_ pod: YAMLNode) async throws {
        let pods = try await context.discovery.resource("pods")
        let namespace = context.namespace
        var failure: (any Error)?
        do {
            try await ExecCommand(context).attach(
                toRunning: name, namespace: namespace, container: name, quiet: flags.bool("quiet"))
        } catch {
            failure = error
        }
        if flags.bool("rm") {
            _ = try? await context.delete(
                pods, namespace, name, DeleteCommand(context).options(graceDefault: nil))
            if !flags.bool("quiet") { context.out("pod \"\(name)\" deleted\n") }
        } else if flags.bool("stdin"), flags.string("restart") == "Always", !flags.bool("quiet") {
            context.say(
                "Session ended, resume using 'kubectl attach \(name) -c \(name) -i -t' command when the pod is running")
        }
        if let failure { throw failure }
    }
}

/// JSON merge patch (RFC 7386) over trees.
enum MergeTree {
    static func merged(_ patch: YAMLNode, into target: YAMLNode) -> YAMLNode {
        guard let changes = patch.map else { return patch }
        var result = target.map == nil ? YAMLNode(.map([])) : target
        for change in changes {
            result[change.key] =
                change.node.isNull ? nil : merged(change.node, into: result[change.key] ?? YAMLNode(.null))
        }
        return result
    }
}
