import MartinetAPI
import MartinetSchema

/// The class by which a node under pressure chooses what to evict.
enum PodQuality {
    static func of(_ spec: PodSpec) -> String {
        var limits: [String: Int128] = [:]
        var requests: [String: Int128] = [:]
        var isGuaranteed = true
        for container in Array(spec.containers) + Array(spec.initContainers) {
            var limited: Set<String> = []
            for (name, text) in container.resources.requests {
                guard name == "cpu" || name == "memory", let quantity = Quantity(text), quantity.nanos > 0 else {
                    continue
                }
                requests[name, default: 0] += quantity.nanos
            }
            for (name, text) in container.resources.limits {
                guard name == "cpu" || name == "memory", let quantity = Quantity(text), quantity.nanos > 0 else {
                    continue
                }
                limits[name, default: 0] += quantity.nanos
                limited.insert(name)
            }
            if limited.count < 2 { isGuaranteed = false }
        }
        if requests.isEmpty, limits.isEmpty { return "BestEffort" }
        return isGuaranteed && requests == limits ? "Guaranteed" : "Burstable"
    }
}
