import MartinetSchema

struct PriorityClassRules: KindRules {
    func validateCreate(_ new: Part) {
        new.preemptionPolicy.isSet ? new.preemptionPolicy.mustBeOneOf("PreemptLowerPriority", "Never") : ()
        let value = new["value"]
        if new.metadata.name.text.hasPrefix("system-") {
            let known = ["system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000]
            if known[new.metadata.name.text].map(Int64.init) != value.int || new.globalDefault.isTrue {
                new.metadata.name.forbidden("names that begin with system- belong to Kubernetes")
            }
        } else if value.int > 1_000_000_000 {
            value.forbidden("may be at most 1000000000")
        }
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        if new["value"].int != old["value"].int { new["value"].forbidden("may not change") }
        new.preemptionPolicy.mustNotChange(since: old.preemptionPolicy)
    }
}

struct RuntimeClassRules: KindRules {
    func validate(_ new: Part) {
        new.handler.mustBe(.dnsLabel)
        if new.overhead.isSet {
            let fixed = new.overhead.podFixed.at(new.overhead.place.member("limits"))
            ResourceRules.requirements(
                limits: fixed, requests: nil, claims: nil, at: new.overhead, podClaims: [], .container, PodOptions())
        }
        guard new.scheduling.isSet else { return }
        new.scheduling.nodeSelector.mustBeLabels()
        let tolerations = new.scheduling.tolerations
        TolerationRules.validate(tolerations, PodOptions())
        var seen: Set<[String]> = []
        for toleration in tolerations.items
        where !seen.insert(["key", "operator", "value", "effect"].map { toleration[$0].text }).inserted {
            toleration.duplicate()
        }
    }

    func validateUpdate(_ new: Part, _ old: Part) { new.handler.mustNotChange(since: old.handler) }

    func warn(_ new: Part, _ old: Part?) {
        for (key, value) in new.scheduling.nodeSelector.pairs { PodWarnings.oldLabel(key, value) }
    }
}

struct PodDisruptionBudgetRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .none }
    var looksAtNewMetadata: Bool { false }

    func validateCreate(_ new: Part) { validate(new.spec, old: nil) }
    func validateUpdate(_ new: Part, _ old: Part) { validate(new.spec, old: old.spec) }

    private func validate(_ spec: Part, old: Part?) {
        if spec.minAvailable.isSet, spec.maxUnavailable.isSet {
            spec.invalid("may not have both minAvailable and maxUnavailable")
        }
        for amount in [spec.minAvailable, spec.maxUnavailable] where amount.isSet {
            amount.countOrPercentage()
            amount.atMostAll()
        }
        spec.selector.mustBeSelector(
            allowInvalidValues: old.map { $0.selector.isFaulty { $0.mustBeSelector() } } ?? false)
        spec.unhealthyPodEvictionPolicy.ifSet(oneOf: "AlwaysAllow", "IfHealthyBudget")
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        new.status.conditions.mustBeConditions()
        for name in ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] {
            new.status[name].nonNegative()
        }
    }
}

/// How much a namespace may hold.
struct ResourceQuotaRules: KindRules {

    private static let podScopes: Set<String> = [
        "Terminating", "NotTerminating", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity",
    ]
    private static let scopes = podScopes.union(["BestEffort", "VolumeAttributesClass"])
    private static let podResources: Set<String> = [
        "pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory",
    ]

    func validate(_ new: Part) {
        let spec = new.spec
        Self.amounts(spec.hard)
        let hard = spec.hard.pairs.map({ $0.key }).filter(ResourceNames.isQuotas)
        let scopes = spec.scopes
        // Upstream names the list, not its item.
        for scope in scopes.items.map({ $0.at(scopes.place) }) { self.scope(scope, hard, at: scopes) }
        exclude(scopes.strings, at: scopes)
        guard spec.scopeSelector.isSet else { return }
        let terms = spec.scopeSelector.matchExpressions
        for term in terms.items.map({ $0.at(terms.place) }) {
            scope(term.scopeName, hard, at: terms)
            let how = term.operator
            if !["PriorityClass", "VolumeAttributesClass"].contains(term.scopeName.text),
                Self.scopes.contains(term.scopeName.text), how.text != "Exists"
            {
                how.invalid("must be Exists for this scope")
            }
            switch how.text {
            case "In", "NotIn": term["values"].mustBeSet("must be set with In and NotIn")
            case "Exists", "DoesNotExist":
                if term["values"].count > 0 { term["values"].invalid("must be empty with \(how.text)") }
            default: how.invalid("must be one of In, NotIn, Exists, DoesNotExist")
            }
        }
        exclude(terms.items.map({ $0.scopeName.text }), at: terms)
    }

    private func scope(_ scope: Part, _ hard: [String], at list: Part) {
        if !Self.scopes.contains(scope.text) {
            scope.invalid("must be one of \(Self.scopes.sorted().joined(separator: ", "))")
        }
        for name in hard where !Self.isFit(scope.text, name) { list.invalid("must not limit \(name) in \(scope.text)") }
    }

