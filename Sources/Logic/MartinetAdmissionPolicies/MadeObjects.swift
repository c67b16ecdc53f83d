import MartinetBase
import MartinetCEL
import MartinetCELKubernetes
import MartinetSchema

/// What expressions make, as the JSON that it stands for.
enum MadeObjects {
    /// Of texts and values together, about as many as the largest request has bytes: values may share parts, so that
    /// their unfolded size is exponential in what they occupy.
    private static let stepsMax = 3 << 20
    private static let depthMax = 250

    static func plain(_ value: CELValue) throws(PolicyFailure) -> Value {
        var budget = CELBudget(steps: stepsMax)
        return try plain(value, &budget, depth: 0)
    }

    private static func plain(
        _ value: CELValue, _ budget: inout CELBudget, depth: Int
    ) throws(PolicyFailure) -> Value {
        guard depth < depthMax else { throw PolicyFailure("a mutation is nested deeper than \(depthMax) levels") }
        try spend(1, &budget)
        switch value {
        case .null: return .null
        case .bool(let flag): return .bool(flag)
        case .int(let number): return .int(number)
        case .uint(let number):
            guard let number = Int64(exactly: number) else { throw PolicyFailure("\(number) is too large") }
            return .int(number)
        case .double(let number):
            guard number.isFinite else { throw PolicyFailure("\(number) is no number of JSON") }
            return Int64(exactly: number).map { .int($0) } ?? .double(number)
        case .string(let text):
            try spend(text.utf8.count, &budget)
            return .string(text)
        case .bytes(let bytes):
            try spend(bytes.count * 2, &budget)
            return .string(Base64.encode(bytes))
        case .list(let list):
            var values: [Value] = []
            for index in 0..<list.count { values.append(try plain(list.element(at: index), &budget, depth: depth + 1)) }
            return .list(values)
        case .map(let map):
            var entries: [Map.Entry] = []
            for index in 0..<map.count {
                let (key, value) = map.entry(at: index)
                let name = try self.key(key)
                try spend(name.utf8.count, &budget)
                entries.append(Map.Entry(key: name, value: try plain(value, &budget, depth: depth + 1)))
            }
            return .map(Map(unsorted: entries))
        case .object(let object as CELConstructedObject):
            var map = Map()
            for (name, value) in object.fields {
                try spend(name.utf8.count, &budget)
                map[name] = try plain(value, &budget, depth: depth + 1)
            }
            return .map(map)
        case .timestamp(let moment): return .string(moment.text)
        case .duration(let duration): return .string(duration.secondsText)
        default: throw PolicyFailure("a value of type \(value.type) cannot be written as JSON")
        }
    }

    private static func spend(_ steps: Int, _ budget: inout CELBudget) throws(PolicyFailure) {
        guard budget.spend(steps) else { throw PolicyFailure("a mutation is larger than \(stepsMax) bytes") }
    }

    private static func key(_ key: CELValue) throws(PolicyFailure) -> String {
        guard case .string(let text) = key else {
            throw PolicyFailure("map key is of type \(key.type), not string")
        }
        return text
    }

    // MARK: - Names

    /// Objects are called as the fields that they are in: `Object.spec` in the field `spec` of `Object`, through lists and
    /// maps.
    static func checkNames(_ value: CELValue) throws(PolicyFailure) {
        guard case .object(let object) = value else { return }
        var budget = CELBudget(steps: stepsMax)
        try checkNames(value, object.typeName, &budget, depth: 0)
    }

    private static func checkNames(
        _ value: CELValue, _ name: String, _ budget: inout CELBudget, depth: Int
    ) throws(PolicyFailure) {
        guard depth < depthMax else { throw PolicyFailure("a mutation is nested deeper than \(depthMax) levels") }
        try spend(1, &budget)
        switch value {
        case .object(let object as CELConstructedObject):
            guard object.typeName == name else {
                throw PolicyFailure(
                    "type mismatch: unexpected type name \(object.typeName.debugDescription), expected "
                        + "\(name.debugDescription), which matches field name path from root Object type")
            }
            for field in object.fields {
                try checkNames(field.value, "\(name).\(field.name)", &budget, depth: depth + 1)
            }
        case .list(let list):
            for index in 0..<list.count { try checkNames(list.element(at: index), name, &budget, depth: depth + 1) }
        case .map(let map):
            for index in 0..<map.count { try checkNames(map.entry(at: index).value, name, &budget, depth: depth + 1) }
        default: break
        }
    }
}
