import MartinetCEL
package import MartinetCELKubernetes
package import MartinetSchema
import Synchronization

/// What the expressions of a policy see of one request.
package struct PolicyInput: Sendable {
    private(set) var object: CELValue
    let oldObject: CELValue
    let request: CELValue
    let namespace: CELValue
    var params: CELValue
    let authorizers: [CELValue]
    /// For what a refusal shows.
    let shown: [String: Object]

    /// - Parameters:
    ///   - object: nil for a deletion.
    ///   - request: an AdmissionRequest as JSON.
    ///   - namespace: nil for what is in none.
    package init(
        object: Object?, oldObject: Object?, request: Value, namespace: Object?, params: Object?,
        authorizer: any CELAuthorizer, resource: CELAuthorizationRequest
    ) {
        func value(_ object: Object?) -> CELValue { object.map { CELValue(.object($0)) } ?? .null }
        self.object = value(object)
        self.oldObject = value(oldObject)
        self.request = CELValue(request)
        self.namespace = value(namespace)
        self.params = value(params)
        authorizers = [CELAuthorization.value(authorizer), CELAuthorization.value(authorizer, about: resource)]
        var shown: [String: Object] = [:]
        shown["object"] = object
        shown["oldObject"] = oldObject
        shown["params"] = params
        self.shown = shown
    }

    /// The same request after something has changed its object.
    func with(_ object: Object) -> PolicyInput {
        var changed = self
        changed.object = CELValue(.object(object))
        return changed
    }
}

/// The variables of a policy: each is evaluated when it is first asked for, once for a request.
final class PolicyVariables: CELMap {
    private struct State {
        var known: [String: CELValue] = [:]
        var cost: UInt64 = 0
    }
    private let state = Mutex(State())
    private let expressions: [(name: String, expression: PolicyExpression)]
    private let input: PolicyInput

    init(_ expressions: [(name: String, expression: PolicyExpression)], _ input: PolicyInput) {
        self.expressions = expressions
        self.input = input
    }

    /// What their evaluations have cost so far.
    var cost: UInt64 { state.withLock { $0.cost } }

    var count: Int { expressions.count }

    // A variable sees those before it only (the checker knows no others), so that this ends.
    func value(for key: CELValue) -> CELValue? {
        guard case .string(let name) = key,
            let expression = expressions.first(where: { $0.name == name })?.expression
        else { return nil }
        if let known = state.withLock({ $0.known[name] }) { return known }
        let outcome = expression.evaluate(input, self)
        state.withLock { state in
            state.known[name] = outcome.value
            let (sum, over) = state.cost.addingReportingOverflow(outcome.cost)
            state.cost = over ? .max : sum
        }
        return outcome.value
    }

    func entry(at index: Int) -> (key: CELValue, value: CELValue) {
        let name: CELValue = .string(expressions[index].name)
        return (name, value(for: name) ?? .null)
    }
}
