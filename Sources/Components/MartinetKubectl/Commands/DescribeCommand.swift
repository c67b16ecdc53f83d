import MartinetYAML

/// `kubectl describe`.
struct DescribeCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func run() async throws {
        let targets =
            context.hasFiles ? try await context.fileTargets() : try await context.targets(of: context.arguments)
        guard !targets.isEmpty else {
            throw KubectlError(
                "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources."
            )
        }
        var shown = 0
        for target in targets {
            for object in try await objects(target) {
                if shown > 0 { context.out("\n\n") }
                context.out(try await Describer(context).text(object, target.resource))
                shown += 1
            }
        }
        if shown == 0 {
            context.say(
                targets.contains { $0.resource.isNamespaced } && !context.allNamespaces
                    ? "No resources found in \(context.namespace) namespace." : "No resources found")
        }
    }

    /// A name that is none may be the beginning of several.
    private func objects(_ target: Target) async throws -> [YAMLNode] {
        guard let name = target.name else {
            return try await context.list(target.resource, target.namespace, labels: context.selector)
        }
        do {
            return [try await context.get(target.resource, target.namespace, name)]
        } catch let error as StatusError where error.isNotFound {
            let begun = try await context.list(target.resource, target.namespace).filter { $0.metaName.hasPrefix(name) }
            if begun.isEmpty { throw error }
            return begun
        }
    }
}
