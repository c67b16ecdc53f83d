import MartinetAPI
import MartinetSchema

/// What the kinds that make pods from a template share.
enum WorkloadRules {
    /// Fills in what a template of a pod leaves out.
    static func setTemplateDefaults(_ object: inout Object, at path: String) {
        object.edit(path + ".spec") { spec in
            var view = PodSpec(object: spec)
            PodSpecDefaults.apply(to: &view)
            spec = view.object
        }
    }

    static func options(_ old: Part?, at path: String...) -> PodOptions {
        guard let old else { return PodOptions() }
        let template = path.reduce(old) { $0[$1] }
        return PodOptions(old: template.spec, metadata: template.metadata)
    }

    /// A selector, the template that it selects, and a template that always restarts.
    static func selectorAndTemplate(_ spec: Part, _ options: PodOptions) {
        let (selector, template) = (spec.selector, spec.template)
        self.selector(selector)
        guard selector.isUsableSelector else { return selector.invalid("must be a label selector") }
        if !(selector.isSet && selector.isEmptySelector), !selector.selects(template.metadata.labels) {
            template.metadata.labels.invalid("must match spec.selector")
        }
        PodSpecRules.template(template, options)
        alwaysRestarts(template)
    }

    static func selector(_ selector: Part) {
        guard selector.isSet else { return selector.required() }
        selector.mustBeSelector()
        if selector.isEmptySelector { selector.invalid("must select something") }
    }

    static func alwaysRestarts(_ template: Part) {
        let spec = template.spec
        if spec.restartPolicy.text != "Always" { spec.restartPolicy.unsupported(["Always"]) }
        if spec.activeDeadlineSeconds.isSet { spec.activeDeadlineSeconds.forbidden("may not be set here") }
    }

    /// - Parameters:
    ///   - parts: counts of some of the replicas, which cannot be more than all of them.
    ///   - others: further counts.
    static func counts(_ status: Part, parts: [String], others: [String]) {
        for name in ["replicas"] + parts + others { status[name].nonNegative() }
        for name in parts where status[name].int > status.replicas.int {
            status[name].invalid("must be at most status.replicas, \(status.replicas.int)")
        }
        if parts.contains("availableReplicas"), status.availableReplicas.int > status.readyReplicas.int {
            status.availableReplicas.invalid("must be at most status.readyReplicas, \(status.readyReplicas.int)")
        }
    }

    /// Collisions are counted, never forgotten.
    static func collisions(_ new: Part, _ old: Part) {
        let (now, before) = (new.status.collisionCount, old.status.collisionCount)
        if before.isSet, !now.isSet || now.int < before.int { now.invalid("must not become smaller") }
    }

    static func warn(_ template: Part, name: Part?) {
        if let name, !Form.dnsLabel.faults(name.text).isEmpty {
            name.warn("is no DNS label, which gives the pods' host names problems")
        }
        PodWarnings.template(template)
    }

    /// Whether anything of the spec changed: only then are its faults worth a warning again.
    static func hasChanged(_ new: Part, _ old: Part?) -> Bool { old.map { $0.spec.value != new.spec.value } ?? true }
}

extension Part {
    /// A count, or a percentage.
    func countOrPercentage() {
        if case .string = value { form(.percentage) } else { nonNegative() }
    }

    /// At most all, where it is a percentage.
    func atMostAll() { if percentage ?? 0 > 100 { invalid("must be at most 100%") } }

    var percentage: Int? {
        guard case .string(let text) = value, Form.percentage.faults(text).isEmpty else { return nil }
        return Int(text.dropLast()) ?? .max
    }

    /// The count or the percentage, whichever it is; 0 for anything else.
    var amount: Int { percentage ?? (Int(text) ?? Int(int)) }
}
