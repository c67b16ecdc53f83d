package import MartinetAPI
package import MartinetBase
package import MartinetClient
package import MartinetSchema

/// Keeps the status of ResourceQuotas: what is allowed, and what is used of it.
package enum QuotaPlanner {
    /// What the objects of a namespace use of what a quota limits.
    package static func used(
        _ quota: Object, _ subjects: some Sequence<QuotaSubject>, now: Timestamp
    ) -> [String: Quantity] {
        let names = quota.part("spec")?.map("hard").entries.map(\.key) ?? []
        var used = Dictionary(names.map { ($0, Quantity(0)) }, uniquingKeysWith: { first, _ in first })
        for subject in subjects where subject.isCovered(by: quota) {
            for (name, amount) in subject.usage(at: now) {
                if let sum = used[name] { used[name] = sum + amount }
            }
        }
        return used
    }

    /// Whether objects of a kind can use anything that a quota limits.
    package static func counts(_ kind: Kind, _ names: Set<String>) -> Bool {
        let own = kind.group.isEmpty ? kind.plural : "\(kind.plural).\(kind.group)"
        if names.contains("count/\(own)") { return true }
        guard kind.group.isEmpty else { return false }
        switch kind.name {
        // Whatever is no count and of nobody else is an amount that pods ask for.
        case "Pod": return names.contains { !$0.hasPrefix("count/") }
        case "Service": return names.contains { $0.hasPrefix("services") }
        case "PersistentVolumeClaim":
            return names.contains { $0.hasSuffix("persistentvolumeclaims") || $0.hasSuffix("requests.storage") }
        default: return names.contains(kind.plural)
        }
    }

    package static func plan(_ quota: Object, _ subjects: [QuotaSubject], now: Timestamp) -> Plan {
        var plan = Plan()
        let metadata = quota.metadata
        guard metadata.deletionTimestamp == nil, let kind = quota.type.kind else { return plan }
        let hard = quota.part("spec")?.map("hard") ?? Map()
        let used = Map(
            unsorted: used(quota, subjects, now: now).map {
                Map.Entry(key: $0.key, value: .string($0.value.description))
            })
        let before = quota.part("status")
        guard before?.map("hard") != hard || !isSame(used, before?.map("used") ?? Map()) else { return plan }
        var wanted = quota
        wanted.change("status") { status in
            status[field: "hard"] = .map(hard)
            status[field: "used"] = .map(used)
        }
        let name = ResourceName(
            kind, namespace: metadata.namespace, name: metadata.name, subresource: "status")
        plan.add(Write(APIRequest(.update, name, object: wanted), tolerates: .notFound))
        return plan
    }

    /// The same amounts may be written in several ways.
    private static func isSame(_ a: Map, _ b: Map) -> Bool {
        a.count == b.count
            && a.entries.allSatisfy { PodAmounts.quantity(b[$0.key]) == PodAmounts.quantity($0.value) }
    }
}
