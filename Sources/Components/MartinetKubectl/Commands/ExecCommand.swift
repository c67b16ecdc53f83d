import MartinetBase
import MartinetCommandLine
import MartinetToolPorts
import MartinetYAML

/// `kubectl exec` and `kubectl attach`.
struct ExecCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    private var flags: FlagValues { context.flags }

    func exec() async throws {
        var words = context.arguments
        guard let first = words.first else {
            throw KubectlError("pod or type/name must be specified\nSee 'kubectl exec -h' for help and examples")
        }
        words.removeFirst()
        let dashes = context.line.argumentsBeforeDashes
        if let dashes, dashes != 1 {
            throw KubectlError("expected one pod or type/name before --, not \(dashes)")
        }
        guard !words.isEmpty else { throw KubectlError("you must specify at least one command for the container") }
        if dashes == nil {
            context.say(
                "kubectl exec [POD] [COMMAND] is DEPRECATED and will be removed in a future version. Use kubectl exec "
                    + "[POD] -- [COMMAND] instead.")
        }
        let pod = try await PodFinder(context).pod(first)
        let phase = pod.text("status", "phase")
        guard phase != "Succeeded", phase != "Failed" else {
            throw KubectlError("cannot exec into a container in a completed pod; current phase is \(phase)")
        }
        let container = try PodFinder(context).container(of: pod, flags.string("container"), quiet: flags.bool("quiet"))
        try await stream("exec", pod, container, command: words)
    }

    func attach() async throws {
        guard let first = context.arguments.first else {
            throw KubectlError(
                "at least 1 argument is required for attach\nSee 'kubectl attach -h' for help and examples")
        }
        let pod = try await PodFinder(context).pod(first)
        let container = try PodFinder(context).container(of: pod, flags.string("container"), quiet: flags.bool("quiet"))
        try await attach(
            toRunning: pod.metaName, namespace: pod.metaNamespace, container: container, quiet: flags.bool("quiet"))
    }

    /// Waits until the pod runs, then attaches; a pod that has ended already is answered with its log.
    func attach(toRunning name: String, namespace: String, container: String, quiet: Bool) async throws {
        let pod = try await PodFinder(context).untilRunning(
            name, namespace, timeout: flags.duration("pod-running-timeout"))
        let phase = pod.text("status", "phase")
        if phase == "Succeeded" || phase == "Failed" {
            let pods = try await context.discovery.resource("pods")
            let response = try await context.send(
                SessionRequest(
                    "GET", pods.path(namespace: namespace, name: name, subresource: "log"),
                    query: [(name: "container", value: container)]))
            while let piece = try await response.body.next() { context.terminal.write(piece) }
            return try await ended(name, namespace, container)
        }
        if !quiet, flags.bool("stdin") {
            context.say("If you don't see a command prompt, try pressing enter.")
        }
        try await stream("attach", pod, container, command: [])
        if context.line.path.command.name == "run" { try await ended(name, namespace, container) }
    }

    /// After an attached run: its exit code is the command's.
    private func ended(_ name: String, _ namespace: String, _ container: String) async throws {
        guard flags.string("restart") != "Always" || !flags.bool("stdin") else { return }
        let pods = try await context.discovery.resource("pods")
        var code: Int64 = 0
        _ = try await context.follow(pods, namespace, name, timeout: .seconds(30)) { pod in
            guard let pod else { return true }
            let status = pod.items("status", "containerStatuses").first { $0.text("name") == container }
            let state = status?.at("state", "terminated") ?? status?.at("lastState", "terminated")
            guard let state else { return false }
            code = state.number("exitCode") ?? 0
            return true
        }
        if code != 0 {
            throw KubectlError(
                "pod \(namespace)/\(name) terminated (Error)", exitCode: Int32(truncatingIfNeeded: code), prefixed: true
            )
        }
    }

    private func stream(_ subresource: String, _ pod: YAMLNode, _ container: String, command: [String]) async throws {
        let pods = try await context.discovery.resource("pods")
        var options = RemoteStreams.Options(stdin: flags.bool("stdin"), tty: flags.bool("tty"))
        if options.tty, !options.stdin || !context.terminal.isInputTerminal {
            options.tty = false
            if options.stdin {
                context.say("Unable to use a TTY - input is not a terminal or the right kind of file")
            }
        }
        var query = [(name: "container", value: container)]
        query += command.map { (name: "command", value: $0) }
        if options.stdin { query.append((name: "stdin", value: "true")) }
        query.append((name: "stdout", value: "true"))
        if options.tty {
            query.append((name: "tty", value: "true"))
        } else {
            query.append((name: "stderr", value: "true"))
        }
        let socket = try await context.session().openSocket(
            SessionRequest(
                "GET", pods.path(namespace: pod.metaNamespace, name: pod.metaName, subresource: subresource),
                query: query), subprotocols: RemoteStreams.subprotocols)
        _ = try await RemoteStreams(socket: socket, terminal: context.terminal, options: options).run()
    }
}
