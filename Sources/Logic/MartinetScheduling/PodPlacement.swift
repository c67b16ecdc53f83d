package import MartinetAPI
import MartinetClient
package import MartinetSchema

/// Decides where pods go, one after the other, and says why.
package struct PodPlacement {
    package enum Decision: Sendable {
        case place(node: String)
        case refuse(Verdict)
    }

    /// What was decided about one node, for people.
    package struct Explanation: Sendable, Hashable {
        package let node: String
        /// Nil where the node is feasible.
        package let refusal: Verdict.Refusal?
        package let scores: [String: Int]
        package let total: Int
    }

    package var table = NodeTable()
    package var namespaces: [(name: String, labels: StringMap)] = []
    private var fixed: [PodShape: (generation: UInt64, verdict: Verdict)] = [:]

    package init() {}

    /// - Parameter pick: chooses among equally good nodes, a number below its argument.
    package mutating func decide(_ pod: Pod, pick: (Int) -> Int) -> Decision {
        let shape = PodShape(pod)
        let verdict = verdict(pod, shape)
        let scores = Scores(pod, shape, verdict.feasible, &table, namespaces: namespaces)
        guard let row = scores.best(pick: pick) else { return .refuse(verdict) }
        return .place(node: table.name(row))
    }

    package mutating func explain(_ pod: Pod) -> [Explanation] {
        let shape = PodShape(pod)
        let verdict = verdict(pod, shape)
        let scores = Scores(pod, shape, verdict.feasible, &table, namespaces: namespaces)
        return table.present.rows.map { row in
            let index = scores.rows.firstIndex(of: row)
            var values: [String: Int] = [:]
            if let index { for (plugin, all) in scores.byPlugin { values[plugin.rawValue] = all[index] } }
            return Explanation(
                node: table.name(row), refusal: verdict.refusals[row], scores: values,
                total: index.map { scores.totals[$0] } ?? 0)
        }.sorted { $0.node.precedes($1.node) }
    }

    private mutating func verdict(_ pod: Pod, _ shape: PodShape) -> Verdict {
        let known: Verdict
        if let cached = fixed[shape], cached.generation == table.generation {
            known = cached.verdict
        } else {
            known = Filters.fixed(shape, table)
            // Bounded: shapes come from pods.
            if fixed.count >= 1024 { fixed = [:] }
            fixed[shape] = (table.generation, known)
        }
        return Filters.current(pod, shape, known, &table, namespaces: namespaces)
    }
}
