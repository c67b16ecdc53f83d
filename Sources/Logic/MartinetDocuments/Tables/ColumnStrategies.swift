import MartinetBase
import MartinetSchema

/// What a column strategy may look at.
struct CellContext {
    let object: Object
    let now: Timestamp
    /// Whether columns of a lower priority are wanted too: text that is cut otherwise is whole.
    let wide: Bool
}

/// The columns whose cells take more than a path (`@name` in the schema), by name.
enum ColumnStrategies {
    typealias Strategy = @Sendable (CellContext) -> Value

    static func strategy(_ name: String) -> Strategy? { all[name] }

    private static let all: [String: Strategy] = {
        var all: [String: Strategy] = [:]
        for part in [shared, core, workloads, volumes, network, policy, resources, cluster] {
            all.merge(part) { first, _ in first }
        }
        return all
    }()

    static func text(_ cell: @escaping @Sendable (Object) -> String) -> Strategy {
        { .string(cell($0.object)) }
    }

    static func number(_ cell: @escaping @Sendable (Object) -> Int64) -> Strategy { { .int(cell($0.object)) } }

    static func flag(_ path: String, _ fallback: Bool = false) -> Strategy {
        { .bool($0.object.optionalFlag(path) ?? fallback) }
    }

    static func age(_ path: String) -> Strategy {
        { .string(CellText.age($0.object.time(path), $0.now)) }
    }

    private static let shared: [String: Strategy] = [
        "age": age("metadata.creationTimestamp"),
        "containerNames": text { containers($0).map { $0.text("name") }.joined(separator: ",") },
        "containerImages": text { containers($0).map { $0.text("image") }.joined(separator: ",") },
    ]

    /// The containers of the pod template, wherever the kind has it.
    private static func containers(_ object: Object) -> [Object] {
        for path in ["spec.template", "template", "spec.jobTemplate.spec.template"] {
            if let template = object.object(path) { return template.objects("spec.containers") }
        }
        return []
    }

    private static let core: [String: Strategy] = [
        "podReady": { .string(PodCells($0.object, now: $0.now).ready) },
        "podStatus": { .string(PodCells($0.object, now: $0.now).status) },
        "podRestarts": { .string(PodCells($0.object, now: $0.now).restarts) },
        "podIP": text { CellText.or($0.objects("status.podIPs").first?.text("ip") ?? "") },
        "podNode": text { CellText.or($0.text("spec.nodeName")) },
        "podNominatedNode": text { CellText.or($0.text("status.nominatedNodeName")) },
        "podReadinessGates": text(PodCells.readinessGates),
        "podTemplatePodLabels": text { CellText.labels($0.map("template.metadata.labels")) },
        "secretData": number { Int64($0.map("data").count) },
        "configMapData": number { Int64($0.map("data").count + $0.map("binaryData").count) },
        "componentStatusStatus": text { object in
            guard let healthy = object.condition("Healthy", in: "conditions") else { return "Unknown" }
            return healthy.text("status") == "True" ? "Healthy" : "Unhealthy"
        },
        "componentStatusMessage": text { $0.condition("Healthy", in: "conditions")?.text("message") ?? "" },
        "componentStatusError": text { $0.condition("Healthy", in: "conditions")?.text("error") ?? "" },
        "resourceQuotaRequest": text { quota($0, limits: false) },
        "resourceQuotaLimit": text { quota($0, limits: true) },
        "nodeStatus": text(nodeStatus), "nodeRoles": text(nodeRoles),
        "nodeInternalIP": text { nodeAddress($0, "InternalIP") },
        "nodeExternalIP": text { nodeAddress($0, "ExternalIP") },
        "nodeOSImage": text { CellText.or($0.text("status.nodeInfo.osImage"), CellText.unknown) },
        "nodeKernelVersion": text { node in
            let kernel = CellText.or(node.text("status.nodeInfo.kernelVersion"), CellText.unknown)
            let architecture = node.text("status.nodeInfo.architecture")
            return architecture.isEmpty ? kernel : "\(kernel) (\(architecture))"
        },
        "nodeContainerRuntime": text {
            CellText.or($0.text("status.nodeInfo.containerRuntimeVersion"), CellText.unknown)
        },
        "eventLastSeen": { .string(EventCells($0).lastSeen) }, "eventFirstSeen": { .string(EventCells($0).firstSeen) },
        "eventCount": { .int(EventCells($0).count) }, "eventObject": { .string(EventCells($0).object) },
        "eventSource": { .string(EventCells($0).source) }, "eventMessage": { .string(EventCells($0).message) },
        "leaseHolder": text { $0.text("spec.holderIdentity") },
    ]

    private static func quota(_ object: Object, limits: Bool) -> String {
        let used = object.map("status.used")
        return object.map("status.hard").entries.filter { $0.key.hasPrefix("limits.") == limits }.map { entry in
            func quantity(_ value: Value?) -> String { if case .string(let text) = value { text } else { "0" } }
            return "\(entry.key): \(quantity(used[entry.key]))/\(quantity(entry.value))"
        }.joined(separator: ", ")
    }

