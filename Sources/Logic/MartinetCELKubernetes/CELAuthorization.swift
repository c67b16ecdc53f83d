package import MartinetCEL

/// Decides requests for expressions, as of one user.
package protocol CELAuthorizer: Sendable {
    func authorize(_ request: CELAuthorizationRequest) -> CELAuthorizationDecision
    /// The authorizer of a service account.
    func serviceAccount(namespace: String, name: String) -> any CELAuthorizer
}

package struct CELAuthorizationRequest: Hashable, Sendable {
    /// Of a request for no resource.
    package var path = ""
    package var verb = ""
    package var group = ""
    package var resource = ""
    package var subresource = ""
    package var namespace = ""
    package var name = ""
    package var fieldSelector = ""
    package var labelSelector = ""
    package init() {}
}

package struct CELAuthorizationDecision: Sendable {
    package var isAllowed: Bool
    package var reason: String
    /// Why no decision could be made.
    package var error: String?
    package init(isAllowed: Bool, reason: String = "", error: String? = nil) {
        self.isAllowed = isAllowed
        self.reason = reason
        self.error = error
    }
}

/// `authorizer` and what is built from it step by step.
package final class CELAuthorization: CELOpaque {
    enum Step: String, Sendable {
        case authorizer = "kubernetes.authorization.Authorizer"
        case path = "kubernetes.authorization.PathCheck"
        case group = "kubernetes.authorization.GroupCheck"
        case resource = "kubernetes.authorization.ResourceCheck"
        case decision = "kubernetes.authorization.Decision"
        var type: CELType { .opaque(rawValue, []) }
    }
    let step: Step
    let authorizer: any CELAuthorizer
    let request: CELAuthorizationRequest
    let decision: CELAuthorizationDecision?

    init(
        _ step: Step, _ authorizer: any CELAuthorizer, _ request: CELAuthorizationRequest,
        _ decision: CELAuthorizationDecision? = nil
    ) {
        self.step = step
        self.authorizer = authorizer
        self.request = request
        self.decision = decision
    }

    /// The value of the variable `authorizer`.
    package static func value(_ authorizer: any CELAuthorizer) -> CELValue {
        .opaque(CELAuthorization(.authorizer, authorizer, CELAuthorizationRequest()))
    }

    /// The value of `authorizer.requestResource`: what the request itself is about.
    package static func value(_ authorizer: any CELAuthorizer, about request: CELAuthorizationRequest) -> CELValue {
        .opaque(CELAuthorization(.resource, authorizer, request))
    }

    package static let type = Step.authorizer.type
    package static let resourceType = Step.resource.type
    package var type: CELType { step.type }
    package func isEqual(to other: any CELOpaque) -> Bool {
        guard let other = other as? CELAuthorization else { return false }
        return other.step == step && other.request == request
    }
}

extension CELEnvironment {
    /// Authorization checks. Source: apiserver's cel/library/authz.go.
    package mutating func addAuthorization() {
        typealias Step = CELAuthorization.Step
        for step in [Step.authorizer, .path, .group, .resource, .decision] {
            declare(type: step.type, as: step.rawValue)
        }
        func builder(
            _ name: String, _ id: String, _ from: Step, _ to: Step,
            _ change: @escaping @Sendable (inout CELAuthorizationRequest, String) -> Void
        ) {
            add(
                name,
                [
                    CELOverload(
                        id, isMember: true, [from.type, .string], to.type,
                        .binary {
                            guard case .opaque(let value as CELAuthorization) = $0, case .string(let text) = $1 else {
                                return .noSuchOverload(name)
                            }
                            var request = value.request
                            change(&request, text)
                            return .opaque(CELAuthorization(to, value.authorizer, request))
                        })
                ])
        }
        builder("path", "authorizer_path", .authorizer, .path) { $0.path = $1 }
        builder("group", "authorizer_group", .authorizer, .group) { $0.group = $1 }
        builder("resource", "groupcheck_resource", .group, .resource) { $0.resource = $1 }
        builder("subresource", "resourcecheck_subresource", .resource, .resource) { $0.subresource = $1 }
        builder("namespace", "resourcecheck_namespace", .resource, .resource) { $0.namespace = $1 }
        builder("name", "resourcecheck_name", .resource, .resource) { $0.name = $1 }
        builder("fieldSelector", "authorizer_fieldselector", .resource, .resource) { $0.fieldSelector = $1 }
        builder("labelSelector", "authorizer_labelselector", .resource, .resource) { $0.labelSelector = $1 }
        add(
            "serviceAccount",
            [
                CELOverload(
                    "authorizer_serviceaccount", isMember: true, [Step.authorizer.type, .string, .string],
                    Step.authorizer.type,
                    .variadic {
                        guard case .opaque(let value as CELAuthorization) = $0[0], case .string(let namespace) = $0[1],
                            case .string(let name) = $0[2]
                        else { return .noSuchOverload("serviceAccount") }
                        return CELAuthorization.value(
                            value.authorizer.serviceAccount(namespace: namespace, name: name))
                    })
            ])
        for (step, id) in [(Step.path, "pathcheck_check"), (.resource, "resourcecheck_check")] {
            add(
                "check",
                [
                    CELOverload(
                        id, isMember: true, [step.type, .string], Step.decision.type,
                        .binary {
                            guard case .opaque(let value as CELAuthorization) = $0, case .string(let verb) = $1 else {
                                return .noSuchOverload("check")
                            }
                            var request = value.request
                            request.verb = verb
                            let decision = value.authorizer.authorize(request)
                            return .opaque(CELAuthorization(.decision, value.authorizer, request, decision))
                        })
                ])
        }
        let parts: [(String, CELType, @Sendable (CELAuthorizationDecision) -> CELValue)] = [
            ("errored", .bool, { .bool($0.error != nil) }), ("error", .string, { .string($0.error ?? "") }),
            ("allowed", .bool, { .bool($0.isAllowed) }), ("reason", .string, { .string($0.reason) }),
        ]
        for (name, result, part) in parts {
            add(
                name,
                [
                    CELOverload(
                        "decision_\(name)", isMember: true, [Step.decision.type], result,
                        .unary {
                            guard case .opaque(let value as CELAuthorization) = $0, let decision = value.decision else {
                                return .noSuchOverload(name)
                            }
                            return part(decision)
                        })
                ])
        }
    }
}
