package import MartinetSchema

extension FieldSet {
    /// Every leaf and list element that a plain value mentions.
    ///
    /// Source: structured-merge-diff, typed.TypedValue.ToFieldSet.
    package init(of value: Value, _ shape: Shape) throws(TypedError) {
        self = try FieldSet.mark(of: value, shape).children
    }

    private static func mark(of value: Value, _ shape: Shape) throws(TypedError) -> Mark {
        switch shape.kind(of: value) {
        case .scalar: return Mark(isMember: true)
        case .list:
            if shape.isAtomicAsList { return Mark(isMember: true) }
            return Mark(children: try elements(of: value.asList ?? [], shape))
        case .map, .any:
            if shape.isAtomic { return Mark(isMember: true) }
            var nodes: [Node] = []
            for entry in value.asMap?.entries ?? [] {
                let element = PathElement.field(entry.key)
                do throws(TypedError) {
                    guard let inner = shape.member(entry.key) else { throw TypedError("field not declared in schema") }
                    var mark = try mark(of: entry.value, inner)
                    if entry.value.isNull || entry.value.asMap?.isEmpty == true || !shape.declares(entry.key) {
                        mark.isMember = true
                    }
                    nodes.append(Node(element, isMember: mark.isMember, children: mark.children))
                } catch {
                    throw error.inside(element)
                }
            }
            return Mark(children: FieldSet(unsorted: nodes))
        }
    }

    /// Elements are members themselves; of one that is there several times nothing else is.
    private static func elements(of values: [Value], _ shape: Shape) throws(TypedError) -> FieldSet {
        let keys = shape.keys
        var found: [(element: PathElement, value: Value)] = []
        var counts: [PathElement: Int] = [:]
        for value in values {
            let element = try shape.pathElement(of: value, keys: keys)
            if counts[element] == nil { found.append((element, value)) }
            counts[element, default: 0] += 1
        }
        let inner = shape.element
        var nodes: [Node] = []
        for (element, value) in found {
            var children = FieldSet()
            do throws(TypedError) {
                if counts[element] == 1 { children = try mark(of: value, inner).children }
            } catch {
                throw error.inside(element)
            }
            nodes.append(Node(element, isMember: true, children: children))
        }
        return FieldSet(unsorted: nodes)
    }

    /// The set with every structure's field in it that leads to a member. Keys of maps are left alone.
    func withNamedFields(_ shape: Shape?) -> FieldSet {
        var nodes: [Node] = []
        nodes.reserveCapacity(self.nodes.count)
        for node in self.nodes {
            var node = node
            if !node.children.isEmpty {
                var inner: Shape?
                switch node.element {
                case .field(let name):
                    inner = shape?.member(name)
                    if let shape, shape.declares(name) { node.isMember = true }
                case .key: if case .list = shape?.form { inner = shape?.element }
                case .value, .index: break
                }
                node.children = node.children.withNamedFields(inner)
            }
            nodes.append(node)
        }
        return FieldSet(unsorted: nodes)
    }
}
