import MartinetBase
import MartinetCommandLine
import MartinetPrinters
import MartinetYAML

/// `kubectl wait`.
struct WaitCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    private enum Goal {
        case delete, create
        case condition(String, String)
        case path(JSONPath, String?)
    }

    func run() async throws {
        let words = context.flags.strings("for")
        guard !words.isEmpty else {
            throw KubectlError("--for is required: create, delete, condition=NAME or jsonpath='{PATH}'=VALUE")
        }
        let goals = try words.map(goal)
        let limit = context.flags.duration("timeout")
        // Zero looks once; below zero waits for a week.
        let timeout: Duration = limit < .zero ? .seconds(7 * 24 * 3600) : limit
        let deadline = context.runtime.monotonic() + timeout
        for goal in goals {
            let targets = try await targets(goal)
            for target in targets {
                let left = max(deadline - context.runtime.monotonic(), .milliseconds(1))
                try await wait(target, goal, left)
            }
        }
    }

    private func goal(_ word: String) throws -> Goal {
        let lowered = word.lowercased()
        if lowered == "delete" { return .delete }
        if lowered == "create" { return .create }
        if lowered.hasPrefix("condition=") {
            let sides = word.dropFirst("condition=".count).split(separator: "=", maxSplits: 1).map(String.init)
            return .condition(sides.first ?? "", sides.count > 1 ? sides[1] : "true")
        }
        if lowered.hasPrefix("jsonpath=") {
            let rest = word.dropFirst("jsonpath=".count)
            guard let close = rest.lastIndex(of: "}") else {
                throw KubectlError(
                    "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or without a value")
            }
            let path = rest[...close].filter { $0 != "'" }
            let tail = rest[rest.index(after: close)...].drop { $0 == "'" }
            guard tail.isEmpty || tail.hasPrefix("=") else {
                throw KubectlError("unexpected \"\(tail)\" after the jsonpath")
            }
            return .path(try JSONPath(String(path)), tail.isEmpty ? nil : String(tail.dropFirst()).filter { $0 != "'" })
        }
        throw KubectlError("unrecognized condition: \"\(word)\"")
    }

    private func targets(_ goal: Goal) async throws -> [Target] {
        switch goal {
        case .delete, .create:
            // The object need not be there.
            let named =
                context.hasFiles ? try await context.fileTargets() : try await context.targets(of: context.arguments)
            if named.allSatisfy({ $0.name != nil }) { return named }
            if case .create = goal { throw KubectlError("--for=create takes names, no selector") }
            do {
                return try await context.selected(context.arguments)
            } catch let error as StatusError where error.isNotFound {
                return []
            }
        default:
            let found = try await context.selected(context.arguments)
            guard !found.isEmpty else { throw KubectlError("no matching resources found") }
            return found
        }
    }

    private func wait(_ target: Target, _ goal: Goal, _ timeout: Duration) async throws {
        guard let name = target.name else { return }
        var wasThere = false
        let uid = target.object?.text("metadata", "uid") ?? ""
        let done = try await context.follow(target.resource, target.namespace, name, timeout: timeout) { object in
            if object != nil { wasThere = true }
            switch goal {
            case .delete: return object == nil || (!uid.isEmpty && object?.text("metadata", "uid") != uid)
            case .create: return object != nil
            case .condition(let type, let wanted):
                guard let object else { throw KubectlError("\(target.shown) was deleted while waiting for it") }
                return Self.hasCondition(object, type, wanted)
            case .path(let path, let wanted):
                guard let object else { throw KubectlError("\(target.shown) was deleted while waiting for it") }
                let values = try path.results(object).flatMap { $0 }
                guard let wanted else { return !values.isEmpty }
                return values.first.map { $0.scalarText ?? JSONText.compact($0) } == wanted
            }
        }
        guard done else {
            throw KubectlError("timed out waiting for the condition on \(target.resource.plural)/\(name)")
        }
        // What was never there is not worth a line.
        if case .delete = goal, !wasThere { return }
        context.out("\(target.shown) condition met\n")
    }

    static func hasCondition(_ object: YAMLNode, _ type: String, _ wanted: String) -> Bool {
        // A status that is older than the spec says nothing about it.
        if let seen = object.number("status", "observedGeneration"), seen < object.number("metadata", "generation") ?? 0
        {
            return false
        }
        return object.items("status", "conditions").contains {
            $0.text("type").lowercased() == type.lowercased() && $0.text("status").lowercased() == wanted.lowercased()
        }
    }
}
