import MartinetFlowControl
import MartinetSchema

struct FlowSchemaRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .form }

    private static let verbs: Set<String> = [
        "get", "list", "create", "update", "delete", "deletecollection", "patch", "watch", "proxy",
    ]

    func prepareForStatusUpdate(_ object: inout Object, old: Object) { object.keepAllMetadata(of: old) }

    func validate(_ new: Part) {
        let spec = new.spec
        let precedence = spec.matchingPrecedence
        if precedence.int <= 0 { precedence.invalid("must be greater than zero") }
        if precedence.int > 10_000 { precedence.invalid("may be at most 10000") }
        if precedence.int == 1, new.metadata.name.text != "exempt" { precedence.invalid("1 belongs to exempt") }
        if spec.distinguisherMethod.isSet { spec.distinguisherMethod["type"].oneOf("ByNamespace", "ByUser") }
        spec.priorityLevelConfiguration.name.mustBe(.dnsSubdomain)
        for rule in spec.rules.items { self.rule(rule) }
        if let wanted = BootstrapFlows.mandatorySpecification(of: new.metadata.name.text),
            spec.value.map({ JSONEncoder.encode($0) }) != wanted
        {
            spec.invalid("may not differ from what Kubernetes gives this one")
        }
        FlowControl.conditions(new.status.conditions)
    }

    private func rule(_ rule: Part) {
        rule.subjects.mustBeSet()
        for subject in rule.subjects.items { self.subject(subject) }
        if rule.resourceRules.count == 0, rule.nonResourceRules.count == 0 {
            rule.required("must have resourceRules or nonResourceRules")
        }
        for rule in rule.resourceRules.items {
            verbs(rule.verbs)
            for name in ["apiGroups", "resources"] where rule[name].mustBeSet() { alone(rule[name]) }
            let namespaces = rule.namespaces
            if namespaces.count == 0, !rule.clusterScope.isTrue {
                namespaces.required("must be set where clusterScope is false")
            } else if !alone(namespaces) {
                for name in namespaces.items { name.form(.dnsLabel) }
            }
        }
        for rule in rule.nonResourceRules.items {
            verbs(rule.verbs)
            let paths = rule.nonResourceURLs
            guard paths.mustBeSet(), !alone(paths) else { continue }
            for path in paths.items where !Self.isPath(path.text) {
                path.invalid("must be a path that begins with '/', and may end in '/*'")
            }
        }
    }

    private func verbs(_ verbs: Part) {
        guard verbs.mustBeSet(), !alone(verbs) else { return }
        if !Self.verbs.isSuperset(of: verbs.strings) {
            verbs.add(.notSupported, "must be some of \(Self.verbs.sorted().joined(separator: ", "))")
        }
    }

    /// Whether a list holds `*`, which must then be alone.
    @discardableResult
    private func alone(_ list: Part) -> Bool {
        guard list.strings.contains("*") else { return false }
        if list.count > 1 { list.invalid("may not have others beside *") }
        return true
    }

    private static func isPath(_ path: String) -> Bool {
        if path == "/" { return true }
        guard path.hasPrefix("/"), !path.contains(" "), !path.contains("//") else { return false }
        let stars = path.filter { $0 == "*" }.count
        return stars == 0 || (stars == 1 && path.hasSuffix("/*"))
    }

    private func subject(_ subject: Part) {
        let kinds = ["ServiceAccount": "serviceAccount", "User": "user", "Group": "group"]
        guard let own = kinds[subject.kind.text] else { return subject.kind.unsupported(kinds.keys.sorted()) }
        let part = subject[own]
        if !part.isSet {
            part.required("must be set for this kind")
        } else if own == "serviceAccount" {
            if part.name.mustBeSet(), part.name.text != "*" { part.name.form(.dnsSubdomain) }
            part.namespace.mustBe(.dnsLabel)
        } else {
            part.name.mustBeSet()
        }
        for name in kinds.values.sorted() where name != own && subject[name].isSet {
            subject[name].forbidden("may not be set for this kind")
        }
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) { FlowControl.conditions(new.status.conditions) }
}

