import MartinetSchema

/// What a whole pod asks for or may have.
///
/// Source: kubernetes component-helpers resource/helpers.go.
enum PodAmounts {
    static func quantity(_ value: Value?) -> Quantity? {
        if case .string(let text)? = value { Quantity(text) } else { nil }
    }

    /// - Parameter field: `requests` or `limits`.
    static func total(_ spec: Object, _ field: String) -> [String: Quantity] {
        var total: [String: Quantity] = [:]
        for container in spec.parts("containers") { add(amounts(container, field), to: &total) }
        // Those that run before the others one by one, beside those that were started before and stay.
        var staying: [String: Quantity] = [:]
        var peak: [String: Quantity] = [:]
        for container in spec.parts("initContainers") {
            var own = amounts(container, field)
            if container.text("restartPolicy") == "Always" {
                add(own, to: &total)
                add(own, to: &staying)
                own = staying
            } else {
                add(staying, to: &own)
            }
            peak.merge(own) { max($0, $1) }
        }
        total.merge(peak) { max($0, $1) }
        // What is said for the pod as a whole counts instead.
        for (name, amount) in amounts(spec, field)
        where name == "cpu" || name == "memory" || name.hasPrefix("hugepages-") {
            total[name] = amount
        }
        for entry in spec.map("overhead").entries {
            guard let extra = quantity(entry.value), field == "requests" || total[entry.key] != nil else { continue }
            add([entry.key: extra], to: &total)
        }
        return total
    }

    private static func amounts(_ owner: Object, _ field: String) -> [String: Quantity] {
        var amounts: [String: Quantity] = [:]
        for entry in owner.part("resources")?.map(field).entries ?? [] { amounts[entry.key] = quantity(entry.value) }
        return amounts
    }

    private static func add(_ amounts: [String: Quantity], to total: inout [String: Quantity]) {
        total.merge(amounts) { $0 + $1 }
    }
}
