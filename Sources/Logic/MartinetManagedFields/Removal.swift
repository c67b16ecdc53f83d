package import MartinetSchema

/// Takes fields out of a plain value, or everything but those.
///
/// Source: structured-merge-diff, typed.TypedValue.RemoveItems and ExtractItems.
package enum Removal {
    package static func remove(_ fields: FieldSet, from value: Value, _ shape: Shape) -> Value {
        if fields.isEmpty { return value }
        return walk(value, fields, shape, isExtraction: false) ?? .null
    }

    /// - Parameter keys: whether elements of lists keep the fields that tell them apart.
    package static func extract(_ fields: FieldSet, from value: Value, _ shape: Shape) -> Value {
        walk(value, fields, shape, isExtraction: true) ?? .null
    }

    /// Nil for what nothing is left of.
    private static func walk(_ value: Value, _ fields: FieldSet, _ shape: Shape, isExtraction: Bool) -> Value? {
        switch shape.kind(of: value) {
        case .scalar: return value
        case .list:
            guard case .list(let values) = value else { return nil }
            if values.isEmpty || shape.isAtomicAsList { return isExtraction ? value : nil }
            return list(values, fields, shape, isExtraction)
        case .map, .any:
            guard case .map(let map) = value else { return nil }
            if map.isEmpty || shape.isAtomic { return isExtraction ? value : nil }
            return self.map(map, fields, shape, isExtraction)
        }
    }

    private static func list(_ values: [Value], _ fields: FieldSet, _ shape: Shape, _ isExtraction: Bool) -> Value? {
        let (keys, inner) = (shape.keys, shape.element)
        var kept: [Value] = []
        var isTouched = false
        for value in values {
            // The list has been validated: an element without a place stays as it is.
            let node = (try? shape.pathElement(of: value, keys: keys)).flatMap { fields[$0] }
            guard let node else {
                if !isExtraction { kept.append(value) }
                continue
            }
            if isExtraction {
                kept.append(
                    node.children.isEmpty
                        ? value : walk(value, node.children, inner, isExtraction: true) ?? .null)
            } else if !node.isMember {
                isTouched = true
                kept.append(without(node.children, value, inner))
            }
        }
        return kept.isEmpty && !(isTouched && !isExtraction) ? nil : .list(kept)
    }

    private static func map(_ map: Map, _ fields: FieldSet, _ shape: Shape, _ isExtraction: Bool) -> Value? {
        var kept: [Map.Entry] = []
        var isTouched = false
        for entry in map.entries {
            guard let node = fields[.field(entry.key)] else {
                if !isExtraction { kept.append(entry) }
                continue
            }
            let inner = shape.member(entry.key) ?? .opaque
            if node.isMember {
                guard isExtraction else { continue }
                kept.append(
                    .init(
                        key: entry.key,
                        value: node.children.isEmpty
                            ? walk(entry.value, fields, inner, isExtraction: true) ?? .null
                            : walk(entry.value, node.children, inner, isExtraction: true) ?? .null))
            } else if isExtraction {
                kept.append(
                    .init(
                        key: entry.key, value: walk(entry.value, node.children, inner, isExtraction: true) ?? .null))
            } else {
                isTouched = true
                kept.append(.init(key: entry.key, value: without(node.children, entry.value, inner)))
            }
        }
        return kept.isEmpty && !(isTouched && !isExtraction) ? nil : .map(Map(unsorted: kept))
    }

    /// What is left of a value inside of which something goes: an empty one stays there.
    private static func without(_ fields: FieldSet, _ value: Value, _ shape: Shape) -> Value {
        if let rest = walk(value, fields, shape, isExtraction: false) { return rest }
        switch value {
        case .map: return .map(Map())
        case .list: return .list([])
        default: return .null
        }
    }
}
