import MartinetAPI
import MartinetSchema

/// Amounts of resources: their names, their signs, and requests within limits.
enum ResourceRules {
    private static let standard: Set<String> = ["cpu", "memory", "ephemeral-storage"]

    private static func isHugePage(_ name: String) -> Bool { name.hasPrefix("hugepages-") }

    /// Names outside Kubernetes' own domain, which are counted in whole pieces and never overcommitted.
    static func isExtended(_ name: String) -> Bool {
        name.contains("/") && !name.contains("kubernetes.io/") && !name.hasPrefix("requests.")
    }

    /// Standard names that no container can ask for.
    private static let elsewhere: Set<String> = [
        "requests.cpu", "requests.memory", "requests.ephemeral-storage", "requests.storage", "limits.cpu",
        "limits.memory", "limits.ephemeral-storage", "pods", "services", "replicationcontrollers", "resourcequotas",
        "secrets", "persistentvolumeclaims", "configmaps", "services.nodeports", "services.loadbalancers", "storage",
    ]

    static func name(_ name: String, _ path: String, inContainer: Bool, _ checker: inout Checker) {
        let faults = Names.qualifiedName(name)
        checker.invalid(path, faults)
        if name.contains("/") {
            let isNative = name.contains("kubernetes.io/")
            if !isNative, name.hasPrefix("requests.") || !Names.qualifiedName("requests." + name).isEmpty {
                checker.invalid(path, "is no extended resource's name")
            }
            return
        }
        guard !standard.contains(name), !isHugePage(name) else { return }
        if faults.isEmpty, !elsewhere.contains(name) { checker.invalid(path, "must be a standard resource type") }
        checker.invalid(path, "must be a standard resource for containers")
    }

    static func amount(_ text: String, _ name: String, _ path: String, _ checker: inout Checker) {
        guard let quantity = Quantity(text) else { return }
        if quantity.nanos < 0 { checker.invalid(path, "must be greater than or equal to 0") }
        let isWhole = quantity.nanos % 1_000_000_000 == 0
        if isExtended(name), !isWhole { checker.invalid(path, "must be an integer") }
    }

    static func requirements(
        _ resources: ResourceRequirements, claims: Set<String>?, at path: String, _ checker: inout Checker
    ) {
        var hasCPUOrMemory = false
        var hugePages = false
        for (name, text) in resources.limits {
            let place = "\(path).limits[\(name)]"
            self.name(name, place, inContainer: true, &checker)
            amount(text, name, place, &checker)
            if name == "cpu" || name == "memory" { hasCPUOrMemory = true }
            if isHugePage(name) { hugePages = true }
        }
        for (name, text) in resources.requests {
            let place = "\(path).requests[\(name)]"
            self.name(name, place, inContainer: true, &checker)
            amount(text, name, place, &checker)
            if name == "cpu" || name == "memory" { hasCPUOrMemory = true }
            if isHugePage(name) { hugePages = true }
            let noOvercommit = isExtended(name) || isHugePage(name)
            if let limit = resources.limits[name] {
                guard let asked = Quantity(text), let most = Quantity(limit) else { continue }
                if noOvercommit, asked != most {
                    checker.invalid(place, "must be equal to the limit")
                } else if asked > most {
                    checker.invalid(place, "must be less than or equal to the limit")
                }
            } else if noOvercommit {
                checker.required(path + ".limits", "must be set for resources that are not overcommitted")
            }
        }
        if hugePages, !hasCPUOrMemory { checker.forbidden(path, "huge pages need cpu or memory beside them") }
        guard let claims else { return }
        var seen: Set<String> = []
        for (index, claim) in resources.claims.enumerated() {
            let place = "\(path).claims[\(index)]"
            if claim.name.isEmpty { continue }
            if !seen.insert("\(claim.name)/\(claim.request)").inserted { checker.duplicate(place, claim.name) }
            if !claims.contains(claim.name) { checker.notFound(place, claim.name) }
            if !claim.request.isEmpty { checker.invalid(place + ".request", Names.dnsLabel(claim.request)) }
        }
    }
}
