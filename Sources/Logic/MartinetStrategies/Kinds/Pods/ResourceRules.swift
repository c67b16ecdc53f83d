import MartinetNearMiss
import MartinetSchema

/// What resources are called.
enum ResourceNames {
    private static let container: Set<String> = ["cpu", "memory", "ephemeral-storage"]
    private static let counted: Set<String> = [
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
        "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
    ]
    private static let quota: Set<String> = container.union(counted).union([
        "requests.cpu", "requests.memory", "requests.storage", "requests.ephemeral-storage", "limits.cpu",
        "limits.memory", "limits.ephemeral-storage",
    ])
    private static let standard = quota.union(["storage"])
    /// What a name was probably meant to be, the likeliest first.
    static let words = ["cpu", "memory", "ephemeral-storage"] + counted.sorted()

    static func isHugePages(_ name: String) -> Bool { name.hasPrefix("hugepages-") }
    private static func isQuotaHugePages(_ name: String) -> Bool {
        isHugePages(name) || name.hasPrefix("requests.hugepages-")
    }
    static func isStandard(_ name: String) -> Bool { standard.contains(name) || isQuotaHugePages(name) }
    static func isContainers(_ name: String) -> Bool { container.contains(name) || isHugePages(name) }
    static func isQuotas(_ name: String) -> Bool { quota.contains(name) || isQuotaHugePages(name) }
    static func isNative(_ name: String) -> Bool { !name.has("/") || name.has(text: "kubernetes.io/") }
    static func isExtended(_ name: String) -> Bool {
        !isNative(name) && !name.hasPrefix("requests.") && Names.isPrefixed(name, after: "requests.".utf8.count)
    }
    static func mayBeOvercommitted(_ name: String) -> Bool { isNative(name) && !isHugePages(name) }
    static func isWhole(_ name: String) -> Bool { counted.contains(name) || isExtended(name) }

    /// Huge pages come in whole pages.
    static func isIndivisible(_ name: String, _ amount: Quantity) -> Bool {
        guard isHugePages(name) else { return false }
        guard let page = Quantity(name.dropFirst("hugepages-".count)), page.nanos > 0, page.milliValue % 1000 == 0
        else {
            return true
        }
        return amount.value % page.value != 0
    }
}

/// Amounts of resources: whose, which, how much.
enum ResourceRules {
    enum Owner { case container, pod }

    /// A name with a domain, or a standard one. Whether it is.
    @discardableResult
    static func name(_ name: String, at part: Part) -> Bool {
        let faults = Form.qualifiedName.faults(name)
        part.invalid(key: name, faults)
        guard faults.isEmpty else { return false }
        if !name.has("/"), !ResourceNames.isStandard(name) {
            let question = NearMiss.question(for: name, among: ResourceNames.words)
            part.add(.invalid, "must be a standard resource, or have a domain's prefix, not \"\(name)\"\(question)")
            return false
        }
        return true
    }

    static func containerName(_ name: String, at part: Part) {
        self.name(name, at: part)
        if !name.has("/") {
            if !ResourceNames.isContainers(name) {
                part.invalid(key: name, ["must be a standard resource of containers"])
            }
        } else if !ResourceNames.isNative(name), !ResourceNames.isExtended(name) {
            part.invalid(key: name, ["must be the name of an extended resource"])
        }
    }

    static func quotaName(_ name: String, at part: Part) {
        self.name(name, at: part)
        if !name.has("/"), !ResourceNames.isQuotas(name) {
            part.invalid(key: name, ["must be a standard resource for quota"])
        }
    }

    private static func podName(_ name: String, at part: Part) {
        guard self.name(name, at: part) else { return }
        if name != "cpu", name != "memory", !ResourceNames.isHugePages(name) {
            part.add(.notSupported, "\(name) is none of cpu, hugepages-, memory")
        }
    }

    static func amount(_ name: String, _ part: Part) {
        let amount = part.quantity
        if amount < Quantity(0) { part.invalid("must not be negative") }
        if amount.milliValue % 1000 != 0, ResourceNames.isWhole(name) { part.invalid("must be a whole number") }
    }

