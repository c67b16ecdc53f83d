import MartinetCEL
import MartinetCELKubernetes

/// What expressions of a policy may name.
struct PolicyScope {
    var hasParams: Bool
    var hasAuthorizer = true
    var hasVariables = true
    /// Whether `Object{...}` and `JSONPatch{...}` can be made.
    var makesPatches = false
    var types = PolicyTypes()
    /// The types of `object` and `oldObject`, and of `params`, where expressions are held against kinds.
    var object: CELType = .dyn
    var params: CELType = .dyn

    /// In the order in which `PolicyInput` has the values.
    var environment: CELEnvironment {
        var environment = makesPatches ? CELEnvironment.kubernetesPatches : .kubernetes
        environment.types = makesPatches ? CELMutationTypes(base: types) : types
        environment.declare("object", object)
        environment.declare("oldObject", object)
        environment.declare("request", .object(PolicyTypes.request))
        environment.declare("namespaceObject", .object(PolicyTypes.namespace))
        if hasVariables { environment.declare("variables", .object(PolicyTypes.variables)) }
        if hasParams { environment.declare("params", params) }
        if hasAuthorizer {
            environment.declare("authorizer", CELAuthorization.type)
            environment.declare("authorizer.requestResource", CELAuthorization.resourceType)
        }
        return environment
    }
}

/// One expression of a policy, compiled, or why it cannot be.
struct PolicyExpression: Sendable {
    let source: String
    let program: CELProgram?
    let failure: String?
    let type: CELType
    private let scope: Names

    /// Which values an evaluation must be given.
    struct Names: Sendable {
        let hasVariables: Bool
        let hasParams: Bool
        let hasAuthorizer: Bool
    }

    /// - Parameter results: the types that it may have; nil for any.
    init(_ source: String, in scope: PolicyScope, results: [CELType]?) {
        self.source = source
        self.scope = Names(
            hasVariables: scope.hasVariables, hasParams: scope.hasParams, hasAuthorizer: scope.hasAuthorizer)
        let compiled = PolicyExpression.compile(source, scope.environment, results)
        (program, failure, type) = (compiled.program, compiled.failure, compiled.type)
    }

    private static func compile(
        _ source: String, _ environment: CELEnvironment, _ results: [CELType]?
    ) -> (program: CELProgram?, failure: String?, type: CELType) {
        do throws(CELIssues) {
            let checked = try environment.compile(source)
            let type = checked.resultType
            if let results, !results.contains(type) {
                let wanted = results.map(\.description).joined(separator: " or ")
                return (nil, "must evaluate to \(wanted) but got \(type)", type)
            }
            return (try environment.program(checked), nil, type)
        } catch {
            let texts = error.issues.map { "ERROR: <input>:\($0)" }
            return (nil, "compilation failed: \(texts.joined(separator: "\n"))", .dyn)
        }
    }

    func evaluate(_ input: PolicyInput, _ variables: PolicyVariables?) -> (value: CELValue, cost: UInt64) {
        guard let program else { return (.failure(failure ?? "the expression is empty"), 0) }
        var values = [input.object, input.oldObject, input.request, input.namespace]
        if scope.hasVariables { values.append(variables.map { .map($0) } ?? .null) }
        if scope.hasParams { values.append(input.params) }
        if scope.hasAuthorizer { values += input.authorizers }
        let outcome = program.evaluate(values, costLimit: CELEnvironment.kubernetesCallCostMax)
        return (outcome.value, outcome.cost)
    }
}
