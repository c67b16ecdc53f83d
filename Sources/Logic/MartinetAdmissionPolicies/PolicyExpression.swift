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

    /// How deep the evaluation of a variable goes, with all that it leads to.
    private var depths: [String: Int] = [:]

    /// What stands for more levels than its own tree has: asking for a variable.
    private static let variableDepth = 8

    init(hasParams: Bool) { self.hasParams = hasParams }

    /// Knows a variable from now on.
    mutating func define(_ name: String, _ expression: PolicyExpression) {
        types.variableTypes[name] = expression.type
        depths[name] = expression.depth
    }

    /// How deep an expression goes, with the variables that it can ask for.
    func depth(of tree: CELExpression) -> Int {
        guard hasVariables, !depths.isEmpty else { return tree.depth }
        var below = 0
        var seen: Set<Int> = []
        func visit(_ node: CELExpression) {
            guard seen.insert(node.id).inserted else { return }
            switch node.kind {
            case .select(let operand, let field, _) where PolicyScope.isVariables(operand):
                below = max(below, depths[field] ?? 0)
            case .identifier where PolicyScope.isVariables(node): below = max(below, depths.values.max() ?? 0)
            default: CELExpression.visitChildren(of: node.kind, visit)
            }
        }
        visit(tree)
        return tree.depth + (below == 0 ? 0 : below + PolicyScope.variableDepth)
    }

    private static func isVariables(_ node: CELExpression) -> Bool {
        if case .identifier("variables") = node.kind { true } else { false }
    }

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
    /// Of its tree and of the variables below it.
    let depth: Int
    private let scope: Names

    /// As deep as one expression may be: who asks for a variable evaluates it inside of its own evaluation.
    private static let depthMax = CELLimits().treeDepthMax

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
        let compiled = PolicyExpression.compile(source, scope, results)
        (program, failure, type, depth) = (compiled.program, compiled.failure, compiled.type, compiled.depth)
    }

    private struct Compiled {
        var program: CELProgram?
        var failure: String?
        var type = CELType.dyn
        var depth = 0
    }

    private static func compile(_ source: String, _ scope: PolicyScope, _ results: [CELType]?) -> Compiled {
        let environment = scope.environment
        do throws(CELIssues) {
            let checked = try environment.compile(source)
            let type = checked.resultType
            let depth = scope.depth(of: checked.root)
            guard depth <= depthMax else {
                return Compiled(
                    failure: "expression recursion limit exceeded: its variables lead to each other too deep")
            }
            if let results, !results.contains(type) {
                let wanted = results.map(\.description).joined(separator: " or ")
                return Compiled(failure: "must evaluate to \(wanted) but got \(type)", type: type)
            }
            return Compiled(program: try environment.program(checked), type: type, depth: depth)
        } catch {
            let texts = error.issues.map { "ERROR: <input>:\($0)" }
            return Compiled(failure: "compilation failed: \(texts.joined(separator: "\n"))")
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
