import MartinetSchema

/// HorizontalPodAutoscalers of both versions: what the elder one can say, the newer one calls metrics.
struct AutoscalerRules: KindRules {
    let isElder: Bool

    func setDefaults(_ object: inout Object) {
        guard !isElder else { return }
        object.edit("spec") { spec in
            let metrics: [Value] = if case .list(let metrics) = spec[field: "metrics"] { metrics } else { [] }
            if metrics.isEmpty { Self.setDefaultMetric(&spec) }
        }
    }

    private static func setDefaultMetric(_ spec: inout Object) {
        guard let type = spec.type.field(named: "metrics")?.type else { return }
        var metric = Object(type: type)
        metric[field: "type"] = .string("Resource")
        var resource = metric.inner("resource")
        resource[field: "name"] = .string("cpu")
        resource.edit("target") { target in
            target[field: "type"] = .string("Utilization")
            target[field: "averageUtilization"] = .int(80)
        }
        metric[field: "resource"] = .object(resource)
        spec[field: "metrics"] = .list([.object(metric)])
    }

    func validateCreate(_ new: Part) { validate(new.spec, old: nil) }
    func validateUpdate(_ new: Part, _ old: Part) { validate(new.spec, old: old.spec) }

    private func validate(_ spec: Part, old: Part?) {
        let (least, most) = (spec.minReplicas, spec.maxReplicas)
        let mayBeZero = old.map { $0.minReplicas.isSet && $0.minReplicas.int == 0 } ?? false
        if least.isSet, least.int < (mayBeZero ? 0 : 1) { least.invalid("must be at least \(mayBeZero ? 0 : 1)") }
        if most.int == 0 { most.required() } else { most.positive() }
        if least.isSet, most.int < least.int { most.invalid("must be at least minReplicas, \(least.int)") }
        let target = spec.scaleTargetRef
        let isSame =
            old.map { old in ["apiVersion", "kind"].allSatisfy { old.scaleTargetRef[$0].text == target[$0].text } }
            ?? false
        reference(
            target, needsGroup: target.kind.text != "ReplicationController", allowsInvalid: isSame)
        if isElder { elderMetric(spec) } else { metrics(spec, old: old) }
    }

    private func reference(_ reference: Part, needsGroup: Bool, allowsInvalid: Bool) {
        reference.kind.mustBe(.pathSegment)
        reference.name.mustBe(.pathSegment)
        guard !allowsInvalid else { return }
        let text = reference.apiVersion.text
        if text.filter({ $0 == "/" }).count > 1 {
            reference.apiVersion.invalid("must be a group and a version")
        } else if needsGroup, text.groupVersion.group.isEmpty {
            reference.apiVersion.invalid("must have a group")
        }
    }

    private func elderMetric(_ spec: Part) {
        let percentage = spec.targetCPUUtilizationPercentage
        if percentage.isSet, percentage.int < 1 {
            percentage.at(spec.place.metric).invalid("must be greater than zero")
        }
        if spec.minReplicas.isSet, spec.minReplicas.int == 0 {
            spec.named("metrics").forbidden("must have an object's or an external metric where minReplicas is 0")
        }
    }

    // MARK: - Metrics

    private func metrics(_ spec: Part, old: Part?) {
        let allowsInvalid =
            old?.metrics.items.contains { $0.object_.describedObject.apiVersion.text.filter { $0 == "/" }.count > 1 }
        for metric in spec.metrics.items { self.metric(metric, allowsInvalid: allowsInvalid ?? false) }
        let types = Set(spec.metrics.items.map { $0["type"].text })
        if spec.minReplicas.isSet, spec.minReplicas.int == 0, types.isDisjoint(with: ["Object", "External"]) {
            spec.metrics.forbidden("must have an object's or an external metric where minReplicas is 0")
        }
        for rules in [spec.behavior.scaleUp, spec.behavior.scaleDown] where rules.isSet { scaling(rules) }
    }

    private static let sources = [
        "Object": "object", "External": "external", "Pods": "pods", "Resource": "resource",
        "ContainerResource": "containerResource",
    ]

    private func metric(_ metric: Part, allowsInvalid: Bool) {
        let type = metric["type"]
        let known = ["ContainerResource", "External", "Object", "Pods", "Resource"]
        type.mustBeSet()
        if !known.contains(type.text) {
            // Upstream says so twice.
            for _ in 0..<2 { type.unsupported(known) }
        }
        let present = ["object", "external", "pods", "resource", "containerResource"].filter { metric[$0].isSet }
        if let first = present.first { source(metric[first], first, allowsInvalid: allowsInvalid) }
        let expected = Self.sources[type.text]
        if let expected { if !metric[expected].isSet { metric[expected].required("must be set for this type") } }
        if present.count > 1 || present.isEmpty {
            for name in present where name != expected { metric[name].forbidden("may not be set for this type") }
        }
    }

    private func source(_ source: Part, _ name: String, allowsInvalid: Bool) {
        if name == "object" { reference(source.describedObject, needsGroup: false, allowsInvalid: allowsInvalid) }
        switch name {
        case "object", "external", "pods": source.metric.name.mustBe(.pathSegment)
        case "containerResource":
            if source.name.mustBeSet() { ResourceRules.containerName(source.name.text, at: source.name) }
            source.container.mustBe(.dnsLabel)
        default: source.name.mustBeSet()
        }
        let target = source.target
        self.target(target)
        let (value, average, utilization) = (target["value"], target.averageValue, target.averageUtilization)
        switch name {
        case "object", "external":
            if !value.isSet, !average.isSet { average.required("must have value or averageValue") }
            if name == "external", value.isSet, average.isSet { value.forbidden("may not be set beside averageValue") }
        case "pods": if !average.isSet { average.required() }
        default:
            if !utilization.isSet, !average.isSet { utilization.required("must have this or averageValue") }
            if utilization.isSet, average.isSet { average.forbidden("may not be set beside averageUtilization") }
        }
    }

    private func target(_ target: Part) {
        let type = target["type"]
        type.mustBeSet()
        if !["Utilization", "Value", "AverageValue"].contains(type.text) {
            type.invalid("must be Utilization, Value or AverageValue")
        }
        for name in ["value", "averageValue"] where target[name].isSet { target[name].positiveQuantity() }
        target.averageUtilization.ifSetPositive()
    }

    private func scaling(_ rules: Part) {
        rules.stabilizationWindowSeconds.ifSet(range: 0...3600)
        rules.selectPolicy.ifSet(oneOf: "Disabled", "Max", "Min")
        rules.policies.mustBeSet()
        for policy in rules.policies.items {
            policy["type"].oneOf("Percent", "Pods")
            policy["value"].positive()
            policy.periodSeconds.range(1...1800)
        }
        if rules.tolerance.isSet { rules.tolerance.nonNegativeQuantity() }
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        new.status.currentReplicas.nonNegative()
        new.status.desiredReplicas.nonNegative()
    }
}

extension Part {
    /// The field `object`, which this type has a member of the same name as.
    fileprivate var object_: Part { self["object"] }
}

extension Place {
    /// Where the newer version has what the elder one calls targetCPUUtilizationPercentage.
    fileprivate var metric: Place {
        member("metrics").index(0).member("resource").member("target").member("averageUtilization")
    }
}
