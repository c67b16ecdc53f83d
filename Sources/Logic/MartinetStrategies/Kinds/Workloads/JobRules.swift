import MartinetSchema

struct JobRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    private static let uidLabels = ["controller-uid", "batch.kubernetes.io/controller-uid"]
    private static let nameLabels = ["job-name", "batch.kubernetes.io/job-name"]

    func setDefaults(_ object: inout Object) {
        WorkloadRules.setTemplateDefaults(&object, at: "spec.template")
        Self.setSpecDefaults(&object, at: "spec")
        let labels = object.inner("spec").inner("template").inner("metadata")[field: "labels"]
        if let labels { object.edit("metadata") { $0.setDefault("labels", labels) } }
    }

    static func setSpecDefaults(_ object: inout Object, at path: String) {
        object.edit(path) { spec in
            if spec[field: "completions"] == nil, spec[field: "parallelism"] == nil {
                spec[field: "completions"] = .int(1)
                spec[field: "parallelism"] = .int(1)
            }
            spec.setDefault("parallelism", .int(1))
            if spec[field: "backoffLimit"] == nil {
                let isPerIndex = spec[field: "backoffLimitPerIndex"] != nil
                spec[field: "backoffLimit"] = .int(isPerIndex ? Int64(Int32.max) : 6)
            }
            spec.setDefault("completionMode", .string("NonIndexed"))
            for name in ["suspend", "manualSelector"] { spec.setDefault(name, .bool(false)) }
            let hasPolicy = spec[field: "podFailurePolicy"] != nil
            spec.setDefault("podReplacementPolicy", .string(hasPolicy ? "Failed" : "TerminatingOrFailed"))
            spec.edit("podFailurePolicy.rules.onPodConditions") { pattern in
                if pattern.text("status").isEmpty { pattern[field: "status"] = .string("True") }
            }
        }
    }

    /// A job selects its own pods, by labels that it gives them, unless it says otherwise.
    func prepareForCreate(_ object: inout Object) {
        guard object.inner("spec")[field: "manualSelector"] != .bool(true) else { return }
        let metadata = object.inner("metadata")
        let (name, uid) = (metadata[field: "name"] ?? .string(""), metadata[field: "uid"] ?? .string(""))
        func map(_ object: Object, _ name: String) -> Map {
            if case .map(let map) = object[field: name] { map } else { Map() }
        }
        let templates = map(object.inner("spec").inner("template").inner("metadata"), "labels")
        // Upstream shares one map between both: what the template gets, a job without labels of its own gets too.
        let isShared = map(metadata, "labels").isEmpty || map(metadata, "labels") == templates
        var labels = templates
        for key in Self.nameLabels where labels[key] == nil { labels[key] = name }
        for key in Self.uidLabels where labels[key] == nil { labels[key] = uid }
        object.edit("spec.template.metadata") { $0[field: "labels"] = .map(labels) }
        if isShared { object.edit("metadata") { $0[field: "labels"] = .map(labels) } }
        object.edit("spec") { spec in
            var selector = spec.inner("selector")
            var labels = map(selector, "matchLabels")
            if labels[Self.uidLabels[1]] == nil { labels[Self.uidLabels[1]] = uid }
            selector[field: "matchLabels"] = .map(labels)
            spec[field: "selector"] = .object(selector)
        }
    }

    func validateCreate(_ new: Part) {
        whole(new, PodOptions(), allowInvalidValues: false, needsPrefixes: true)
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        let options = WorkloadRules.options(old, at: "spec", "template")
        let allowInvalid = options.allowsInvalidAffinityValues || old.spec.selector.hasInvalidSelectorValues
        let labels = old.spec.template.metadata.labels
        let needsPrefixes = labels.has(key: Self.nameLabels[1]) && labels.has(key: Self.uidLabels[1])
        whole(new, options, allowInvalidValues: allowInvalid, needsPrefixes: needsPrefixes)
        // Upstream looks at the whole spec twice.
        spec(new.spec, options, allowInvalidValues: allowInvalid)
        JobChangeRules.validate(new, old)
    }

    private func whole(_ new: Part, _ options: PodOptions, allowInvalidValues: Bool, needsPrefixes: Bool) {
        generatedSelector(new, needsPrefixes: needsPrefixes)
        spec(new.spec, options, allowInvalidValues: allowInvalidValues)
        let completions = new.spec.completions.int
        if new.spec.completionMode.text == "Indexed", completions > 0,
            !Form.dnsLabel.faults("\(new.metadata.name.text)-\(completions - 1)").isEmpty
        {
            new.metadata.name.invalid("must make a DNS label together with the highest index")
        }
    }

    private func generatedSelector(_ new: Part, needsPrefixes: Bool) {
        let spec = new.spec
        guard !spec.manualSelector.isTrue, spec.selector.isSet else { return }
        if new.metadata.uid.isEmpty { new.metadata.uid.required() }
        var expected = Map()
        let known = [(Self.uidLabels, new.metadata.uid.text), (Self.nameLabels, new.metadata.name.text)]
        for (keys, value) in known {
            for key in needsPrefixes ? keys : [keys[0]] {
                let labels = spec.template.metadata.labels
                if let text = labels.text(key: key) {
                    if text != value { labels.keyed(key).invalid("must be \(value)") }
                } else {
                    labels.keyed(key).required("must be \(value)")
                }
                expected[key] = .string(value)
            }
        }
        let labels = spec.template.metadata.labels.with(map: expected)
        if spec.selector.isUsableSelector, !spec.selector.selects(labels) {
            spec.selector.invalid("must select the labels that the job gives its pods")
        }
    }

    private func spec(_ spec: Part, _ options: PodOptions, allowInvalidValues: Bool) {
        JobSpecRules.validate(spec, options)
        if spec.selector.isSet {
            spec.selector.mustBeSelector(allowInvalidValues: allowInvalidValues)
        } else {
            spec.selector.required()
        }
        if spec.selector.isUsableSelector, !spec.selector.selects(spec.template.metadata.labels) {
            spec.template.metadata.labels.invalid("must match spec.selector")
        }
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) { JobStatusRules.validate(new, old) }

    func warn(_ new: Part, _ old: Part?) {
        if WorkloadRules.hasChanged(new, old) {
            if old == nil, !Form.dnsLabel.faults(new.metadata.name.text).isEmpty {
                new.metadata.name.warn("is no DNS label, which gives the pods' host names problems")
            }
            JobSpecRules.warn(new.spec)
        }
    }
}

