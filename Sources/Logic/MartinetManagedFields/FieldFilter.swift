/// Which fields of a request count: those that the strategy puts back are nobody's.
package enum FieldFilter: Sendable {
    case all
    /// Neither these nor anything below them.
    case excluding(FieldSet)
    /// Only what one of these patterns leads to. A nil step is any element.
    case including([[PathElement?]])

    func apply(to set: FieldSet) -> FieldSet {
        switch self {
        case .all: set
        case .excluding(let fields): set.subtractingRecursively(fields)
        case .including(let patterns): FieldFilter.included(set, patterns)
        }
    }

    private static func included(_ set: FieldSet, _ patterns: [[PathElement?]]) -> FieldSet {
        var nodes: [FieldSet.Node] = []
        for node in set.nodes {
            let rest = patterns.filter { $0.first.map { $0 == nil || $0 == node.element } ?? false }
                .map { Array($0.dropFirst()) }
            if rest.contains(where: \.isEmpty) {
                nodes.append(node)
            } else if !rest.isEmpty {
                nodes.append(.init(node.element, isMember: false, children: included(node.children, rest)))
            }
        }
        return FieldSet(unsorted: nodes)
    }
}
