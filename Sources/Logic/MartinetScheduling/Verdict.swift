import MartinetSchema

/// What the filters say of every node for one pod.
package struct Verdict: Sendable {
    /// The plugins that refuse, in the order in which they are asked.
    package enum Plugin: String, Sendable, CaseIterable {
        case nodeUnschedulable = "NodeUnschedulable"
        case nodeName = "NodeName"
        case taintToleration = "TaintToleration"
        case nodeAffinity = "NodeAffinity"
        case nodePorts = "NodePorts"
        case nodeResourcesFit = "NodeResourcesFit"
        case podTopologySpread = "PodTopologySpread"
        case interPodAffinity = "InterPodAffinity"
    }

    package struct Refusal: Sendable, Hashable {
        package let plugin: Plugin
        /// One or more, where a plugin looks at several things.
        package let reasons: [String]
    }

    package internal(set) var feasible: RowSet
    package internal(set) var refusals: [Int: Refusal] = [:]
    package internal(set) var nodeCount: Int

    mutating func refuse(_ rows: RowSet, _ plugin: Plugin, _ reason: String) {
        var refused = rows
        refused.formIntersection(feasible)
        for row in refused.rows { refusals[row] = Refusal(plugin: plugin, reasons: [reason]) }
        feasible.subtract(refused)
    }

    mutating func refuse(_ row: Int, _ plugin: Plugin, _ reasons: [String]) {
        refusals[row] = Refusal(plugin: plugin, reasons: reasons)
        feasible.remove(row)
    }

    package var plugins: Set<Plugin> { Set(refusals.values.map(\.plugin)) }

    /// `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.`
    package var message: String {
        guard nodeCount > 0 else { return "no nodes available to schedule pods" }
        var counts: [String: Int] = [:]
        for refusal in refusals.values { for reason in refusal.reasons { counts[reason, default: 0] += 1 } }
        let texts = counts.map { "\($0.value) \($0.key)" }.sorted { $0.precedes($1) }
        let list = texts.joined(separator: ", ")
        return "0/\(nodeCount) nodes are available" + (list.isEmpty ? "." : ": \(list).")
    }
}
