import MartinetManagedFields
import MartinetAPI
import MartinetAuthorization
import MartinetClient
import MartinetSchema

/// Nobody hands on by a role or a binding what he has not got, unless he may `escalate` or `bind`.
struct RoleAdmission: AdmissionPlugin {
    let name = "RBACEscalation"

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.kind.group == Authorizer.group, attributes.verb == .create || attributes.verb == .update,
            !attributes.identity.groups.contains(Authorizer.masters), !RoleAdmission.isCollected(attributes)
        else { return }
        switch attributes.kind.name {
        case "Role", "ClusterRole": try checkRole(attributes, registry.authorizer)
        case "RoleBinding", "ClusterRoleBinding": try checkBinding(attributes, registry.authorizer)
        default: break
        }
    }

    private func checkRole(_ attributes: AdmissionAttributes, _ authorizer: Authorizer) throws(APIError) {
        var request = AccessRequest(attributes.identity, verb: "escalate")
        request.group = Authorizer.group
        request.resource = attributes.resource.plural
        request.namespace = attributes.resource.namespace ?? ""
        request.name = attributes.resource.name ?? ""
        if authorizer.decide(request).isAllowed { return }
        var wanted = PolicyRule.rules(of: attributes.object)
        // What gathers rules may gather any.
        let gathers = [attributes.object, attributes.old].compactMap { $0?.part("aggregationRule") }
        if gathers.contains(where: { !$0.parts("clusterRoleSelectors").isEmpty }) { wanted += PolicyRule.all }
        if let refusal = authorizer.escalation(attributes.identity, wanted, attributes) { throw refusal }
    }

    private func checkBinding(_ attributes: AdmissionAttributes, _ authorizer: Authorizer) throws(APIError) {
        guard let reference = attributes.object.part("roleRef") else { return }
        let namespace = attributes.resource.namespace ?? ""
        var request = AccessRequest(attributes.identity, verb: "bind")
        request.group = reference.text("apiGroup")
        request.resource = reference.text("kind") == "Role" ? "roles" : "clusterroles"
        request.namespace = namespace
        request.name = reference.text("name")
        if authorizer.decide(request).isAllowed { return }
        guard let rules = authorizer.index.rules(of: RoleIndex.role(reference, from: namespace)) else {
            var missing = attributes.resource
            missing.name = request.name
            var error = APIError.notFound(missing)
            error.message = "\(request.resource).\(Authorizer.group) \(request.name.debugDescription) not found"
            throw error
        }
        if let refusal = authorizer.escalation(attributes.identity, rules, attributes) { throw refusal }
    }

    /// Whether an update changes only what the garbage collector writes.
    private static func isCollected(_ attributes: AdmissionAttributes) -> Bool {
        guard let old = attributes.old, attributes.isBased else { return false }
        var object = attributes.object
        var (metadata, before) = (object.metadata, old.metadata)
        metadata.ownerReferences = before.ownerReferences
        metadata.finalizers = before.finalizers
        before.resourceVersion = metadata.resourceVersion
        object.metadata = metadata
        object.setManagedFieldsList(old.managedFieldsList)
        var known = old
        known.metadata = before
        return object == known
    }
}