    static func requirements(_ resources: Part, podClaims: Set<String>, _ owner: Owner, _ options: PodOptions) {
        requirements(
            limits: resources.limits, requests: resources.requests, claims: resources.claims, at: resources,
            podClaims: podClaims, owner, options)
    }

    static func requirements(
        limits: Part, requests: Part?, claims: Part?, at resources: Part, podClaims: Set<String>, _ owner: Owner,
        _ options: PodOptions
    ) {
        var (hasCompute, hasHugePages) = (false, false)
        func check(_ name: String, _ amount: Part) {
            if owner == .pod { podName(name, at: amount) } else { containerName(name, at: amount) }
            self.amount(name, amount)
            if name == "cpu" || name == "memory" { hasCompute = true }
            guard ResourceNames.isHugePages(name) else { return }
            hasHugePages = true
            if !options.allowsIndivisibleHugePages, ResourceNames.isIndivisible(name, amount.quantity) {
                amount.invalid("must be a whole number of pages")
            }
        }
        for (name, amount) in limits.pairs { check(name, amount) }
        for (name, amount) in requests?.pairs ?? [] {
            check(name, amount)
            let mayDiffer = ResourceNames.mayBeOvercommitted(name)
            if let limit = limits.quantity(key: name) {
                let asked = amount.quantity
                if mayDiffer ? asked > limit : asked != limit {
                    amount.at(requests?.place ?? amount.place).invalid(
                        mayDiffer ? "must be at most the limit of \(name), \(limit)" : "must be the limit of \(name)")
                }
            } else if !mayDiffer {
                limits.required("must have \(name), which cannot be overcommitted")
            }
        }
        if hasHugePages, !hasCompute { resources.forbidden("huge pages need cpu or memory beside them") }
        if let claims { self.claims(claims, podClaims) }
    }

    private static func claims(_ claims: Part, _ known: Set<String>) {
        var seen: Set<String> = []
        for claim in claims.items {
            let (name, request) = (claim.name.text, claim.request.text)
            if name.isEmpty {
                claim.required("must have a name")
                continue
            }
            if seen.contains(name) {
                claim.duplicate()
            } else {
                if !request.isEmpty { claim.request.form(.dnsLabel) }
                let key = request.isEmpty ? name : "\(name)/\(request)"
                if seen.contains(key) {
                    claim.duplicate()
                } else if request.isEmpty {
                    for other in seen where other.hasPrefix(name + "/") { _ = other; claim.duplicate() }
                }
                seen.insert(key)
            }
            if !known.contains(name) { claim.notFound("in spec.resourceClaims") }
        }
    }
}

/// What all containers of a pod ask for and may use together.
struct PodResourceSums {
    let requests: [String: Quantity]
    let limits: [String: Quantity]

    init(_ spec: Part) {
        requests = Self.sum(spec, "requests")
        limits = Self.sum(spec, "limits")
    }

    /// Containers run together; an init container runs beside the sidecars that come before it.
    private static func sum(_ spec: Part, _ list: String) -> [String: Quantity] {
        var total: [String: Quantity] = [:]
        func add(_ container: Part, to sums: inout [String: Quantity]) {
            for (name, amount) in container.resources[list].pairs {
                sums[name] = (sums[name] ?? Quantity(0)) + amount.quantity
            }
        }
        for container in spec.containers.items { add(container, to: &total) }
        var (sidecars, initial): ([String: Quantity], [String: Quantity]) = ([:], [:])
        for container in spec.initContainers.items {
            var own: [String: Quantity] = sidecars
            add(container, to: &own)
            if container.restartPolicy.text == "Always" {
                add(container, to: &total)
                sidecars = own
            }
            initial.merge(own) { max($0, $1) }
        }
        return total.merging(initial) { max($0, $1) }
    }
}

extension Part {
    /// The amount under a name; nil where there is none.
    func quantity(key: String) -> Quantity? { text(key: key).flatMap { Quantity($0) } }
}
