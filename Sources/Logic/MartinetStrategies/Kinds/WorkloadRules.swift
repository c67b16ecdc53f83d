import MartinetAPI
import MartinetSchema

/// What Deployments and ReplicaSets share: a selector that selects the template, a template that always restarts.
private enum WorkloadRules {
    static func validate(
        selector: LabelSelector?, template: PodTemplateSpec, _ checker: inout Checker
    ) {
        if let selector {
            checker.selector(selector, "spec.selector")
            if selector.matchLabels.isEmpty, selector.matchExpressions.isEmpty {
                checker.invalid("spec.selector", "an empty selector selects everything")
            }
        } else {
            checker.required("spec.selector")
        }
        if let selector, !isValid(selector) {
            checker.invalid("spec.selector", "is no label selector")
            // Nothing more is said about the template then.
            return checker.drop { $0.field.hasPrefix("spec.template") }
        }
        // No selector selects nothing, an empty one everything.
        if !(selector.map { matches($0, template.metadata.labels) } ?? false) {
            checker.invalid("spec.template.metadata.labels", "must match the selector")
        }
        PodSpecRules.validateTemplate(template, at: "spec.template", &checker)
        let policy = template.spec.restartPolicy
        if policy != "Always" {
            checker.drop { $0.field == "spec.template.spec.restartPolicy" }
            checker.notSupported("spec.template.spec.restartPolicy", policy, ["Always"])
        }
        if template.spec.activeDeadlineSeconds != nil {
            checker.forbidden("spec.template.spec.activeDeadlineSeconds", "not allowed here")
        }
    }

    /// - Parameter parts: counts of some of the replicas, which cannot be more than all of them.
    static func counts(
        replicas: Int32, _ parts: [(name: String, count: Int32)], others: [(name: String, count: Int32)],
        generation: Int64, _ checker: inout Checker
    ) {
        for (name, count) in [("replicas", replicas)] + parts + others {
            checker.nonNegative(Int64(count), "status.\(name)")
        }
        checker.nonNegative(generation, "status.observedGeneration")
        for (name, count) in parts where count > replicas {
            checker.invalid("status.\(name)", "cannot be greater than status.replicas")
        }
        func count(_ name: String) -> Int32 { parts.first { $0.name == name }?.count ?? 0 }
        if count("availableReplicas") > count("readyReplicas") {
            checker.invalid("status.availableReplicas", "cannot be greater than status.readyReplicas")
        }
    }

    private static func isValid(_ selector: LabelSelector) -> Bool {
        for (key, value) in selector.matchLabels
        where !Names.qualifiedName(key).isEmpty || !Names.labelValue(value).isEmpty { return false }
        for expression in selector.matchExpressions {
            guard Names.qualifiedName(expression.key).isEmpty else { return false }
            guard expression.values.allSatisfy({ Names.labelValue($0).isEmpty }) else { return false }
            switch expression.operator {
            case "In", "NotIn": if expression.values.isEmpty { return false }
            case "Exists", "DoesNotExist": if !expression.values.isEmpty { return false }
            default: return false
            }
        }
        return true
    }

    private static func matches(_ selector: LabelSelector, _ labels: StringMap) -> Bool {
        for (key, value) in selector.matchLabels where labels[key] != value { return false }
        return selector.matchExpressions.allSatisfy { expression in
            let value = labels[expression.key]
            switch expression.operator {
            case "In": return value.map(expression.values.contains) ?? false
            case "NotIn": return value.map { !expression.values.contains($0) } ?? true
            case "Exists": return value != nil
            default: return value == nil
            }
        }
    }
}

struct DeploymentRules: KindRules {
    func prepareForStatusUpdate(_ object: inout Object, old: Object) {
        var deployment = Deployment(object: object)
        deployment.metadata.labels = Deployment(object: old).metadata.labels
        object = deployment.object
    }

    func setDefaults(_ object: inout Object) {
        var deployment = Deployment(object: object)
        PodSpecDefaults.apply(to: &deployment.spec.template.spec)
        if deployment.spec.strategy.type == "RollingUpdate" {
            var update = deployment.spec.strategy.rollingUpdate ?? RollingUpdateDeployment()
            if update.maxUnavailable == nil { update.maxUnavailable = .string("25%") }
            if update.maxSurge == nil { update.maxSurge = .string("25%") }
            deployment.spec.strategy.rollingUpdate = update
        }
        object = deployment.object
    }

