import MartinetSchema

/// Questions that are answered and not kept: who may do what.
struct AccessReviewRules: KindRules {
    var isNamed: Bool { false }
    let asks: Asker

    enum Asker { case own, anyone, anyoneInNamespace }

    func validateCreate(_ new: Part) {
        let (spec, metadata) = (new.spec, new.metadata)
        let (resource, path) = (spec.resourceAttributes, spec.nonResourceAttributes)
        if resource.isSet, path.isSet { path.invalid("may not be set together with resourceAttributes") }
        if !resource.isSet, !path.isSet { resource.invalid("must be set where nonResourceAttributes is not") }
        if asks != .own, spec.user.isEmpty, spec.groups.count == 0 { spec.user.invalid("or groups must be set") }
        if resource.isSet {
            selector(resource.fieldSelector, isOfLabels: false)
            selector(resource.labelSelector, isOfLabels: true)
        }
        let given: Set<String> = ["managedFields", "uid", "creationTimestamp", "generation"]
        let allowed = asks == .anyoneInNamespace ? given.union(["namespace"]) : given
        if !allowed.isSuperset(of: metadata.setFields) { metadata.invalid("must be empty") }
        guard asks == .anyoneInNamespace else { return }
        if resource.isSet, resource.namespace.text != metadata.namespace.text {
            resource.namespace.invalid("must be metadata.namespace, \"\(metadata.namespace.text)\"")
        }
        if path.isSet { path.invalid("may not be asked of one namespace") }
    }

    private func selector(_ selector: Part, isOfLabels: Bool) {
        guard selector.isSet else { return }
        let (raw, requirements) = (selector.rawSelector, selector.requirements)
        if !raw.isEmpty, requirements.count > 0 { raw.invalid("may not be set together with requirements") }
        if raw.isEmpty, requirements.count == 0 { requirements.required("must be set where rawSelector is not") }
        for requirement in requirements.items {
            let values = requirement["values"]
            switch requirement.operator.text {
            case "In", "NotIn": values.mustBeSet()
            case "Exists", "DoesNotExist": if values.count > 0 { values.forbidden("may not be set with this operator") }
            // One that a newer client knows.
            default: break
            }
            if isOfLabels {
                requirement.key.form(.qualifiedName)
                for value in values.items { value.form(.labelValue) }
            } else {
                requirement.key.mustBeSet()
            }
        }
    }
}

/// A request for a token of a service account.
struct TokenRequestRules: KindRules {
    var isNamed: Bool { false }
    func validateCreate(_ new: Part) { new.spec.expirationSeconds.range(600...(1 << 32)) }
}
