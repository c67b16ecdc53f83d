import MartinetSchema

/// What may change of a job's spec.
enum JobChangeRules {
    static func validate(_ new: Part, _ old: Part) {
        let (spec, before) = (new.spec, old.spec)
        let completions = spec.completions
        if spec.completionMode.text != "Indexed" {
            completions.mustNotChange(since: before.completions)
        } else if completions.isSet, completions.value != before.completions.value,
            completions.int != spec.parallelism.int
        {
            completions.invalid("may change only together with parallelism, to the same number")
        }
        spec.selector.mustNotChange(since: before.selector)
        template(spec, before, old)
        for name in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] {
            spec[name].mustNotChange(since: before[name])
        }
    }

    /// Of a suspended job that does not run, where its pods may go and what they ask for.
    private static func template(_ spec: Part, _ before: Part, _ old: Part) {
        guard let new = spec.template.object, var expected = before.template.object else { return }
        let isSuspended = before.suspend.isTrue
        let mayChange =
            isSuspended && (!old.status.startTime.isSet || JobStatusRules.isTrue(old.status, "Suspended"))
            && old.status.active.int == 0
        if mayChange {
            let (pod, metadata) = (new.inner("spec"), new.inner("metadata"))
            expected.edit("spec") { old in
                for name in ["nodeSelector", "tolerations", "schedulingGates"] { old[field: name] = pod[field: name] }
                let node = pod.inner("affinity")[field: "nodeAffinity"]
                let had = old[field: "affinity"] != nil
                guard had || node != nil else { return }
                var affinity = old.inner("affinity")
                affinity[field: "nodeAffinity"] = node
                let isKept = pod[field: "affinity"] != nil || !affinity.isEmpty
                old[field: "affinity"] = isKept ? .object(affinity) : nil
            }
            expected.edit("metadata") { old in
                for name in ["annotations", "labels"] { old[field: name] = metadata[field: name] }
            }
            for list in ["containers", "initContainers"] { copyResources(list, pod, &expected) }
        }
        let hasChanged =
            mayChange
            ? new.inner("spec").semantics != expected.inner("spec").semantics : new.semantics != expected.semantics
        if hasChanged {
            let place = mayChange ? spec.place.member("template.spec") : spec.template.place
            spec.template.at(place).invalid("may not change")
        }
    }

    private static func copyResources(_ list: String, _ pod: Object, _ template: inout Object) {
        template.edit("spec") { old in
            guard case .list(let new) = pod[field: list], case .list(var before) = old[field: list],
                new.count == before.count
            else { return }
            for index in before.indices {
                guard case .object(let container) = new[index], case .object(var kept) = before[index],
                    container.text("name") == kept.text("name")
                else { continue }
                kept[field: "resources"] = container[field: "resources"]
                before[index] = .object(kept)
            }
            old[field: list] = .list(before)
        }
    }
}

/// What the controller may say of a job.
enum JobStatusRules {
    static func isTrue(_ status: Part, _ type: String) -> Bool {
        status.conditions.items.contains { $0["type"].text == type && $0.status.text == "True" }
    }

    private static func isFalse(_ status: Part, _ type: String) -> Bool {
        status.conditions.items.contains { $0["type"].text == type && $0.status.text == "False" }
    }

    private static func isFinished(_ status: Part) -> Bool { isTrue(status, "Complete") || isTrue(status, "Failed") }

    static func validate(_ new: Part, _ old: Part) {
        let (status, before) = (new.status, old.status)
        for name in ["active", "succeeded", "failed", "ready", "terminating"] { status[name].nonNegative() }
        var seen: Set<String> = []
        for uid in status.uncountedTerminatedPods.succeeded.items + status.uncountedTerminatedPods.failed.items {
            if uid.isEmpty {
                uid.invalid("must not be empty")
            } else if !seen.insert(uid.text).inserted {
                uid.duplicate()
            }
        }
        conditions(new, before)
        finished(new, before)
        indexes(new, before)
        changes(new, before)
    }

    private static func hasChanged(_ status: Part, _ before: Part, _ names: String...) -> Bool {
        names.contains { status[$0].value != before[$0].value }
    }

