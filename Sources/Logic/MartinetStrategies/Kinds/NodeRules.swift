import MartinetAPI
import MartinetSchema

struct NodeRules: KindRules {
    var hasGeneration: Bool? { false }
    var keepsStatusOnCreate: Bool { true }

    func setDefaults(_ object: inout Object) {
        var node = Node(object: object)
        if node.status.allocatable.isEmpty, !node.status.capacity.isEmpty {
            node.status.allocatable = node.status.capacity
        }
        object = node.object
    }

    func validate(_ object: Object, _ checker: inout Checker) {
        taints(object, &checker)
        ranges(object, &checker)
    }

    private func taints(_ object: Object, _ checker: inout Checker) {
        let spec = Node(object: object).spec
        var seen: Set<String> = []
        for (index, taint) in spec.taints.enumerated() {
            // Upstream places a node's taints under its metadata.
            let path = "metadata.taints[\(index)]"
            checker.drop { $0.field.hasPrefix("spec.taints[\(index)]") }
            checker.invalid(path + ".key", Names.qualifiedName(taint.key))
            if !Names.labelValue(taint.value).isEmpty { checker.invalid(path + ".value", "is no label's value") }
            let known = ["NoExecute", "NoSchedule", "PreferNoSchedule"]
            if taint.effect.isEmpty {
                checker.required(path + ".effect")
            } else if !known.contains(taint.effect) {
                checker.notSupported(path + ".effect", taint.effect, known)
            }
            if !seen.insert("\(taint.key)\u{0}\(taint.effect)").inserted { checker.duplicate(path, taint.key) }
        }
    }

    private func ranges(_ object: Object, _ checker: inout Checker) {
        let spec = Node(object: object).spec
        for (index, range) in spec.podCIDRs.enumerated() where !Names.isCIDR(range) {
            checker.invalid("spec.podCIDRs[\(index)]", "must be a CIDR")
        }
        if !spec.podCIDR.isEmpty, let first = spec.podCIDRs.first, first != spec.podCIDR {
            checker.invalid("spec.podCIDRs", "the first must be podCIDR")
        }
        if spec.podCIDRs.count > 2
            || (spec.podCIDRs.count == 2 && Set(spec.podCIDRs.map { $0.contains(":") }).count < 2)
        {
            checker.invalid("spec.podCIDRs", "may hold one range of each family")
        }
    }

    func validateUpdate(_ object: Object, old: Object, _ checker: inout Checker) {
        // Upstream looks at the taints of an updated node twice.
        taints(object, &checker)
        let (spec, before) = (Node(object: object).spec, Node(object: old).spec)
        if !before.podCIDRs.isEmpty, spec.podCIDRs != before.podCIDRs {
            checker.forbidden("spec.podCIDRs", "may not change once set")
        }
        if !before.providerID.isEmpty, spec.providerID != before.providerID {
            checker.forbidden("spec.providerID", "may not change once set")
        }
    }
}
