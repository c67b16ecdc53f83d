import MartinetCEL
import MartinetCELKubernetes
package import MartinetSchema

/// A MutatingAdmissionPolicy, compiled: what its mutations make of an object.
///
/// Source: KEP-3962, apiserver's admission/plugin/policy/mutating.
package struct MutatingPolicy: Sendable {
    static let configurationType = CELType.object("Object")
    static let patchType = CELType.list(.object("JSONPatch"))

    private struct Mutation {
        let expression: PolicyExpression
        let isPatch: Bool
    }

    package let failsOpen: Bool
    /// Whether it runs again when something that comes later changes the object.
    package let isReinvocable: Bool
    private let conditions: [(name: String, expression: PolicyExpression)]
    private let variables: [(name: String, expression: PolicyExpression)]
    private let mutations: [Mutation]

    /// - Parameter spec: the policy's `spec`, in any version.
    package init(_ spec: Object) {
        var scope = PolicyScope(hasParams: spec.part("paramKind") != nil)
        failsOpen = spec.text("failurePolicy") == "Ignore"
        isReinvocable = spec.text("reinvocationPolicy") == "IfNeeded"
        conditions = AdmissionPolicy.conditions(spec, scope)
        variables = AdmissionPolicy.variables(spec, &scope)
        scope.makesPatches = true
        let full = scope
        mutations = spec.parts("mutations").map { mutation in
            let isPatch = mutation.text("patchType") == "JSONPatch"
            let text = mutation.part(isPatch ? "jsonPatch" : "applyConfiguration")?.text("expression") ?? ""
            let type = isPatch ? MutatingPolicy.patchType : MutatingPolicy.configurationType
            return Mutation(expression: PolicyExpression(text, in: full, results: [type]), isPatch: isPatch)
        }
    }

    package var mutationCount: Int { mutations.count }

    /// Whether all match conditions hold; of a policy that fails open, one that cannot be told does not.
    package func matches(_ input: PolicyInput) throws(PolicyFailure) -> Bool {
        switch AdmissionPolicy.match(conditions, input) {
        case .success(let holds): return holds
        case .failure(let failure):
            if failsOpen { return false }
            throw failure
        }
    }

    /// What one mutation makes of an object, before defaults. Each has a budget of its own, and variables are computed
    /// anew, because they see what the mutation before has made.
    ///
    /// - Parameters:
    ///   - object: in the version that the policy matched.
    ///   - input: the request; its object is replaced by `object`.
    package func mutate(_ index: Int, _ object: Object, _ input: PolicyInput) throws(PolicyFailure) -> Object {
        let mutation = mutations[index]
        if let failure = mutation.expression.failure { throw PolicyFailure(failure) }
        let input = input.with(object)
        let values = PolicyVariables(variables, input)
        var budget = AdmissionPolicy.Budget(CELEnvironment.kubernetesRequestCostMax)
        let outcome = mutation.expression.evaluate(input, values)
        guard budget.spend(outcome.cost, values) else { throw PolicyFailure(AdmissionPolicy.exhausted) }
        if case .error(let error) = outcome.value {
            throw PolicyFailure("expression '\(mutation.expression.source)' resulted in error: \(error.message)")
        }
        return mutation.isPatch
            ? try ObjectMutations.patch(object, outcome.value) : try ObjectMutations.apply(outcome.value, to: object)
    }
}
