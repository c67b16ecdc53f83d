import MartinetBase
import MartinetCommandLine
import MartinetToolPorts
import MartinetYAML

/// `kubectl logs`.
struct LogsCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    private struct Source: Sendable {
        let pod: String
        let namespace: String
        let container: String
        let path: String
    }

    func run() async throws {
        let flags = context.flags
        guard context.arguments.first != nil || !context.selector.isEmpty else {
            throw KubectlError(
                "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for "
                    + "the logs command\nSee 'kubectl logs -h' for help and examples")
        }
        if flags.isSet("since"), flags.isSet("since-time") {
            throw KubectlError("at most one of --since or --since-time may be specified")
        }
        let sources = try await sources()
        if flags.bool("follow"), sources.count > flags.int("max-log-requests") {
            throw KubectlError(
                "you are attempting to follow \(sources.count) log streams, but maximum allowed concurrency is "
                    + "\(flags.int("max-log-requests")), use --max-log-requests to increase the limit")
        }
        guard flags.bool("follow"), sources.count > 1 else {
            for source in sources { try await copy(source, prefix: sources.count > 1) }
            return
        }
        let (session, terminal, query, prefixed) = (
            try await context.session(), context.terminal, self.query(), flags.bool("prefix")
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            for source in sources {
                group.addTask {
                    let response = try await session.send(
                        SessionRequest(
                            "GET", source.path, query: [(name: "container", value: source.container)] + query))
                    guard response.status == 200 else {
                        throw StatusError(status: response.status, body: try await response.body.collect())
                    }
                    try await Self.copy(response.body, prefixed ? Self.prefix(source) : "", to: terminal)
                }
            }
            try await group.waitForAll()
        }
    }

    private func sources() async throws -> [Source] {
        let pods: [YAMLNode]
        let resource = try await context.discovery.resource("pods")
        if !context.selector.isEmpty {
            pods = try await context.list(resource, context.namespace, labels: context.selector)
            if pods.isEmpty { context.say("No resources found in \(context.namespace) namespace.") }
        } else {
            let words = context.arguments
            let target = try await PodFinder(context).target(words[0])
            do {
                pods = try await PodFinder(context).pods(of: target, first: !context.flags.bool("all-pods"))
            } catch let error as StatusError where error.isNotFound {
                throw KubectlError(
                    "error from server (NotFound): \(error.message) in namespace \"\(context.namespace)\"")
            }
        }
        var sources: [Source] = []
        for pod in pods {
            let chosen = context.arguments.count > 1 ? context.arguments[1] : context.flags.string("container")
            for container in try containers(of: pod, chosen) {
                sources.append(
                    Source(
                        pod: pod.metaName, namespace: pod.metaNamespace, container: container,
                        path: resource.path(namespace: pod.metaNamespace, name: pod.metaName, subresource: "log")))
            }
        }
        return sources
    }

    private func containers(of pod: YAMLNode, _ chosen: String) throws -> [String] {
        let names = pod.items("spec", "containers").map { $0.text("name") }
        let others = (pod.items("spec", "initContainers") + pod.items("spec", "ephemeralContainers")).map {
            $0.text("name")
        }
        if context.flags.bool("all-containers") {
            return pod.items("spec", "initContainers").map { $0.text("name") } + names
        }
        if !chosen.isEmpty {
            guard (names + others).contains(chosen) else {
                throw KubectlError(
                    "container \(chosen) is not valid for pod \(pod.metaName) out of: \((names + others).joined(separator: ", "))"
                )
            }
            return [chosen]
        }
        let standard = pod.at("metadata", "annotations", "kubectl.kubernetes.io/default-container")?.scalarText
        if let standard, names.contains(standard) { return [standard] }
        if names.count > 1 {
            context.say("Defaulted container \"\(names[0])\" out of: \((names + others).joined(separator: ", "))")
        }
        return Array(names.prefix(1))
    }

    private func query() -> [(name: String, value: String)] {
        let flags = context.flags
        var query: [(name: String, value: String)] = []
        func add(_ name: String, _ value: String) { query.append((name: name, value: value)) }
        if flags.bool("follow") { add("follow", "true") }
        if flags.bool("previous") { add("previous", "true") }
        if flags.bool("timestamps") { add("timestamps", "true") }
        // Of several pods only their last lines, unless asked for.
        if flags.isSet("tail") {
            if flags.int("tail") >= 0 { add("tailLines", String(flags.int("tail"))) }
        } else if !context.selector.isEmpty {
            add("tailLines", "10")
        }
        if flags.int("limit-bytes") > 0 { add("limitBytes", String(flags.int("limit-bytes"))) }
        if flags.duration("since") > .zero {
            // Rounded up, as a second too many is better than one too few.
            let (seconds, rest) = flags.duration("since").components
            add("sinceSeconds", String(seconds + (rest > 0 ? 1 : 0)))
        }
        if !flags.string("since-time").isEmpty { add("sinceTime", flags.string("since-time")) }
        return query
    }

    private func copy(_ source: Source, prefix: Bool) async throws {
        let response = try await context.send(
            SessionRequest("GET", source.path, query: [(name: "container", value: source.container)] + query()))
        try await Self.copy(
            response.body, context.flags.bool("prefix") ? Self.prefix(source) : "", to: context.terminal)
    }

    private static func prefix(_ source: Source) -> String { "[pod/\(source.pod)/\(source.container)] " }

    private static func copy(_ body: any SessionBody, _ prefix: String, to terminal: any Terminal) async throws {
        guard !prefix.isEmpty else {
            while let piece = try await body.next() { terminal.write(piece) }
            return
        }
        var rest: [UInt8] = []
        while let piece = try await body.next() {
            rest += piece
            while let end = rest.firstIndex(of: 10) {
                terminal.write(Array(prefix.utf8) + rest[...end])
                rest.removeSubrange(...end)
            }
        }
        if !rest.isEmpty { terminal.write(Array(prefix.utf8) + rest + [10]) }
    }
}
