import MartinetSchema

struct StatefulSetRules: KindRules {
    var nameForm: Form { .dnsLabel }

    func setDefaults(_ object: inout Object) {
        WorkloadRules.setTemplateDefaults(&object, at: "spec.template")
        object.edit("spec") { spec in
            spec.setDefault("podManagementPolicy", .string("OrderedReady"))
            var policy = spec.inner("persistentVolumeClaimRetentionPolicy")
            for name in ["whenDeleted", "whenScaled"] where policy.text(name).isEmpty {
                policy[field: name] = .string("Retain")
            }
            spec[field: "persistentVolumeClaimRetentionPolicy"] = .object(policy)
        }
    }

    func validateCreate(_ new: Part) { validate(new.spec, WorkloadRules.options(nil), isUpdate: false) }

    func validateUpdate(_ new: Part, _ old: Part) {
        let options = WorkloadRules.options(old, at: "spec", "template")
        // A template that was faulty already is not looked at again.
        let wasFaulty = old.spec.isFaulty { validate($0, options, isUpdate: true) }
        validate(new.spec, options, isUpdate: true, skipsTemplate: wasFaulty)
        let mutable: Set<String> = [
            "replicas", "template", "updateStrategy", "minReadySeconds", "ordinals", "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
        ]
        func fixed(_ spec: Part) -> Object? {
            guard var object = spec.object else { return nil }
            for name in mutable { object[field: name] = nil }
            return object.semantics
        }
        if fixed(new.spec) != fixed(old.spec) {
            new.spec.forbidden("only \(mutable.sorted().joined(separator: ", ")) may change")
        }
    }

    private func validate(_ spec: Part, _ options: PodOptions, isUpdate: Bool, skipsTemplate: Bool = false) {
        if spec.podManagementPolicy.mustBeSet(), !["OrderedReady", "Parallel"].contains(spec.podManagementPolicy.text) {
            spec.podManagementPolicy.invalid("must be OrderedReady or Parallel")
        }
        strategy(spec.updateStrategy)
        let policy = spec.persistentVolumeClaimRetentionPolicy
        if policy.isSet {
            policy.whenDeleted.oneOf("Retain", "Delete")
            policy.whenScaled.oneOf("Retain", "Delete")
        }
        spec.replicas.nonNegative()
        spec.minReadySeconds.nonNegative()
        if spec.ordinals.isSet { spec.ordinals.start.at(spec.place.member("ordinals.start")).nonNegative() }
        if !isUpdate {
            for claim in spec.volumeClaimTemplates.items { ClaimRules.spec(claim.spec, old: nil) }
            spec.serviceName.ifText(form: .dnsLabel)
        }
        WorkloadRules.selector(spec.selector)
        if spec.selector.isUsableSelector {
            template(spec, options, isSkipped: skipsTemplate)
        } else {
            spec.selector.invalid("must be a label selector")
        }
        WorkloadRules.alwaysRestarts(spec.template)
    }

    private func strategy(_ strategy: Part) {
        let update = strategy.rollingUpdate
        switch strategy["type"].text {
        // Upstream names the strategy, not its type.
        case "": strategy.required("must have a type")
        case "OnDelete": if update.isSet { update.invalid("may be set only where type is RollingUpdate") }
        case "RollingUpdate":
            guard update.isSet else { return }
            update.partition.nonNegative()
            guard update.maxUnavailable.isSet else { return }
            update.maxUnavailable.countOrPercentage()
            if update.maxUnavailable.amount == 0 { update.maxUnavailable.invalid("must not be 0") }
            update.maxUnavailable.atMostAll()
        default: strategy.invalid("must have the type RollingUpdate or OnDelete")
        }
    }

    private func template(_ spec: Part, _ options: PodOptions, isSkipped: Bool) {
        let template = spec.template
        if !(spec.selector.isSet && spec.selector.isEmptySelector), !spec.selector.selects(template.metadata.labels) {
            template.metadata.labels.invalid("must match spec.selector")
        }
        let whole = withClaims(spec)
        if !isSkipped { PodSpecRules.template(whole, options) }
        // Upstream looks at these once more, and at the template's place.
        PodSpecRules.metadata(template, options)
    }

    /// The template with the volumes that its claims become, and without the names that the set gives its pods.
    private func withClaims(_ spec: Part) -> Part {
        guard var template = spec.template.object else { return spec.template }
        let claims = spec.volumeClaimTemplates.items.map({ $0.metadata.name.text })
        template.edit("spec") { pod in
            pod[field: "subdomain"] = nil
            pod[field: "hostname"] = nil
            guard !claims.isEmpty, let field = pod.type.field(named: "volumes"), let type = field.type else { return }
            var names: Set<String> = []
            var volumes = claims.filter { names.insert($0).inserted }.map { name in
                var volume = Object(type: type)
                volume[field: "name"] = .string(name)
                if name.isEmpty { volume[field: "name"] = nil }
                var source = volume.inner("persistentVolumeClaim")
                source[field: "claimName"] = name.isEmpty ? nil : .string(name)
                volume[field: "persistentVolumeClaim"] = .object(source)
                return Value.object(volume)
            }
            if case .list(let own) = pod[field.slot] {
                volumes += own.filter { value in
                    if case .object(let volume) = value { !names.contains(volume.text("name")) } else { false }
                }
            }
            pod[field.slot] = .list(volumes)
        }
        return spec.template.with(template)
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        WorkloadRules.counts(
            new.status, parts: ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"],
            others: ["observedGeneration", "collisionCount"])
        WorkloadRules.collisions(new, old)
    }

    func warn(_ new: Part, _ old: Part?) {
        if WorkloadRules.hasChanged(new, old) { PodWarnings.template(new.spec.template) }
        for claim in new.spec.volumeClaimTemplates.items { ClaimRules.warn(claim.spec) }
        if new.spec.revisionHistoryLimit.int < 0 {
            new.spec.revisionHistoryLimit.warn("a negative value keeps every revision")
        }
    }
}

struct ControllerRevisionRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    func validate(_ new: Part) { new.revision.nonNegative() }

    func validateCreate(_ new: Part) {
        let data = new.data
        if !data.isSet || !data.raw.hasPrefix("{") { data.required("must be an object") }
    }

    func validateUpdate(_ new: Part, _ old: Part) { new.data.mustNotChange(since: old.data) }
}
