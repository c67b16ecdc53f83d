package import MartinetSchema

/// Which fields differ between two objects of one type.
///
/// Source: structured-merge-diff, typed.TypedValue.Compare.
package struct Comparison: Sendable, Hashable {
    package var removed = FieldSet()
    package var modified = FieldSet()
    package var added = FieldSet()

    /// What is there afterwards and was not so before.
    package var changed: FieldSet { modified.union(added) }

    package var isEmpty: Bool { removed.isEmpty && modified.isEmpty && added.isEmpty }

    /// - Throws: where neither side has the form that the schema says.
    package static func of(_ old: Value, _ new: Value, _ shape: Shape) throws(TypedError) -> Comparison {
        let delta = try Delta.of(old, new, shape)
        return Comparison(
            removed: delta.removed.children, modified: delta.modified.children, added: delta.added.children)
    }

    func filtered(by filter: FieldFilter) -> Comparison {
        Comparison(
            removed: filter.apply(to: removed), modified: filter.apply(to: modified), added: filter.apply(to: added))
    }
}

/// Whether a value belongs to a set, and what below it does.
struct Mark {
    var isMember = false
    var children = FieldSet()

    mutating func formUnion(_ other: Mark) {
        isMember = isMember || other.isMember
        children = children.union(other.children)
    }
}

/// What differs at one value and below it.
struct Delta {
    var removed = Mark()
    var modified = Mark()
    var added = Mark()

    static func of(_ old: Value?, _ new: Value?, _ shape: Shape) throws(TypedError) -> Delta {
        if old == nil, new == nil { return Delta() }
        // Equal values of one form differ in nothing.
        if let old, let new, old == new { return Delta() }
        let (left, right) = (shape.kind(of: old), shape.kind(of: new))
        var delta = Delta()
        var isLeaf: Bool
        if new == nil {
            isLeaf = try delta.add(left, old, new, shape)
        } else if old == nil || left == right {
            isLeaf = try delta.add(right, old, new, shape)
        } else {
            // The value became something else: both forms have a say.
            _ = try delta.add(left, old, new, shape)
            isLeaf = try delta.add(right, old, new, shape)
        }
        if !isLeaf {
            if old == nil { delta.added.isMember = true }
            if new == nil { delta.removed.isMember = true }
        }
        return delta
    }

    /// Compares as one kind of value; true where that is a leaf.
    private mutating func add(
        _ kind: Shape.Kind, _ old: Value?, _ new: Value?, _ shape: Shape
    ) throws(TypedError) -> Bool {
        switch kind {
        case .map, .any: return try addMap(old, new, shape)
        case .list: return try addList(old, new, shape)
        case .scalar:
            if !Validation.isScalar(old, shape), !Validation.isScalar(new, shape) {
                throw TypedError("expected a scalar")
            }
            addLeaf(old, new)
            return true
        }
    }

    private mutating func addLeaf(_ old: Value?, _ new: Value?) {
        guard let old else { return added.isMember = true }
        guard let new else { return removed.isMember = true }
        if !old.isSame(as: new) { modified.isMember = true }
    }

    private mutating func addMap(_ old: Value?, _ new: Value?, _ shape: Shape) throws(TypedError) -> Bool {
        let (left, right) = (old?.asMap, new?.asMap)
        if shape.isAtomic || (left?.isEmpty ?? true) && (right?.isEmpty ?? true) {
            addLeaf(old, new)
            return true
        }
        var level = Level()
        var (i, j) = (0, 0)
        let (a, b) = (left?.entries ?? [], right?.entries ?? [])
        while i < a.count || j < b.count {
            let order = i == a.count ? 1 : j == b.count ? -1 : a[i].key.byteOrder(b[j].key)
            let name = order <= 0 ? a[i].key : b[j].key
            let element = PathElement.field(name)
            do throws(TypedError) {
                guard let inner = shape.member(name) else { throw TypedError("not declared in the schema") }
                level.add(
                    element,
                    try Delta.of(order <= 0 ? a[i].value : nil, order >= 0 ? b[j].value : nil, inner))
            } catch {
                throw error.inside(element)
            }
            if order <= 0 { i += 1 }
            if order >= 0 { j += 1 }
        }
        level.finish(&self)
        return false
    }

