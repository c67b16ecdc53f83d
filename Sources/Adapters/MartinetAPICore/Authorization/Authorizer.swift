import MartinetAPI
package import MartinetAuthorization
package import MartinetClient
import MartinetSchema
import Synchronization

/// Decides whether an identity may do what it asks: masters always, nodes by what runs on them, everybody by roles.
///
/// Follows the roles and bindings of the store as they are committed: whoever has had an answer to a change of them finds
/// it in force.
package final class Authorizer: Sendable {
    package static let group = "rbac.authorization.k8s.io"
    package static let masters = "system:masters"

    private let roles = Mutex(RoleIndex())
    private let nodes = NodeAccess(rules: BootstrapPolicy.standard.nodeRules)
    private let ties = Mutex<(any NodeAccess.Ties)?>(nil)

    /// Who is asked, in this order, once masters have been let through.
    private let steps: [AuthorizationStep]
    /// Whether an answer may have to be waited for.
    package let mayWait: Bool
    let questions = OpenQuestions()

    package init(steps: [AuthorizationStep] = [.nodes, .roles]) {
        self.steps = steps
        mayWait = steps.contains { if case .remote = $0 { true } else { false } }
    }

    /// Says what ties objects to nodes, once there are objects.
    func follow(_ ties: some NodeAccess.Ties) { self.ties.withLock { $0 = ties } }

    // MARK: - Following the store

    func changed(_ object: Object) { roles.withLock { $0.set(object) } }
    func removed(_ object: Object) { roles.withLock { $0.remove(object) } }

    /// The roles as they are now.
    package var index: RoleIndex { roles.withLock { $0 } }

    // MARK: - Decisions

    package struct Decision: Sendable {
        package let isAllowed: Bool
        /// Why it is allowed; empty where it is not, or where there is nothing to say.
        package let reason: String
        /// Whether somebody refused it, where others had only no reason to allow it.
        package var isRefused = false
        /// The question that must be answered first; then it is not allowed for now only.
        package var open: APIError?
    }

    package func decide(_ request: AccessRequest) -> Decision {
        if request.groups.contains(Authorizer.masters) { return Decision(isAllowed: true, reason: "") }
        for step in steps {
            switch opinion(step, request) {
            case .allows(let reason)?: return Decision(isAllowed: true, reason: reason)
            case .refuses(let reason)?: return Decision(isAllowed: false, reason: reason, isRefused: true)
            case AuthorizationOpinion.none?: break
            case nil:
                guard case .remote(let remote) = step else { break }
                return Decision(isAllowed: false, reason: "", open: questions.add(remote, request))
            }
        }
        return Decision(isAllowed: false, reason: "")
    }

    /// Nil where somebody must be asked.
    private func opinion(_ step: AuthorizationStep, _ request: AccessRequest) -> AuthorizationOpinion? {
        switch step {
        case .nodes:
            guard request.user.hasPrefix("system:node:"), let ties = ties.withLock({ $0 }), allowsNode(request, ties)
            else { return AuthorizationOpinion.none }
            return .allows("")
        case .roles: return index.grant(for: request).map { .allows($0) } ?? AuthorizationOpinion.none
        case .policies(let policies): return policies.allows(request) ? .allows("") : AuthorizationOpinion.none
        case .everything: return .allows("")
        case .nothing: return .refuses("Everything is forbidden.")
        case .remote(let remote): return remote.known(request)
        }
    }

    /// What somebody may do in a namespace, and why that may not be all.
    func rules(
        _ identity: Identity, namespace: String
    ) -> (rules: [PolicyRule], problems: [String], isIncomplete: Bool) {
        var found: [PolicyRule] = []
        var problems: [String] = []
        var isIncomplete = false
        for step in steps {
            switch step {
            case .roles:
                let own = index.rules(user: identity.user, groups: identity.groups, namespace: namespace)
                found += own.rules
                problems += own.missing.map { id in
                    "\(id.namespace.isEmpty ? "clusterrole" : "role").\(Authorizer.group) \(id.name.debugDescription) not found"
                }
            case .nodes:
                guard NodeAccess.node(user: identity.user, groups: identity.groups) != nil else { continue }
                isIncomplete = true
                problems.append("node authorizer does not support user rule resolution")
            case .policies(let policies):
                found += policies.rules(user: identity.user, groups: identity.groups, namespace: namespace)
            case .everything:
                found.append(PolicyRule(verbs: ["*"], groups: ["*"], resources: ["*"]))
                found.append(PolicyRule(verbs: ["*"], paths: ["*"]))
            case .nothing: break
            case .remote:
                isIncomplete = true
                problems.append("webhook authorizer does not support user rule resolution")
            }
        }
        return (found, problems, isIncomplete)
    }

    private func allowsNode(_ request: AccessRequest, _ ties: some NodeAccess.Ties) -> Bool {
        nodes.allows(request, ties)
    }

    package func refusal(_ identity: Identity, _ request: APIRequest) -> APIError? {
        refusal(AccessRequest(identity, request))
    }

    /// Nil where the request is allowed.
    package func refusal(_ request: AccessRequest) -> APIError? {
        let decision = decide(request)
        if decision.isAllowed { return nil }
        return decision.open ?? .forbidden(request, refusedBecause: decision.isRefused ? decision.reason : nil)
    }

    /// The refusal of a role or binding that hands on more than its writer has; nil where it does not.
    func escalation(
        _ identity: Identity, _ wanted: [PolicyRule], _ attributes: AdmissionAttributes
    ) -> APIError? {
        let namespace = attributes.resource.namespace ?? ""
        let owned = index.rules(user: identity.user, groups: identity.groups, namespace: namespace)
        let missing = Escalation.missing(from: owned.rules, of: wanted)
        guard !missing.isEmpty else { return nil }
        var resource = attributes.resource
        resource.name = attributes.object.metadata.name
        var error = APIError.about(resource, code: 403, reason: "Forbidden", "is forbidden: ")
        error.message +=
            "user \(identity.user.debugDescription) (groups=\(identity.groups)) is attempting to grant RBAC permissions not currently held:\n"
            + missing.map(Escalation.describe).joined(separator: "\n")
        return error
    }
}

