package import MartinetSchema
package import MartinetStrategies
import MartinetRegularExpressions

/// Checks a value against the rules of a schema, with the causes that upstream reports.
///
/// Which error is reported where follows kube-openapi's validator, odd places included: clients and recorded answers
/// know them. A junctor that fails is reported without a field (`<nil>`); the message names the place.
/// Source: k8s.io/kube-openapi/pkg/validation/validate, v1.36.
package struct SchemaValidator {
    /// What one schema says of one value: what is wrong, and how many checks it passed, by which the best of several
    /// failing alternatives is chosen.
    private struct Outcome {
        var errors: [FieldError] = []
        var passed = 0
        var isValid: Bool { errors.isEmpty }

        mutating func add(_ error: FieldError) { if !errors.contains(error) { errors.append(error) } }
        mutating func merge(_ other: Outcome) {
            for error in other.errors { add(error) }
            passed += other.passed
        }
    }

    /// The root of the value, before the dotted path inside it.
    private let base: String
    private let isUpdate: Bool

    /// - Parameters:
    ///   - old: what is stored; parts that did not change are not refused for a rule that came later.
    ///   - base: the path of the value itself; empty for a root object.
    package static func check(
        _ value: Value, against rule: SchemaRule, old: Value? = nil, at base: String = ""
    ) -> [FieldError] {
        SchemaValidator(base: base, isUpdate: old != nil).check(value, rule, "", old).errors
    }

    private func error(_ reason: FieldError.Reason, _ path: String, _ message: String, _ origin: String) -> FieldError {
        var path = path[...]
        if path.first == "." { path = path.dropFirst() }
        let field = base.isEmpty ? String(path) : path.isEmpty ? base : "\(base).\(path)"
        return FieldError(reason, field.isEmpty ? SchemaValidator.noField : field, message, origin: origin)
    }

    /// As upstream writes the path of an error that has none.
    static let noField = "<nil>"

    private func unplaced(_ path: String, _ message: String, _ origin: String) -> FieldError {
        FieldError(
            .invalid, base.isEmpty ? SchemaValidator.noField : base,
            "Invalid value: \(path.isEmpty ? "the object" : path) \(message)", origin: origin)
    }

    private func check(_ value: Value, _ rule: SchemaRule, _ path: String, _ old: Value?) -> Outcome {
        let outcome = checkAll(value, rule, path, old)
        if !outcome.isValid, isUpdate, let old, old == value { return Outcome(errors: [], passed: outcome.passed) }
        return outcome
    }

    private func checkAll(_ value: Value, _ rule: SchemaRule, _ path: String, _ old: Value?) -> Outcome {
        var outcome = checkType(value, rule, path)
        if case .null = value {
            outcome.merge(checkEnumeration(value, rule, path))
            return outcome
        }
        outcome.merge(checkJunctors(value, rule, path))
        switch value {
        case .string(let text): outcome.merge(checkText(text, rule, path))
        case .int, .double: outcome.merge(checkNumber(value, rule, path))
        case .list(let values): outcome.merge(checkList(values, rule, path, old))
        default: break
        }
        outcome.merge(checkEnumeration(value, rule, path))
        if case .map(let map) = value { outcome.merge(checkObject(map, rule, path, old)) }
        return outcome
    }

    // MARK: - Types and choices

    private static func typeName(_ value: Value) -> String {
        switch value {
        case .null, .raw: "null"
        case .bool: "boolean"
        case .int: "integer"
        case .double: "number"
        case .string, .bytes: "string"
        case .list: "array"
        case .map, .object: "object"
        }
    }

    private func checkType(_ value: Value, _ rule: SchemaRule, _ path: String) -> Outcome {
        guard !rule.types.isEmpty else { return Outcome() }
        let found = SchemaValidator.typeName(value)
        let passed = Outcome(errors: [], passed: 1)
        if case .null = value {
            return rule.isNullable ? passed : mismatch(rule, found, path)
        }
        // A text with a format is held against the format alone, and so, by an accident that objects in clusters rely
        // on, is a list.
        let isNumeric = rule.types.contains("number") || rule.types.contains("integer")
        if !isNumeric, !rule.format.isEmpty, found == "string" || found == "array" { return passed }
        if rule.types.contains(found) { return passed }
        if case .double(let number) = value, rule.types.contains("integer"), SchemaValidator.isWhole(number) {
            return passed
        }
        if case .int = value, rule.types.contains("number") { return passed }
        return mismatch(rule, found, path)
    }

    private func mismatch(_ rule: SchemaRule, _ found: String, _ path: String) -> Outcome {
        let wanted = rule.types.joined(separator: ",")
        return Outcome(errors: [
            error(
                .typeInvalid, path, "Invalid value: must be of type \(wanted), found \(found)", "type")
        ])
    }

    private func checkEnumeration(_ value: Value, _ rule: SchemaRule, _ path: String) -> Outcome {
        guard !rule.enumeration.isEmpty else { return Outcome() }
        if rule.enumeration.contains(where: { SchemaValidator.isEqual($0, value) }) { return Outcome() }
        let choices = rule.enumeration.map { String(decoding: JSONEncoder.encode($0), as: UTF8.self) }
        let found = String(decoding: JSONEncoder.encode(value), as: UTF8.self)
        return Outcome(errors: [
            error(
                .notSupported, path,
                "Unsupported value: \(found): supported values: \(choices.joined(separator: ", "))", "enum")
        ])
    }

    /// Numbers are equal by value, whatever they were written as.
    static func isEqual(_ a: Value, _ b: Value) -> Bool {
        switch (a, b) {
        case (.int(let whole), .double(let number)), (.double(let number), .int(let whole)): Double(whole) == number
        default: a == b
        }
    }

    /// Whether a number stands for a whole one that JSON can carry exactly.
    static func isWhole(_ number: Double) -> Bool {
        guard number.isFinite, abs(number) <= 9_007_199_254_740_991 else { return false }
        let rounded = number.rounded()
        let size = abs(number) + abs(rounded)
        return rounded == number || (size > 0 && abs(number - rounded) / size < 1e-9)
    }

    // MARK: - Junctors

    private func checkJunctors(_ value: Value, _ rule: SchemaRule, _ path: String) -> Outcome {
        var outcome = Outcome(errors: [], passed: 1)
        if !rule.anyOf.isEmpty { outcome.merge(checkAnyOf(value, rule.anyOf, path)) }
        if !rule.oneOf.isEmpty { outcome.merge(checkOneOf(value, rule.oneOf, path)) }
        if !rule.allOf.isEmpty {
            var valid = 0
            for nested in rule.allOf {
                let result = check(value, nested, path, nil)
                if result.isValid { valid += 1 }
                outcome.merge(result)
            }
            if valid != rule.allOf.count {
                outcome.add(unplaced(path, "must validate all the schemas (allOf)", "allOf"))
            }
        }
        if let not = rule.not, check(value, not, path, nil).isValid {
            outcome.add(unplaced(path, "must not validate the schema (not)", "not"))
        }
        return outcome
    }

    private func checkAnyOf(_ value: Value, _ rules: [SchemaRule], _ path: String) -> Outcome {
        var best: Outcome?
        for rule in rules {
            let result = check(value, rule, path, nil)
            if result.isValid { return result }
            if result.passed > best?.passed ?? -1 { best = result }
        }
        var outcome = Outcome()
        outcome.add(unplaced(path, "must validate at least one schema (anyOf)", "anyOf"))
        if let best { outcome.merge(best) }
        return outcome
    }

    private func checkOneOf(_ value: Value, _ rules: [SchemaRule], _ path: String) -> Outcome {
        var best: Outcome?
        var first: Outcome?
        var valid = 0
        for rule in rules {
            let result = check(value, rule, path, nil)
            if result.isValid {
                valid += 1
                best = nil
                if first == nil { first = result }
            } else if valid == 0, result.passed > best?.passed ?? -1 {
                best = result
            }
        }
        if valid == 1, let first { return first }
        var outcome = Outcome()
        let found = valid == 0 ? "found none valid" : "found \(valid) valid alternatives"
        outcome.add(unplaced(path, "must validate one and only one schema (oneOf): \(found)", "oneOf"))
        if let best { outcome.merge(best) }
        return outcome
    }

    // MARK: - Scalars

    private func checkText(_ text: String, _ rule: SchemaRule, _ path: String) -> Outcome {
        var outcome = Outcome(errors: [], passed: 1)
        let length = Int64(text.unicodeScalars.count)
        if let most = rule.maxLength, length > most {
            outcome.add(error(.tooLong, path, "Too long: may not be more than \(most) characters", "maxLength"))
        } else if let least = rule.minLength, length < least {
            outcome.add(error(.invalid, path, "Invalid value: must be at least \(least) characters long", "minLength"))
        } else if let pattern = rule.pattern {
            switch pattern.isFound(in: text) {
            case true?: break
            case false?:
                outcome.add(
                    error(.invalid, path, "Invalid value: must match the pattern \(pattern.pattern)", "pattern"))
            case nil:
                outcome.add(
                    error(.invalid, path, "Invalid value: too long to be matched with the pattern", "pattern"))
            }
        }
        if !rule.format.isEmpty, !ValueFormat.matches(text, rule.format) {
            outcome.add(error(.typeInvalid, path, "Invalid value: must be of format \(rule.format)", "format"))
        }
        return outcome
    }

    private func checkNumber(_ value: Value, _ rule: SchemaRule, _ path: String) -> Outcome {
        var outcome = Outcome(errors: [], passed: 2)
        if !SchemaValidator.fits(value, rule.types.first ?? "", rule.format) {
            outcome.add(
                unplaced(path, "must be of type \(rule.types.first ?? "number") \(rule.format)", "range"))
        }
        if let factor = rule.multipleOf, !SchemaValidator.isMultiple(value, of: factor) {
            outcome.add(
                error(.invalid, path, "Invalid value: must be a multiple of \(GoFloat.format(factor))", "multipleOf"))
        }
        if let most = rule.maximum, SchemaValidator.isBeyond(value, most, rule.isMaximumExclusive, above: true) {
            let relation = rule.isMaximumExclusive ? "less than" : "at most"
            outcome.add(error(.invalid, path, "Invalid value: must be \(relation) \(GoFloat.format(most))", "maximum"))
        }
        if let least = rule.minimum, SchemaValidator.isBeyond(value, least, rule.isMinimumExclusive, above: false) {
            let relation = rule.isMinimumExclusive ? "greater than" : "at least"
            outcome.add(error(.invalid, path, "Invalid value: must be \(relation) \(GoFloat.format(least))", "minimum"))
        }
        return outcome
    }

    /// Whether a number is in the range of its type and format.
    private static func fits(_ value: Value, _ type: String, _ format: String) -> Bool {
        switch (value, type) {
        case (.int(let number), "integer"): format == "int32" ? Int32(exactly: number) != nil : true
        case (.double(let number), "integer"):
            format == "int32" ? Int32(exactly: number) != nil : Int64(exactly: number) != nil
        case (.double(let number), _): format == "float" ? Float(number).isFinite : true
        default: true
        }
    }

    private static func isMultiple(_ value: Value, of factor: Double) -> Bool {
        guard factor > 0 else { return false }
        switch value {
        case .int(let number):
            // Whole numbers are divided as such: the factor's fraction is cut off, as it is upstream.
            guard let whole = Int64(exactly: factor.rounded(.towardZero)), whole > 0 else { return false }
            return number % whole == 0
        case .double(let number): return isWhole(factor < 1 ? 1 / factor * number : number / factor)
        default: return true
        }
    }

    /// Whole numbers are compared with the limit's whole part, as they are upstream.
    private static func isBeyond(_ value: Value, _ limit: Double, _ isExclusive: Bool, above: Bool) -> Bool {
        switch value {
        case .int(let number):
            guard let whole = Int64(exactly: limit.rounded(.towardZero)) else {
                return above ? Double(number) > limit : Double(number) < limit
            }
            if number == whole { return isExclusive }
            return above ? number > whole : number < whole
        case .double(let number):
            if number == limit { return isExclusive }
            return above ? number > limit : number < limit
        default: return false
        }
    }

    // MARK: - Lists and objects

    private func checkList(_ values: [Value], _ rule: SchemaRule, _ path: String, _ old: Value?) -> Outcome {
        var outcome = Outcome(errors: [], passed: 2)
        if let items = rule.items {
            let before = correlated(old, rule)
            for (index, value) in values.enumerated() {
                let previous = before.flatMap { $0[key(of: value, rule.listKeys)] }
                outcome.merge(check(value, items, "\(path)[\(index)]", previous))
            }
        }
        let count = Int64(values.count)
        if let least = rule.minItems, count < least {
            outcome.add(error(.invalid, path, "Invalid value: must have at least \(least) items", "minItems"))
        }
        if let most = rule.maxItems, count > most {
            outcome.add(error(.tooMany, path, "Too many: \(count): must have at most \(most) items", "maxItems"))
        }
        if rule.hasUniqueItems, Set(values).count != values.count {
            outcome.add(error(.invalid, path, "Invalid value: must not contain duplicates", "uniqueItems"))
        }
        return outcome
    }

    /// The items that a list had, by their keys. Only the items of a map list can be found again.
    private func correlated(_ old: Value?, _ rule: SchemaRule) -> [[Value?]: Value]? {
        guard isUpdate, rule.listType == "map", case .list(let values)? = old else { return nil }
        return Dictionary(values.map { (key(of: $0, rule.listKeys), $0) }, uniquingKeysWith: { first, _ in first })
    }

    private func key(of value: Value, _ names: [String]) -> [Value?] { names.map { value.member($0) } }

    private func checkObject(_ map: Map, _ rule: SchemaRule, _ path: String, _ old: Value?) -> Outcome {
        var outcome = Outcome(errors: [], passed: 1)
        let count = Int64(map.count)
        if let least = rule.minProperties, count < least {
            outcome.add(error(.invalid, path, "Invalid value: must have at least \(least) properties", "minProperties"))
        }
        if let most = rule.maxProperties, count > most {
            outcome.add(
                error(.tooMany, path, "Too many: \(count): must have at most \(most) properties", "maxProperties"))
        }
        for entry in map.entries {
            let inner = "\(path).\(entry.key)"
            if let property = rule.property(entry.key) {
                outcome.merge(check(entry.value, property, inner, old?.member(entry.key)))
            } else if let additional = rule.additional {
                outcome.merge(check(entry.value, additional, inner, old?.member(entry.key)))
            } else if rule.deniesAdditional {
                outcome.add(error(.forbidden, inner, "Forbidden: the property is not allowed", "additionalProperties"))
            }
        }
        for name in rule.required where map[name] == nil {
            outcome.add(error(.required, "\(path).\(name)", "Required value", "required"))
        }
        return outcome
    }
}
