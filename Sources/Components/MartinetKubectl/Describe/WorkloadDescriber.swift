import MartinetYAML

/// Deployments and ReplicaSets.
struct WorkloadDescriber {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func deployment(_ object: YAMLNode, _ writer: inout DescribeWriter) async throws {
        let common = Describer(context)
        common.head(object, &writer)
        writer.line(0, "CreationTimestamp:", Describer.time(object.text("metadata", "creationTimestamp")))
        common.pairs("Labels", object.entries("metadata", "labels"), &writer)
        common.pairs("Annotations", object.entries("metadata", "annotations"), &writer)
        writer.line(0, "Selector:", Describer.labelSelector(object.at("spec", "selector")))
        func status(_ key: String) -> Int64 { object.number("status", key) ?? 0 }
        writer.line(
            0, "Replicas:",
            "\(object.number("spec", "replicas") ?? 1) desired | \(status("updatedReplicas")) updated | "
                + "\(status("replicas")) total | \(status("availableReplicas")) available | "
                + "\(status("unavailableReplicas")) unavailable")
        writer.line(0, "StrategyType:", object.text("spec", "strategy", "type"))
        writer.line(0, "MinReadySeconds:", String(object.number("spec", "minReadySeconds") ?? 0))
        if let rolling = object.at("spec", "strategy", "rollingUpdate") {
            writer.line(
                0, "RollingUpdateStrategy:",
                "\(rolling.text("maxUnavailable")) max unavailable, \(rolling.text("maxSurge")) max surge")
        }
        PodDescriber(context).template(object.at("spec", "template") ?? YAMLNode(.map([])), &writer)
        common.conditions(object, &writer)
        try await sets(object, &writer)
    }

    private func sets(_ object: YAMLNode, _ writer: inout DescribeWriter) async throws {
        let resource = try await context.discovery.resource("replicasets.apps")
        let uid = object.text("metadata", "uid")
        let revision = object.at("metadata", "annotations", RolloutCommand.revisionKey)?.scalarText
        let mine = try await context.list(resource, object.metaNamespace).filter { set in
            set.items("metadata", "ownerReferences").contains { $0.text("uid") == uid }
        }
        func shown(_ sets: [YAMLNode]) -> String {
            sets.isEmpty
                ? "<none>"
                : sets.map {
                    "\($0.metaName) (\($0.number("status", "replicas") ?? 0)/\($0.number("spec", "replicas") ?? 0) replicas created)"
                }
                .joined(separator: ", ")
        }
        func isNew(_ set: YAMLNode) -> Bool {
            set.at("metadata", "annotations", RolloutCommand.revisionKey)?.scalarText == revision
        }
        writer.line(0, "OldReplicaSets:", shown(mine.filter { !isNew($0) }))
        writer.line(0, "NewReplicaSet:", shown(mine.filter(isNew)))
    }

    func replicaSet(_ object: YAMLNode, _ writer: inout DescribeWriter) async throws {
        let common = Describer(context)
        common.head(object, &writer)
        writer.line(0, "Selector:", Describer.labelSelector(object.at("spec", "selector")))
        common.pairs("Labels", object.entries("metadata", "labels"), &writer)
        common.pairs("Annotations", object.entries("metadata", "annotations"), &writer)
        if let owner = object.items("metadata", "ownerReferences").first(where: { $0["controller"]?.bool == true }) {
            writer.line(0, "Controlled By:", "\(owner.text("kind"))/\(owner.text("name"))")
        }
        writer.line(
            0, "Replicas:",
            "\(object.number("status", "replicas") ?? 0) current / \(object.number("spec", "replicas") ?? 1) desired")
        let pods = try await context.discovery.resource("pods")
        let uid = object.text("metadata", "uid")
        let phases = try await context.list(pods, object.metaNamespace).filter { pod in
            pod.items("metadata", "ownerReferences").contains { $0.text("uid") == uid }
        }.map { $0.text("status", "phase") }
        func count(_ phase: String) -> Int { phases.filter { $0 == phase }.count }
        writer.line(
            0, "Pods Status:",
            "\(count("Running")) Running / \(count("Pending")) Waiting / \(count("Succeeded")) Succeeded / \(count("Failed")) Failed"
        )
        PodDescriber(context).template(object.at("spec", "template") ?? YAMLNode(.map([])), &writer)
        common.conditions(object, &writer)
    }
}