struct PriorityLevelRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .form }

    private static let annotation = "flowcontrol.k8s.io/preserve-zero-concurrency-shares"

    func setDefaults(_ object: inout Object) {
        object.edit("spec") { spec in
            guard spec.text("type") == "Exempt" else { return }
            var exempt = spec.inner("exempt")
            exempt.setDefault("nominalConcurrencyShares", .int(0))
            exempt.setDefault("lendablePercent", .int(0))
            spec[field: "exempt"] = .object(exempt)
        }
    }

    func prepareForStatusUpdate(_ object: inout Object, old: Object) { object.keepAllMetadata(of: old) }

    func validate(_ new: Part) {
        if new.metadata.annotations.has(key: Self.annotation) {
            new.metadata.annotations.forbidden("may not have \(Self.annotation)")
        }
        let spec = new.spec
        let type = spec["type"]
        let name = new.metadata.name.text
        if (name == "exempt") != (type.text == "Exempt") { type.invalid("must be Exempt for exempt, and for no other") }
        switch type.text {
        case "Exempt":
            if spec.limited.isSet { spec.limited.forbidden("may not be set where type is Exempt") }
            spec.exempt.nominalConcurrencyShares.nonNegative()
            spec.exempt.lendablePercent.ifSet(range: 0...100)
        case "Limited":
            if spec.exempt.isSet { spec.exempt.forbidden("may not be set where type is Limited") }
            if spec.limited.isSet { limited(spec.limited) } else { spec.limited.required() }
        default: type.unsupported(["Exempt", "Limited"])
        }
        mandatory(spec, name)
        FlowControl.conditions(new.status.conditions)
    }

    /// Two of them are Kubernetes' own.
    private func mandatory(_ spec: Part, _ name: String) {
        let why = "may not differ from what Kubernetes gives this one"
        let limited = spec.limited
        switch name {
        case "exempt": if spec["type"].text != "Exempt" || limited.isSet { spec.invalid(why) }
        case "catch-all":
            let isSame =
                spec["type"].text == "Limited" && limited.nominalConcurrencyShares.int == 5
                && limited.limitResponse["type"].text == "Reject" && !limited.limitResponse.queuing.isSet
                && limited.lendablePercent.int == 0 && !limited.borrowingLimitPercent.isSet
            if !isSame { spec.invalid(why) }
        default: break
        }
    }

    private func limited(_ limited: Part) {
        limited.nominalConcurrencyShares.nonNegative()
        let response = limited.limitResponse
        switch response["type"].text {
        case "Reject": if response.queuing.isSet { response.queuing.forbidden("may not be set where type is Reject") }
        case "Queue": if response.queuing.isSet { queuing(response.queuing) } else { response.queuing.required() }
        default: response["type"].unsupported(["Queue", "Reject"])
        }
        limited.lendablePercent.ifSet(range: 0...100)
        limited.borrowingLimitPercent.nonNegative()
    }

    private func queuing(_ queuing: Part) {
        let (queues, hand) = (queuing.queues, queuing.handSize)
        queuing.queueLengthLimit.positive()
        queues.range(1...10_000_000)
        if hand.int <= 0 {
            hand.invalid("must be greater than zero")
        } else if hand.int > queues.int {
            hand.invalid("must be at most queues, \(queues.int)")
        } else if FlowControl.entropyBits(deck: queues.int, hand: hand.int) > 60 {
            hand.invalid("must be less: so many queues and so great a hand need more than 60 bits")
        }
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) { FlowControl.conditions(new.status.conditions) }
}

enum FlowControl {
    static func conditions(_ conditions: Part) {
        conditions.unique { $0["type"] }
        for condition in conditions.items { condition["type"].mustBeSet() }
    }

    /// How many bits a hash needs to deal such a hand: ⌈log₂(deck) × hand⌉.
    static func entropyBits(deck: Int64, hand: Int64) -> Int {
        guard deck > 1 else { return 0 }
        guard hand < 64 else { return 64 }
        // Only bits up to 61 matter. deck^hand ≤ 2^60 says the same without logarithms.
        var product: Double = 1
        for _ in 0..<hand { product *= Double(deck) }
        return product > 1_152_921_504_606_846_976 ? 61 : 60
    }
}

extension Object {
    /// All metadata but managedFields is that of the older object.
    mutating func keepAllMetadata(of old: Object) {
        let managed = inner("metadata")[field: "managedFields"]
        self[field: "metadata"] = old[field: "metadata"]
        edit("metadata") { $0[field: "managedFields"] = managed }
    }
}
