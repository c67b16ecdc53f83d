import MartinetAuthorization
import MartinetClient
import MartinetSchema

/// Answers who may do what.
struct AccessReviews: ReviewHandler {
    let authorizer: Authorizer

    private static let version = "authorization.k8s.io/v1."
    let kinds = [
        "SubjectAccessReview", "LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview",
    ]
    .map { AccessReviews.version + $0 }

    func review(
        _ review: Object, _ resource: ResourceName, as identity: Identity,
        _ completion: @escaping @Sendable (Result<Object, APIError>) -> Void
    ) {
        do throws(APIError) {
            try answer(review, resource, identity) { completion(.success($0)) }
        } catch {
            completion(.failure(error))
        }
    }

    private func answer(
        _ review: Object, _ resource: ResourceName, _ identity: Identity,
        _ completion: @escaping @Sendable (Object) -> Void
    ) throws(APIError) {
        guard let kind = review.type.kind else { throw APIError.badRequest("a review of no kind") }
        let spec = review.part("spec")
        if kind.name == "SelfSubjectRulesReview" {
            let namespace = spec?.text("namespace") ?? ""
            guard !namespace.isEmpty else { throw APIError.badRequest("no namespace on request") }
            return completion(rules(review, identity, namespace))
        }
        let isSelf = kind.name == "SelfSubjectAccessReview"
        guard let spec else { throw APIError.badRequest("a review asks nothing") }
        if kind.name == "LocalSubjectAccessReview" { try AccessReviews.checkNamespace(spec, resource) }
        let subject = isSelf ? identity : AccessReviews.subject(spec)
        authorizer.decide(AccessReviews.request(spec, subject)) { decision in
            var answered = review
            answered[field: "status"] = review.made("status") { status in
                status[field: "allowed"] = .bool(decision.isAllowed)
                if decision.isRefused { status[field: "denied"] = .bool(true) }
                if !decision.reason.isEmpty { status[field: "reason"] = .string(decision.reason) }
            }
            completion(answered)
        }
    }

    private static func subject(_ spec: Object) -> Identity {
        let extra = spec.map("extra")
        return Identity(
            user: spec.text("user"), uid: spec.text("uid"), groups: texts(spec, "groups"),
            extra: Dictionary(
                extra.entries.map { entry in
                    guard case .list(let values) = entry.value else { return (entry.key, []) }
                    return (entry.key, values.compactMap { if case .string(let text) = $0 { text } else { nil } })
                }
            ) { first, _ in first })
    }

    /// What is asked about a namespace must be asked of that namespace.
    private static func checkNamespace(_ spec: Object, _ resource: ResourceName) throws(APIError) {
        guard spec.part("resourceAttributes")?.text("namespace") ?? "" == resource.namespace else {
            throw APIError.badRequest(
                "spec.resourceAttributes.namespace must match namespace: \(resource.namespace ?? "")")
        }
    }

    private static func request(_ spec: Object, _ identity: Identity) -> AccessRequest {
        guard let attributes = spec.part("resourceAttributes") else {
            let asked = spec.part("nonResourceAttributes")
            return AccessRequest(identity, verb: asked?.text("verb") ?? "", path: asked?.text("path") ?? "")
        }
        var request = AccessRequest(identity, verb: attributes.text("verb"))
        request.group = attributes.text("group")
        request.version = attributes.text("version")
        request.resource = attributes.text("resource")
        request.subresource = attributes.text("subresource")
        request.name = attributes.text("name")
        request.namespace = attributes.text("namespace")
        for term in attributes.part("fieldSelector")?.parts("requirements") ?? []
        where term.text("key") == "spec.nodeName" && term.text("operator") == "In" {
            let values = texts(term, "values")
            if values.count == 1 { request.selectedNode = values[0] }
        }
        return request
    }

    private static func texts(_ object: Object, _ name: String) -> [String] {
        guard case .list(let values)? = object[field: name] else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    private func rules(_ review: Object, _ identity: Identity, _ namespace: String) -> Object {
        let found = authorizer.rules(identity, namespace: namespace)
        var review = review
        let filled = review.made("status") { status in
            for (field, rules) in [
                ("resourceRules", found.rules.filter { !$0.resources.isEmpty }),
                ("nonResourceRules", found.rules.filter { !$0.paths.isEmpty }),
            ] {
                guard let type = status.type.field(named: field)?.type else { continue }
                status[field: field] = .list(
                    rules.map { rule in
                        var object = Object(type: type)
                        rule.write(to: &object)
                        return .object(object)
                    })
            }
            status[field: "incomplete"] = .bool(found.isIncomplete)
            if !found.problems.isEmpty {
                status[field: "evaluationError"] = .string(found.problems.joined(separator: ", "))
            }
        }
        review[field: "status"] = filled
        return review
    }
}