    private static func conditions(_ new: Part, _ before: Part) {
        let status = new.status
        let conditions = status.conditions
        func changed(_ type: String) -> Bool { isTrue(status, type) != isTrue(before, type) }
        let (complete, failed) = (isTrue(status, "Complete"), isTrue(status, "Failed"))
        let (target, met) = (isTrue(status, "FailureTarget"), isTrue(status, "SuccessCriteriaMet"))
        let completionTime = status.completionTime
        if changed("Complete") || changed("Failed"), complete, failed {
            conditions.invalid("may not be both Complete and Failed")
        }
        if changed("Complete") || changed("FailureTarget"), complete, target {
            conditions.invalid("may not be both Complete and FailureTarget")
        }
        if changed("Complete") || hasChanged(status, before, "completionTime") {
            if completionTime.isSet, !complete { completionTime.invalid("may be set only for a complete job") }
            if !completionTime.isSet, complete { completionTime.required("must be set for a complete job") }
        }
        if hasChanged(status, before, "startTime", "completionTime"), status.startTime.isSet, completionTime.isSet,
            completionTime.int < status.startTime.int
        {
            completionTime.invalid("must not be before startTime")
        }
        if changed("Failed") || hasChanged(status, before, "failedIndexes"), failed, !target {
            conditions.invalid("may be Failed only with FailureTarget")
        }
        if changed("Complete") || changed("SuccessCriteriaMet"), complete, !met {
            conditions.invalid("may be Complete only with SuccessCriteriaMet")
        }
        if met, failed { conditions.invalid("may not be both SuccessCriteriaMet and Failed") }
        if met, target { conditions.invalid("may not be both SuccessCriteriaMet and FailureTarget") }
        if new.spec.successPolicy.isSet, !met, complete {
            conditions.invalid("may be Complete only with SuccessCriteriaMet where there is a successPolicy")
        }
    }

    private static func finished(_ new: Part, _ before: Part) {
        let status = new.status
        let isDone = isFinished(status)
        let didFinish = isDone != isFinished(before)
        let isIdle = new.spec.suspend.isTrue && new.spec.completions.isSet && new.spec.completions.int == 0
        func changed(_ name: String) -> Bool { didFinish || hasChanged(status, before, name) }
        if changed("active"), isDone, status.active.int > 0 { status.active.invalid("must be 0 for a finished job") }
        if changed("startTime"), !isIdle, isDone, !status.startTime.isSet {
            status.startTime.required("must be set for a finished job")
        }
        let uncounted = status.uncountedTerminatedPods
        if changed("uncountedTerminatedPods"), isDone, uncounted.failed.count + uncounted.succeeded.count > 0 {
            uncounted.invalid("must be empty for a finished job")
        }
        if changed("terminating"), isDone, status.terminating.int > 0 {
            status.terminating.invalid("must be 0 for a finished job")
        }
        if hasChanged(status, before, "ready", "active"), status.ready.int > status.active.int {
            status.ready.invalid("must be at most active, \(status.active.int)")
        }
    }

    private static func indexes(_ new: Part, _ before: Part) {
        let (spec, status) = (new.spec, new.status)
        let (completed, failed) = (status.completedIndexes, status.failedIndexes)
        let limit = spec.completions.int
        let didComplete = hasChanged(status, before, "completedIndexes")
        let didFail = hasChanged(status, before, "failedIndexes")
        let why = "must be ascending intervals of indexes, such as 1,3-5,7"
        if didComplete, spec.completions.isSet, JobIndexes.intervals(completed.text, below: limit) == nil {
            completed.invalid(why)
        }
        if didFail, spec.completions.isSet, spec.backoffLimitPerIndex.isSet, failed.isSet,
            JobIndexes.intervals(failed.text, below: limit) == nil
        {
            failed.invalid(why)
        }
        if didComplete, !completed.isEmpty, spec.completionMode.text != "Indexed" {
            completed.invalid("may be set only where completionMode is Indexed")
        }
        if didFail, failed.isSet, !spec.backoffLimitPerIndex.isSet {
            failed.invalid("may be set only where backoffLimitPerIndex is")
        }
        if didFail || didComplete, spec.completions.isSet, failed.isSet,
            JobIndexes.overlap(completed.text, failed.text, below: limit)
        {
            failed.invalid("must not overlap completedIndexes")
        }
    }

    private static func changes(_ new: Part, _ before: Part) {
        let status = new.status
        for type in ["Failed", "Complete", "FailureTarget"] where isTrue(before, type) && !isTrue(status, type) {
            status.conditions.invalid("may not lose \(type)")
        }
        if status.failed.int < before.failed.int { status.failed.invalid("must not become less") }
        let isElastic =
            new.spec.completionMode.text == "Indexed" && new.spec.completions.value == new.spec.parallelism.value
        if !isElastic, status.succeeded.int < before.succeeded.int { status.succeeded.invalid("must not become less") }
        if status.completionTime.isSet, before.completionTime.isSet,
            status.completionTime.value != before.completionTime.value
        {
            status.completionTime.invalid("may not change")
        }
        let isResuming = isTrue(before, "Suspended") && isFalse(status, "Suspended")
        if !isResuming, before.startTime.isSet, before.startTime.value != status.startTime.value,
            !new.spec.suspend.isTrue
        {
            status.startTime.invalid("may not change while the job runs")
        }
        let (met, wasMet) = (isTrue(status, "SuccessCriteriaMet"), isTrue(before, "SuccessCriteriaMet"))
        if wasMet, !met { status.conditions.invalid("may not lose SuccessCriteriaMet") }
        if isTrue(before, "Complete"), !wasMet, met {
            status.conditions.invalid("may not gain SuccessCriteriaMet once it is Complete")
        }
    }
}
