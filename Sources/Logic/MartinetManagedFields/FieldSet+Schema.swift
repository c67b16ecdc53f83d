import MartinetSchema

extension FieldSet {
    /// The set as it must be where a list or object has become one that is owned as a whole since it was written: its
    /// owner owns the whole, and nothing in it.
    ///
    /// Source: structured-merge-diff, typed.ReconcileFieldSetWithSchema.
    func reconciled(with shape: Shape) -> FieldSet {
        var nodes: [Node] = []
        nodes.reserveCapacity(self.nodes.count)
        var isChanged = false
        for node in self.nodes {
            let inner: Shape?
            switch (node.element, shape.form) {
            case (.field(let name), _): inner = shape.member(name)
            case (_, .list): inner = shape.element
            default: inner = nil
            }
            guard let inner else {
                nodes.append(node)
                continue
            }
            let changed = node.reconciled(with: inner)
            if changed.children != node.children || changed.isMember != node.isMember { isChanged = true }
            nodes.append(changed)
        }
        return isChanged ? FieldSet(unsorted: nodes) : self
    }
}

extension FieldSet.Node {
    func reconciled(with shape: Shape) -> FieldSet.Node {
        // A field without members below it is owned as a whole already.
        if children.isEmpty { return self }
        switch shape.form {
        case .deduced, .opaque, .scalar: return self
        case .list, .structure, .map:
            let isAtomic = if case .list = shape.form { shape.isAtomicAsList } else { shape.isAtomic }
            if isAtomic { return FieldSet.Node(element, isMember: true) }
            return FieldSet.Node(element, isMember: isMember, children: children.reconciled(with: shape))
        }
    }
}
