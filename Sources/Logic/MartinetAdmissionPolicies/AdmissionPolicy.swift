import MartinetCEL
import MartinetCELKubernetes
package import MartinetSchema

/// A ValidatingAdmissionPolicy, compiled: what its expressions say of a request.
///
/// What does not compile is refused when it is written; of a policy that was stored before, it is an error of each request.
/// Source: KEP-3488, apiserver's admission/plugin/policy/validating/validator.go.
package struct AdmissionPolicy: Sendable {
    private struct Validation {
        let expression: PolicyExpression
        let message: String
        let messageExpression: PolicyExpression?
        let reason: String
    }

    /// What one rule says.
    package struct Decision: Sendable {
        /// Of the rule in `spec.validations`.
        package let index: Int
        package let message: String
        /// What sort of error is answered.
        package let reason: String
        /// The rule and the values that it looked at; empty where no rule was broken.
        package let detail: String
        package let isDenied: Bool

        package init(index: Int, message: String, reason: String, detail: String, isDenied: Bool) {
            self.index = index
            self.message = message
            self.reason = reason
            self.detail = detail
            self.isDenied = isDenied
        }
    }

    package struct Result: Sendable {
        package var decisions: [Decision] = []
        package var annotations: [(key: String, value: String)] = []
        package var annotationErrors: [String] = []
    }

    package let failsOpen: Bool
    private let conditions: [(name: String, expression: PolicyExpression)]
    private let variables: [(name: String, expression: PolicyExpression)]
    private let validations: [Validation]
    private let annotations: [(key: String, expression: PolicyExpression)]

    static let conditionsCostMax: Int64 = CELEnvironment.kubernetesRequestCostMax / 4
    static let messageBytesMax = 5 * 1024
    static let annotationBytesMax = 10 * 1024

    /// - Parameter spec: the policy's `spec`, in any version.
    package init(_ spec: Object) {
        var scope = PolicyScope(hasParams: spec.part("paramKind") != nil)
        failsOpen = spec.text("failurePolicy") == "Ignore"
        conditions = AdmissionPolicy.conditions(spec, scope)
        variables = AdmissionPolicy.variables(spec, &scope)
        var plain = scope
        plain.hasAuthorizer = false
        let (full, unauthorized) = (scope, plain)
        validations = spec.parts("validations").map { rule in
            let message = rule.text("messageExpression")
            let reason = rule.text("reason")
            return Validation(
                expression: PolicyExpression(rule.text("expression"), in: full, results: [.bool]),
                message: rule.text("message"),
                messageExpression: message.isEmpty
                    ? nil : PolicyExpression(message, in: unauthorized, results: [.string]),
                reason: reason.isEmpty ? "Invalid" : reason)
        }
        annotations = spec.parts("auditAnnotations").map { annotation in
            let text = annotation.text("valueExpression")
            return (annotation.text("key"), PolicyExpression(text, in: full, results: [.string, .null]))
        }
    }

    static func conditions(_ spec: Object, _ scope: PolicyScope) -> [(name: String, expression: PolicyExpression)] {
        var scope = scope
        scope.hasVariables = false
        return spec.parts("matchConditions").map {
            ($0.text("name"), PolicyExpression($0.text("expression"), in: scope, results: [.bool]))
        }
    }

    /// Each variable knows those before it.
    static func variables(_ spec: Object, _ scope: inout PolicyScope) -> [(name: String, expression: PolicyExpression)]
    {
        var compiled: [(name: String, expression: PolicyExpression)] = []
        for variable in spec.parts("variables") {
            let expression = PolicyExpression(variable.text("expression"), in: scope, results: nil)
            let name = variable.text("name")
            compiled.append((name, expression))
            scope.define(name, expression)
        }
        return compiled
    }

    // MARK: - Evaluation

    private func failure(_ message: String, _ index: Int = 0) -> Decision {
        Decision(index: index, message: message, reason: "Invalid", detail: "", isDenied: !failsOpen)
    }

    /// What a rule costs is taken from what all of a request may cost.
    struct Budget {
        var left: Int64
        private var variablesCost: UInt64 = 0

        init(_ left: Int64) { self.left = left }

        /// - Returns: false once nothing is left.
        mutating func spend(_ cost: UInt64, _ variables: PolicyVariables? = nil) -> Bool {
            let total = variables?.cost ?? variablesCost
            let more = total &- variablesCost
            variablesCost = total
            guard let cost = Int64(exactly: cost), let more = Int64(exactly: more), cost <= left, more <= left - cost
            else {
                left = -1
                return false
            }
            left -= cost + more
            return true
        }
    }

    static let exhausted =
        "validation failed due to running out of cost budget, no further validation rules will be run"

    package func evaluate(_ input: PolicyInput) -> Result {
        var result = Result()
        switch AdmissionPolicy.match(conditions, input) {
        case .success(false): return result
        case .success(true): break
        case .failure(let error):
            result.decisions = [failure(error.message)]
            return result
        }
        let values = PolicyVariables(variables, input)
        var budget = Budget(CELEnvironment.kubernetesRequestCostMax)
        for (index, rule) in validations.enumerated() {
            let outcome = rule.expression.evaluate(input, values)
            guard budget.spend(outcome.cost, values) else {
                // Nothing that was found before counts: the policy as a whole has failed.
                result.decisions = [failure(AdmissionPolicy.exhausted, index)]
                return result
            }
            result.decisions.append(decision(rule, index, outcome.value, input, values, &budget))
        }
        annotate(&result, input)
        return result
    }

    /// Whether all conditions hold. One that does not hold outweighs one that cannot be told.
    static func match(
        _ conditions: [(name: String, expression: PolicyExpression)], _ input: PolicyInput
    ) -> Swift.Result<Bool, PolicyFailure> {
        var budget = Budget(conditionsCostMax)
        var errors: [String] = []
        for condition in conditions {
            let outcome = condition.expression.evaluate(input, nil)
            guard budget.spend(outcome.cost) else { return .failure(PolicyFailure(message: exhausted)) }
            switch outcome.value {
            case .bool(true): continue
            case .bool(false): return .success(false)
            case .error(let failure): errors.append("match condition \(condition.name): \(failure.message)")
            default: errors.append("match condition \(condition.name) did not evaluate to a bool")
            }
        }
        return errors.isEmpty ? .success(true) : .failure(PolicyFailure(message: errors.joined(separator: ", ")))
    }

    private func decision(
        _ rule: Validation, _ index: Int, _ value: CELValue, _ input: PolicyInput, _ values: PolicyVariables,
        _ budget: inout Budget
    ) -> Decision {
        switch value {
        case .bool(true): return Decision(index: index, message: "", reason: "", detail: "", isDenied: false)
        case .error(let error):
            return failure("expression '\(rule.expression.source)' resulted in error: \(error.message)", index)
        default: break
        }
        var message = ""
        if let expression = rule.messageExpression {
            let outcome = expression.evaluate(input, values)
            guard budget.spend(outcome.cost, values) else {
                return failure("failed messageExpression: \(AdmissionPolicy.exhausted)", index)
            }
            if case .string(let text) = outcome.value {
                let text = AdmissionPolicy.trimmed(text)
                let fits = text.utf8.count <= AdmissionPolicy.messageBytesMax && !text.utf8.contains(10)
                message = fits ? text : ""
            }
        }
        if message.isEmpty { message = AdmissionPolicy.trimmed(rule.message) }
        if message.isEmpty { message = "failed expression: \(AdmissionPolicy.trimmed(rule.expression.source))" }
        return Decision(
            index: index, message: message, reason: rule.reason,
            detail: "spec.validations[\(index)] is false: \(AdmissionPolicy.trimmed(rule.expression.source))"
                + ShownValues.text(rule.expression.source, input.shown), isDenied: true)
    }

    private func annotate(_ result: inout Result, _ input: PolicyInput) {
        let values = PolicyVariables(variables, input)
        var budget = Budget(CELEnvironment.kubernetesRequestCostMax)
        for (key, expression) in annotations {
            let outcome = expression.evaluate(input, values)
            guard budget.spend(outcome.cost, values) else {
                result.decisions = [failure(AdmissionPolicy.exhausted)]
                result.annotations.removeAll()
                return
            }
            switch outcome.value {
            case .string(let text):
                let text = AdmissionPolicy.trimmed(text)
                if !text.isEmpty { result.annotations.append((key, AdmissionPolicy.shortened(text))) }
            case .null: break
            case .error(let error): if !failsOpen { result.annotationErrors.append(error.message) }
            default: result.annotationErrors.append("auditAnnotation \(key): expected a string or null")
            }
        }
    }

    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > annotationBytesMax else { return text }
        var result = ""
        for character in text {
            guard result.utf8.count + character.utf8.count <= annotationBytesMax else { break }
            result.append(character)
        }
        return result
    }

    static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
