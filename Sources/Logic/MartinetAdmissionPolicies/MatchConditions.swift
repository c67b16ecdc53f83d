package import MartinetSchema
package import MartinetStrategies

/// The `matchConditions` of a webhook, compiled.
package struct MatchConditions: Sendable {
    private let conditions: [(name: String, expression: PolicyExpression)]

    /// - Parameter hook: a MutatingWebhook or ValidatingWebhook.
    /// - Returns: nil where it has none.
    package init?(_ hook: Object) {
        conditions = AdmissionPolicy.conditions(hook, PolicyScope(hasParams: false))
        if conditions.isEmpty { return nil }
    }

    /// What cannot be told, and why.
    package struct Undecided: Error, Sendable {
        package let message: String
        package init(message: String) { self.message = message }
    }

    /// Whether all conditions hold. One that does not hold outweighs one that cannot be told.
    package func hold(_ input: PolicyInput) throws(Undecided) -> Bool {
        switch AdmissionPolicy.match(conditions, input) {
        case .success(let flag): return flag
        case .failure(let error): throw Undecided(message: error.message)
        }
    }
}

extension MatchConditions {
    /// What is wrong with the conditions of a webhook configuration.
    ///
    /// - Parameter old: what is stored: conditions that are those of before are not looked at again.
    package static func check(_ configuration: Object, old: Object?) -> [FieldError] {
        let (hooks, before) = (configuration.parts("webhooks"), old?.parts("webhooks") ?? [])
        let isUnchanged =
            old != nil && hooks.count == before.count
            && zip(hooks, before).allSatisfy { $0[field: "matchConditions"] == $1[field: "matchConditions"] }
        if isUnchanged { return [] }
        var errors: [FieldError] = []
        for (number, hook) in hooks.enumerated() {
            let compiled = AdmissionPolicy.conditions(hook, PolicyScope(hasParams: false))
            for (index, condition) in compiled.enumerated() {
                let expression = condition.expression
                // That it is missing is said elsewhere.
                guard let failure = expression.failure, !AdmissionPolicy.trimmed(expression.source).isEmpty else {
                    continue
                }
                errors.append(
                    FieldError(
                        .invalid, "webhooks[\(number)].matchConditions[\(index)].expression",
                        "Invalid value: \(expression.source.debugDescription): \(failure)", origin: "expression"))
            }
        }
        return errors
    }
}
