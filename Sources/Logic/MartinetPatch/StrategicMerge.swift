import MartinetSchema

/// Strategic merge patch: a merge patch that knows, from the schema, which lists are merged and by which key.
///
/// Directives: `$patch: replace|delete`, `$retainKeys`, `$deleteFromPrimitiveList/FIELD`, `$setElementOrder/FIELD`.
/// Source: apimachinery's strategicpatch package and its design document. Where that one fails without a reason (500),
/// the patch is called malformed here.
enum StrategicMerge {
    static let directive = "$patch"
    private static let retainKeys = "$retainKeys"
    private static let deletePrefix = "$deleteFromPrimitiveList"
    private static let orderPrefix = "$setElementOrder"
    private static let depthMax = 256

    /// - Parameter type: nil for a map, whose members the schema does not name.
    static func merge(_ patch: Map, into original: Map, type: ObjectType?, depth: Int) throws(PatchError) -> Map {
        guard depth < depthMax else {
            throw PatchError(.malformed, "the patch is nested deeper than \(depthMax) levels")
        }
        var patch = patch
        if let directive = patch[directive] {
            patch[self.directive] = nil
            switch directive {
            case .string("replace"): return patch
            case .string("delete"): return Map()
            default: throw PatchError(.malformed, "$patch must be replace or delete")
            }
        }
        var result = original
        if let keep = patch[retainKeys] {
            patch[retainKeys] = nil
            try retain(keep, patch, &result)
        }
        for entry in patch.entries where entry.key.hasPrefix(orderPrefix) {
            patch[entry.key] = nil
            try order(entry, &patch, &result, type, depth)
        }
        for entry in patch.entries where !entry.key.hasPrefix(deletePrefix) {
            try mergeMember(entry, &result, type, depth)
        }
        for entry in patch.entries where entry.key.hasPrefix(deletePrefix) {
            try deletePrimitives(entry, &result, type)
        }
        return result
    }

    private static func mergeMember(
        _ entry: Map.Entry, _ result: inout Map, _ type: ObjectType?, _ depth: Int
    ) throws(PatchError) {
        let name = entry.key
        switch (entry.value, result[name]) {
        case (.null, _): result[name] = nil
        case (.map(let changes), .map(let map)?):
            let field = try field(name, of: type)
            if field.rules.contains("replace") {
                result[name] = entry.value
            } else {
                let inner = field.container == .single ? field.type : nil
                result[name] = .map(try merge(changes, into: map, type: inner, depth: depth + 1))
            }
        case (.list(let changes), .list(let values)?):
            let field = try field(name, of: type)
            result[name] = .list(try mergeList(changes, into: values, field, depth))
        default: result[name] = withoutDirectives(withoutNulls(entry.value))
        }
    }

    /// What the schema says of a member that is merged. Without it nothing can be.
    private static func field(_ name: String, of type: ObjectType?) throws(PatchError) -> Field {
        guard let field = type?.field(named: name) else {
            throw PatchError(.malformed, "\(name): the schema does not say how it is merged")
        }
        return field
    }

    // MARK: - Lists

    private static func mergeList(
        _ changes: [Value], into values: [Value], _ field: Field, _ depth: Int
    ) throws(PatchError) -> [Value] {
        guard field.flags.contains(.merge) else { return changes }
        if changes.isEmpty, values.isEmpty { return values }
        guard try holdsObjects(values, changes, field.name) else {
            var merged: [Value] = []
            var seen: Set<Value> = []
            for value in values + changes where seen.insert(value).inserted { merged.append(value) }
            let list = OrderedList(key: "", patchOrder: changes, serverOrder: values)
            return try list.sorted(merged)
        }
        let key = field.mergeKey
        guard !key.isEmpty else { throw PatchError(.malformed, "\(field.name) cannot be merged without a merge key") }
        var (original, plain) = (values, [Value]())
        var isReplacement = false
        for case .map(let change) in changes {
            switch change[directive] {
            case nil: plain.append(.map(change))
            case .string("delete")?:
                let wanted = try keyValue(of: .map(change), key)
                original.removeAll { OrderedList.key(of: $0, key) == wanted }
            case .string("replace")?: isReplacement = true
            default: throw PatchError(.malformed, "\(field.name): $patch must be replace or delete")
            }
        }
        if isReplacement { (original, plain) = (plain, []) }
        let merged = try mergeElements(plain, into: original, key, field.type, depth)
        return try OrderedList(key: key, patchOrder: plain, serverOrder: original).sorted(merged)
    }

    private static func mergeElements(
        _ changes: [Value], into values: [Value], _ key: String, _ type: ObjectType?, _ depth: Int
    ) throws(PatchError) -> [Value] {
        var result = values
        var places: [Value: Int] = [:]
        for (index, value) in values.enumerated() {
            if let own = OrderedList.key(of: value, key), places[own] == nil { places[own] = index }
        }
        for change in changes {
            guard case .map(let map) = change else { continue }
            let wanted = try keyValue(of: change, key)
            if let index = places[wanted], case .map(let present) = result[index] {
                result[index] = .map(try merge(map, into: present, type: type, depth: depth + 1))
            } else {
                places[wanted] = result.count
                result.append(change)
            }
        }
        return result
    }

    static func keyValue(of value: Value, _ key: String) throws(PatchError) -> Value {
        guard let own = OrderedList.key(of: value, key) else {
            throw PatchError(.malformed, "map does not contain declared merge key: \(key)")
        }
        return own
    }

