package import MartinetSchema
package import MartinetStrategies

/// The promise of lists that are sets or maps: no element, and no key, twice.
package enum ListInvariants {
    package static func check(_ tree: Value, _ rule: SchemaRule) -> [FieldError] {
        var errors: [FieldError] = []
        check(tree, rule, "", &errors)
        return errors
    }

    private static func check(_ value: Value, _ rule: SchemaRule, _ path: String, _ errors: inout [FieldError]) {
        switch value {
        case .map(let map):
            for entry in map.entries {
                if let property = rule.property(entry.key) {
                    check(entry.value, property, path.isEmpty ? entry.key : "\(path).\(entry.key)", &errors)
                } else if let additional = rule.additional {
                    check(entry.value, additional, "\(path)[\(entry.key)]", &errors)
                }
            }
        case .list(let values):
            switch rule.listType {
            case "set": duplicates(values.map { [$0] }, path, &errors)
            case "map": checkMap(values, rule, path, &errors)
            default: break
            }
            guard let items = rule.items else { return }
            for (index, value) in values.enumerated() { check(value, items, "\(path)[\(index)]", &errors) }
        default: break
        }
    }

    private static func checkMap(_ values: [Value], _ rule: SchemaRule, _ path: String, _ errors: inout [FieldError]) {
        for (index, value) in values.enumerated() {
            switch value {
            case .map, .null: continue
            default:
                errors.append(
                    FieldError(
                        .invalid, "\(path)[\(index)]", "Invalid value: must be an object, since the list is a map",
                        origin: "listMap"))
                return
            }
        }
        duplicates(values.map { value in rule.listKeys.map { value.member($0) } }, path, &errors)
    }

    /// Reports the first repetition of each.
    private static func duplicates(_ keys: [[Value?]], _ path: String, _ errors: inout [FieldError]) {
        var seen: [[Value?]: Int] = [:]
        for (index, key) in keys.enumerated() {
            let times = seen[key, default: 0]
            seen[key] = times + 1
            guard times == 1 else { continue }
            errors.append(FieldError(.duplicate, "\(path)[\(index)]", "Duplicate value", origin: "listType"))
        }
    }
}
