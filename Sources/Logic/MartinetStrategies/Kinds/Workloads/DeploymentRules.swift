import MartinetSchema

struct DeploymentRules: KindRules {
    func setDefaults(_ object: inout Object) {
        WorkloadRules.setTemplateDefaults(&object, at: "spec.template")
        object.edit("spec.strategy") { strategy in
            guard strategy.text("type") == "RollingUpdate" else { return }
            var update = strategy.inner("rollingUpdate")
            update.setDefault("maxUnavailable", .string("25%"))
            update.setDefault("maxSurge", .string("25%"))
            strategy[field: "rollingUpdate"] = .object(update)
        }
    }

    func prepareForStatusUpdate(_ object: inout Object, old: Object) {
        object.edit("metadata") { $0[field: "labels"] = old.inner("metadata")[field: "labels"] }
    }

    func validateCreate(_ new: Part) { validate(new.spec, WorkloadRules.options(nil)) }

    func validateUpdate(_ new: Part, _ old: Part) {
        validate(new.spec, WorkloadRules.options(old, at: "spec", "template"))
        new.spec.selector.mustNotChange(since: old.spec.selector)
    }

    private func validate(_ spec: Part, _ options: PodOptions) {
        spec.replicas.nonNegative()
        WorkloadRules.selectorAndTemplate(spec, options)
        strategy(spec.strategy)
        spec.minReadySeconds.nonNegative()
        spec.revisionHistoryLimit.nonNegative()
        let deadline = spec.progressDeadlineSeconds
        if deadline.isSet {
            deadline.nonNegative()
            if deadline.int <= spec.minReadySeconds.int { deadline.invalid("must be greater than minReadySeconds") }
        }
    }

    private func strategy(_ strategy: Part) {
        let update = strategy.rollingUpdate
        switch strategy["type"].text {
        case "Recreate": if update.isSet { update.forbidden("may not be set where type is Recreate") }
        case "RollingUpdate":
            guard update.isSet else { return update.required("must be set where type is RollingUpdate") }
            update.maxUnavailable.countOrPercentage()
            update.maxSurge.countOrPercentage()
            if update.maxUnavailable.amount == 0, update.maxSurge.amount == 0 {
                update.maxUnavailable.invalid("may not be 0 where maxSurge is")
            }
            update.maxUnavailable.atMostAll()
        // Upstream names the strategy, not its type.
        default: strategy["type"].at(strategy.place).unsupported(["Recreate", "RollingUpdate"])
        }
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        WorkloadRules.counts(
            new.status, parts: ["updatedReplicas", "readyReplicas", "availableReplicas"],
            others: ["unavailableReplicas", "terminatingReplicas", "collisionCount", "observedGeneration"])
        WorkloadRules.collisions(new, old)
    }

    func warn(_ new: Part, _ old: Part?) {
        if WorkloadRules.hasChanged(new, old) {
            WorkloadRules.warn(new.spec.template, name: old == nil ? new.metadata.name : nil)
        }
    }
}

struct ReplicaSetRules: KindRules {
    func setDefaults(_ object: inout Object) { WorkloadRules.setTemplateDefaults(&object, at: "spec.template") }

    func validateCreate(_ new: Part) { validate(new.spec, WorkloadRules.options(nil)) }

    func validateUpdate(_ new: Part, _ old: Part) {
        validate(new.spec, WorkloadRules.options(old, at: "spec", "template"))
        new.spec.selector.mustNotChange(since: old.spec.selector)
    }

    private func validate(_ spec: Part, _ options: PodOptions) {
        spec.replicas.nonNegative()
        spec.minReadySeconds.nonNegative()
        WorkloadRules.selectorAndTemplate(spec, options)
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        WorkloadRules.counts(
            new.status, parts: ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
            others: ["terminatingReplicas", "observedGeneration"])
    }

    func warn(_ new: Part, _ old: Part?) {
        if WorkloadRules.hasChanged(new, old) {
            WorkloadRules.warn(new.spec.template, name: old == nil ? new.metadata.name : nil)
        }
    }
}

/// Upstream's elder form of a ReplicaSet: its selector is a map of labels.
struct ReplicationControllerRules: KindRules {
    func setDefaults(_ object: inout Object) {
        WorkloadRules.setTemplateDefaults(&object, at: "spec.template")
        let labels = object.inner("spec").inner("template").inner("metadata")[field: "labels"]
        guard let labels else { return }
        object.edit("spec") { $0.setDefault("selector", labels) }
        object.edit("metadata") { $0.setDefault("labels", labels) }
    }

    func validateCreate(_ new: Part) { validate(new.spec, WorkloadRules.options(nil)) }

    func validateUpdate(_ new: Part, _ old: Part) {
        validate(new.spec, WorkloadRules.options(old, at: "spec", "template"))
    }

    private func validate(_ spec: Part, _ options: PodOptions) {
        spec.minReadySeconds.nonNegative()
        spec.selector.mustBeSet("must select something")
        if spec.replicas.isSet { spec.replicas.nonNegative() } else { spec.replicas.required() }
        let template = spec.template
        guard template.isSet else { return template.required() }
        if !spec.selector.pairs.allSatisfy({ template.metadata.labels.text(key: $0.key) == $0.value.text }) {
            template.metadata.labels.invalid("must match spec.selector")
        }
        PodSpecRules.template(template, options)
        WorkloadRules.alwaysRestarts(template)
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        WorkloadRules.counts(
            new.status, parts: ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
            others: ["observedGeneration"])
    }

    func warn(_ new: Part, _ old: Part?) {
        if WorkloadRules.hasChanged(new, old) {
            WorkloadRules.warn(new.spec.template, name: old == nil ? new.metadata.name : nil)
        }
    }
}

struct PodTemplateRules: KindRules {

    func setDefaults(_ object: inout Object) { WorkloadRules.setTemplateDefaults(&object, at: "template") }

    func validateCreate(_ new: Part) { PodSpecRules.template(new.template, WorkloadRules.options(nil)) }

    func validateUpdate(_ new: Part, _ old: Part) {
        PodSpecRules.template(new.template, WorkloadRules.options(old, at: "template"))
    }

    func warn(_ new: Part, _ old: Part?) {
        if old.map({ $0.template.value != new.template.value }) ?? true { PodWarnings.template(new.template) }
    }
}
