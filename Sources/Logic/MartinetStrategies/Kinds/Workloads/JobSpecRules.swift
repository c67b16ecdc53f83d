import MartinetSchema

/// What holds of the spec of a job, and of every template of one.
enum JobSpecRules {
    static func validate(_ spec: Part, _ options: PodOptions) {
        for name in [
            "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
            "backoffLimitPerIndex", "maxFailedIndexes",
        ] { spec[name].nonNegative() }
        if spec.maxFailedIndexes.isSet, !spec.backoffLimitPerIndex.isSet {
            spec.backoffLimitPerIndex.required("must be set where maxFailedIndexes is")
        }
        if spec.managedBy.isSet {
            spec.managedBy.domainPrefixedPath()
            spec.managedBy.atMost(bytes: 63)
        }
        completion(spec)
        if spec.podFailurePolicy.isSet { failurePolicy(spec) }
        if spec.successPolicy.isSet {
            if spec.completionMode.text == "Indexed" {
                successPolicy(spec)
            } else {
                spec.successPolicy.invalid("may be set only where completionMode is Indexed")
            }
        }
        if spec.podFailurePolicy.isSet {
            spec.podReplacementPolicy.ifSet(oneOf: "Failed")
        } else {
            spec.podReplacementPolicy.ifSet(oneOf: "Failed", "TerminatingOrFailed")
        }
        PodSpecRules.template(spec.template, options)
        let restart = spec.template.spec.restartPolicy
        switch restart.text {
        case "Always", "": restart.required("must be OnFailure or Never")
        case "OnFailure":
            if spec.podFailurePolicy.isSet { restart.invalid("must be Never where podFailurePolicy is set") }
        case "Never": break
        default: restart.unsupported(["OnFailure", "Never"])
        }
    }

    private static func completion(_ spec: Part) {
        let (mode, completions, parallelism) = (spec.completionMode, spec.completions, spec.parallelism)
        let (failed, backoff) = (spec.maxFailedIndexes, spec.backoffLimitPerIndex)
        mode.ifSet(oneOf: "NonIndexed", "Indexed")
        if mode.text == "Indexed" {
            if !completions.isSet { completions.required("must be set where completionMode is Indexed") }
            if parallelism.int > 100_000 { parallelism.invalid("must be at most 100000") }
            if completions.isSet, failed.isSet, failed.int > completions.int {
                failed.invalid("must be at most completions, \(completions.int)")
            }
            if failed.int > 100_000 { failed.invalid("must be at most 100000") }
            if completions.int > 100_000, backoff.isSet {
                if !failed.isSet { failed.required("must be set for so many completions") }
                if parallelism.int > 10_000 { parallelism.invalid("must be at most 10000 for so many completions") }
                if failed.int > 10_000 { failed.invalid("must be at most 10000 for so many completions") }
            }
        } else if !mode.isSet || mode.text == "NonIndexed" {
            for part in [backoff, failed] where part.isSet {
                part.invalid("may be set only where completionMode is Indexed")
            }
        }
    }

    // MARK: - Policies

    private static func failurePolicy(_ spec: Part) {
        let rules = spec.podFailurePolicy.rules
        rules.atMost(items: 20)
        let pod = spec.template.spec
        let names = Set((pod.containers.items + pod.initContainers.items).map({ $0.name.text }))
        for rule in rules.items {
            if rule.action.text == "FailIndex" {
                if !spec.backoffLimitPerIndex.isSet {
                    rule.action.invalid("may be FailIndex only with backoffLimitPerIndex")
                }
            } else {
                rule.action.mustBeOneOf("Count", "FailIndex", "FailJob", "Ignore")
            }
            let (codes, conditions) = (rule.onExitCodes, rule.onPodConditions)
            if codes.isSet { exitCodes(codes, names) }
            conditions.atMost(items: 20)
            for pattern in conditions.items {
                pattern["type"].form(.qualifiedName)
                pattern.status.mustBeOneOf("False", "True", "Unknown")
            }
            if codes.isSet, conditions.count > 0 { rule.invalid("may not have both onExitCodes and onPodConditions") }
            if !codes.isSet, conditions.count == 0 { rule.invalid("must have onExitCodes or onPodConditions") }
        }
    }

    private static func exitCodes(_ codes: Part, _ names: Set<String>) {
        codes.operator.mustBeOneOf("In", "NotIn")
        if codes.containerName.isSet, !names.contains(codes.containerName.text) {
            codes.containerName.invalid("must name a container")
        }
        let values = codes["values"]
        if values.count == 0 { values.invalid("must have a value") }
        values.atMost(items: 255)
        var seen: Set<Int64> = []
        for value in values.items {
            if codes.operator.text == "In", value.int == 0 { value.invalid("must not be 0 with In") }
            if !seen.insert(value.int).inserted { value.duplicate() }
        }
        let numbers = values.items.map({ $0.int })
        if zip(numbers, numbers.dropFirst()).contains(where: { $0 > $1 }) {
            values.invalid("must be in ascending order")
        }
    }

    private static func successPolicy(_ spec: Part) {
        let rules = spec.successPolicy.rules
        rules.mustBeSet()
        rules.atMost(items: 20)
        let completions = spec.completions.int
        for rule in rules.items {
            let (count, indexes) = (rule.succeededCount, rule.succeededIndexes)
            if !count.isSet, !indexes.isSet { rule.required("must have succeededCount or succeededIndexes") }
            var total: Int64?
            if indexes.isSet {
                indexes.atMost(bytes: 64 << 10)
                total = JobIndexes.total(indexes.text, below: completions)
                if total == nil { indexes.invalid("must be ascending intervals of indexes, such as 1,3-5,7") }
            }
            guard count.isSet else { continue }
            count.nonNegative()
            if count.int > completions { count.invalid("must be at most completions, \(completions)") }
            if indexes.isSet, count.int > total ?? 0 { count.invalid("must be at most the number of succeededIndexes") }
        }
    }

    static func warn(_ spec: Part) {
        if spec.completionMode.text == "Indexed", spec.completions.int > 100_000, spec.parallelism.int > 10_000 {
            spec.warn("so many completions together with so much parallelism can make the status too large")
        }
        PodWarnings.template(spec.template)
    }
}

/// Indexes of a job's pods, written as intervals: `1,3-5,7`.
enum JobIndexes {
    /// Nil where the text is no ascending list of intervals below `limit`.
    static func intervals(_ text: String, below limit: Int64) -> [ClosedRange<Int64>]? {
        if text.isEmpty { return [] }
        var found: [ClosedRange<Int64>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let interval = interval(part, below: limit) else { return nil }
            if let last = found.last, last.upperBound >= interval.lowerBound { return nil }
            found.append(interval)
        }
        return found
    }

    private static func interval(_ text: Substring, below limit: Int64) -> ClosedRange<Int64>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2, let first = Int64(ends[0]), first < limit else { return nil }
        guard ends.count == 2 else { return first...first }
        guard let last = Int64(ends[1]), last < limit, first < last else { return nil }
        return first...last
    }

    static func total(_ text: String, below limit: Int64) -> Int64? {
        intervals(text, below: limit)?.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) + 1 }
    }

    static func overlap(_ a: String, _ b: String, below limit: Int64) -> Bool {
        func sound(_ text: String) -> [ClosedRange<Int64>] {
            text.split(separator: ",").compactMap { interval($0, below: limit) }
        }
        let others = sound(b)
        return sound(a).contains { mine in others.contains { $0.overlaps(mine) } }
    }
}