extension AccessRequest {
    package init(_ identity: Identity, verb: String, path: String? = nil) {
        self.init(user: identity.user, groups: identity.groups, verb: verb, path: path)
        uid = identity.uid
        extra = identity.extra
    }

    package init(_ identity: Identity, _ request: APIRequest) {
        self.init(identity, verb: request.verb.rawValue)
        let target = request.resource
        group = target.group
        version = target.version
        resource = target.plural
        subresource = target.subresource
        name = target.name ?? ""
        // A namespace is in itself.
        namespace = target.namespace ?? (target.plural == "namespaces" && group.isEmpty ? name : "")
        guard target.name == nil, !request.options.fieldSelector.isEmpty else { return }
        for term in request.options.fieldSelector.split(separator: ",") {
            if let wanted = AccessRequest.exact(term, "spec.nodeName") { selectedNode = wanted }
            // One object, asked for as a list.
            if let wanted = AccessRequest.exact(term, "metadata.name") { name = wanted }
        }
    }

    /// The value that a term of a field selector asks a field to have.
    private static func exact(_ term: Substring, _ field: String) -> String? {
        guard term.hasPrefix(field + "=") else { return nil }
        let value = term.dropFirst(field.count + 1)
        return String(value.hasPrefix("=") ? value.dropFirst() : value)
    }
}

extension APIError {
    /// Upstream's words and fields, then what would help.
    ///
    /// - Parameter why: what somebody said who refused it: no rule would help then.
    package static func forbidden(_ request: AccessRequest, refusedBecause why: String? = nil) -> APIError {
        let advice = why ?? MissingRule(request).advice
        if let path = request.path {
            return APIError(
                code: 403, reason: "Forbidden",
                message: "forbidden: User \"\(request.user)\" cannot \(request.verb) path \"\(path)\": \(advice)")
        }
        let what = request.combined
        let subject = request.name.isEmpty ? "\(qualified(request))" : "\(qualified(request)) \"\(request.name)\""
        let scope = request.namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(request.namespace)\""
        var error = APIError(
            code: 403, reason: "Forbidden",
            message:
                "\(subject) is forbidden: User \"\(request.user)\" cannot \(request.verb) resource \"\(what)\" in API group \"\(request.group)\" \(scope): \(advice)"
        )
        error.group = request.group
        error.kind = request.resource
        error.name = request.name
        return error
    }

    private static func qualified(_ request: AccessRequest) -> String {
        request.group.isEmpty ? request.resource : "\(request.resource).\(request.group)"
    }
}
