package import MartinetAPI
package import MartinetSchema

/// Amounts of resources: CPU in thousandths of a core, everything else in whole units.
package struct ResourceVector: Hashable, Sendable {
    package private(set) var amounts: [String: Int64] = [:]

    package init() {}

    /// What is no quantity counts as nothing; admission has refused it.
    package init(_ quantities: StringMap) {
        for (name, text) in quantities {
            guard let quantity = Quantity(text) else { continue }
            amounts[name] = name == "cpu" ? quantity.milliValue : quantity.value
        }
    }

    package subscript(name: String) -> Int64 {
        get { amounts[name] ?? 0 }
        set { amounts[name] = newValue == 0 ? nil : newValue }
    }

    package var names: [String] { amounts.keys.sorted { $0.precedes($1) } }

    package static func + (a: ResourceVector, b: ResourceVector) -> ResourceVector {
        var sum = a
        for (name, amount) in b.amounts { sum[name] = ResourceVector.add(sum[name], amount) }
        return sum
    }

    package func maximum(_ other: ResourceVector) -> ResourceVector {
        var result = self
        for (name, amount) in other.amounts { result[name] = max(result[name], amount) }
        return result
    }

    static func add(_ a: Int64, _ b: Int64) -> Int64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? (a < 0 ? .min : .max) : sum
    }

    /// What the pod may use at once: its containers and sidecars together, or a start container with the sidecars before
    /// it, whichever is more, and the overhead of its runtime. Source: KEP-753, KEP-2837.
    package static func requests(of pod: Pod) -> ResourceVector {
        requests(of: pod) { ResourceVector($0.resources.requests) }
    }

    /// The same with at least what scores count for containers that ask for nothing: 100m CPU and 200 MiB.
    package static func scoredRequests(of pod: Pod) -> ResourceVector {
        requests(of: pod) { container in
            var amounts = ResourceVector(container.resources.requests)
            if container.resources.requests["cpu"] == nil { amounts["cpu"] = 100 }
            if container.resources.requests["memory"] == nil { amounts["memory"] = 200 << 20 }
            return amounts
        }
    }

    private static func requests(of pod: Pod, _ amounts: (MartinetAPI.Container) -> ResourceVector) -> ResourceVector {
        var sidecars = ResourceVector()
        var starting = ResourceVector()
        for container in pod.spec.initContainers {
            let own = amounts(container)
            if container.restartPolicy == "Always" {
                sidecars = sidecars + own
                starting = starting.maximum(sidecars)
            } else {
                starting = starting.maximum(sidecars + own)
            }
        }
        let running = pod.spec.containers.reduce(sidecars) { $0 + amounts($1) }
        var total = running.maximum(starting)
        if let whole = pod.spec.resources?.requests {
            for (name, _) in whole { total[name] = ResourceVector(whole)[name] }
        }
        total = total + ResourceVector(pod.spec.overhead)
        total["pods"] = 1
        return total
    }
}
