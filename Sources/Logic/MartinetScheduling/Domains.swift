import MartinetAPI
import MartinetClient
import MartinetSchema

/// How many pods of a spread constraint each value of its topology key has.
struct Domains {
    let term: PodTerm
    private(set) var counts: [String: Int] = [:]

    init(
        _ constraint: TopologySpreadConstraint, _ pod: Pod, _ shape: PodShape, keys: [String], _ table: inout NodeTable
    ) {
        term = PodTerm(constraint, of: pod)
        var rows = table.present
        // Which nodes count: KEP-3094. Nodes without all keys never do.
        if constraint.nodeAffinityPolicy ?? "Honor" == "Honor", let affine = table.rows(affine: shape) {
            rows.formIntersection(affine)
        }
        if constraint.nodeTaintsPolicy == "Honor" {
            rows.subtract(table.rows(untolerated: shape, effects: ["NoSchedule", "NoExecute"]))
        }
        let pods = table.count(of: term)
        for row in rows.rows where keys.allSatisfy({ table.labels[row][$0] != nil }) {
            guard let value = table.labels[row][constraint.topologyKey] else { continue }
            counts[value, default: 0] += Int(pods[row])
        }
    }

    func least(minDomains: Int32?) -> Int {
        if let minDomains, counts.count < Int(minDomains) { return 0 }
        return counts.values.min() ?? 0
    }

    static func counts(_ pods: [Int32], key: String, _ table: NodeTable) -> [String: Int] {
        var result: [String: Int] = [:]
        for (value, rows) in table.rowsOfLabel[key] ?? [:] {
            var sum = 0
            for row in rows.rows { sum += Int(pods[row]) }
            result[value] = sum
        }
        return result
    }
}
