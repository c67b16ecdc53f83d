import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetSelectors

// What a PodDisruptionBudget says to an eviction.
//
// Source: the eviction subresource of upstream's API server, KEP-3017 for pods that are not healthy anyway.
extension Registry {
    /// Beyond so many pods on their way out the budget's controller is not keeping up.
    private static let disruptedMax = 2000
    private static let budgets = ResourceName(group: "policy", version: "v1", plural: "poddisruptionbudgets")

    /// Asks the budget of a pod, if it has one, and takes one disruption from it.
    ///
    /// - Parameter granted: called with nil once the pod may go, else with the refusal.
    func takeDisruption(
        for object: Object, dryRun: Bool, _ granted: @escaping @Sendable (APIError?) -> Void
    ) {
        let pod = Pod(object: object)
        let isGone = ["Succeeded", "Failed", "Pending"].contains(pod.status.phase)
        guard !isGone, pod.metadata.deletionTimestamp == nil else { return granted(nil) }
        var name = Registry.budgets
        name.namespace = pod.metadata.namespace
        let matching = objects(name).filter { Registry.selects($0, pod) }
        guard let budget = matching.first else { return granted(nil) }
        guard matching.count == 1 else {
            return granted(
                .internalError(
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."))
        }
        let isReady = pod.status.conditions.contains { $0.type == "Ready" && $0.status == "True" }
        if !isReady, Registry.allowsUnhealthy(budget) { return granted(nil) }
        guard let resource = served[name] else { return granted(nil) }
        name.name = budget.metadata.name
        name.subresource = "status"
        var request = APIRequest(.patch, name)
        request.options.dryRun = dryRun
        request.options.userAgent = "kube-apiserver"
        let now = runtime.now()
        change(request, resource, .server, .update, { granted($0.failure) }) { current in
            try Registry.decrement(current.object, pod.metadata.name, now)
        }
    }

    private static func selects(_ budget: Object, _ pod: Pod) -> Bool {
        guard let selector = budget.part("spec")?.part("selector"), selector.type == MartinetAPI.LabelSelector.type
        else { return false }
        return MartinetAPI.LabelSelector(object: selector).requirements.matches(pod.metadata.labels)
    }

    private static func number(_ object: Object?, _ name: String) -> Int64 {
        if case .int(let number)? = object?[field: name] { number } else { 0 }
    }

    /// Whether a pod that is not ready may go without being counted.
    private static func allowsUnhealthy(_ budget: Object) -> Bool {
        if budget.part("spec")?.text("unhealthyPodEvictionPolicy") == "AlwaysAllow" { return true }
        let desired = number(budget.part("status"), "desiredHealthy")
        return desired > 0 && number(budget.part("status"), "currentHealthy") >= desired
    }

    private static func decrement(_ budget: Object, _ pod: String, _ now: Timestamp) throws(APIError) -> Object {
        let status = budget.part("status")
        let name = budget.metadata.name
        func tooMany(_ why: String, retry: Int32) -> APIError {
            var error = APIError(
                code: 429, reason: "TooManyRequests",
                message: "Cannot evict pod as it would violate the pod's disruption budget.")
            error.retryAfterSeconds = retry
            error.causes = [.init(reason: "DisruptionBudget", field: "", message: why)]
            return error
        }
        guard number(status, "observedGeneration") >= budget.metadata.generation else {
            throw tooMany("The disruption budget \(name) is still being processed by the server.", retry: 10)
        }
        let allowed = number(status, "disruptionsAllowed")
        let isFull = (status?.map("disruptedPods").count ?? 0) >= disruptedMax
        guard allowed >= 0, !isFull else {
            var target = budgets
            target.name = name
            throw APIError.about(
                target, code: 403, reason: "Forbidden",
                isFull
                    ? "is forbidden: DisruptedPods map too big - too many evictions not confirmed by PDB controller"
                    : "is forbidden: pdb disruptions allowed is negative")
        }
        guard allowed > 0 else {
            let (desired, current) = (number(status, "desiredHealthy"), number(status, "currentHealthy"))
            throw tooMany(
                "The disruption budget \(name) needs \(desired) healthy pods and has \(current) currently", retry: 0)
        }
        var changed = budget
        changed.change("status") { status in
            status[field: "disruptionsAllowed"] = allowed == 1 ? nil : .int(allowed - 1)
            var pods = status.map("disruptedPods")
            pods[pod] = .int(now.seconds)
            status[field: "disruptedPods"] = .map(pods)
        }
        return changed
    }
}

extension Result where Failure == APIError {
    fileprivate var failure: APIError? { if case .failure(let error) = self { error } else { nil } }
}
