package import MartinetSchema

/// Defaults that take an `if`, by the type that they belong to: what holds for a container holds in every pod template.
///
/// Applied top down after the schema's constants; what a rule makes gets its constants too. docs/decisions/defaults-in-code.md
/// lists them. Filling in twice changes nothing.
package enum TypeDefaults {
    typealias Rule = @Sendable (inout Object) -> Void

    private static let depthMax = 64

    /// By the full name of the type.
    private static let rules: [String: Rule] = {
        var rules: [String: Rule] = [:]
        for part in [podRules, twinRules, workloadRules, policyRules, deviceRules] { rules.merge(part) { $1 } }
        return rules
    }()

    /// The rules by type, and the types below which there is anything to do.
    private static let plan: (rules: [ObjectType: Rule], reaching: Set<ObjectType>) = {
        var byType: [ObjectType: Rule] = [:]
        var reaching: Set<ObjectType> = []
        var users: [ObjectType: [ObjectType]] = [:]
        for index in 0..<Schema.builtin.typeCount {
            let type = Schema.builtin.type(at: index)
            if let rule = rules[type.name] { byType[type] = rule }
            if byType[type] != nil || type.fields.contains(where: isResourceList) { reaching.insert(type) }
            for field in type.fields { if let inner = field.type { users[inner, default: []].append(type) } }
        }
        var queue = Array(reaching)
        while let type = queue.popLast() {
            for user in users[type] ?? [] where reaching.insert(user).inserted { queue.append(user) }
        }
        return (byType, reaching)
    }()

    private static func isResourceList(_ field: Field) -> Bool {
        field.scalar == .quantity && field.container == .map
    }

    package static func apply(to object: inout Object) { fill(&object, depth: 0) }

    private static func fill(_ object: inout Object, depth: Int) {
        guard depth < depthMax, plan.reaching.contains(object.type) else { return }
        if let rule = plan.rules[object.type] {
            let before = object
            rule(&object)
            if object != before { Defaults.apply(to: &object) }
        }
        for index in 0..<object.count {
            let entry = object.entry(at: index)
            let field = object.type.field(Int(entry.slot))
            if isResourceList(field) {
                if let rounded = rounded(entry.value) { object[field.slot] = rounded }
            } else if let type = field.type, plan.reaching.contains(type), let value = filled(entry.value, depth) {
                object[field.slot] = value
            }
        }
    }

    /// The value filled in; nil where nothing changed.
    private static func filled(_ value: Value, _ depth: Int) -> Value? {
        switch value {
        case .object(var object):
            let before = object
            fill(&object, depth: depth + 1)
            return object == before ? nil : .object(object)
        case .list(var values):
            var isChanged = false
            for index in values.indices {
                guard let value = filled(values[index], depth) else { continue }
                values[index] = value
                isChanged = true
            }
            return isChanged ? .list(values) : nil
        case .map(var map):
            var isChanged = false
            for entry in map.entries {
                guard let value = filled(entry.value, depth) else { continue }
                map[entry.key] = value
                isChanged = true
            }
            return isChanged ? .map(map) : nil
        default: return nil
        }
    }

    /// Amounts of resources are whole thousandths: a part of one counts as one.
    private static func rounded(_ value: Value) -> Value? {
        guard case .map(var map) = value else { return nil }
        var isChanged = false
        for entry in map.entries {
            guard case .string(let text) = entry.value, let quantity = Quantity(text),
                quantity.nanos % 1_000_000 != 0
            else { continue }
            let up = Quantity(nanos: Int128(quantity.milliValue) * 1_000_000, format: quantity.format)
            map[entry.key] = .string("\(up)")
            isChanged = true
        }
        return isChanged ? .map(map) : nil
    }
}

extension Object {
    /// Sets a field that is absent or empty text.
    mutating func fill(_ name: String, _ value: Value) {
        switch self[field: name] {
        case nil, .string(""): self[field: name] = value
        default: break
        }
    }
}
