package import MartinetClient

/// Decides whether an identity may do what it asks.
///
/// Until there are roles, only the system's masters and its own components may do anything but discovery: what is not
/// decided by a rule is refused.
package struct Authorizer: Sendable {
    package init() {}

    package func refusal(_ identity: Identity, _ request: APIRequest) -> APIError? {
        let allowed = ["system:masters", "system:components", "system:nodes"]
        if identity.groups.contains(where: allowed.contains) { return nil }
        return APIError.forbidden(identity, request)
    }
}

extension APIError {
    static func forbidden(_ identity: Identity, _ request: APIRequest) -> APIError {
        let resource = request.resource
        var what = resource.plural
        if !resource.subresource.isEmpty { what += "/\(resource.subresource)" }
        let subject = resource.name.map { "\(what) \"\($0)\" is forbidden" } ?? "\(what) is forbidden"
        let scope = resource.namespace.map { "in the namespace \"\($0)\"" } ?? "at the cluster scope"
        var error = APIError(
            code: 403, reason: "Forbidden",
            message:
                "\(subject): User \"\(identity.user)\" cannot \(request.verb.rawValue) resource \"\(what)\" in API group \"\(resource.group)\" \(scope)"
        )
        error.group = resource.group
        error.kind = resource.plural
        error.name = resource.name ?? ""
        return error
    }
}
