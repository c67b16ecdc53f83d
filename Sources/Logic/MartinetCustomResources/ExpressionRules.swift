import MartinetAPI
import MartinetCEL
import MartinetCELKubernetes
import MartinetSchema
import MartinetStrategies

/// The rules in expressions of a schema and of everything below it, compiled once for a version of a definition.
///
/// Source: apiextensions' schema/cel/validation.go, v1.36.
final class ExpressionRules: Sendable {
    private let schema: CELSchema
    private let rules: [ExpressionRule]
    private let properties: [String: ExpressionRules]
    private let element: ExpressionRules?

    /// Nil where no schema has rules.
    static func compile(_ root: JSONSchemaProps, isResourceRoot: Bool = true) -> ExpressionRules? {
        guard hasRules(root, depth: 0) else { return nil }
        let schema = CELSchema(root, name: "selfType", isResourceRoot: isResourceRoot)
        return ExpressionRules(root, schema, CELSchemaTypes(schema.typesByName), depth: 0)
    }

    static func hasRules(_ schema: JSONSchemaProps, depth: Int) -> Bool {
        guard depth < SchemaRule.depthMax else { return false }
        return !schema.x_kubernetes_validations.isEmpty
            || schema.properties.contains { hasRules($0.value, depth: depth + 1) }
            || schema.items?.schema.map { hasRules($0, depth: depth + 1) } ?? false
            || schema.additionalProperties?.schema.map { hasRules($0, depth: depth + 1) } ?? false
    }

    private init?(_ declared: JSONSchemaProps, _ schema: CELSchema, _ types: CELSchemaTypes, depth: Int) {
        guard ExpressionRules.hasRules(declared, depth: depth) else { return nil }
        self.schema = schema
        rules = declared.x_kubernetes_validations.map { ExpressionRule($0, schema, declared, types) }
        var properties: [String: ExpressionRules] = [:]
        for (name, property) in declared.properties {
            guard let inner = schema.property(name)?.schema, inner.isExposed else { continue }
            properties[name] = ExpressionRules(property, inner, types, depth: depth + 1)
        }
        self.properties = properties
        let nested = declared.items?.schema ?? declared.additionalProperties?.schema
        if let nested, let inner = schema.element {
            element = ExpressionRules(nested, inner, types, depth: depth + 1)
        } else {
            element = nil
        }
    }

    // MARK: - Objects

    /// What correlates a value with what is stored, so that what did not change is not refused for a later rule.
    private struct Correlation {
        var current: (new: Value, old: Value)?
        var parent: (new: Value, old: Value)?

        var isUnchanged: Bool {
            guard let pair = current ?? parent else { return false }
            return pair.new == pair.old
        }

        func member(_ name: String) -> Correlation {
            guard let current else { return self }
            if parent == nil, name == "apiVersion" || name == "kind" { return Correlation() }
            guard let new = current.new.member(name), let old = current.old.member(name) else {
                return Correlation(current: nil, parent: current)
            }
            return Correlation(current: (new, old), parent: current)
        }

        func item(_ new: Value, _ old: Value?) -> Correlation {
            guard let current else { return self }
            return Correlation(current: old.map { (new, $0) }, parent: current)
        }
    }

    private struct Run {
        var errors: [FieldError] = []
        var budget = CELEnvironment.kubernetesRequestCostMax
        /// Once the budget is spent nothing more is evaluated.
        var isOver: Bool { budget < 0 }
    }

    /// - Parameter old: what is stored, for rules about transitions.
    func check(_ value: Value, old: Value?) -> [FieldError] { evaluate(value, old: old).errors }

    /// The same, with what the evaluations cost together.
    func evaluate(_ value: Value, old: Value?) -> (errors: [FieldError], cost: Int64) {
        var run = Run()
        check(value, old, "", Correlation(current: old.map { (value, $0) }), &run)
        return (run.errors, CELEnvironment.kubernetesRequestCostMax - run.budget)
    }

    private func check(_ value: Value, _ old: Value?, _ path: String, _ correlation: Correlation, _ run: inout Run) {
        if case .null = value { return }
        evaluate(value, old, path, correlation, &run)
        guard !run.isOver else { return }
        switch value {
        case .map(let map):
            for entry in map.entries {
                let nested: ExpressionRules
                let place: String
                if schema.form == .map, let element {
                    (nested, place) = (element, "\(path)[\(entry.key)]")
                } else if let property = properties[entry.key] {
                    (nested, place) = (property, path.isEmpty ? entry.key : "\(path).\(entry.key)")
                } else {
                    continue
                }
                nested.check(entry.value, old?.member(entry.key), place, correlation.member(entry.key), &run)
                guard !run.isOver else { return }
            }
        case .list(let values):
            guard let element else { return }
            let before = correlated(old)
            for (index, value) in values.enumerated() {
                let previous = before?[key(of: value)]
                element.check(value, previous, "\(path)[\(index)]", correlation.item(value, previous), &run)
                guard !run.isOver else { return }
            }
        default: break
        }
    }

