package import MartinetSchema
package import MartinetStrategies

/// The promise of lists that are sets or maps: no element, and no key, twice.
package enum ListInvariants {
    package static func check(_ tree: Value, _ rule: SchemaRule) -> [FieldError] {
        var errors: [FieldError] = []
        rule.walk(tree) { value, rule, path in
            guard case .list(let values) = value else { return }
            switch rule.listType {
            case "set": duplicates(values.map { [$0] }, path, &errors)
            case "map": checkMap(values, rule, path, &errors)
            default: break
            }
        }
        return errors
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
