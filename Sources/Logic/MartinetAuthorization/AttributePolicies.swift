/// The policies of a file, one on each line (`--authorization-policy-file`): who matches one may do what it says.
///
/// Source: upstream's mode ABAC.
package struct AttributePolicies: Sendable, Hashable {
    package struct Policy: Sendable, Hashable {
        package var user = ""
        package var group = ""
        package var isReadOnly = false
        package var apiGroup = ""
        package var resource = ""
        package var namespace = ""
        package var path = ""
        package init() {}

        func allows(_ request: AccessRequest) -> Bool {
            guard matchesSubject(request) else { return false }
            guard !isReadOnly || ["get", "list", "watch"].contains(request.verb) else { return false }
            if let path = request.path {
                return self.path == "*" || self.path == path
                    || self.path.hasSuffix("*") && path.hasPrefix(self.path.dropLast())
            }
            func matches(_ pattern: String, _ text: String) -> Bool { pattern == "*" || pattern == text }
            return matches(namespace, request.namespace) && matches(resource, request.resource)
                && matches(apiGroup, request.group)
        }

        /// A policy of nobody matches nobody.
        private func matchesSubject(_ request: AccessRequest) -> Bool {
            guard !user.isEmpty || !group.isEmpty else { return false }
            return (user.isEmpty || user == "*" || user == request.user)
                && (group.isEmpty || group == "*" || request.groups.contains(group))
        }
    }

    private let policies: [Policy]

    package init(_ policies: [Policy]) { self.policies = policies }

    package func allows(_ request: AccessRequest) -> Bool { policies.contains { $0.allows(request) } }

    /// What somebody may do in a namespace, as rules.
    package func rules(user: String, groups: [String], namespace: String) -> [PolicyRule] {
        policies.compactMap { policy in
            let verbs = policy.isReadOnly ? ["get", "list", "watch"] : ["*"]
            var probe = AccessRequest(user: user, groups: groups, verb: "get")
            if !policy.path.isEmpty {
                probe.path = policy.path
                return policy.allows(probe) ? PolicyRule(verbs: verbs, paths: [policy.path]) : nil
            }
            (probe.group, probe.resource, probe.namespace) = (policy.apiGroup, policy.resource, namespace)
            guard !policy.resource.isEmpty, policy.allows(probe) else { return nil }
            return PolicyRule(verbs: verbs, groups: [policy.apiGroup], resources: [policy.resource])
        }
    }
}