    private mutating func addList(_ old: Value?, _ new: Value?, _ shape: Shape) throws(TypedError) -> Bool {
        let (left, right) = (old?.asList, new?.asList)
        if shape.isAtomicAsList || (left?.isEmpty ?? true) && (right?.isEmpty ?? true) {
            addLeaf(old, new)
            return true
        }
        var level = Level()
        try ListPairs(left ?? [], right ?? [], shape).compare(shape.element, into: &level)
        level.finish(&self)
        return false
    }
}

/// The members of a map or list that differ, collected.
struct Level {
    private var removed: [FieldSet.Node] = []
    private var modified: [FieldSet.Node] = []
    private var added: [FieldSet.Node] = []

    mutating func add(_ element: PathElement, _ delta: Delta) {
        Level.add(element, delta.removed, to: &removed)
        Level.add(element, delta.modified, to: &modified)
        Level.add(element, delta.added, to: &added)
    }

    private static func add(_ element: PathElement, _ mark: Mark, to nodes: inout [FieldSet.Node]) {
        if mark.isMember || !mark.children.isEmpty {
            nodes.append(.init(element, isMember: mark.isMember, children: mark.children))
        }
    }

    func finish(_ delta: inout Delta) {
        if !removed.isEmpty { delta.removed.children = delta.removed.children.union(FieldSet(unsorted: removed)) }
        if !modified.isEmpty { delta.modified.children = delta.modified.children.union(FieldSet(unsorted: modified)) }
        if !added.isEmpty { delta.added.children = delta.added.children.union(FieldSet(unsorted: added)) }
    }
}

/// The elements of two lists, brought together by what tells them apart.
struct ListPairs {
    private struct Pair {
        var old: [Value] = []
        var new: [Value] = []
    }
    private var order: [PathElement] = []
    private var pairs: [PathElement: Pair] = [:]

    init(_ old: [Value], _ new: [Value], _ shape: Shape) throws(TypedError) {
        let keys = shape.keys
        for value in old {
            let element = try shape.pathElement(of: value, keys: keys)
            if pairs[element] == nil { order.append(element) }
            pairs[element, default: Pair()].old.append(value)
        }
        for value in new {
            let element = try shape.pathElement(of: value, keys: keys)
            if pairs[element] == nil { order.append(element) }
            pairs[element, default: Pair()].new.append(value)
        }
    }

    /// Elements that are there twice are one thing, owned as a whole.
    func compare(_ shape: Shape, into level: inout Level) throws(TypedError) {
        for element in order {
            guard let pair = pairs[element] else { continue }
            var delta = Delta()
            do throws(TypedError) {
                switch (pair.old.count, pair.new.count) {
                case (...1, ...1): delta = try ObjectDelta.of(pair.old.first, pair.new.first, shape)
                case (2..., 2...):
                    let isSame =
                        pair.old.count == pair.new.count
                        && zip(pair.old, pair.new).allSatisfy { $0.isSame(as: $1) }
                    if !isSame { delta.modified.isMember = true }
                case (2..., _):
                    if let new = pair.new.first { delta = try ObjectDelta.of(nil, new, shape) }
                    delta.removed.isMember = true
                default:
                    if let old = pair.old.first { delta = try ObjectDelta.of(old, nil, shape) }
                    delta.added.isMember = true
                }
            } catch {
                throw error.inside(element)
            }
            level.add(element, delta)
        }
    }
}

extension Value {
    /// Nil for what is no map, null included.
    var asMap: Map? { if case .map(let map) = self { map } else { nil } }
    var asList: [Value]? { if case .list(let values) = self { values } else { nil } }
}
