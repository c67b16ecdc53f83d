package import MartinetAPI
import MartinetClient
package import MartinetSchema

/// The filters: which nodes may run a pod, and why the others may not.
package struct Filters {
    /// The part that depends on nodes only; good for every pod of the shape until the table's generation changes.
    package static func fixed(_ shape: PodShape, _ table: NodeTable) -> Verdict {
        var verdict = Verdict(feasible: table.present, nodeCount: table.count)
        let unschedulable = Taint {
            $0.key = "node.kubernetes.io/unschedulable"
            $0.effect = "NoSchedule"
        }
        if !shape.tolerates(unschedulable) {
            verdict.refuse(table.unschedulable, .nodeUnschedulable, "node(s) were unschedulable")
        }
        if !shape.nodeName.isEmpty {
            var named = RowSet()
            if let row = table.row(shape.nodeName) { named.insert(row) }
            let others = table.present.subtracting(named)
            verdict.refuse(others, .nodeName, "node(s) didn't match the requested node name")
        }
        let tainted = table.rows(untolerated: shape, effects: ["NoSchedule", "NoExecute"])
        verdict.refuse(tainted, .taintToleration, "node(s) had untolerated taint(s)")
        if let affine = table.rows(affine: shape) {
            let others = table.present.subtracting(affine)
            verdict.refuse(others, .nodeAffinity, "node(s) didn't match Pod's node affinity/selector")
        }
        return verdict
    }

    /// The part that depends on the pods that are there.
    /// - Parameter namespaces: the labels of every namespace.
    package static func current(
        _ pod: Pod, _ shape: PodShape, _ fixed: Verdict, _ table: inout NodeTable,
        namespaces: [(name: String, labels: StringMap)]
    ) -> Verdict {
        var verdict = fixed
        if !shape.ports.isEmpty { checkPorts(shape, table, &verdict) }
        checkResources(shape, table, &verdict)
        if !shape.spread.isEmpty { checkSpread(pod, shape, &table, &verdict) }
        checkPodAffinity(pod, shape, &table, &verdict, namespaces)
        return verdict
    }

    private static func checkPorts(_ shape: PodShape, _ table: NodeTable, _ verdict: inout Verdict) {
        for row in verdict.feasible.rows {
            let isTaken = table.ports[row].contains { taken in shape.ports.contains { $0.conflicts(with: taken) } }
            if isTaken {
                verdict.refuse(
                    row, .nodePorts, ["node(s) didn't have free ports for the requested pod ports"])
            }
        }
    }

    private static func checkResources(_ shape: PodShape, _ table: NodeTable, _ verdict: inout Verdict) {
        let wanted = shape.requests.names.filter { shape.requests[$0] > 0 }.map { name in
            (
                name: name, amount: shape.requests[name], used: table.column(table.requested, name),
                total: table.column(table.allocatable, name)
            )
        }
        for row in verdict.feasible.rows {
            var reasons: [String] = []
            for column in wanted where ResourceVector.add(column.used[row], column.amount) > column.total[row] {
                reasons.append(column.name == "pods" ? "Too many pods" : "Insufficient \(column.name)")
            }
            if !reasons.isEmpty { verdict.refuse(row, .nodeResourcesFit, reasons) }
        }
    }

    // MARK: - Spreading

    private static func checkSpread(
        _ pod: Pod, _ shape: PodShape, _ table: inout NodeTable, _ verdict: inout Verdict
    ) {
        let hard = shape.spread.filter { $0.whenUnsatisfiable != "ScheduleAnyway" }
        guard !hard.isEmpty else { return }
        let keys = hard.map(\.topologyKey)
        for constraint in hard {
            let domains = Domains(constraint, pod, shape, keys: keys, &table)
            let least = domains.least(minDomains: constraint.minDomains)
            let own = domains.term.matches(namespace: shape.namespace, labels: shape.labels) ? 1 : 0
            for row in verdict.feasible.rows {
                guard let value = table.labels[row][constraint.topologyKey] else {
                    verdict.refuse(
                        row, .podTopologySpread,
                        ["node(s) didn't match pod topology spread constraints (missing required label)"])
                    continue
                }
                let skew = (domains.counts[value] ?? 0) + own - least
                if skew > Int(constraint.maxSkew) {
                    verdict.refuse(
                        row, .podTopologySpread, ["node(s) didn't match pod topology spread constraints"])
                }
            }
        }
    }

    // MARK: - Affinity between pods

    private static func checkPodAffinity(
        _ pod: Pod, _ shape: PodShape, _ table: inout NodeTable, _ verdict: inout Verdict,
        _ namespaces: [(name: String, labels: StringMap)]
    ) {
        let affinity = shape.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
        let terms = affinity.map { (PodTerm($0, of: pod, known: namespaces), $0.topologyKey) }
        let sums = terms.map { Domains.counts(table.count(of: $0.0), key: $0.1, table) }
        // The first of a group that wants to be together may begin it.
        let isFirst =
            sums.allSatisfy { $0.values.allSatisfy { $0 == 0 } }
            && terms.allSatisfy { $0.0.matches(namespace: shape.namespace, labels: shape.labels) }
        for (index, (_, key)) in terms.enumerated() {
            for row in verdict.feasible.rows {
                let value = table.labels[row][key]
                let isMet = value.map { isFirst || sums[index][$0] ?? 0 > 0 } ?? false
                if !isMet { verdict.refuse(row, .interPodAffinity, ["node(s) didn't match pod affinity rules"]) }
            }
        }
        for term in shape.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [] {
            let counts = table.count(of: PodTerm(term, of: pod, known: namespaces))
            let sums = Domains.counts(counts, key: term.topologyKey, table)
            for row in verdict.feasible.rows {
                guard let value = table.labels[row][term.topologyKey], sums[value] ?? 0 > 0 else { continue }
                verdict.refuse(row, .interPodAffinity, ["node(s) didn't match pod anti-affinity rules"])
            }
        }
        checkExisting(shape, table, &verdict)
    }

    /// Pods that are there may refuse newcomers in their domain.
    private static func checkExisting(_ shape: PodShape, _ table: NodeTable, _ verdict: inout Verdict) {
        for uid in table.withAntiTerms {
            guard let other = table.placed[uid] else { continue }
            for (term, key) in other.antiTerms
            where term.matches(namespace: shape.namespace, labels: shape.labels) {
                guard let value = table.labels[other.row][key], let rows = table.rowsOfLabel[key]?[value] else {
                    continue
                }
                verdict.refuse(
                    rows, .interPodAffinity, "node(s) didn't satisfy existing pods anti-affinity rules")
            }
        }
    }
}
