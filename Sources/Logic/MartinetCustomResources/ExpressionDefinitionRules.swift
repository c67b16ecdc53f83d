import MartinetAPI
import MartinetCEL
import MartinetCELKubernetes
import MartinetSchema
import MartinetStrategies

/// What the rules in expressions of a definition must be: compilable, of bounded cost, and about values that can be
/// found again where they speak of a transition.
///
/// Source: apiextensions' validation.go and cel_validation.go, v1.36.
struct ExpressionDefinitionRules {
    /// Of one rule, and of all rules of a schema together, as estimated for the largest object.
    static let costMax: UInt64 = 10_000_000
    static let totalCostMax: UInt64 = 100_000_000

    var report = RuleReport()
    private let otherErrors: [FieldError]
    private let types: CELSchemaTypes
    private var ignoresCosts = false
    private var totalCost: UInt64 = 0
    private var expensive: [(field: String, cost: UInt64)] = []

    /// Where a schema is: how often a value can be there, nil for any number, and whether old values can be found.
    private struct Place {
        var cardinality: UInt64? = 1
        var isCorrelatable = true
    }

    private init(_ schema: CELSchema, otherErrors: [FieldError]) {
        types = CELSchemaTypes(schema.typesByName)
        self.otherErrors = otherErrors
    }

    /// - Parameter otherErrors: of the schema itself: rules at or above them are not compiled.
    /// - Parameter ignoresCosts: for what is stored already: a release that estimates higher must not keep anybody from
    ///   changing the rest of a definition.
    static func check(
        _ root: JSONSchemaProps, _ path: String, otherErrors: [FieldError], ignoresCosts: Bool
    ) -> [FieldError] {
        guard ExpressionRules.hasRules(root, depth: 0) else { return [] }
        let schema = CELSchema(root, name: "selfType", isResourceRoot: true)
        var rules = ExpressionDefinitionRules(schema, otherErrors: otherErrors)
        rules.ignoresCosts = ignoresCosts
        rules.check(root, schema, path, Place(), depth: 0)
        if rules.totalCost > totalCostMax {
            for (field, _) in rules.expensive {
                rules.report.forbidden(field, "contributed to a total cost of rules above the limit for a schema")
            }
            rules.report.forbidden(path, "the estimated total cost of all rules exceeds the limit for a schema")
        }
        return rules.report.errors
    }

    private mutating func check(
        _ declared: JSONSchemaProps, _ schema: CELSchema, _ path: String, _ place: Place, depth: Int
    ) {
        guard depth < SchemaRule.depthMax else { return }
        var inner = place
        inner.cardinality = ExpressionDefinitionRules.elementsMax(declared).flatMap { most in
            place.cardinality.map { $0.saturatingProduct(most) }
        }
        for (name, property) in declared.properties.sorted(by: { $0.key.precedes($1.key) }) {
            let nested = schema.property(name)?.schema ?? CELSchema(property, name: "selfType.\(name)")
            check(property, nested, "\(path).properties[\(name)]", inner, depth: depth + 1)
        }
        if let additional = declared.additionalProperties?.schema, let element = schema.element {
            check(additional, element, "\(path).additionalProperties", inner, depth: depth + 1)
        }
        if let items = declared.items?.schema, let element = schema.element {
            if declared.x_kubernetes_list_type != "map" { inner.isCorrelatable = false }
            check(items, element, "\(path).items", inner, depth: depth + 1)
        }
        guard !declared.x_kubernetes_validations.isEmpty,
            !otherErrors.contains(where: { $0.field.hasPrefix(path) })
        else { return }
        for (index, rule) in declared.x_kubernetes_validations.enumerated() {
            let field = "\(path).x-kubernetes-validations[\(index)]"
            guard schema.isExposed else {
                report.add(.internalError, field, "Internal error: values of this schema have no type in expressions")
                continue
            }
            checkRule(ExpressionRule(rule, schema, declared, types), rule, schema, field, place)
        }
    }

