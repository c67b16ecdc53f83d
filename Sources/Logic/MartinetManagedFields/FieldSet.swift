/// A set of fields: paths that share their beginnings.
///
/// Nodes lie in the order of their elements, and none is empty: each is a member or has members below it.
/// Source: structured-merge-diff, fieldpath.Set.
package struct FieldSet: Sendable, Hashable {
    package struct Node: Sendable, Hashable {
        package let element: PathElement
        /// Whether the field itself belongs to the set, and not only something below it.
        package var isMember: Bool
        package var children: FieldSet

        package init(_ element: PathElement, isMember: Bool, children: FieldSet = FieldSet()) {
            self.element = element
            self.isMember = isMember
            self.children = children
        }

        var isEmpty: Bool { !isMember && children.isEmpty }
    }

    package private(set) var nodes: [Node] = []

    package init() {}

    package init(_ paths: [[PathElement]]) { for path in paths { insert(path[...]) } }

    /// - Parameter nodes: in any order, each element once; empty ones are left out.
    init(unsorted nodes: [Node]) {
        self.nodes = nodes
        var isSorted = true
        for index in nodes.indices {
            if nodes[index].isEmpty || (index > 0 && nodes[index - 1].element.order(nodes[index].element) >= 0) {
                isSorted = false
                break
            }
        }
        guard !isSorted else { return }
        self.nodes = nodes.filter { !$0.isEmpty }.sorted { $0.element.order($1.element) < 0 }
    }

    package var isEmpty: Bool { nodes.isEmpty }

    package subscript(element: PathElement) -> Node? {
        let (index, found) = place(of: element)
        return found ? nodes[index] : nil
    }

    package func contains(_ path: [PathElement]) -> Bool { contains(path[...]) }

    private func contains(_ path: ArraySlice<PathElement>) -> Bool {
        guard let first = path.first, let node = self[first] else { return false }
        return path.count == 1 ? node.isMember : node.children.contains(path.dropFirst())
    }

    /// Adds one field. An empty path is the whole object, which nobody owns.
    package mutating func insert(_ path: ArraySlice<PathElement>) {
        guard let first = path.first else { return }
        let (index, found) = place(of: first)
        if !found { nodes.insert(Node(first, isMember: false), at: index) }
        if path.count == 1 {
            nodes[index].isMember = true
        } else {
            nodes[index].children.insert(path.dropFirst())
        }
    }

    /// Adds a node, together with what is there of the same element.
    mutating func add(_ node: Node) {
        guard !node.isEmpty else { return }
        if let last = nodes.last, last.element.order(node.element) < 0 {
            nodes.append(node)
            return
        }
        let (index, found) = place(of: node.element)
        if found {
            nodes[index].isMember = nodes[index].isMember || node.isMember
            nodes[index].children = nodes[index].children.union(node.children)
        } else {
            nodes.insert(node, at: index)
        }
    }

    private func place(of element: PathElement) -> (index: Int, found: Bool) {
        var low = 0
        var high = nodes.count
        while low < high {
            let middle = (low + high) / 2
            let order = nodes[middle].element.order(element)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return (low, false)
    }

    /// Every member, in order.
    package var paths: [[PathElement]] {
        var result: [[PathElement]] = []
        collect([], &result)
        return result
    }

    private func collect(_ prefix: [PathElement], _ result: inout [[PathElement]]) {
        for node in nodes {
            let path = prefix + [node.element]
            if node.isMember { result.append(path) }
            node.children.collect(path, &result)
        }
    }
}

// The algebra of sets: one walk over the sorted nodes of both.
extension FieldSet {
    package func union(_ other: FieldSet) -> FieldSet {
        if other.isEmpty { return self }
        if isEmpty { return other }
        return combined(
            with: other, left: { $0 }, right: { $0 },
            both: { Node($0.element, isMember: $0.isMember || $1.isMember, children: $0.children.union($1.children)) })
    }

    package func intersection(_ other: FieldSet) -> FieldSet {
        if isEmpty || other.isEmpty { return FieldSet() }
        return combined(
            with: other, left: { _ in nil }, right: { _ in nil },
            both: {
                Node(
                    $0.element, isMember: $0.isMember && $1.isMember,
                    children: $0.children.intersection($1.children))
            })
    }

    /// What is here and not there. Fields below one that is there stay.
    package func subtracting(_ other: FieldSet) -> FieldSet {
        if isEmpty || other.isEmpty { return self }
        return combined(
            with: other, left: { $0 }, right: { _ in nil },
            both: {
                Node(
                    $0.element, isMember: $0.isMember && !$1.isMember, children: $0.children.subtracting($1.children))
            })
    }

    /// What is neither there nor below a field that is there.
    package func subtractingRecursively(_ other: FieldSet) -> FieldSet {
        if isEmpty || other.isEmpty { return self }
        return combined(
            with: other, left: { $0 }, right: { _ in nil },
            both: {
                $1.isMember
                    ? nil
                    : Node(
                        $0.element, isMember: $0.isMember,
                        children: $0.children.subtractingRecursively($1.children))
            })
    }

    private func combined(
        with other: FieldSet, left: (Node) -> Node?, right: (Node) -> Node?, both: (Node, Node) -> Node?
    ) -> FieldSet {
        var result: [Node] = []
        result.reserveCapacity(nodes.count)
        var (i, j) = (0, 0)
        while i < nodes.count || j < other.nodes.count {
            let order: Int
            if i == nodes.count {
                order = 1
            } else if j == other.nodes.count {
                order = -1
            } else {
                order = nodes[i].element.order(other.nodes[j].element)
            }
            let node: Node?
            if order == 0 {
                node = both(nodes[i], other.nodes[j])
            } else {
                node = order < 0 ? left(nodes[i]) : right(other.nodes[j])
            }
            if let node, !node.isEmpty { result.append(node) }
            if order <= 0 { i += 1 }
            if order >= 0 { j += 1 }
        }
        var set = FieldSet()
        set.nodes = result
        return set
    }
}
