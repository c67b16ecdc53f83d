import MartinetBase
import MartinetAuthorization
import MartinetAPI
import MartinetClient
import MartinetSchema

/// Makes the roles and bindings that every cluster begins with, and mends them at every start.
///
/// As upstream: what is missing of a role's rules or of a binding's subjects is added, what somebody added stays, a binding
/// that leads to another role is made anew, and an object whose autoupdate annotation says `false` is left alone.
package struct RoleBootstrap: Sendable {
    private let registry: Registry
    private let policy = BootstrapPolicy.standard

    package init(_ registry: Registry) { self.registry = registry }

    /// Calls `done` once everything is there.
    package func run(_ done: @escaping @Sendable () -> Void) {
        let namespaces = Set(policy.roles.map(\.namespace)).subtracting([""]).sorted()
        let needed = namespaces.filter { registry.stored(.init(version: "v1", plural: "namespaces", name: $0)) == nil }
        let requests = needed.map { name in
            var request = APIRequest(.create, ResourceName(version: "v1", plural: "namespaces"))
            request.object = Namespace { $0.metadata.name = name }.object
            return request
        }
        send(requests) {
            let anew = policy.bindings.compactMap(obstacle)
            send(anew) { send(policy.roles.compactMap(request) + policy.bindings.compactMap(request), done) }
        }
    }

    /// Sends requests together and calls back after the last answer.
    private func send(_ requests: [APIRequest], _ done: @escaping @Sendable () -> Void) {
        guard !requests.isEmpty else { return done() }
        let left = Countdown(requests.count)
        for request in requests {
            registry.handle(request, as: .server) { result in
                if case .failure(let error) = result, !error.isAlreadyExists {
                    registry.log.error(
                        "a bootstrap role cannot be written",
                        [("object", "\(request.resource)"), ("error", error.message)])
                }
                if left.isLast { done() }
            }
        }
    }

    private func resource(_ plural: String, _ namespace: String, _ name: String? = nil) -> ResourceName {
        ResourceName(
            group: Authorizer.group, version: "v1", plural: plural, namespace: namespace.isEmpty ? nil : namespace,
            name: name)
    }

    private func request(_ role: BootstrapPolicy.Role) -> APIRequest? {
        request(role.namespace.isEmpty ? "clusterroles" : "roles", role.namespace, role.name, labels: role.labels) {
            object in
            let present = PolicyRule.rules(of: object)
            let missing = Escalation.missing(from: present, of: role.rules)
            if !missing.isEmpty { PolicyRule.set(present.isEmpty ? role.rules : present + missing, in: &object) }
            gather(role.gathers, into: &object)
        }
    }

    private func gather(_ labels: [String], into object: inout Object) {
        guard !labels.isEmpty else { return }
        object.change("aggregationRule") { rule in
            guard let type = rule.type.field(named: "clusterRoleSelectors")?.type else { return }
            var selectors = rule.parts("clusterRoleSelectors")
            for label in labels {
                var selector = Object(type: type)
                selector[field: "matchLabels"] = .map(Map(unsorted: [.init(key: label, value: .string("true"))]))
                if !selectors.contains(selector) { selectors.append(selector) }
            }
            rule[field: "clusterRoleSelectors"] = .list(selectors.map(Value.object))
        }
    }

    private func request(_ binding: BootstrapPolicy.Binding) -> APIRequest? {
        let plural = binding.namespace.isEmpty ? "clusterrolebindings" : "rolebindings"
        return request(plural, binding.namespace, binding.name, labels: [BootstrapPolicy.label]) { object in
            object.change("roleRef") { reference in
                reference[field: "apiGroup"] = .string(Authorizer.group)
                reference[field: "kind"] = .string(binding.roleKind)
                reference[field: "name"] = .string(binding.role)
            }
            guard let type = object.type.field(named: "subjects")?.type else { return }
            var subjects = object.parts("subjects")
            for wanted in binding.subjects {
                var subject = Object(type: type)
                subject[field: "kind"] = .string(wanted.kind)
                subject[field: "name"] = .string(wanted.name)
                if wanted.kind == "ServiceAccount" {
                    subject[field: "namespace"] = .string(wanted.namespace)
                } else {
                    subject[field: "apiGroup"] = .string(Authorizer.group)
                }
                if !subjects.contains(subject) { subjects.append(subject) }
            }
            object[field: "subjects"] = subjects.isEmpty ? nil : .list(subjects.map(Value.object))
        }
    }

    /// Deletes a binding that leads to another role than it should: that cannot be changed.
    private func obstacle(_ binding: BootstrapPolicy.Binding) -> APIRequest? {
        let plural = binding.namespace.isEmpty ? "clusterrolebindings" : "rolebindings"
        let name = resource(plural, binding.namespace, binding.name)
        guard let present = registry.stored(name)?.object, let reference = present.part("roleRef"),
            present.metadata.annotations[BootstrapPolicy.autoupdate] != "false",
            reference.text("kind") != binding.roleKind || reference.text("name") != binding.role
        else { return nil }
        return APIRequest(.delete, name)
    }

    /// Creates an object, or updates it where it is not as it should be; nil where nothing is to be done.
    private func request(
        _ plural: String, _ namespace: String, _ name: String, labels: [(key: String, value: String)],
        _ complete: (inout Object) -> Void
    ) -> APIRequest? {
        guard let kind = registry.served[resource(plural, namespace)]?.kind else { return nil }
        let named = resource(plural, namespace, name)
        let present = registry.stored(named)?.object
        if present?.metadata.annotations[BootstrapPolicy.autoupdate] == "false" { return nil }
        var object = present ?? Object(type: kind.type)
        var metadata = object.metadata
        metadata.name = name
        metadata.namespace = namespace
        for label in labels where metadata.labels[label.key] == nil { metadata.labels[label.key] = label.value }
        metadata.annotations[BootstrapPolicy.autoupdate] = "true"
        object.metadata = metadata
        complete(&object)
        if object == present { return nil }
        var request = APIRequest(
            present == nil ? .create : .update, present == nil ? resource(plural, namespace) : named)
        request.object = object
        request.options.userAgent = "kube-apiserver"
        return request
    }
}
