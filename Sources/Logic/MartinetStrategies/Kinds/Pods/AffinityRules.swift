import MartinetSchema

/// Where a pod may go: affinity and spreading.
enum AffinityRules {
    private static let required = "requiredDuringSchedulingIgnoredDuringExecution"
    private static let preferred = "preferredDuringSchedulingIgnoredDuringExecution"

    static func validate(_ affinity: Part, _ options: PodOptions) {
        guard affinity.isSet else { return }
        let node = affinity.nodeAffinity
        if node[required].isSet {
            nodeSelector(node[required], allowInvalidValues: options.allowsInvalidNodeAffinityValues)
        }
        for item in node[preferred].items {
            item.weight.range(1...100)
            nodeTerm(item.preference, allowInvalidValues: true)
        }
        for kind in ["podAffinity", "podAntiAffinity"] where affinity[kind].isSet {
            for item in affinity[kind][preferred].items { item.weight.range(1...100) }
            for term in terms(affinity[kind]) {
                selectors(term, allowInvalidValues: options.allowsInvalidAffinityValues)
                for name in term.namespaces.strings { term.named("namespace").invalid(Form.dnsLabel.faults(name)) }
                labelKeys(term, mismatch: true)
                term.topologyKey.mustBeSet()
                term.topologyKey.form(.qualifiedName)
            }
        }
    }

    static func terms(_ affinity: Part) -> [Part] {
        affinity[required].items + affinity[preferred].items.map({ $0.podAffinityTerm })
    }

    static func selectors(_ term: Part, allowInvalidValues: Bool) {
        term.labelSelector.mustBeSelector(allowInvalidValues: allowInvalidValues)
        term.namespaceSelector.mustBeSelector(allowInvalidValues: allowInvalidValues)
    }

    // MARK: - Nodes

    static func nodeSelector(_ selector: Part, allowInvalidValues: Bool) {
        let terms = selector.nodeSelectorTerms
        guard terms.count > 0 else { return terms.required("must have a term") }
        for term in terms.items { nodeTerm(term, allowInvalidValues: allowInvalidValues) }
    }

    static func nodeTerm(_ term: Part, allowInvalidValues: Bool) {
        for item in term.matchExpressions.items {
            let values = item["values"]
            switch item.operator.text {
            case "In", "NotIn": if values.count == 0 { values.required("must be set with In and NotIn") }
            case "Exists", "DoesNotExist":
                if values.count > 0 { values.forbidden("may not be set with \(item.operator.text)") }
            case "Gt", "Lt": if values.count != 1 { values.required("must be a single value with Gt and Lt") }
            default: item.operator.invalid("must be one of In, NotIn, Exists, DoesNotExist, Gt, Lt")
            }
            item.key.form(.qualifiedName)
            if !allowInvalidValues { for value in values.items { value.form(.labelValue) } }
        }
        for item in term.matchFields.items {
            let values = item["values"]
            if ["In", "NotIn"].contains(item.operator.text) {
                if values.count != 1 { values.required("must be a single value") }
            } else {
                item.operator.invalid("must be In or NotIn")
            }
            if item.key.text == "metadata.name" {
                for value in values.items { value.form(.dnsSubdomain) }
            } else {
                item.key.invalid("must be metadata.name")
            }
        }
    }

    // MARK: - Spreading

    static func spreading(_ constraints: Part, _ options: PodOptions) {
        let items = constraints.items
        for (index, constraint) in items.enumerated() {
            let (key, action) = (constraint.topologyKey, constraint.whenUnsatisfiable)
            constraint.maxSkew.positive()
            key.mustBeSet()
            action.oneOf("DoNotSchedule", "ScheduleAnyway")
            if items.dropFirst(index + 1).contains(where: {
                $0.topologyKey.text == key.text && $0.whenUnsatisfiable.text == action.text
            }) {
                constraint.named("{topologyKey, whenUnsatisfiable}").duplicate()
            }
            if constraint.minDomains.isSet {
                constraint.minDomains.positive()
                if action.text != "DoNotSchedule" {
                    constraint.minDomains.invalid("may be set only where whenUnsatisfiable is DoNotSchedule")
                }
            }
            constraint.nodeAffinityPolicy.ifSet(oneOf: "Honor", "Ignore")
            constraint.nodeTaintsPolicy.ifSet(oneOf: "Honor", "Ignore")
            if options.violatesMatchLabelKeys {
                oldLabelKeys(constraint)
            } else {
                labelKeys(constraint, mismatch: false)
            }
            if !options.allowsInvalidSpreadSelector { constraint.labelSelector.mustBeSelector() }
        }
    }

    /// Keys whose values of the pod itself join its selector.
    static func labelKeys(_ term: Part, mismatch: Bool) {
        let selector = term.labelSelector
        let lists = [term.matchLabelKeys] + (mismatch ? [term.mismatchLabelKeys] : [])
        for list in lists where list.count > 0 {
            guard selector.isSet else {
                list.forbidden("needs a labelSelector")
                continue
            }
            for key in list.items { key.form(.qualifiedName) }
        }
        let keys = term.matchLabelKeys.strings
        if selector.isSet {
            var known = Set(selector.matchLabels.pairs.map({ $0.key }))
            for item in selector.matchExpressions.items {
                if let index = keys.lastIndex(of: item.key.text), known.contains(item.key.text) {
                    term.at(term.place.index(index)).invalid("must not be in labelSelector too")
                }
                known.insert(item.key.text)
            }
        }
        guard mismatch else { return }
        let others = Set(term.mismatchLabelKeys.strings)
        for key in term.matchLabelKeys.items where others.contains(key.text) {
            key.invalid("must not be in mismatchLabelKeys too")
        }
    }

    private static func oldLabelKeys(_ constraint: Part) {
        let (keys, selector) = (constraint.matchLabelKeys, constraint.labelSelector)
        guard keys.count > 0 else { return }
        if !selector.isSet { keys.forbidden("needs a labelSelector") }
        let known = Set(
            selector.matchLabels.pairs.map({ $0.key }) + selector.matchExpressions.items.map({ $0.key.text }))
        for key in keys.items {
            key.form(.qualifiedName)
            if known.contains(key.text) { key.invalid("must not be in labelSelector too") }
        }
    }
}

extension Part {
    /// Whether a node selector has values that no label can have.
    var hasInvalidNodeLabelValues: Bool {
        self.nodeSelectorTerms.items.flatMap({ $0.matchExpressions.items }).flatMap { $0["values"].strings }
            .contains { !Form.labelValue.faults($0).isEmpty }
    }

    /// Whether a check finds anything here; nothing is reported.
    func isFaulty(_ check: (Part) -> Void) -> Bool {
        let report = Report()
        check(reporting(to: report))
        return !report.errors.isEmpty
    }
}
