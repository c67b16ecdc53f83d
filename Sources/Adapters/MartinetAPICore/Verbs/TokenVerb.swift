import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStrategies

// Tokens of service accounts for whoever asks for one (KEP-1205).
extension Registry {
    private static let type = "TokenRequest"
    private static let group = "authentication.k8s.io"
    /// What upstream's pods ask for when they want what tokens were before they ended: one hour and a few seconds. They get
    /// a year, and are warned of after the hour.
    private static let extendable: Int64 = 3607
    private static let extended: Int64 = 365 * 86_400

    func token(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        guard let issuer = tokenIssuer else {
            throw APIError(code: 501, reason: "NotImplemented", message: "this server has no key to sign tokens with")
        }
        var wanted = TokenRequest(object: try body(request, TokenRequest.type))
        let key = resource.key(namespace: request.resource.namespace, name: request.resource.name ?? "")
        guard let account = resource.cache.get(key) else {
            var missing = request.resource
            missing.subresource = ""
            throw APIError.notFound(missing)
        }
        try admission.admitToken(
            AdmissionAttributes(
                request, verb: .create, kind: resource.kind, identity: identity, object: wanted.object, old: nil),
            in: self)
        try Registry.fill(&wanted, account, issuer.audiences)
        let now = runtime.now()
        wanted.metadata.creationTimestamp = now
        let lifetime = wanted.spec.expirationSeconds ?? 3600
        wanted.spec.expirationSeconds = lifetime
        try Registry.checkLifetime(lifetime)
        let bound = try bound(wanted, account)
        let isOwn = Set(wanted.spec.audiences).isSubset(of: issuer.audiences)
        let isExtended = bound.kind == "Pod" && lifetime == Registry.extendable && isOwn
        let asked = now.advanced(by: .seconds(lifetime))
        wanted.status = TokenRequestStatus()
        wanted.status.token = issuer.issue(
            TokenClaims(
                namespace: account.namespace, account: account.name, accountUID: account.object.metadata.uid,
                audiences: wanted.spec.audiences, issuedAt: now,
                expiresAt: isExtended ? now.advanced(by: .seconds(Registry.extended)) : asked, boundKind: bound.kind,
                boundName: bound.name, boundUID: bound.uid, nodeName: bound.node.name, nodeUID: bound.node.uid,
                warnsAfter: isExtended ? asked : nil))
        wanted.status.expirationTimestamp = asked
        completion(.success(.object(wanted.object, code: 201)))
    }

    /// What the request left out, and the refusal of what names another account than the path does.
    private static func fill(
        _ wanted: inout TokenRequest, _ account: CachedObject, _ audiences: [String]
    ) throws(APIError) {
        for (field, own, right) in [
            ("name", wanted.metadata.name, account.name), ("namespace", wanted.metadata.namespace, account.namespace),
        ] where !own.isEmpty && own != right {
            throw invalid(
                account.name,
                FieldError(
                    .invalid, "metadata.\(field)",
                    "Invalid value: \(own.debugDescription): must match the service account \(field) if specified",
                    origin: "match"))
        }
        let uid = account.object.metadata.uid
        guard wanted.metadata.uid.isEmpty || wanted.metadata.uid == uid else {
            throw conflict(
                type, account.name, group: group,
                "the UID in the token request (\(wanted.metadata.uid)) does not match the UID of the service account (\(uid))"
            )
        }
        wanted.metadata.name = account.name
        wanted.metadata.namespace = account.namespace
        wanted.metadata.uid = uid
        if wanted.spec.audiences.isEmpty { wanted.spec.audiences = audiences }
    }

    private static func checkLifetime(_ seconds: Int64) throws(APIError) {
        let why: String
        switch seconds {
        case ..<600: why = "may not specify a duration less than 10 minutes"
        case ((1 << 32) + 1)...: why = "may not specify a duration larger than 2^32 seconds"
        default: return
        }
        throw invalid(
            "", FieldError(.invalid, "spec.expirationSeconds", "Invalid value: \(seconds): \(why)", origin: "range"))
    }

    private static func invalid(_ name: String, _ error: FieldError) -> APIError {
        var invalid = APIError(
            code: 422, reason: "Invalid",
            message: "\(type).\(group) \(name.debugDescription) is invalid: \(error.description)")
        (invalid.group, invalid.kind, invalid.name) = (group, type, name)
        invalid.causes = [APIError.Cause(reason: error.reason.rawValue, field: error.field, message: error.message)]
        return invalid
    }

    private static func conflict(_ kind: String, _ name: String, group: String, _ why: String) -> APIError {
        let qualified = group.isEmpty ? kind : "\(kind).\(group)"
        var error = APIError(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(qualified) \(name.debugDescription): \(why)")
        (error.group, error.kind, error.name) = (group, kind, name)
        return error
    }

    private struct BoundObject {
        var kind = ""
        var name = ""
        var uid = ""
        var node = (name: "", uid: "")
    }

    /// What the token is bound to, as it is stored.
    private func bound(_ wanted: TokenRequest, _ account: CachedObject) throws(APIError) -> BoundObject {
        guard let reference = wanted.spec.boundObjectRef else { return BoundObject() }
        let plurals = ["Pod": "pods", "Secret": "secrets", "Node": "nodes"]
        guard !reference.apiVersion.contains("/"), let plural = plurals[reference.kind] else {
            let parts = reference.apiVersion.split(separator: "/").map(String.init)
            throw APIError.badRequest(
                "cannot bind token to object of type \(parts.count > 1 ? parts[0] : "")/\(parts.last ?? ""), Kind=\(reference.kind)"
            )
        }
        let namespace = plural == "nodes" ? nil : account.namespace
        let name = ResourceName(version: "v1", plural: plural, namespace: namespace, name: reference.name)
        guard let found = stored(name)?.object else { throw APIError.notFound(name) }
        var bound = BoundObject(kind: reference.kind, name: reference.name, uid: found.metadata.uid)
        if reference.kind == "Pod", let spec = found.part("spec") {
            guard spec.text("serviceAccountName") == account.name else {
                throw APIError.badRequest(
                    "cannot bind token for serviceaccount \(account.name.debugDescription) to pod running with different serviceaccount name."
                )
            }
            let node = spec.text("nodeName")
            if !node.isEmpty {
                let stored = stored(ResourceName(version: "v1", plural: "nodes", name: node))
                bound.node = (node, stored?.object.metadata.uid ?? "")
            }
        }
        guard reference.uid.isEmpty || reference.uid == bound.uid else {
            throw Registry.conflict(
                reference.kind, reference.name, group: "",
                "the UID in the bound object reference (\(reference.uid)) does not match the UID in record. The object might have been deleted and then recreated"
            )
        }
        return bound
    }
}
