import MartinetSchema

/// Roles and what binds them to subjects.
enum RBAC {
    static let group = "rbac.authorization.k8s.io"

    static func rules(_ rules: Part, isNamespaced: Bool) {
        for rule in rules.items {
            rule.verbs.mustBeSet()
            let urls = rule.nonResourceURLs
            if urls.count > 0 {
                if isNamespaced { urls.invalid("may not be set for a role in a namespace") }
                if ["apiGroups", "resources", "resourceNames"].contains(where: { rule[$0].count > 0 }) {
                    urls.invalid("may not be set beside resources")
                }
                continue
            }
            rule.apiGroups.mustBeSet()
            rule.resources.mustBeSet()
        }
    }

    static func binding(_ binding: Part, isNamespaced: Bool) {
        let role = binding.roleRef
        role.apiGroup.oneOf(group)
        role.kind.oneOf(isNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"])
        role.name.mustBe(.pathSegment)
        for subject in binding.subjects.items {
            subject.name.mustBeSet()
            switch subject.kind.text {
            case "ServiceAccount":
                subject.name.ifText(form: .dnsSubdomain)
                if !subject.apiGroup.isEmpty { subject.apiGroup.unsupported([""]) }
                if !isNamespaced { subject.namespace.mustBeSet() }
            case "User", "Group": subject.apiGroup.oneOf(group)
            default: subject.kind.unsupported(["ServiceAccount", "User", "Group"])
            }
        }
    }

    /// The group that a reference leaves out.
    static func setGroups(_ object: inout Object) {
        object.edit("roleRef") { if $0.text("apiGroup").isEmpty { $0[field: "apiGroup"] = .string(group) } }
        object.edit("subjects") { subject in
            if ["User", "Group"].contains(subject.text("kind")) { subject.setDefault("apiGroup", .string(group)) }
        }
    }
}

struct RoleRules: KindRules {
    var nameForm: Form { .pathSegment }
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    func validate(_ new: Part) { RBAC.rules(new.rules, isNamespaced: true) }
}

struct ClusterRoleRules: KindRules {
    var nameForm: Form { .pathSegment }
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    func validateCreate(_ new: Part) { validate(new, old: nil) }
    func validateUpdate(_ new: Part, _ old: Part) { validate(new, old: old) }

    private func validate(_ new: Part, old: Part?) {
        RBAC.rules(new.rules, isNamespaced: false)
        guard new.aggregationRule.isSet else { return }
        let selectors = new.aggregationRule.clusterRoleSelectors
        selectors.mustBeSet()
        let allowsInvalid =
            old?.aggregationRule.clusterRoleSelectors.items.contains { $0.isFaulty { $0.mustBeSelector() } } ?? false
        for selector in selectors.items {
            selector.mustBeSelector(allowInvalidValues: allowsInvalid)
            if !selector.isUsableSelector { selector.invalid("must be a label selector") }
        }
    }
}

struct RoleBindingRules: KindRules {
    var nameForm: Form { .pathSegment }
    var metadataOnUpdate: MetadataOnUpdate { .everything }
    let isNamespaced: Bool

    func setDefaults(_ object: inout Object) { RBAC.setGroups(&object) }

    func validate(_ new: Part) { RBAC.binding(new, isNamespaced: isNamespaced) }

    func validateUpdate(_ new: Part, _ old: Part) {
        if new.roleRef.value != old.roleRef.value {
            new.roleRef.invalid("may not change: delete the binding, and make another")
        }
    }
}
