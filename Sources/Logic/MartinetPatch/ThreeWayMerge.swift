package import MartinetSchema

/// The patch that turns what the server has into what a manifest says: what `kubectl apply` sends.
///
/// Three trees decide: what was applied last time, what shall be applied, what is there. What the manifest says and the
/// server has otherwise is set; what was applied last and is gone from the manifest is removed; what others have set
/// stays. Patches carry `$setElementOrder` and `$retainKeys` as upstream's do.
/// Source: the behaviour of apimachinery's CreateThreeWayMergePatch and CreateThreeWayJSONMergePatch.
package enum ThreeWayMerge {
    /// - Parameter type: the kind's type for a strategic merge patch; nil for a JSON merge patch (RFC 7386).
    /// - Returns: an empty map where there is nothing to do.
    package static func patch(original: Map, modified: Map, current: Map, type: ObjectType?) -> Map {
        maps(original, modified, current, type, depth: 0)
    }

    /// Trees come from parsers that bound their depth; what lies deeper still is replaced as a whole.
    private static let depthMax = 512

    /// - Parameter values: the field of which these are the values, in a map from strings.
    private static func maps(
        _ original: Map, _ modified: Map, _ current: Map, _ type: ObjectType?, values: Field? = nil, depth: Int
    ) -> Map {
        var patch = Map()
        for entry in modified.entries {
            let field = values ?? type?.field(named: entry.key)
            let (before, there) = (original[entry.key], current[entry.key])
            switch (entry.value, there) {
            case (.null, nil): continue
            case (.null, _?): patch[entry.key] = .null
            case (_, nil), (_, .null?): patch[entry.key] = entry.value
            case (.map(let wanted), .map(let present)?) where depth < depthMax:
                patch[entry.key] = subpatch(before, wanted, present, field, isValue: values != nil, depth: depth)
            case (.list(let wanted), .list(let present)?)
            where values == nil && field?.flags.contains(.merge) == true:
                guard let field else { continue }
                var old: [Value] = []
                if case .list(let values)? = before { old = values }
                lists(old, wanted, present, field, into: &patch, depth: depth)
            default:
                if !isSame(entry.value, there, field) { patch[entry.key] = entry.value }
            }
        }
        for entry in original.entries where entry.value != .null {
            guard modified[entry.key] == nil, let there = current[entry.key], there != .null else { continue }
            patch[entry.key] = .null
        }
        return patch
    }

    private static func subpatch(
        _ before: Value?, _ wanted: Map, _ present: Map, _ field: Field?, isValue: Bool, depth: Int
    ) -> Value? {
        var old = Map()
        if case .map(let map)? = before { old = map }
        let isMap = field?.container == .map && !isValue
        var inner = maps(
            old, wanted, present, isMap ? nil : field?.type, values: isMap ? field : nil, depth: depth + 1)
        guard !inner.isEmpty else { return nil }
        if field?.flags.contains(.retainKeys) == true { inner[Directive.retainKeys] = keys(wanted) }
        return .map(inner)
    }

    private static func keys(_ map: Map) -> Value {
        .list(map.entries.filter { $0.value != .null }.map { .string($0.key) })
    }

    private static func lists(
        _ original: [Value], _ modified: [Value], _ current: [Value], _ field: Field, into patch: inout Map, depth: Int
    ) {
        guard !field.mergeKey.isEmpty else {
            return sets(original, modified, current, field, into: &patch)
        }
        let key = field.mergeKey
        // An element without its key cannot be merged: the list is replaced, and the server says what is wrong.
        guard modified.allSatisfy({ identity($0, key) != nil }) else {
            if modified != current { patch[field.name] = .list(modified) }
            return
        }
        var changes: [Value] = []
        for case .map(let wanted) in modified {
            guard let id = wanted[key] else { continue }
            guard case .map(let present)? = find(id, key, current) else {
                changes.append(.map(wanted))
                continue
            }
            var before = Map()
            if case .map(let map)? = find(id, key, original) { before = map }
            var inner = maps(before, wanted, present, field.type, depth: depth + 1)
            guard !inner.isEmpty else { continue }
            inner[key] = id
            if field.flags.contains(.retainKeys) { inner[Directive.retainKeys] = keys(wanted) }
            changes.append(.map(inner))
        }
        for old in original {
            guard let id = identity(old, key), find(id, key, modified) == nil, find(id, key, current) != nil else {
                continue
            }
            var deletion = Map()
            deletion[Directive.patch] = .string("delete")
            deletion[key] = id
            changes.append(.map(deletion))
        }
        let order = modified.compactMap { identity($0, key) }
        guard !changes.isEmpty || !isOrdered(order, current.compactMap { identity($0, key) }) else { return }
        patch[Directive.order + field.name] = .list(
            order.map { id in
                var element = Map()
                element[key] = id
                return .map(element)
            })
        if !changes.isEmpty { patch[field.name] = .list(changes) }
    }

    private static func sets(
        _ original: [Value], _ modified: [Value], _ current: [Value], _ field: Field, into patch: inout Map
    ) {
        let added = modified.filter { value in !current.contains { $0.isEqualJSON(value) } }
        let removed = original.filter { value in
            !modified.contains { $0.isEqualJSON(value) } && current.contains { $0.isEqualJSON(value) }
        }
        guard !added.isEmpty || !removed.isEmpty || !isOrdered(modified, current) else { return }
        patch[Directive.order + field.name] = .list(modified)
        if !added.isEmpty { patch[field.name] = .list(added) }
        if !removed.isEmpty { patch[Directive.deletePrimitives + field.name] = .list(removed) }
    }

    /// Whether what both have stands in the same order.
    private static func isOrdered(_ wanted: [Value], _ present: [Value]) -> Bool {
        let shared = present.filter { value in wanted.contains { $0.isEqualJSON(value) } }
        let kept = wanted.filter { value in present.contains { $0.isEqualJSON(value) } }
        return shared.count == kept.count && zip(shared, kept).allSatisfy { $0.isEqualJSON($1) }
    }

    private static func identity(_ value: Value, _ key: String) -> Value? {
        if case .map(let map) = value { return map[key] }
        return nil
    }

    private static func find(_ id: Value, _ key: String, _ values: [Value]) -> Value? {
        values.first { identity($0, key)?.isEqualJSON(id) ?? false }
    }

    /// `500m` and `0.5` are the same quantity: what the server has rewritten is no change.
    private static func isSame(_ wanted: Value, _ there: Value?, _ field: Field?) -> Bool {
        guard let there else { return false }
        if wanted.isEqualJSON(there) { return true }
        guard let field, field.scalar == .quantity, field.container != .list else { return false }
        guard let a = quantity(wanted), let b = quantity(there) else { return false }
        return a == b
    }

    private static func quantity(_ value: Value) -> Quantity? {
        switch value {
        case .string(let text): Quantity(text)
        case .int(let number): Quantity(number)
        default: nil
        }
    }

    private enum Directive {
        static let patch = "$patch"
        static let retainKeys = "$retainKeys"
        static let order = "$setElementOrder/"
        static let deletePrimitives = "$deleteFromPrimitiveList/"
    }
}
