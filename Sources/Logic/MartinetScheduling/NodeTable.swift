package import MartinetAPI
import MartinetClient
import MartinetSchema

/// The nodes as columns, kept up to date by deltas: what a filter asks of all nodes it asks of one column.
package struct NodeTable {
    /// A pod that has its place, really or assumed.
    struct Placed {
        let row: Int
        let shape: PodShape
        /// Required anti-affinity terms, which bind those who come later too.
        let antiTerms: [(term: PodTerm, key: String)]
    }

    private(set) var names: [String] = []
    private(set) var rowOf: [String: Int] = [:]
    private var free: [Int] = []
    private(set) var present = RowSet()
    private(set) var unschedulable = RowSet()
    private(set) var labels: [StringMap] = []
    private(set) var rowsOfLabel: [String: [String: RowSet]] = [:]
    private(set) var rowsOfTaint: [Taint: RowSet] = [:]
    private var taints: [[Taint]] = []
    /// By resource name, then by row.
    private(set) var allocatable: [String: [Int64]] = [:]
    private(set) var requested: [String: [Int64]] = [:]
    private(set) var scored: [String: [Int64]] = [:]
    private(set) var ports: [[HostPort]] = []
    private(set) var placed: [String: Placed] = [:]
    private(set) var withAntiTerms: Set<String> = []
    /// How many pods of a term each row has.
    private var counts: [PodTerm: [Int32]] = [:]
    /// Changes with everything but pods: what was found out about a shape before is void then.
    package private(set) var generation: UInt64 = 0
    private var podsOfAbsentNodes: [String: [String: (PodShape, Pod)]] = [:]

    package init() {}

    package var count: Int { present.count }
    package func name(_ row: Int) -> String { names[row] }
    package func row(_ name: String) -> Int? { rowOf[name] }

    // MARK: - Nodes

    package mutating func set(_ node: Node) {
        generation &+= 1
        let name = node.metadata.name
        let row = rowOf[name] ?? makeRow(name)
        clear(row)
        present.insert(row)
        if node.spec.unschedulable { unschedulable.insert(row) }
        labels[row] = node.metadata.labels
        for (key, value) in node.metadata.labels {
            rowsOfLabel[key, default: [:]][value, default: RowSet()].insert(row)
        }
        taints[row] = node.spec.taints.map { taint in
            var taint = taint
            taint.timeAdded = nil
            return taint
        }
        for taint in taints[row] { rowsOfTaint[taint, default: RowSet()].insert(row) }
        for (resource, amount) in ResourceVector(node.status.allocatable).amounts {
            NodeTable.grow(&allocatable, resource, names.count)
            allocatable[resource]?[row] = amount
        }
        for (uid, (shape, pod)) in podsOfAbsentNodes.removeValue(forKey: name) ?? [:] { place(pod, shape, uid, row) }
    }

    package mutating func removeNode(_ name: String) {
        guard let row = rowOf.removeValue(forKey: name) else { return }
        generation &+= 1
        clear(row)
        for (uid, pod) in placed where pod.row == row { remove(uid: uid) }
        names[row] = ""
        free.append(row)
    }

    private mutating func makeRow(_ name: String) -> Int {
        let row = free.popLast() ?? names.count
        if row == names.count {
            names.append(name)
            labels.append(StringMap())
            taints.append([])
            ports.append([])
            for term in counts.keys { counts[term]?.append(0) }
        }
        names[row] = name
        rowOf[name] = row
        return row
    }

    private mutating func clear(_ row: Int) {
        present.remove(row)
        unschedulable.remove(row)
        for (key, value) in labels[row] {
            rowsOfLabel[key]?[value]?.remove(row)
            if rowsOfLabel[key]?[value]?.isEmpty == true { rowsOfLabel[key]?[value] = nil }
        }
        labels[row] = StringMap()
        for taint in taints[row] {
            rowsOfTaint[taint]?.remove(row)
            if rowsOfTaint[taint]?.isEmpty == true { rowsOfTaint[taint] = nil }
        }
        taints[row] = []
        for resource in allocatable.keys where row < (allocatable[resource]?.count ?? 0) {
            allocatable[resource]?[row] = 0
        }
    }

    private static func grow(_ columns: inout [String: [Int64]], _ name: String, _ count: Int) {
        let missing = count - (columns[name]?.count ?? 0)
        if missing > 0 { columns[name, default: []] += Array(repeating: 0, count: missing) }
    }

    /// One resource's amounts, with a value for every row.
    func column(_ columns: [String: [Int64]], _ name: String) -> [Int64] {
        var column = columns[name] ?? []
        if column.count < names.count { column += Array(repeating: 0, count: names.count - column.count) }
        return column
    }

    func amount(_ columns: [String: [Int64]], _ name: String, _ row: Int) -> Int64 {
        guard let column = columns[name], row < column.count else { return 0 }
        return column[row]
    }

    // MARK: - Pods

    /// Puts a pod on a node, or moves it there. The node may come later.
    package mutating func place(_ pod: Pod, on node: String) {
        let uid = pod.metadata.uid
        remove(uid: uid)
        let shape = PodShape(pod)
        if let row = rowOf[node] {
            place(pod, shape, uid, row)
        } else {
            podsOfAbsentNodes[node, default: [:]][uid] = (shape, pod)
        }
    }

    private mutating func place(_ pod: Pod, _ shape: PodShape, _ uid: String, _ row: Int) {
        let required = shape.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
        let terms = required.map { (term: PodTerm($0, of: pod, known: []), key: $0.topologyKey) }
        placed[uid] = Placed(row: row, shape: shape, antiTerms: terms)
        if !terms.isEmpty { withAntiTerms.insert(uid) }
        count(shape, row, 1)
        ports[row] += shape.ports
    }

    package mutating func remove(uid: String) {
        if let pod = placed.removeValue(forKey: uid) {
            withAntiTerms.remove(uid)
            count(pod.shape, pod.row, -1)
            for port in pod.shape.ports {
                if let index = ports[pod.row].firstIndex(of: port) { ports[pod.row].remove(at: index) }
            }
            return
        }
        for node in podsOfAbsentNodes.keys where podsOfAbsentNodes[node]?.removeValue(forKey: uid) != nil {
            if podsOfAbsentNodes[node]?.isEmpty == true { podsOfAbsentNodes[node] = nil }
        }
    }

    private mutating func count(_ shape: PodShape, _ row: Int, _ sign: Int64) {
        for (resource, more) in shape.requests.amounts {
            NodeTable.grow(&requested, resource, names.count)
            let old = self.amount(requested, resource, row)
            requested[resource]?[row] = ResourceVector.add(old, sign * min(more, Int64.max / 4))
        }
        for (resource, more) in shape.scored.amounts {
            NodeTable.grow(&scored, resource, names.count)
            let old = self.amount(scored, resource, row)
            scored[resource]?[row] = ResourceVector.add(old, sign * min(more, Int64.max / 4))
        }
        for term in counts.keys where term.matches(namespace: shape.namespace, labels: shape.labels) {
            counts[term]?[row] += Int32(sign)
        }
    }

    /// How many pods of the term each row has; counted once and kept up to date from then on.
    mutating func count(of term: PodTerm) -> [Int32] {
        if let known = counts[term] { return known }
        // Bounded: terms come from pods, and old ones are seldom asked for again.
        if counts.count >= 256 { counts = [:] }
        var rows = [Int32](repeating: 0, count: names.count)
        for pod in placed.values where term.matches(namespace: pod.shape.namespace, labels: pod.shape.labels) {
            rows[pod.row] += 1
        }
        counts[term] = rows
        return rows
    }
}
