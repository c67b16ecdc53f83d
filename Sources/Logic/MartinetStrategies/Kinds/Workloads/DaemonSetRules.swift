import MartinetSchema

struct DaemonSetRules: KindRules {
    func setDefaults(_ object: inout Object) {
        WorkloadRules.setTemplateDefaults(&object, at: "spec.template")
    }

    func validateCreate(_ new: Part) { validate(new.spec, PodOptions(), allowInvalidValues: false) }

    func validateUpdate(_ new: Part, _ old: Part) {
        new.spec.selector.mustNotChange(since: old.spec.selector)
        let options = WorkloadRules.options(old, at: "spec", "template")
        validate(
            new.spec, options,
            allowInvalidValues: options.allowsInvalidAffinityValues || old.spec.selector.hasInvalidSelectorValues)
    }

    private func validate(_ spec: Part, _ options: PodOptions, allowInvalidValues: Bool) {
        let (selector, template) = (spec.selector, spec.template)
        selector.mustBeSelector(allowInvalidValues: allowInvalidValues)
        if selector.isUsableSelector, !selector.selects(template.metadata.labels) {
            template.metadata.labels.invalid("must match spec.selector")
        }
        if selector.isSet, selector.isEmptySelector { selector.invalid("must select something") }
        PodSpecRules.template(template, options)
        WorkloadRules.alwaysRestarts(template)
        spec.minReadySeconds.nonNegative()
        strategy(spec.updateStrategy)
        spec.revisionHistoryLimit.nonNegative()
    }

    private func strategy(_ strategy: Part) {
        let update = strategy.rollingUpdate
        switch strategy["type"].text {
        case "OnDelete": break
        case "RollingUpdate":
            guard update.isSet else { return update.required("must be set where type is RollingUpdate") }
            let (unavailable, surge) = (update.maxUnavailable, update.maxSurge)
            unavailable.countOrPercentage()
            surge.countOrPercentage()
            unavailable.atMostAll()
            surge.atMostAll()
            if unavailable.amount != 0, surge.amount != 0 { surge.invalid("must be 0 where maxUnavailable is not") }
            if unavailable.amount == 0, surge.amount == 0 {
                unavailable.required("must not be 0 where maxSurge is")
            }
        // Upstream names the strategy, not its type.
        default: strategy["type"].at(strategy.place).unsupported(["RollingUpdate", "OnDelete"])
        }
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        for name in [
            "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady",
            "observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount",
        ] { new.status[name].nonNegative() }
        WorkloadRules.collisions(new, old)
    }

    func warn(_ new: Part, _ old: Part?) {
        if old.map({ $0.spec.template.value != new.spec.template.value }) ?? true {
            PodWarnings.template(new.spec.template)
        }
    }
}