    private static func nodeStatus(_ node: Object) -> String {
        var status = "Unknown"
        // Of conditions that are there twice the last one counts.
        if let ready = node.objects("status.conditions").last(where: { $0.text("type") == "Ready" }) {
            status = ready.text("status") == "True" ? "Ready" : "NotReady"
        }
        return node.flag("spec.unschedulable") ? status + ",SchedulingDisabled" : status
    }

    private static func nodeRoles(_ node: Object) -> String {
        var roles: Set<String> = []
        for entry in node.map("metadata.labels").entries {
            if entry.key.hasPrefix("node-role.kubernetes.io/") {
                roles.insert(String(entry.key.dropFirst(24)))
            } else if entry.key == "kubernetes.io/role", case .string(let role) = entry.value {
                roles.insert(role)
            }
        }
        roles.remove("")
        return CellText.or(roles.sorted { $0.precedes($1) }.joined(separator: ","))
    }

    private static func nodeAddress(_ node: Object, _ type: String) -> String {
        node.condition(type, in: "status.addresses")?.text("address") ?? CellText.none
    }

    private static let workloads: [String: Strategy] = [
        "deploymentReady": text { "\($0.number("status.readyReplicas"))/\($0.number("spec.replicas"))" },
        "deploymentSelector": text { CellText.selector($0.object("spec.selector")) ?? "<invalid>" },
        "statefulSetReady": text { "\($0.number("status.readyReplicas"))/\($0.number("spec.replicas"))" },
        "daemonSetNodeSelector": text { CellText.labels($0.map("spec.template.spec.nodeSelector")) },
        "daemonSetSelector": text { CellText.selectorOrNone($0.object("spec.selector")) },
        "replicaSetSelector": text { CellText.selectorOrNone($0.object("spec.selector")) },
        "replicationControllerSelector": text { CellText.labels($0.map("spec.selector")) },
        "controllerRevisionController": text { revision in
            guard let owner = revision.objects("metadata.ownerReferences").first(where: { $0.flag("controller") })
            else { return CellText.none }
            let parts = owner.text("apiVersion").split(separator: "/")
            let group = parts.count > 1 ? ".\(parts[0])" : ""
            return "\(owner.text("kind"))\(group)".lowercased() + "/" + owner.text("name")
        },
        "jobStatus": text(jobStatus),
        "jobCompletions": text { job in
            let done = job.number("status.succeeded")
            if let wanted = job.optionalNumber("spec.completions") { return "\(done)/\(wanted)" }
            let parallelism = job.number("spec.parallelism")
            return parallelism > 1 ? "\(done)/1 of \(parallelism)" : "\(done)/1"
        },
        "jobDuration": { context in
            guard let start = context.object.time("status.startTime") else { return .string("") }
            let end = context.object.time("status.completionTime") ?? context.now
            return .string(HumanDuration.text(end.duration(since: start)))
        },
        "jobSelector": text { CellText.selectorOrNone($0.object("spec.selector")) },
        "cronJobTimezone": text { $0.optionalText("spec.timeZone") ?? CellText.none },
        "cronJobSuspend": text { $0.optionalFlag("spec.suspend").map { $0 ? "True" : "False" } ?? CellText.unset },
        "cronJobActive": number { Int64($0.objects("status.active").count) },
        "cronJobLastSchedule": { context in
            let last = context.object.time("status.lastScheduleTime")
            return .string(last.map { CellText.age($0, context.now) } ?? CellText.none)
        },
        "cronJobSelector": text { CellText.selectorOrNone($0.object("spec.jobTemplate.spec.selector")) },
        "podDisruptionBudgetMinAvailable": text { intOrString($0.at("spec.minAvailable")) },
        "podDisruptionBudgetMaxUnavailable": text { intOrString($0.at("spec.maxUnavailable")) },
        "horizontalPodAutoscalerReference": text {
            "\($0.text("spec.scaleTargetRef.kind"))/\($0.text("spec.scaleTargetRef.name"))"
        },
        "horizontalPodAutoscalerMinPods": text {
            $0.optionalNumber("spec.minReplicas").map(String.init) ?? CellText.unset
        },
        "horizontalPodAutoscalerTargets": text(AutoscalerCells.targets),
        "priorityClassPreemptionPolicy": text { $0.text("preemptionPolicy") },
    ]

    private static func intOrString(_ value: Value?) -> String {
        switch value {
        case .int(let number): String(number)
        case .string(let text): text
        default: "N/A"
        }
    }

    private static func jobStatus(_ job: Object) -> String {
        func holds(_ type: String) -> Bool { job.condition(type)?.text("status") == "True" }
        if holds("Complete") { return "Complete" }
        if holds("Failed") { return "Failed" }
        if job.isBeingDeleted { return "Terminating" }
        return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].first(where: holds) ?? "Running"
    }
}
