import MartinetCEL
import MartinetCELKubernetes
package import MartinetStrategies
import Synchronization

/// Judges the expressions of built-in kinds, as they will be compiled when they are used.
package final class KubernetesExpressions: ExpressionCompiler {
    /// The expressions of a policy are asked about one after the other, each with the variables before it: what is known
    /// of those is kept until others come.
    private struct Known {
        var hasParams = false
        var variables: [Expression.Variable] = []
        var scope = PolicyScope(hasParams: false)
    }
    private let known = Mutex(Known())

    package init() {}

    package func fault(in expression: Expression) -> ExpressionFault? {
        guard expression.use != .device else { return KubernetesExpressions.device(expression.text) }
        var scope = PolicyScope(hasParams: expression.hasParams)
        if expression.use == .condition { scope.hasVariables = false } else { scope = self.scope(of: expression) }
        if expression.use == .message { scope.hasAuthorizer = false }
        scope.makesPatches = expression.use == .applyConfiguration || expression.use == .jsonPatch
        let compiled = PolicyExpression(
            expression.text, in: scope, results: KubernetesExpressions.results(expression.use))
        return compiled.failure.map { .invalid($0) }
    }

    private static func results(_ use: Expression.Use) -> [CELType]? {
        switch use {
        case .condition, .validation, .device: [.bool]
        case .message: [.string]
        case .auditAnnotation: [.string, .null]
        case .variable: nil
        case .applyConfiguration: [MutatingPolicy.configurationType]
        case .jsonPatch: [MutatingPolicy.patchType]
        }
    }

    private func scope(of expression: Expression) -> PolicyScope {
        var known = self.known.withLock { $0 }
        let isMore =
            known.hasParams == expression.hasParams && known.variables.count <= expression.variables.count
            && expression.variables.starts(with: known.variables)
        if !isMore {
            known = Known()
            known.hasParams = expression.hasParams
            known.scope.hasParams = expression.hasParams
        }
        let more = expression.variables.dropFirst(known.variables.count)
        for variable in more {
            known.scope.define(variable.name, PolicyExpression(variable.text, in: known.scope, results: nil))
        }
        if !more.isEmpty || !isMore {
            known.variables = expression.variables
            self.known.withLock { [known] in $0 = known }
        }
        return known.scope
    }

    private static func device(_ text: String) -> ExpressionFault? {
        let environment = CELDevices.environment
        do throws(CELIssues) {
            let checked = try environment.compile(text)
            guard checked.resultType == .bool || checked.resultType == .any else {
                return .invalid("must evaluate to bool or the unknown type, not \(checked.resultType)")
            }
            _ = try environment.program(checked)
            let cost = environment.estimateCost(checked, CELDevices.costs).max
            guard cost > CELDevices.costMax else { return nil }
            return .tooExpensive("too complex: it could cost \(cost), more than \(CELDevices.costMax)")
        } catch {
            return .invalid("compilation failed: \(error.issues.map(\.description).joined(separator: "; "))")
        }
    }
}