    private static func isFit(_ scope: String, _ name: String) -> Bool {
        switch scope {
        case _ where podScopes.contains(scope): podResources.contains(name)
        case "BestEffort": name == "pods"
        case "VolumeAttributesClass": name == "persistentvolumeclaims" || name == "requests.storage"
        default: true
        }
    }

    private func exclude(_ scopes: [String], at part: Part) {
        for pair in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]]
        where pair.allSatisfy(scopes.contains) { part.invalid("may not have both \(pair[0]) and \(pair[1])") }
    }

    static func amounts(_ list: Part) {
        for (name, amount) in list.pairs {
            ResourceRules.quotaName(name, at: amount)
            ResourceRules.amount(name, amount)
        }
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        if Set(new.spec.scopes.strings) != Set(old.spec.scopes.strings) { new.spec.scopes.invalid("may not change") }
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        if new.metadata.resourceVersion.isEmpty { new.named("resourceVersion").required() }
        Self.amounts(new.status.hard)
        Self.amounts(new.status.used)
    }
}

/// How much one thing in a namespace may ask for.
struct LimitRangeRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .form }

    /// One without a name is named by chance: by its identity, which is.
    func prepareForCreate(_ object: inout Object) {
        let uid = object.inner("metadata").text("uid")
        guard !uid.isEmpty, object.inner("metadata").text("name").isEmpty else { return }
        object.edit("metadata") { $0[field: "name"] = .string(uid) }
    }

    func setDefaults(_ object: inout Object) {
        object.edit("spec.limits") { limit in
            guard limit.text("type") == "Container" else { return }
            func map(_ name: String) -> Map { if case .map(let map) = limit[field: name] { map } else { Map() } }
            func fill(_ name: String, from others: [String]) {
                var own = map(name)
                for other in others {
                    for entry in map(other).entries where own[entry.key] == nil { own[entry.key] = entry.value }
                }
                if !own.isEmpty { limit[field: name] = .map(own) }
            }
            fill("default", from: ["max"])
            fill("defaultRequest", from: ["default", "min"])
        }
    }

    func validate(_ new: Part) {
        var types: Set<String> = []
        for limit in new.spec.limits.items {
            let type = limit["type"]
            self.type(type)
            if !types.insert(type.text).inserted { type.duplicate() }
            names(limit)
            if type.text == "PersistentVolumeClaim", !limit.min.has(key: "storage"), !limit.max.has(key: "storage") {
                limit.named("limits").required("must have min or max of storage")
            }
            let lists = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"]
            for name in Set(lists.flatMap { limit[$0].pairs.map({ $0.key }) }).sorted() { amounts(name, limit) }
        }
    }

    private func type(_ type: Part) {
        let faults = Form.qualifiedName.faults(type.text)
        type.invalid(faults)
        if faults.isEmpty, !type.text.has("/"), !["Pod", "Container", "PersistentVolumeClaim"].contains(type.text) {
            type.invalid("must be Pod, Container, PersistentVolumeClaim or have a domain's prefix")
        }
    }

    private func names(_ limit: Part) {
        let isPod = limit["type"].text == "Pod"
        for list in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
            if isPod, list.hasPrefix("default") {
                if limit[list].count > 0 { limit[list].forbidden("may not be set where type is Pod") }
                continue
            }
            for (name, amount) in limit[list].pairs {
                if isPod || limit["type"].text == "Container" {
                    ResourceRules.containerName(name, at: amount)
                } else {
                    ResourceRules.name(name, at: amount)
                }
            }
        }
    }

    private func amounts(_ name: String, _ limit: Part) {
        let isPod = limit["type"].text == "Pod"
        func amount(_ list: String) -> Quantity? { limit[list].quantity(key: name) }
        let (min, max, ratio) = (amount("min"), amount("max"), amount("maxLimitRequestRatio"))
        let standard = isPod ? nil : amount("default")
        let request = isPod ? nil : amount("defaultRequest")
        func above(_ low: Quantity?, _ high: Quantity?, _ list: String, _ why: String) {
            if let low, let high, low > high { limit[list].keyed(name).invalid("\(why): \(low) is more than \(high)") }
        }
        above(min, max, "min", "must be at most max")
        above(min, request, "defaultRequest", "must be at least min")
        above(request, max, "defaultRequest", "must be at most max")
        above(request, standard, "defaultRequest", "must be at most default")
        above(min, standard, "default", "must be at least min")
        above(standard, max, "default", "must be at most max")
        if let ratio {
            let place = limit.maxLimitRequestRatio.keyed(name)
            if ratio < Quantity(1) { place.invalid("must be at least 1") }
            if let min, let max {
                let bound = min.nanos == 0 ? Double.infinity : Double(max.nanos) / Double(min.nanos)
                if Double(ratio.nanos) / 1e9 > bound { place.invalid("must be at most max divided by min") }
            }
        }
        if !ResourceNames.mayBeOvercommitted(name), let standard, let request, standard != request {
            limit.defaultRequest.keyed(name).invalid("must be default, because it cannot be overcommitted")
        }
    }
}
