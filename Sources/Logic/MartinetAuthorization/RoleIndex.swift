package import MartinetSchema

/// Roles and bindings, indexed by who is bound: what somebody may do is found without looking at anybody else's roles.
///
/// A value: a decision is made on a copy, which costs three retains, while the next change is already being taken in.
package struct RoleIndex: Sendable {
    /// Of a role or binding; the namespace is empty for those of the cluster.
    package struct ID: Hashable, Sendable {
        package let namespace: String
        package let name: String
        package init(namespace: String, name: String) {
            self.namespace = namespace
            self.name = name
        }
    }

    package enum Subject: Hashable, Sendable {
        case user(String)
        case group(String)
    }

    private struct Binding: Sendable {
        let role: ID
        let subjects: [Subject]
    }

    private struct Place: Hashable, Sendable {
        let subject: Subject
        let namespace: String
    }

    private struct Bound: Sendable {
        let binding: ID
        let role: ID
    }

    private var roles: [ID: [PolicyRule]] = [:]
    private var bindings: [ID: Binding] = [:]
    private var bound: [Place: [Bound]] = [:]

    package init() {}

    // MARK: - Changes

    /// Takes in an object of the group `rbac.authorization.k8s.io`, as it is now.
    package mutating func set(_ object: Object) {
        guard let kind = object.type.kind, let id = RoleIndex.id(object) else { return }
        switch kind.name {
        case "Role", "ClusterRole": roles[id] = PolicyRule.rules(of: object)
        case "RoleBinding", "ClusterRoleBinding":
            unbind(id)
            guard let reference = object.part("roleRef") else { return }
            bind(
                id, to: RoleIndex.role(reference, from: id.namespace),
                object.parts("subjects").compactMap { RoleIndex.subject($0, in: id.namespace) })
        default: break
        }
    }

    /// Forgets an object.
    package mutating func remove(_ object: Object) {
        guard let kind = object.type.kind, let id = RoleIndex.id(object) else { return }
        if kind.name.hasSuffix("Binding") { unbind(id) } else { roles[id] = nil }
    }

    package mutating func setRole(_ id: ID, _ rules: [PolicyRule]) { roles[id] = rules }

    package mutating func bind(_ id: ID, to role: ID, _ subjects: [Subject]) {
        bindings[id] = Binding(role: role, subjects: subjects)
        for subject in Set(subjects) {
            bound[Place(subject: subject, namespace: id.namespace), default: []].append(Bound(binding: id, role: role))
        }
    }

    private mutating func unbind(_ id: ID) {
        guard let old = bindings.removeValue(forKey: id) else { return }
        for subject in Set(old.subjects) {
            let place = Place(subject: subject, namespace: id.namespace)
            bound[place]?.removeAll { $0.binding == id }
            if bound[place]?.isEmpty == true { bound[place] = nil }
        }
    }

    private static func id(_ object: Object) -> ID? {
        guard let metadata = object.part("metadata") else { return nil }
        return ID(namespace: metadata.text("namespace"), name: metadata.text("name"))
    }

    /// The role that a binding in a namespace refers to.
    package static func role(_ reference: Object, from namespace: String) -> ID {
        ID(namespace: reference.text("kind") == "Role" ? namespace : "", name: reference.text("name"))
    }

    private static func subject(_ object: Object, in namespace: String) -> Subject? {
        let name = object.text("name")
        switch object.text("kind") {
        case "User": return .user(name)
        case "Group": return .group(name)
        case "ServiceAccount":
            let own = object.text("namespace")
            let space = own.isEmpty ? namespace : own
            return space.isEmpty ? nil : .user("system:serviceaccount:\(space):\(name)")
        default: return nil
        }
    }

    // MARK: - Questions

    /// Why somebody may do something; nil where no rule lets him.
    package func grant(for request: AccessRequest) -> String? {
        if let found = grant(for: request, in: "") { return found }
        return request.path == nil && !request.namespace.isEmpty ? grant(for: request, in: request.namespace) : nil
    }

    package func allows(_ request: AccessRequest) -> Bool { grant(for: request) != nil }

    private func grant(for request: AccessRequest, in namespace: String) -> String? {
        if let found = grant(.user(request.user), request, namespace) { return found }
        for group in request.groups {
            if let found = grant(.group(group), request, namespace) { return found }
        }
        return nil
    }

    private func grant(_ subject: Subject, _ request: AccessRequest, _ namespace: String) -> String? {
        guard let bound = bound[Place(subject: subject, namespace: namespace)] else { return nil }
        for item in bound {
            guard let rules = roles[item.role] else { continue }
            for rule in rules where rule.allows(request) { return RoleIndex.reason(item.binding, item.role, subject) }
        }
        return nil
    }

    private static func reason(_ binding: ID, _ role: ID, _ subject: Subject) -> String {
        let by = binding.namespace.isEmpty ? "ClusterRoleBinding" : "RoleBinding"
        let place = binding.namespace.isEmpty ? binding.name : "\(binding.name)/\(binding.namespace)"
        let of = role.namespace.isEmpty ? "ClusterRole" : "Role"
        let whom =
            switch subject {
            case .user(let name): "User \"\(name)\""
            case .group(let name): "Group \"\(name)\""
            }
        return "RBAC: allowed by \(by) \"\(place)\" of \(of) \"\(role.name)\" to \(whom)"
    }

    /// The rules of a role; nil where there is none of that name.
    package func rules(of role: ID) -> [PolicyRule]? { roles[role] }

    /// All that somebody may do in a namespace: the rules of the cluster's bindings, and of the namespace's where one is
    /// named. Roles that are bound and do not exist are named too.
    package func rules(
        user: String, groups: [String], namespace: String
    ) -> (rules: [PolicyRule], missing: [ID]) {
        var found: [PolicyRule] = []
        var missing: [ID] = []
        for space in namespace.isEmpty ? [""] : ["", namespace] {
            // A binding that names somebody twice grants no more for it.
            var seen: Set<ID> = []
            for subject in [.user(user)] + groups.map(Subject.group) {
                for item in bound[Place(subject: subject, namespace: space)] ?? []
                where seen.insert(item.binding).inserted {
                    if let rules = roles[item.role] { found += rules } else { missing.append(item.role) }
                }
            }
        }
        return (found, missing)
    }
}