    /// The items that a list had, by their keys; only those of a map list can be found again.
    private func correlated(_ old: Value?) -> [[Value?]: Value]? {
        guard schema.listType == "map", case .list(let values)? = old else { return nil }
        return Dictionary(values.map { (key(of: $0), $0) }, uniquingKeysWith: { first, _ in first })
    }

    private func key(of value: Value) -> [Value?] { schema.listKeys.map { value.member($0) } }

    private func evaluate(_ value: Value, _ old: Value?, _ path: String, _ correlation: Correlation, _ run: inout Run) {
        guard !rules.isEmpty else { return }
        guard run.budget > 0 else { return exhaust(path, &run) }
        let current = CELValue(value, schema)
        let isOldNull = if case .null? = old { true } else { old == nil }
        let before = isOldNull ? nil : old.map { CELValue($0, schema) }
        for rule in rules {
            if let failure = rule.failure {
                run.errors.append(error(.invalid, path, "rule compile error: \(failure)"))
                continue
            }
            guard let program = rule.program else { continue }
            if rule.usesOldSelf, before == nil, !rule.isOldSelfOptional { continue }
            let oldSelf: CELValue =
                rule.isOldSelfOptional
                ? .optional(before.map { CELOptional($0) } ?? .none) : before ?? .failure("no such attribute: oldSelf")
            let variables = [current, oldSelf]
            let outcome = program.evaluate(variables, costLimit: CELEnvironment.kubernetesCallCostMax)
            guard spend(outcome.cost, &run) else { return exhaust(path, &run) }
            switch outcome.value {
            case .bool(true): continue
            case .error(let failure):
                run.errors.append(error(.invalid, path, "\(failure.message) evaluating rule: \(rule.shown)"))
                if failure.code == .costLimit {
                    run.budget = -1
                    return
                }
            default:
                let isRatcheted = !rule.usesOldSelf && correlation.isUnchanged
                let place = rule.field.isEmpty ? path : path.isEmpty ? rule.field : "\(path).\(rule.field)"
                guard let text = message(of: rule, variables, &run) else { return exhaust(place, &run) }
                if !isRatcheted { run.errors.append(error(FieldError.Reason(rule: rule.reason), place, text)) }
            }
        }
    }

    private func spend(_ cost: UInt64, _ run: inout Run) -> Bool {
        guard let cost = Int64(exactly: cost), cost <= run.budget else { return false }
        run.budget -= cost
        return true
    }

    private func exhaust(_ path: String, _ run: inout Run) {
        run.errors.append(
            error(
                .invalid, path,
                "validation failed due to running out of cost budget, no further validation rules will be run"))
        run.budget = -1
    }

    private func error(_ reason: FieldError.Reason, _ path: String, _ message: String) -> FieldError {
        FieldError(reason, path.isEmpty ? SchemaValidator.noField : path, message, origin: "x-kubernetes-validations")
    }

    static let messageBytesMax = 5 * 1024

    /// What the rule's expression for its message says, or its own message; nil where the budget does not reach.
    private func message(of rule: ExpressionRule, _ variables: [CELValue], _ run: inout Run) -> String? {
        guard let program = rule.messageProgram else { return rule.defaultMessage }
        let outcome = program.evaluate(variables, costLimit: CELEnvironment.kubernetesCallCostMax)
        guard spend(outcome.cost, &run) else { return nil }
        if case .error(let failure) = outcome.value, failure.code == .costLimit { return nil }
        guard case .string(let text) = outcome.value else { return rule.defaultMessage }
        let trimmed = ExpressionRule.trimmed(text)
        let isUsable =
            !trimmed.isEmpty && trimmed.utf8.count <= ExpressionRules.messageBytesMax && !trimmed.utf8.contains(10)
        return isUsable ? trimmed : rule.defaultMessage
    }
}

extension FieldError.Reason {
    /// As a rule names it.
    init(rule reason: String?) {
        switch reason {
        case "FieldValueForbidden": self = .forbidden
        case "FieldValueRequired": self = .required
        case "FieldValueDuplicate": self = .duplicate
        default: self = .invalid
        }
    }

    /// Whether an object with such an error is not looked at by expressions: they could not rely on its form.
    var blocksExpressions: Bool {
        switch self {
        case .notSupported, .required, .tooLong, .tooMany, .typeInvalid: true
        default: false
        }
    }
}
