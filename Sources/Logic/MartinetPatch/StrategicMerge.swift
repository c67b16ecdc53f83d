import MartinetSchema

/// Strategic merge patch: a merge patch that knows, from the schema, which lists are merged and by which key.
///
/// Directives: `$patch: replace|delete|merge`, `$retainKeys`, `$deleteFromPrimitiveList/FIELD`, `$setElementOrder/FIELD`.
/// Source: apimachinery's strategicpatch package and its design document.
enum StrategicMerge {
    private static let directive = "$patch"
    private static let retainKeys = "$retainKeys"
    private static let deletePrefix = "$deleteFromPrimitiveList/"
    private static let orderPrefix = "$setElementOrder/"
    private static let depthMax = 256

    static func merge(_ patch: Map, into original: Map, type: ObjectType?, depth: Int) throws(PatchError) -> Map {
        guard depth < depthMax else {
            throw PatchError(.malformed, "the patch is nested deeper than \(depthMax) levels")
        }
        var patch = patch
        if let directive = patch[directive] {
            patch[self.directive] = nil
            switch directive {
            case .string("replace"): return clean(patch)
            case .string("delete"): return Map()
            case .string("merge"): break
            default: throw PatchError(.malformed, "$patch must be replace, delete or merge")
            }
        }
        var result = original
        if let keep = patch[retainKeys] {
            patch[retainKeys] = nil
            try retain(keep, patch, &result)
        }
        for entry in patch.entries {
            if entry.key.hasPrefix(deletePrefix) {
                try deletePrimitives(entry, &result)
            } else if entry.key.hasPrefix(orderPrefix) {
                continue
            } else {
                result[entry.key] = try mergeField(entry, original[entry.key], patch, type, depth)
            }
        }
        // An order may be given for a list of which nothing else changes.
        for entry in patch.entries where entry.key.hasPrefix(orderPrefix) {
            let name = String(entry.key.dropFirst(orderPrefix.count))
            guard case .list(let order) = entry.value, case .list(let values)? = result[name] else { continue }
            result[name] = .list(
                try sort(values, by: order, key: type?.field(named: name)?.mergeKey ?? "", original[name]))
        }
        return result
    }

    /// The new value of a field; nil removes it.
    private static func mergeField(
        _ entry: Map.Entry, _ current: Value?, _ patch: Map, _ type: ObjectType?, _ depth: Int
    ) throws(PatchError) -> Value? {
        let field = type?.field(named: entry.key)
        switch (entry.value, current) {
        case (.null, _): return nil
        case (.map(let changes), .map(let map)?):
            if case .string("delete")? = changes[directive] { return nil }
            return .map(
                try merge(changes, into: map, type: field?.container == .map ? nil : field?.type, depth: depth + 1))
        case (.map(let changes), _):
            if case .string("delete")? = changes[directive] { return nil }
            return .map(clean(changes))
        case (.list(let changes), .list(let values)?):
            guard let field, field.flags.contains(.merge) else { return .list(changes.map(cleaned)) }
            return .list(try mergeList(changes, into: values, field, depth))
        case (.list(let changes), _):
            return .list(changes.filter { !isDeletion($0) && !isReplacement($0) }.map(cleaned))
        default: return entry.value
        }
    }

    private static func mergeList(
        _ changes: [Value], into values: [Value], _ field: Field, _ depth: Int
    ) throws(PatchError) -> [Value] {
        if changes.contains(where: isReplacement) {
            return changes.filter { !isReplacement($0) }.map(cleaned)
        }
        let key = field.mergeKey
        guard !key.isEmpty else {
            var result = values
            for change in changes where !result.contains(change) { result.append(change) }
            return result
        }
        var result = values
        for change in changes {
            guard case .map(let map) = change else {
                throw PatchError(.malformed, "\(field.name): expected objects in a list that is merged by \(key)")
            }
            guard let wanted = map[key] else {
                throw PatchError(.malformed, "\(field.name): map does not contain declared merge key: \(key)")
            }
            let index = result.firstIndex { value in
                if case .map(let present) = value { return present[key]?.isEqualJSON(wanted) ?? false }
                return false
            }
            if isDeletion(change) {
                if let index { result.remove(at: index) }
            } else if let index, case .map(let present) = result[index] {
                result[index] = .map(try merge(map, into: present, type: field.type, depth: depth + 1))
            } else {
                result.append(.map(clean(map)))
            }
        }
        return result
    }

    private static func isDeletion(_ value: Value) -> Bool { directive(of: value) == .string("delete") }
    private static func isReplacement(_ value: Value) -> Bool { directive(of: value) == .string("replace") }
    private static func directive(of value: Value) -> Value? {
        if case .map(let map) = value { return map[directive] }
        return nil
    }

    private static func retain(_ keep: Value, _ patch: Map, _ result: inout Map) throws(PatchError) {
        guard case .list(let values) = keep else { throw PatchError(.malformed, "$retainKeys must be a list of names") }
        var names: Set<String> = []
        for case .string(let name) in values { names.insert(name) }
        for entry in patch.entries where !entry.key.hasPrefix("$") && entry.value != .null && !names.contains(entry.key)
        {
            throw PatchError(.malformed, "the patch sets \(entry.key), which is not in its $retainKeys")
        }
        for entry in result.entries where !names.contains(entry.key) { result[entry.key] = nil }
    }

    private static func deletePrimitives(_ entry: Map.Entry, _ result: inout Map) throws(PatchError) {
        let name = String(entry.key.dropFirst(deletePrefix.count))
        guard case .list(let gone) = entry.value else { throw PatchError(.malformed, "\(entry.key) must be a list") }
        guard case .list(let values)? = result[name] else { return }
        result[name] = .list(values.filter { value in !gone.contains { $0.isEqualJSON(value) } })
    }

    /// Puts the elements that the patch orders into that order; the others stay behind their former neighbours.
    private static func sort(
        _ values: [Value], by order: [Value], key: String, _ original: Value?
    ) throws(PatchError) -> [Value] {
        func identity(_ value: Value) -> Value? {
            if key.isEmpty { return value }
            if case .map(let map) = value { return map[key] }
            return nil
        }
        func rank(_ value: Value) -> Int? {
            guard let wanted = identity(value) else { return nil }
            return order.firstIndex { identity($0)?.isEqualJSON(wanted) ?? false }
        }
        let ordered = values.filter { rank($0) != nil }.sorted { (rank($0) ?? 0) < (rank($1) ?? 0) }
        var result = ordered
        // What only the server has: behind the element that it followed.
        var previous: Value?
        for value in values {
            if rank(value) == nil {
                if let previous, let index = result.firstIndex(of: previous) {
                    result.insert(value, at: index + 1)
                } else {
                    result.insert(value, at: 0)
                }
            }
            previous = value
        }
        return result
    }

    private static func cleaned(_ value: Value) -> Value {
        switch value {
        case .map(let map): .map(clean(map))
        case .list(let values): .list(values.map(cleaned))
        default: value
        }
    }

    /// A piece of a patch as a value: without directives and without nulls.
    private static func clean(_ map: Map) -> Map {
        var result = Map()
        for entry in map.entries where entry.value != .null && !isDirective(entry.key) {
            if case .map(let inner) = entry.value, inner[directive] == .string("delete") { continue }
            result[entry.key] = cleaned(entry.value)
        }
        return result
    }

    private static func isDirective(_ key: String) -> Bool {
        key == directive || key == retainKeys || key.hasPrefix(deletePrefix) || key.hasPrefix(orderPrefix)
    }
}