struct CronJobRules: KindRules {
    func setDefaults(_ object: inout Object) {
        WorkloadRules.setTemplateDefaults(&object, at: "spec.jobTemplate.spec.template")
        object.edit("spec.jobTemplate.spec") { spec in
            spec.edit("podFailurePolicy.rules.onPodConditions") { pattern in
                if pattern.text("status").isEmpty { pattern[field: "status"] = .string("True") }
            }
        }
    }

    func validateCreate(_ new: Part) {
        validate(new.spec, old: nil, PodOptions())
        if new.metadata.name.text.utf8.count > 52 { new.metadata.name.invalid("may be at most 52 bytes long") }
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        validate(new.spec, old: old.spec, WorkloadRules.options(old, at: "spec", "jobTemplate", "spec", "template"))
    }

    private func validate(_ spec: Part, old: Part?, _ options: PodOptions) {
        let schedule = spec.schedule
        if schedule.mustBeSet() {
            if let fault = CronSchedule.fault(schedule.text) { schedule.invalid(fault) }
            if schedule.text.contains("TZ") {
                if old?.schedule.text.contains("TZ") != true {
                    schedule.invalid("must not name a time zone: use timeZone")
                } else if spec.timeZone.isSet {
                    schedule.invalid("must not name a time zone beside timeZone")
                }
            }
        }
        spec.startingDeadlineSeconds.nonNegative()
        if old.map({ $0.timeZone.value != spec.timeZone.value }) ?? true, spec.timeZone.isSet {
            if let fault = TimeZones.fault(spec.timeZone.text) { spec.timeZone.invalid(fault) }
        }
        spec.concurrencyPolicy.mustBeOneOf("Allow", "Forbid", "Replace")
        let job = spec.jobTemplate.spec
        JobSpecRules.validate(job, options)
        if job.selector.isSet { job.selector.invalid("must be left to the jobs") }
        if job.manualSelector.isTrue { job.manualSelector.unsupported(["nil", "false"]) }
        spec.successfulJobsHistoryLimit.nonNegative()
        spec.failedJobsHistoryLimit.nonNegative()
    }

    func warn(_ new: Part, _ old: Part?) {
        if WorkloadRules.hasChanged(new, old) {
            if old == nil, !Form.dnsLabel.faults(new.metadata.name.text).isEmpty {
                new.metadata.name.warn("is no DNS label, which gives the pods' host names problems")
            }
            JobSpecRules.warn(new.spec.jobTemplate.spec)
        }
        if old != nil, new.spec.schedule.text.contains("TZ") {
            new.spec.schedule.warn("names a time zone: use timeZone")
        }
    }
}
