package import MartinetAPI
import MartinetSchema

/// How a pod's claims on CPU and memory rank it (the API's `status.qosClass`).
package enum QOSClass: String, Sendable {
    case guaranteed = "Guaranteed"
    case burstable = "Burstable"
    case bestEffort = "BestEffort"

    /// By the documented rule: nothing asked for is BestEffort; limits for both in every container, equal to the
    /// requests, is Guaranteed; all else is Burstable.
    package init(of spec: PodSpec) {
        let all = Array(spec.initContainers) + Array(spec.containers)
        var isGuaranteed = !all.isEmpty
        var isEmpty = true
        for container in all {
            for name in ["cpu", "memory"] {
                let limit = container.resources.limits[name].flatMap { Quantity($0) }
                let request = container.resources.requests[name].flatMap { Quantity($0) } ?? limit
                let zero = Quantity(0)
                if limit.map({ $0 > zero }) == true || request.map({ $0 > zero }) == true { isEmpty = false }
                if limit == nil || limit == zero || limit != request { isGuaranteed = false }
            }
        }
        self = isEmpty ? .bestEffort : isGuaranteed ? .guaranteed : .burstable
    }
}