    func validate(_ object: Object, _ checker: inout Checker) {
        let spec = Deployment(object: object).spec
        checker.nonNegative(spec.replicas.map(Int64.init), "spec.replicas")
        WorkloadRules.validate(selector: spec.selector, template: spec.template, &checker)
        strategy(spec, &checker)
        checker.nonNegative(Int64(spec.minReadySeconds), "spec.minReadySeconds")
        checker.nonNegative(spec.revisionHistoryLimit.map(Int64.init), "spec.revisionHistoryLimit")
        if let seconds = spec.progressDeadlineSeconds {
            checker.nonNegative(Int64(seconds), "spec.progressDeadlineSeconds")
            if seconds <= spec.minReadySeconds {
                checker.invalid("spec.progressDeadlineSeconds", "must be greater than minReadySeconds")
            }
        }
    }

    private func strategy(_ spec: DeploymentSpec, _ checker: inout Checker) {
        let path = "spec.strategy.rollingUpdate"
        switch spec.strategy.type {
        case "Recreate":
            if spec.strategy.rollingUpdate != nil { checker.forbidden(path, "may not be set with Recreate") }
        case "RollingUpdate":
            guard let update = spec.strategy.rollingUpdate else { return checker.required(path) }
            let unavailable = amount(update.maxUnavailable, path + ".maxUnavailable", &checker)
            let surge = amount(update.maxSurge, path + ".maxSurge", &checker)
            if unavailable == 0, surge == 0 {
                checker.invalid(path + ".maxUnavailable", "may not be 0 where maxSurge is")
            }
            if case .string = update.maxUnavailable, let unavailable, unavailable > 100 {
                checker.invalid(path + ".maxUnavailable", "must not be greater than 100%")
            }
        default:
            // Upstream names the strategy, not its type.
            checker.drop { $0.field == "spec.strategy.type" }
            checker.notSupported("spec.strategy", spec.strategy.type, ["Recreate", "RollingUpdate"])
        }
    }

    /// A count or a percentage; nil where it is neither.
    private func amount(_ value: IntOrString?, _ path: String, _ checker: inout Checker) -> Int? {
        switch value {
        case .int(let number):
            checker.nonNegative(Int64(number), path)
            return Int(number)
        case .string(let text):
            guard text.hasSuffix("%"), text.dropLast().allSatisfy({ $0.isASCII && $0.isNumber }),
                let number = Int(text.dropLast())
            else {
                checker.invalid(path, "must be a number or a percentage")
                return nil
            }
            return number
        case nil: return 0
        }
    }

    func validateUpdate(_ object: Object, old: Object, _ checker: inout Checker) {
        if Deployment(object: object).spec.selector != Deployment(object: old).spec.selector {
            checker.invalid("spec.selector", "is immutable")
        }
    }

    func validateStatusUpdate(_ object: Object, old: Object, _ checker: inout Checker) {
        let (status, before) = (Deployment(object: object).status, Deployment(object: old).status)
        WorkloadRules.counts(
            replicas: status.replicas,
            [
                ("updatedReplicas", status.updatedReplicas), ("readyReplicas", status.readyReplicas),
                ("availableReplicas", status.availableReplicas),
            ],
            others: [
                ("unavailableReplicas", status.unavailableReplicas),
                ("terminatingReplicas", status.terminatingReplicas ?? 0),
                ("collisionCount", status.collisionCount ?? 0),
            ], generation: status.observedGeneration, &checker)
        if let earlier = before.collisionCount, (status.collisionCount ?? -1) < earlier {
            checker.invalid("status.collisionCount", "cannot be decremented")
        }
    }
}

struct ReplicaSetRules: KindRules {
    func setDefaults(_ object: inout Object) {
        var set = ReplicaSet(object: object)
        PodSpecDefaults.apply(to: &set.spec.template.spec)
        object = set.object
    }

    func validate(_ object: Object, _ checker: inout Checker) {
        let spec = ReplicaSet(object: object).spec
        checker.nonNegative(spec.replicas.map(Int64.init), "spec.replicas")
        checker.nonNegative(Int64(spec.minReadySeconds), "spec.minReadySeconds")
        WorkloadRules.validate(selector: spec.selector, template: spec.template, &checker)
    }

    func validateUpdate(_ object: Object, old: Object, _ checker: inout Checker) {
        if ReplicaSet(object: object).spec.selector != ReplicaSet(object: old).spec.selector {
            checker.invalid("spec.selector", "is immutable")
        }
    }

    func validateStatusUpdate(_ object: Object, old: Object, _ checker: inout Checker) {
        let status = ReplicaSet(object: object).status
        WorkloadRules.counts(
            replicas: status.replicas,
            [
                ("fullyLabeledReplicas", status.fullyLabeledReplicas), ("readyReplicas", status.readyReplicas),
                ("availableReplicas", status.availableReplicas),
            ], others: [("terminatingReplicas", status.terminatingReplicas ?? 0)],
            generation: status.observedGeneration, &checker)
    }
}
