import MartinetCommandLine
import MartinetPrinters
import MartinetYAML

/// `kubectl scale`.
struct ScaleCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func run() async throws {
        let replicas = context.flags.int("replicas")
        guard context.flags.isSet("replicas"), replicas >= 0 else {
            throw KubectlError("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
        }
        var printer = try ObjectPrinter(context)
        for target in try await context.selected(context.arguments) {
            guard let name = target.name, let object = target.object else { continue }
            let current = context.flags.int("current-replicas")
            if context.flags.isSet("current-replicas"), current >= 0 {
                let present = object.number("spec", "replicas") ?? 1
                guard present == Int64(current) else {
                    throw KubectlError("Expected replicas to be \(current), was \(present)")
                }
            }
            if context.dryRun == .client {
                try context.report(object, "scaled", &printer)
                continue
            }
            var patch: YAMLNode = .map(["spec": .map(["replicas": YAMLNode(.int(Int64(replicas)))])])
            let version = context.flags.string("resource-version")
            if !version.isEmpty {
                patch = patch.setting(["metadata", "resourceVersion"], YAMLNode(.string(version)))
            }
            _ = try await context.patch(
                target.resource, target.namespace, name, patch, .merge, manager: "kubectl", subresource: "scale")
            try context.report(
                context.flags.string("output").isEmpty
                    ? object : try await context.get(target.resource, target.namespace, name), "scaled", &printer)
            try await wait(target, name, Int64(replicas))
        }
    }

    private func wait(_ target: Target, _ name: String, _ replicas: Int64) async throws {
        let timeout = context.flags.duration("timeout")
        guard timeout > .zero else { return }
        let done = try await context.follow(target.resource, target.namespace, name, timeout: timeout) { object in
            guard let object else { throw KubectlError("\(target.shown) was deleted") }
            let seen = object.number("status", "observedGeneration") ?? 0
            return seen >= object.number("metadata", "generation") ?? 0
                && object.number("status", "replicas") ?? 0 == replicas
        }
        guard done else { throw KubectlError("timed out waiting for \"\(name)\" to be synced") }
    }
}
