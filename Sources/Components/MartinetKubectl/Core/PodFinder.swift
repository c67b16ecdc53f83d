import MartinetYAML

/// From what a command line names (`POD`, `deploy/web`, `svc/web`) to the pods behind it.
struct PodFinder {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func target(_ word: String) async throws -> Target {
        if word.contains("/") {
            guard let target = try await context.targets(of: [word]).first else { throw KubectlError("no pod named") }
            return target
        }
        return Target(try await context.discovery.resource("pods"), namespace: context.namespace, name: word)
    }

    func pod(_ word: String) async throws -> YAMLNode {
        guard let pod = try await pods(of: target(word), first: true).first else {
            throw KubectlError("no pods found for \(word)")
        }
        return pod
    }

    func pods(of target: Target, first: Bool) async throws -> [YAMLNode] {
        guard let name = target.name else { throw KubectlError("a name is needed") }
        let object = try await context.get(target.resource, target.namespace, name)
        if target.resource.kind == "Pod" { return [object] }
        let selector = try selector(object, target)
        let pods = try await context.discovery.resource("pods")
        let found = try await context.list(pods, target.namespace, labels: selector)
        guard !found.isEmpty else {
            throw KubectlError("timed out waiting for the condition: \(target.shown) has no pods")
        }
        guard first else { return found }
        // Ready ones first, then running ones, then the youngest name: the choice is stable.
        let best = found.min { rank($0) < rank($1) }
        if found.count > 1, let best { context.say("Found \(found.count) pods, using pod/\(best.metaName)") }
        return best.map { [$0] } ?? []
    }

    private func rank(_ pod: YAMLNode) -> Int {
        if pod.at("metadata", "deletionTimestamp") != nil { return 4 }
        if WaitCommand.hasCondition(pod, "Ready", "true") { return 0 }
        return pod.text("status", "phase") == "Running" ? 1 : 2
    }

    private func selector(_ object: YAMLNode, _ target: Target) throws -> String {
        let labels: [YAMLNode.Entry]
        switch target.resource.kind {
        case "Service", "ReplicationController": labels = object.entries("spec", "selector")
        default: labels = object.entries("spec", "selector", "matchLabels")
        }
        var terms = labels.map { "\($0.key)=\($0.node.scalarText ?? "")" }
        for expression in object.items("spec", "selector", "matchExpressions") {
            let (key, values) = (
                expression.text("key"), expression.items("values").compactMap(\.string).joined(separator: ",")
            )
            switch expression.text("operator") {
            case "In": terms.append("\(key) in (\(values))")
            case "NotIn": terms.append("\(key) notin (\(values))")
            case "Exists": terms.append(key)
            case "DoesNotExist": terms.append("!\(key)")
            default: break
            }
        }
        guard !terms.isEmpty else {
            throw KubectlError("invalid service '\(object.metaName)': \(target.shown) selects no pods")
        }
        return terms.joined(separator: ",")
    }

    /// The container to talk to: the one named, the annotated one, or the first.
    func container(of pod: YAMLNode, _ chosen: String, quiet: Bool = false) throws -> String {
        let names = pod.items("spec", "containers").map { $0.text("name") }
        let others = (pod.items("spec", "initContainers") + pod.items("spec", "ephemeralContainers")).map {
            $0.text("name")
        }
        if !chosen.isEmpty {
            guard (names + others).contains(chosen) else {
                throw KubectlError(
                    "container \(chosen) not found in pod \(pod.metaName)_\(pod.metaNamespace); there are \((names + others).joined(separator: ", "))"
                )
            }
            return chosen
        }
        let standard = pod.at("metadata", "annotations", "kubectl.kubernetes.io/default-container")?.scalarText
        if let standard, names.contains(standard) { return standard }
        guard let first = names.first else { throw KubectlError("pod \(pod.metaName) has no containers") }
        if names.count + others.count > 1, !quiet {
            context.say("Defaulted container \"\(first)\" out of: \((names + others).joined(separator: ", "))")
        }
        return first
    }

    /// Follows a pod until it runs, or has ended.
    func untilRunning(_ name: String, _ namespace: String, timeout: Duration) async throws -> YAMLNode {
        let pods = try await context.discovery.resource("pods")
        var found: YAMLNode?
        var reasons = ""
        let done = try await context.follow(pods, namespace, name, timeout: timeout) { pod in
            guard let pod else { throw KubectlError("pods \"\(name)\" not found") }
            found = pod
            let waiting = pod.items("status", "containerStatuses").compactMap { $0.at("state", "waiting") }
            reasons = waiting.map { "\($0.text("reason")): \($0.text("message"))" }.joined(separator: "; ")
            switch pod.text("status", "phase") {
            case "Succeeded", "Failed": return true
            case "Running":
                return pod.items("status", "containerStatuses").contains { $0.at("state", "waiting") == nil }
            default: return false
            }
        }
        guard done, let found else {
            throw KubectlError(
                "timed out waiting for the condition: pod \(name) does not run\(reasons.isEmpty ? "" : " (\(reasons))")"
            )
        }
        return found
    }
}
