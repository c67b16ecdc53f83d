import MartinetAPI
import MartinetSchema

/// Where a pod may go: affinity and spreading.
enum AffinityRules {
    static func validate(_ spec: PodSpec, _ path: String, _ checker: inout Checker) {
        if let affinity = spec.affinity {
            let place = path + ".affinity"
            if let node = affinity.nodeAffinity { self.node(node, place + ".nodeAffinity", &checker) }
            if let pods = affinity.podAffinity {
                self.pods(
                    Array(pods.requiredDuringSchedulingIgnoredDuringExecution),
                    Array(pods.preferredDuringSchedulingIgnoredDuringExecution), place + ".podAffinity", &checker)
            }
            if let pods = affinity.podAntiAffinity {
                self.pods(
                    Array(pods.requiredDuringSchedulingIgnoredDuringExecution),
                    Array(pods.preferredDuringSchedulingIgnoredDuringExecution), place + ".podAntiAffinity", &checker)
            }
        }
        var seen: Set<String> = []
        for (index, constraint) in spec.topologySpreadConstraints.enumerated() {
            let place = "\(path).topologySpreadConstraints[\(index)]"
            if constraint.maxSkew <= 0 { checker.invalid(place + ".maxSkew", "must be greater than zero") }
            if !constraint.topologyKey.isEmpty {
                checker.invalid(place + ".topologyKey", Names.qualifiedName(constraint.topologyKey))
            }
            if !seen.insert("\(constraint.topologyKey)\u{0}\(constraint.whenUnsatisfiable)").inserted {
                checker.duplicate("\(place).{topologyKey, whenUnsatisfiable}", constraint.topologyKey)
            }
            if let least = constraint.minDomains {
                if least <= 0 { checker.invalid(place + ".minDomains", "must be greater than zero") }
                if constraint.whenUnsatisfiable != "DoNotSchedule" {
                    checker.invalid(place + ".minDomains", "can only be set with DoNotSchedule")
                }
            }
            if let selector = constraint.labelSelector { checker.selector(selector, place + ".labelSelector") }
            if !constraint.matchLabelKeys.isEmpty, constraint.labelSelector == nil {
                checker.forbidden(place + ".matchLabelKeys", "must not be set without labelSelector")
            }
        }
    }

    private static func node(_ affinity: NodeAffinity, _ path: String, _ checker: inout Checker) {
        if let required = affinity.requiredDuringSchedulingIgnoredDuringExecution {
            let place = path + ".requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
            for (index, term) in required.nodeSelectorTerms.enumerated() {
                self.term(term, "\(place)[\(index)]", &checker)
            }
        }
        for (index, term) in affinity.preferredDuringSchedulingIgnoredDuringExecution.enumerated() {
            let place = "\(path).preferredDuringSchedulingIgnoredDuringExecution[\(index)]"
            if term.weight < 1 || term.weight > 100 { checker.invalid(place + ".weight", "must be between 1 and 100") }
            self.term(term.preference, place + ".preference", &checker)
        }
    }

    static func term(_ term: NodeSelectorTerm, _ path: String, _ checker: inout Checker) {
        for (index, requirement) in term.matchExpressions.enumerated() {
            let place = "\(path).matchExpressions[\(index)]"
            let count = requirement.values.count
            switch requirement.operator {
            case "In", "NotIn": if count == 0 { checker.required(place + ".values") }
            case "Exists", "DoesNotExist":
                if count > 0 { checker.forbidden(place + ".values", "must not be set with this operator") }
            case "Gt", "Lt": if count != 1 { checker.required(place + ".values", "must be a single value") }
            default:
                checker.drop { $0.field == place + ".operator" }
                checker.invalid(place + ".operator", "is no selector's operator")
            }
            checker.drop { $0.field == place + ".key" && $0.origin == "declared" }
            checker.invalid(place + ".key", Names.qualifiedName(requirement.key))
        }
        for (index, requirement) in term.matchFields.enumerated() {
            let place = "\(path).matchFields[\(index)]"
            switch requirement.operator {
            case "In", "NotIn":
                if requirement.values.count != 1 { checker.required(place + ".values", "must be one value") }
            default:
                checker.drop { $0.field == place + ".operator" }
                checker.invalid(place + ".operator", "is no field selector's operator")
            }
            if requirement.key == "metadata.name" {
                for (position, value) in requirement.values.enumerated() {
                    checker.invalid("\(place).values[\(position)]", Names.dnsSubdomain(value))
                }
            } else {
                checker.drop { $0.field == place + ".key" && $0.origin == "declared" }
                checker.invalid(place + ".key", "is no field that nodes are selected by")
            }
        }
    }

    private static func pods(
        _ required: [PodAffinityTerm], _ preferred: [WeightedPodAffinityTerm], _ path: String, _ checker: inout Checker
    ) {
        for (index, term) in required.enumerated() {
            self.term(term, "\(path).requiredDuringSchedulingIgnoredDuringExecution[\(index)]", &checker)
        }
        for (index, term) in preferred.enumerated() {
            let place = "\(path).preferredDuringSchedulingIgnoredDuringExecution[\(index)]"
            if term.weight < 1 || term.weight > 100 { checker.invalid(place + ".weight", "must be between 1 and 100") }
            self.term(term.podAffinityTerm, place + ".podAffinityTerm", &checker)
        }
    }

    private static func term(_ term: PodAffinityTerm, _ path: String, _ checker: inout Checker) {
        if let selector = term.labelSelector { checker.selector(selector, path + ".labelSelector") }
        if let selector = term.namespaceSelector { checker.selector(selector, path + ".namespaceSelector") }
        for name in term.namespaces { checker.invalid(path + ".namespace", Names.dnsLabel(name)) }
        if !term.topologyKey.isEmpty { checker.invalid(path + ".topologyKey", Names.qualifiedName(term.topologyKey)) }
        if term.topologyKey.isEmpty { checker.invalid(path + ".topologyKey", Names.qualifiedName("")) }
    }
}
