package import MartinetAPI
import MartinetClient
package import MartinetSchema

/// The scores: which of the feasible nodes suits a pod best. Each plugin gives 0 to 100; the weights are upstream's.
package struct Scores {
    package enum Plugin: String, Sendable, CaseIterable {
        case leastAllocated = "NodeResourcesFit"
        case balancedAllocation = "NodeResourcesBalancedAllocation"
        case taintToleration = "TaintToleration"
        case nodeAffinity = "NodeAffinity"
        case podTopologySpread = "PodTopologySpread"
        case interPodAffinity = "InterPodAffinity"

        var weight: Int {
            switch self {
            case .leastAllocated, .balancedAllocation: 1
            case .taintToleration: 3
            case .nodeAffinity, .podTopologySpread, .interPodAffinity: 2
            }
        }
    }

    package let rows: [Int]
    /// Weighted, in the order of `rows`.
    package private(set) var totals: [Int]
    package private(set) var byPlugin: [Plugin: [Int]] = [:]

    package init(
        _ pod: Pod, _ shape: PodShape, _ feasible: RowSet, _ table: inout NodeTable,
        namespaces: [(name: String, labels: StringMap)]
    ) {
        rows = feasible.rows
        totals = Array(repeating: 0, count: rows.count)
        let cpu = Scores.fractions(shape, table, rows, "cpu")
        let memory = Scores.fractions(shape, table, rows, "memory")
        add(.leastAllocated, zip(cpu, memory).map { Int((2 - $0 - $1) * 50) })
        add(.balancedAllocation, zip(cpu, memory).map { Int((1 - ($0 - $1).magnitude / 2) * 100) })
        add(.taintToleration, Scores.fewer(preferNoSchedule(shape, table)))
        add(.nodeAffinity, Scores.more(preferredNodes(shape, table)))
        add(.podTopologySpread, Scores.fewer(crowding(pod, shape, &table)))
        add(.interPodAffinity, Scores.more(preferredPods(pod, shape, &table, namespaces)))
    }

    private mutating func add(_ plugin: Plugin, _ scores: [Int]) {
        byPlugin[plugin] = scores
        for (index, score) in scores.enumerated() { totals[index] += score * plugin.weight }
    }

    /// The best row; among equals the choice is `pick`'s.
    package func best(pick: (Int) -> Int) -> Int? {
        guard let highest = totals.max() else { return nil }
        let best = rows.indices.filter { totals[$0] == highest }
        return rows[best[min(max(0, pick(best.count)), best.count - 1)]]
    }

    // MARK: - Normalizing

    /// The largest gets 100.
    private static func more(_ raw: [Int]) -> [Int] {
        let low = min(0, raw.min() ?? 0)
        let span = (raw.max() ?? 0) - low
        return span == 0 ? raw.map { _ in 0 } : raw.map { ($0 - low) * 100 / span }
    }

    /// The smallest gets 100.
    private static func fewer(_ raw: [Int]) -> [Int] {
        let high = raw.max() ?? 0
        return high == 0 ? raw.map { _ in 100 } : raw.map { (high - $0) * 100 / high }
    }

    // MARK: - Plugins

    /// Which part of a resource each row would have in use, 0 to 1; all of it where there is none.
    private static func fractions(
        _ shape: PodShape, _ table: NodeTable, _ rows: [Int], _ name: String
    ) -> [Double] {
        let (used, total) = (table.column(table.scored, name), table.column(table.allocatable, name))
        let more = shape.scored[name]
        return rows.map { row in
            guard total[row] > 0 else { return 1 }
            return min(1, max(0, Double(ResourceVector.add(used[row], more)) / Double(total[row])))
        }
    }

    private func preferNoSchedule(_ shape: PodShape, _ table: NodeTable) -> [Int] {
        var raw = Array(repeating: 0, count: rows.count)
        for (taint, tainted) in table.rowsOfTaint where taint.effect == "PreferNoSchedule" && !shape.tolerates(taint) {
            for (index, row) in rows.enumerated() where tainted.contains(row) { raw[index] += 1 }
        }
        return raw
    }

    private func preferredNodes(_ shape: PodShape, _ table: NodeTable) -> [Int] {
        var raw = Array(repeating: 0, count: rows.count)
        let terms = shape.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
        for term in terms where term.weight != 0 {
            let selected = table.rows(selecting: term.preference)
            for (index, row) in rows.enumerated() where selected.contains(row) { raw[index] += Int(term.weight) }
        }
        return raw
    }

    /// How many like it are near: by its soft constraints, else for managed pods by host and zone, as upstream's default.
    private func crowding(_ pod: Pod, _ shape: PodShape, _ table: inout NodeTable) -> [Int] {
        var raw = Array(repeating: 0, count: rows.count)
        var counted: [(term: PodTerm, key: String)] = shape.spread.filter { $0.whenUnsatisfiable == "ScheduleAnyway" }
            .map { (PodTerm($0, of: pod), $0.topologyKey) }
        if shape.spread.isEmpty, shape.hasController, !shape.labels.isEmpty {
            let term = PodTerm(namespaces: [shape.namespace], selector: LabelSelector { $0.matchLabels = shape.labels })
            counted = [(term, "kubernetes.io/hostname"), (term, "topology.kubernetes.io/zone")]
        }
        for (term, key) in counted {
            let sums = Domains.counts(table.count(of: term), key: key, table)
            guard !sums.isEmpty else { continue }
            // A zone holds many more pods than a host; its size must not drown the host's.
            let scale = max(1, table.rowsOfLabel[key]?.count ?? 1)
            for (index, row) in rows.enumerated() {
                if let value = table.labels[row][key] { raw[index] += (sums[value] ?? 0) * scale }
            }
        }
        return raw
    }

    private func preferredPods(
        _ pod: Pod, _ shape: PodShape, _ table: inout NodeTable, _ namespaces: [(name: String, labels: StringMap)]
    ) -> [Int] {
        var raw = Array(repeating: 0, count: rows.count)
        let near = shape.affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
        let far = shape.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
        for (terms, sign) in [(near, 1), (far, -1)] {
            for weighted in terms {
                let term = PodTerm(weighted.podAffinityTerm, of: pod, known: namespaces)
                let key = weighted.podAffinityTerm.topologyKey
                let sums = Domains.counts(table.count(of: term), key: key, table)
                for (index, row) in rows.enumerated() {
                    guard let value = table.labels[row][key] else { continue }
                    raw[index] += sign * Int(weighted.weight) * (sums[value] ?? 0)
                }
            }
        }
        return raw
    }
}
