package import MartinetAPI
package import MartinetBase
package import MartinetSchema

/// What one object takes of the quotas of its namespace, and what decides which quotas those are.
///
/// Source: kubernetes pkg/quota/v1/evaluator/core.
package struct QuotaSubject: Sendable {
    /// What it takes while it lives, by the names that quotas use.
    package let usage: [String: Quantity]
    /// What it takes for being stored at all: of a pod that has ended, this is all.
    private let storedUsage: [String: Quantity]
    private let hasEnded: Bool
    /// From when on it takes nothing but that; of a pod whose deletion is overdue.
    private let overdueFrom: Int64?
    private let isPod: Bool
    private let isTerminating: Bool
    private let isBestEffort: Bool
    private let crossesNamespaces: Bool
    private let priorityClass: String
    private let attributesClasses: Set<String>?

    package init(_ object: Object, _ kind: Kind) {
        let one = Quantity(1)
        let name = kind.group.isEmpty ? kind.plural : "\(kind.plural).\(kind.group)"
        storedUsage = ["count/\(name)": one]
        var usage = storedUsage
        let spec = object.part("spec")
        isPod = kind.group.isEmpty && kind.name == "Pod"
        var classes: Set<String>?
        switch (kind.group, kind.name) {
        case ("", "Pod"): if let spec { usage.merge(QuotaSubject.pod(spec)) { $1 } }
        case ("", "Service"): usage.merge(QuotaSubject.service(spec)) { $1 }
        case ("", "PersistentVolumeClaim"):
            usage.merge(QuotaSubject.claim(object)) { $1 }
            let names = [
                spec?.text("volumeAttributesClassName"),
                object.part("status")?.text("currentVolumeAttributesClassName"),
                object.part("status")?.part("modifyVolumeStatus")?.text("targetVolumeAttributesClassName"),
            ]
            classes = Set(names.compactMap { $0 }.filter { !$0.isEmpty })
        case ("", "ReplicationController"), ("", "ResourceQuota"), ("", "Secret"), ("", "ConfigMap"):
            usage[kind.plural] = one
        default: break
        }
        self.usage = usage
        attributesClasses = classes
        let phase = object.part("status")?.text("phase") ?? ""
        hasEnded = isPod && (phase == "Succeeded" || phase == "Failed")
        let metadata = object.part("metadata")
        if isPod, case .int(let deleted)? = metadata?[field: "deletionTimestamp"],
            case .int(let grace)? = metadata?[field: "deletionGracePeriodSeconds"]
        {
            overdueFrom = deleted.addingReportingOverflow(grace).partialValue
        } else {
            overdueFrom = nil
        }
        if case .int(let seconds)? = spec?[field: "activeDeadlineSeconds"] {
            isTerminating = seconds >= 0
        } else {
            isTerminating = false
        }
        priorityClass = spec?.text("priorityClassName") ?? ""
        isBestEffort = isPod && (spec.map(QuotaSubject.isBestEffort) ?? true)
        crossesNamespaces = isPod && (spec?.part("affinity").map(QuotaSubject.crossesNamespaces) ?? false)
    }

    /// What it takes at a time.
    package func usage(at now: Timestamp) -> [String: Quantity] {
        hasEnded || overdueFrom.map { now.seconds > $0 } ?? false ? storedUsage : usage
    }

    // MARK: - Scopes

    /// Whether the scopes of a quota let it count this object.
    package func isCovered(by quota: Object) -> Bool {
        let spec = quota.part("spec")
        var requirements: [(scope: String, operator: String, values: [String])] = []
        if case .list(let scopes)? = spec?[field: "scopes"] {
            for case .string(let scope) in scopes { requirements.append((scope, "Exists", [])) }
        }
        for expression in spec?.part("scopeSelector")?.parts("matchExpressions") ?? [] {
            var values: [String] = []
            if case .list(let list)? = expression[field: "values"] {
                values = list.compactMap { if case .string(let text) = $0 { text } else { nil } }
            }
            requirements.append((expression.text("scopeName"), expression.text("operator"), values))
        }
        return requirements.allSatisfy { matches($0.scope, $0.operator, $0.values) }
    }

    private func matches(_ scope: String, _ operation: String, _ values: [String]) -> Bool {
        if scope == "VolumeAttributesClass" {
            return attributesClasses.map { QuotaSubject.holds($0, operation, values) } ?? false
        }
        guard isPod else { return false }
        return switch scope {
        case "Terminating": isTerminating
        case "NotTerminating": !isTerminating
        case "BestEffort": isBestEffort
        case "NotBestEffort": !isBestEffort
        case "PriorityClass":
            QuotaSubject.holds(priorityClass.isEmpty ? [] : [priorityClass], operation, values)
        case "CrossNamespacePodAffinity": crossesNamespaces
        default: false
        }
    }

    private static func holds(_ own: Set<String>, _ operation: String, _ values: [String]) -> Bool {
        switch operation {
        case "Exists": !own.isEmpty
        case "DoesNotExist": own.isEmpty
        case "In": own.contains(where: values.contains)
        case "NotIn": own.isEmpty || own.contains { !values.contains($0) }
        default: false
        }
    }

    private static func isBestEffort(_ spec: Object) -> Bool {
        func isEmpty(_ owner: Object) -> Bool {
            ["requests", "limits"].allSatisfy { field in
                (owner.part("resources")?.map(field).entries ?? []).allSatisfy { entry in
                    guard entry.key == "cpu" || entry.key == "memory" else { return true }
                    return (PodAmounts.quantity(entry.value)?.nanos ?? 0) <= 0
                }
            }
        }
        return isEmpty(spec) && (spec.parts("containers") + spec.parts("initContainers")).allSatisfy(isEmpty)
    }

    private static func crossesNamespaces(_ affinity: Object) -> Bool {
        func crosses(_ term: Object) -> Bool {
            if term.part("namespaceSelector") != nil { return true }
            if case .list(let names)? = term[field: "namespaces"] { return !names.isEmpty }
            return false
        }
        return ["podAffinity", "podAntiAffinity"].contains { kind in
            guard let part = affinity.part(kind) else { return false }
            let preferred = part.parts("preferredDuringSchedulingIgnoredDuringExecution")
            return part.parts("requiredDuringSchedulingIgnoredDuringExecution").contains(where: crosses)
                || preferred.compactMap { $0.part("podAffinityTerm") }.contains(where: crosses)
        }
    }

    // MARK: - Usage

    private static func pod(_ spec: Object) -> [String: Quantity] {
        var usage = ["pods": Quantity(1)]
        for (name, amount) in PodAmounts.total(spec, "requests") {
            switch name {
            case "cpu", "memory", "ephemeral-storage":
                usage[name] = amount
                usage["requests.\(name)"] = amount
            case _ where name.hasPrefix("hugepages-"):
                usage[name] = amount
                usage["requests.\(name)"] = amount
            case _ where name.contains("/"): usage["requests.\(name)"] = amount
            default: break
            }
        }
        for (name, amount) in PodAmounts.total(spec, "limits") {
            if ["cpu", "memory", "ephemeral-storage"].contains(name) { usage["limits.\(name)"] = amount }
        }
        return usage
    }

    private static func service(_ spec: Object?) -> [String: Quantity] {
        let ports = spec?.parts("ports") ?? []
        var (nodePorts, balancers) = (0, 0)
        switch spec?.text("type") {
        case "NodePort": nodePorts = ports.count
        case "LoadBalancer":
            balancers = 1
            let allocates = spec?[field: "allocateLoadBalancerNodePorts"] != .bool(false)
            nodePorts =
                allocates
                ? ports.count : ports.count { if case .int(let n)? = $0[field: "nodePort"] { n != 0 } else { false } }
        default: break
        }
        return [
            "services": Quantity(1), "services.loadbalancers": Quantity(Int64(balancers)),
            "services.nodeports": Quantity(Int64(nodePorts)),
        ]
    }

    private static func claim(_ claim: Object) -> [String: Quantity] {
        var usage = ["persistentvolumeclaims": Quantity(1)]
        var className = claim.part("spec")?.text("storageClassName") ?? ""
        let annotations = claim.part("metadata")?.map("annotations")
        if case .string(let old)? = annotations?["volume.beta.kubernetes.io/storage-class"] { className = old }
        let prefix = className.isEmpty ? nil : "\(className).storageclass.storage.k8s.io/"
        if let prefix { usage["\(prefix)persistentvolumeclaims"] = Quantity(1) }
        let asked = PodAmounts.quantity(claim.part("spec")?.part("resources")?.map("requests")["storage"])
        let given = PodAmounts.quantity(claim.part("status")?.map("allocatedResources")["storage"])
        if let storage = [asked, given].compactMap({ $0 }).max() {
            usage["requests.storage"] = storage
            if let prefix { usage["\(prefix)requests.storage"] = storage }
        }
        return usage
    }

    // MARK: - What must be said

    private static let explicit = [
        "cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory",
    ]

    /// What a quota of processor or memory needs every container of a new pod to say; nil where it is said.
    package static func missing(_ pod: Object, hard: [String]) -> String? {
        guard let spec = pod.part("spec"), spec.part("resources") == nil else { return nil }
        var texts: [String] = []
        for name in explicit where hard.contains(name) {
            let parts = name.split(separator: ".").map(String.init)
            let (list, resource) = parts.count == 1 ? ("requests", parts[0]) : (parts[0], parts[1])
            let silent = (spec.parts("containers") + spec.parts("initContainers")).filter {
                $0.part("resources")?.map(list)[resource] == nil
            }
            if !silent.isEmpty {
                let names = silent.map { $0.text("name") }.sorted { $0.precedes($1) }
                texts.append("\(name) for: \(names.joined(separator: ","))")
            }
        }
        return texts.isEmpty ? nil : "must specify \(texts.joined(separator: "; "))"
    }
}