    private mutating func checkRule(
        _ compiled: ExpressionRule, _ rule: ValidationRule, _ schema: CELSchema, _ field: String, _ place: Place
    ) {
        let most = UInt64(CELSchema.requestBytesMax / (schema.serializedBytesMin + 1))
        observe(compiled.costMax.saturatingProduct(place.cardinality ?? most), "\(field).rule")
        if let failure = compiled.failure { report.invalid("\(field).rule", failure) }
        if let failure = compiled.messageFailure {
            report.invalid("\(field).messageExpression", failure)
        } else if compiled.messageProgram != nil {
            observe(compiled.messageCostMax, "\(field).messageExpression")
        }
        if compiled.usesOldSelf {
            if !place.isCorrelatable {
                report.invalid("\(field).rule", "oldSelf cannot be used where old values cannot be found again")
            }
        } else if rule.optionalOldSelf != nil {
            report.invalid("\(field).optionalOldSelf", "may not be set if oldSelf is not used in the rule")
        }
    }

    private mutating func observe(_ cost: UInt64, _ field: String) {
        if ignoresCosts { return }
        if cost > ExpressionDefinitionRules.costMax {
            let factor = Double(cost) / Double(ExpressionDefinitionRules.costMax)
            let shown = factor > 100 ? "more than 100" : "\((factor * 10).rounded() / 10)"
            report.forbidden(
                field,
                "the estimated cost exceeds the budget by a factor of \(shown): simplify the rule, or add maxItems, "
                    + "maxProperties and maxLength where lists, maps and strings are declared")
        }
        totalCost = totalCost.saturatingSum(cost)
        guard cost >= ExpressionDefinitionRules.totalCostMax / 100 else { return }
        expensive.append((field, cost))
        expensive.sort { $0.cost > $1.cost }
        if expensive.count > 4 { expensive.removeLast() }
    }

    /// How many values a schema puts where there is one of its own; nil for any number.
    private static func elementsMax(_ schema: JSONSchemaProps) -> UInt64? {
        switch schema.type {
        case "object":
            guard schema.additionalProperties != nil else { return 1 }
            return schema.maxProperties.map { UInt64(max(0, $0)) }
        case "array": return schema.maxItems.map { UInt64(max(0, $0)) }
        default: return 1
        }
    }
}

extension RuleReport {
    /// The rules of a schema as texts, before anything is compiled.
    mutating func checkRuleTexts(_ schema: JSONSchemaProps, _ path: String) {
        for (index, rule) in schema.x_kubernetes_validations.enumerated() {
            let field = "\(path).x-kubernetes-validations[\(index)]"
            func hasNewlines(_ text: String) -> Bool { text.utf8.contains { $0 == 10 || $0 == 13 } }
            if ExpressionRule.isBlank(rule.rule) {
                required("\(field).rule")
            } else if !rule.message.isEmpty, ExpressionRule.isBlank(rule.message) {
                invalid("\(field).message", "must be non-empty if specified")
            } else if hasNewlines(ExpressionRule.trimmed(rule.message)) {
                invalid("\(field).message", "must not contain line breaks")
            } else if hasNewlines(ExpressionRule.trimmed(rule.rule)), ExpressionRule.isBlank(rule.message) {
                required("\(field).message", "a rule with line breaks needs a message")
            }
            if !rule.messageExpression.isEmpty, ExpressionRule.isBlank(rule.messageExpression) {
                required("\(field).messageExpression", "must be non-empty if specified")
            }
            if let reason = rule.reason {
                let reasons = [
                    "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired",
                ]
                if !reasons.contains(reason) {
                    add(
                        .notSupported, "\(field).reason",
                        "must be one of \(reasons.joined(separator: ", ")), not \(reason)")
                }
            }
            guard !rule.fieldPath.isEmpty else { continue }
            if ExpressionRule.isBlank(rule.fieldPath) {
                invalid("\(field).fieldPath", "must be non-empty if specified")
            }
            if hasNewlines(rule.fieldPath) { invalid("\(field).fieldPath", "must not contain line breaks") }
            if FieldPaths.resolve(rule.fieldPath, in: schema) == nil {
                invalid("\(field).fieldPath", "must be a valid path")
            }
        }
    }
}
