import MartinetSchema

/// The order of a merged list: what the patch names in the patch's order, what only the server has in the server's, and
/// the two laid into each other where the server knows both.
///
/// Source: strategicpatch's normalizeElementOrder.
struct OrderedList {
    /// The merge key of objects; empty for scalars.
    private let key: String
    private let patchPlaces: [Value: Int]
    private let serverPlaces: [Value: Int]

    init(key: String, patchOrder: [Value], serverOrder: [Value]) {
        self.key = key
        patchPlaces = OrderedList.places(patchOrder, key)
        serverPlaces = OrderedList.places(serverOrder, key)
    }

    private static func places(_ values: [Value], _ key: String) -> [Value: Int] {
        var places: [Value: Int] = [:]
        for (index, value) in values.enumerated() {
            if let identity = identity(of: value, key), places[identity] == nil { places[identity] = index }
        }
        return places
    }

    private static func identity(of value: Value, _ key: String) -> Value? {
        key.isEmpty ? value : self.key(of: value, key)
    }

    /// An object's member; nil for what is no object or has none.
    static func key(of value: Value, _ key: String) -> Value? {
        if case .map(let map) = value { return map[key] }
        return nil
    }

    /// - Throws: where an object has no merge key.
    func sorted(_ values: [Value]) throws(PatchError) -> [Value] {
        var (patch, server) = ([Value](), [Value]())
        for value in values {
            guard let identity = OrderedList.identity(of: value, key) else {
                throw PatchError(.malformed, "map does not contain declared merge key: \(key)")
            }
            if patchPlaces[identity] != nil { patch.append(value) } else { server.append(value) }
        }
        return woven(OrderedList.sort(server, serverPlaces, key), OrderedList.sort(patch, patchPlaces, key))
    }

    /// What has no place comes before what follows it, the last one first.
    private static func sort(_ values: [Value], _ places: [Value: Int], _ key: String) -> [Value] {
        func place(_ value: Value) -> Int? { identity(of: value, key).flatMap { places[$0] } }
        let known = values.filter { place($0) != nil }
        if known.count == values.count || values.count > 1000 {
            return values.enumerated().sorted { a, b in
                let (left, right) = (place(a.element) ?? -1, place(b.element) ?? -1)
                return left == right ? a.offset < b.offset : left < right
            }.map(\.element)
        }
        var result: [Value] = []
        for value in values {
            var index = result.count
            while index > 0 {
                if let left = place(value), let right = place(result[index - 1]), left >= right { break }
                index -= 1
            }
            result.insert(value, at: index)
        }
        return result
    }

    private func woven(_ left: [Value], _ right: [Value]) -> [Value] {
        var result: [Value] = []
        result.reserveCapacity(left.count + right.count)
        var (i, j) = (0, 0)
        while i < left.count || j < right.count {
            if i == left.count {
                result.append(right[j])
                j += 1
            } else if j == right.count {
                result.append(left[i])
                i += 1
            } else if let a = place(left[i]), let b = place(right[j]), a < b {
                result.append(left[i])
                i += 1
            } else {
                result.append(right[j])
                j += 1
            }
        }
        return result
    }

    private func place(_ value: Value) -> Int? {
        OrderedList.identity(of: value, key).flatMap { serverPlaces[$0] }
    }
}
