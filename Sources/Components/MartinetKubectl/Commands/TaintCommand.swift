import MartinetCommandLine
import MartinetYAML

/// `kubectl taint nodes NODE key=value:Effect key:Effect- key-`.
struct TaintCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    private struct Change {
        let key: String
        let value: String
        /// Empty: every effect, when removing.
        let effect: String
        let removes: Bool
    }

    private static let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"]

    func run() async throws {
        var words = context.arguments
        if let first = words.first, ["node", "nodes", "no"].contains(first) { words.removeFirst() }
        let start = words.firstIndex { $0.contains("=") || $0.contains(":") || $0.hasSuffix("-") } ?? words.count
        let changes = try words[start...].map(change)
        guard !changes.isEmpty else { throw KubectlError("at least one taint update is required") }
        var printer = try ObjectPrinter(context)
        let names = words[..<start].map { $0.split(separator: "/").last.map(String.init) ?? $0 }
        for node in try await context.selected(["nodes"] + names) {
            guard let object = node.object, let name = node.name else { continue }
            let (taints, operation) = try taints(object, changes, name)
            if context.dryRun == .client {
                try context.report(object, operation, &printer)
                continue
            }
            // The whole list goes, on the version that was read: two at once must not lose each other's taint.
            let patch: YAMLNode = .map([
                "metadata": .map(["resourceVersion": YAMLNode(.string(object.text("metadata", "resourceVersion")))]),
                "spec": .map(["taints": taints.isEmpty ? YAMLNode(.null) : YAMLNode(.list(taints))]),
            ])
            let answer = try await context.patch(node.resource, nil, name, patch, .merge, manager: "kubectl-taint")
            try context.report(answer, operation, &printer)
        }
    }

    private func change(_ word: String) throws -> Change {
        let removes = word.hasSuffix("-")
        let body = removes ? String(word.dropLast()) : word
        let sides = body.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let pair = sides[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let effect = sides.count > 1 ? sides[1] : ""
        guard !pair[0].isEmpty, removes || Self.effects.contains(effect),
            effect.isEmpty || Self.effects.contains(effect)
        else {
            throw KubectlError(
                "invalid taint spec: \(word): expected key=value:Effect, the effect being one of "
                    + Self.effects.joined(separator: ", "))
        }
        return Change(key: pair[0], value: pair.count > 1 ? pair[1] : "", effect: effect, removes: removes)
    }

    private func taints(_ node: YAMLNode, _ changes: [Change], _ name: String) throws -> ([YAMLNode], String) {
        var taints = node.items("spec", "taints")
        var (added, removed, modified) = (false, false, false)
        for change in changes {
            func isMeant(_ taint: YAMLNode) -> Bool {
                taint.text("key") == change.key && (change.effect.isEmpty || taint.text("effect") == change.effect)
            }
            if change.removes {
                guard taints.contains(where: isMeant) else {
                    throw KubectlError(
                        "taint \"\(change.key)\(change.effect.isEmpty ? "" : ":\(change.effect)")\" not found")
                }
                taints.removeAll(where: isMeant)
                removed = true
                continue
            }
            if let index = taints.firstIndex(where: isMeant) {
                guard context.flags.bool("overwrite") else {
                    throw KubectlError(
                        "node \(name) already has \(change.key) taint(s) with same effect(s) and --overwrite is false")
                }
                taints.remove(at: index)
                modified = true
            } else {
                added = true
            }
            var taint: YAMLNode = .map([
                "effect": YAMLNode(.string(change.effect)), "key": YAMLNode(.string(change.key)),
            ])
            if !change.value.isEmpty { taint["value"] = YAMLNode(.string(change.value)) }
            taints.append(taint)
        }
        if modified || (added && removed) { return (taints, "modified") }
        return (taints, added ? "tainted" : "untainted")
    }
}