    /// Whether the elements of lists are objects. All must be of one kind, and no lists.
    private static func holdsObjects(
        _ first: [Value], _ second: [Value], _ name: String
    ) throws(PatchError) -> Bool {
        var kind: Int?
        for value in first + second {
            let own: Int
            switch value {
            case .map: own = 0
            case .string: own = 1
            case .int: own = 2
            case .double: own = 3
            case .bool: own = 4
            case .list: throw PatchError(.unprocessable, "lists of lists are not supported: \(name)")
            default: throw PatchError(.malformed, "\(name): an element is null")
            }
            guard kind == nil || kind == own else {
                throw PatchError(.malformed, "\(name): list element types are not identical")
            }
            kind = own
        }
        guard let kind else { throw PatchError(.malformed, "\(name): no elements in any of the lists") }
        return kind == 0
    }

    // MARK: - Directives

    /// Brings a list into the order that the patch says, with the changes that the patch has for it.
    private static func order(
        _ entry: Map.Entry, _ patch: inout Map, _ result: inout Map, _ type: ObjectType?, _ depth: Int
    ) throws(PatchError) {
        let name = try name(of: entry.key, orderPrefix)
        guard case .list(let order) = entry.value else {
            throw PatchError(.malformed, "\(entry.key) must be a list")
        }
        let (present, changes) = (try list(name, in: result), try list(name, in: patch))
        let field = try field(name, of: type)
        guard field.container == .list else { throw PatchError(.malformed, "\(name) is no list") }
        try checkOrder(changes ?? [], order, field)
        let merged: [Value]
        switch (present, changes) {
        case (nil, nil): return
        case (let values?, nil): merged = values
        case (nil, let values?): merged = values.compactMap(withoutDirectives)
        case (let values?, let changes?): merged = try mergeList(changes, into: values, field, depth)
        }
        _ = try holdsObjects(present ?? [], changes ?? [], name)
        let list = OrderedList(key: field.mergeKey, patchOrder: order, serverOrder: present ?? [])
        result[name] = .list(try list.sorted(merged))
        patch[name] = nil
    }

    private static func list(_ name: String, in map: Map) throws(PatchError) -> [Value]? {
        switch map[name] {
        case nil: return nil
        case .list(let values)?: return values
        default: throw PatchError(.malformed, "\(name) must be a list")
        }
    }

    /// What a patch changes must come in the order that it says.
    private static func checkOrder(_ changes: [Value], _ order: [Value], _ field: Field) throws(PatchError) {
        guard !changes.isEmpty, !order.isEmpty else { return }
        let key = field.mergeKey
        func same(_ a: Value, _ b: Value) throws(PatchError) -> Bool {
            key.isEmpty ? a == b : try keyValue(of: a, key) == keyValue(of: b, key)
        }
        var index = 0
        let wanted = changes.filter { OrderedList.key(of: $0, directive) != .string("delete") }
        for place in order where index < wanted.count {
            while index < wanted.count, OrderedList.key(of: wanted[index], directive) != nil { index += 1 }
            guard index < wanted.count else { return }
            if try same(wanted[index], place) { index += 1 }
        }
        guard index >= wanted.count else {
            throw PatchError(.malformed, "the order in the patch list of \(field.name) is not that of \(orderPrefix)")
        }
    }

    private static func deletePrimitives(
        _ entry: Map.Entry, _ result: inout Map, _ type: ObjectType?
    ) throws(PatchError) {
        let name = try name(of: entry.key, deletePrefix)
        switch (entry.value, result[name]) {
        case (.null, _): result[name] = nil
        case (.list(let gone), .list(let values)?):
            _ = try field(name, of: type)
            if gone.isEmpty, values.isEmpty { return }
            guard try !holdsObjects(values, gone, name) else {
                throw PatchError(.malformed, "\(entry.key): the elements of \(name) are objects")
            }
            let gone = Set(gone)
            result[name] = .list(values.filter { !gone.contains($0) })
        default: break
        }
    }

    private static func name(of key: String, _ prefix: String) throws(PatchError) -> String {
        guard key.hasPrefix(prefix + "/") else {
            throw PatchError(.malformed, "\(key) does not name the list that it is about")
        }
        return String(key.dropFirst(prefix.count + 1))
    }

    private static func retain(_ keep: Value, _ patch: Map, _ result: inout Map) throws(PatchError) {
        guard case .list(let values) = keep else { throw PatchError(.malformed, "$retainKeys must be a list of names") }
        var names: Set<String> = []
        for case .string(let name) in values { names.insert(name) }
        for entry in patch.entries
        where entry.value != .null && !entry.key.hasPrefix(deletePrefix) && !entry.key.hasPrefix(orderPrefix)
            && !names.contains(entry.key)
        {
            throw PatchError(.malformed, "the patch sets \(entry.key), which is not in its $retainKeys")
        }
        for entry in result.entries where !names.contains(entry.key) { result[entry.key] = nil }
    }

    // MARK: - Values that are only in the patch

    /// Nil for an object with a directive: with nothing to do it to, it is nothing.
    private static func withoutDirectives(_ value: Value) -> Value? {
        switch value {
        case .map(let map):
            if map[directive] != nil { return nil }
            return .map(
                Map(
                    unsorted: map.entries.compactMap { entry in
                        withoutDirectives(entry.value).map { Map.Entry(key: entry.key, value: $0) }
                    }))
        case .list(let values): return .list(values.compactMap(withoutDirectives))
        default: return value
        }
    }

    private static func withoutNulls(_ value: Value) -> Value {
        switch value {
        case .map(let map):
            .map(
                Map(
                    unsorted: map.entries.filter { $0.value != .null }.map {
                        Map.Entry(key: $0.key, value: withoutNulls($0.value))
                    }))
        case .list(let values): .list(values.map(withoutNulls))
        default: value
        }
    }
}
