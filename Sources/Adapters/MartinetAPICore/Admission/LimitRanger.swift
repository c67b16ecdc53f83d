import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStrategies

/// Containers get the amounts that a LimitRange of their namespace says where they say none, and none is beyond its limits.
struct LimitRanger: AdmissionPlugin {
    let name = "LimitRanger"

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        let isClaim = attributes.isCreation(of: "PersistentVolumeClaim", group: "")
        guard attributes.isPodCreation || isClaim else { return }
        let ranges = registry.objects(
            ResourceName(version: "v1", plural: "limitranges", namespace: attributes.resource.namespace))
        guard !ranges.isEmpty else { return }
        let items = ranges.flatMap { $0.part("spec")?.parts("limits") ?? [] }
        var faults: [String] = []
        if isClaim {
            let requests = attributes.object.part("spec")?.part("resources")?.map("requests") ?? Map()
            for item in items where item.text("type") == "PersistentVolumeClaim" {
                LimitRanger.check(item, Amounts(requests: requests, limits: Map()), "PersistentVolumeClaim", &faults)
            }
        } else {
            let before = attributes.object
            for range in ranges { fill(&attributes.object, range) }
            if attributes.object != before {
                // How well the pod is served follows from its amounts.
                Strategies.strategy(for: attributes.kind).prepareForCreate(&attributes.object)
            }
            check(attributes.object, items, &faults)
        }
        guard faults.isEmpty else {
            throw attributes.forbidden(faults.count == 1 ? faults[0] : "[\(faults.joined(separator: ", "))]")
        }
    }

    private struct Amounts {
        var requests: Map
        var limits: Map

        init(requests: Map, limits: Map) { (self.requests, self.limits) = (requests, limits) }

        init(_ container: Object) {
            requests = container.part("resources")?.map("requests") ?? Map()
            limits = container.part("resources")?.map("limits") ?? Map()
        }
    }

    // MARK: - Defaults

    private func fill(_ object: inout Object, _ range: Object) {
        let items = (range.part("spec")?.parts("limits") ?? []).filter { $0.text("type") == "Container" }
        var notes: [String] = []
        object.change("spec") { spec in
            for list in ["containers", "initContainers"] {
                spec.changeEach(list) { container in
                    for item in items { LimitRanger.fill(&container, item, &notes) }
                }
            }
        }
        guard !notes.isEmpty else { return }
        var metadata = object.metadata
        metadata.annotations["kubernetes.io/limit-ranger"] = "LimitRanger plugin set: \(notes.joined(separator: "; "))"
        object.metadata = metadata
    }

    private static func fill(_ container: inout Object, _ item: Object, _ notes: inout [String]) {
        let name = container.text("name")
        var filled: [String] = []
        container.change("resources") { resources in
            for (field, from) in [("requests", "defaultRequest"), ("limits", "default")] {
                var amounts = resources.map(field)
                for entry in item.map(from).entries where amounts[entry.key] == nil {
                    amounts[entry.key] = entry.value
                    filled.append("\(entry.key) \(field.dropLast())")
                }
                if !amounts.isEmpty { resources[field: field] = .map(amounts) }
            }
        }
        if !filled.isEmpty { notes.append("\(filled.joined(separator: ", ")) for container \(name)") }
    }

    // MARK: - Limits

    private func check(_ pod: Object, _ items: [Object], _ faults: inout [String]) {
        guard let spec = pod.part("spec") else { return }
        let containers = (spec.parts("containers") + spec.parts("initContainers")).map(Amounts.init)
        for item in items {
            switch item.text("type") {
            case "Container": for container in containers { LimitRanger.check(item, container, "Container", &faults) }
            case "Pod":
                let total = LimitRanger.total(spec)
                LimitRanger.check(item, total, "Pod", &faults)
            default: break
            }
        }
    }

    /// What a pod takes: its containers together, or more where one that runs before them takes more.
    private static func total(_ spec: Object) -> Amounts {
        var total = Amounts(requests: Map(), limits: Map())
        for container in spec.parts("containers").map(Amounts.init) {
            merge(container.requests, into: &total.requests) { $0 + $1 }
            merge(container.limits, into: &total.limits) { $0 + $1 }
        }
        for container in spec.parts("initContainers").map(Amounts.init) {
            merge(container.requests, into: &total.requests) { max($0, $1) }
            merge(container.limits, into: &total.limits) { max($0, $1) }
        }
        return total
    }

    private static func merge(_ amounts: Map, into total: inout Map, _ join: (Quantity, Quantity) -> Quantity) {
        for entry in amounts.entries {
            guard let amount = quantity(entry.value) else { continue }
            let sum = total[entry.key].flatMap(quantity).map { join($0, amount) } ?? amount
            total[entry.key] = .string(sum.description)
        }
    }

    private static func quantity(_ value: Value?) -> Quantity? {
        if case .string(let text)? = value { Quantity(text) } else { nil }
    }

    private static func check(_ item: Object, _ amounts: Amounts, _ type: String, _ faults: inout [String]) {
        for entry in item.map("min").entries {
            guard let least = quantity(entry.value) else { continue }
            let asked = quantity(amounts.requests[entry.key])
            if asked.map({ $0 < least }) ?? true {
                faults.append(
                    "minimum \(entry.key) usage per \(type) is \(least), but \(asked.map { "request is \($0)" } ?? "no request is specified")"
                )
            }
            if let limit = quantity(amounts.limits[entry.key]), limit < least {
                faults.append("minimum \(entry.key) usage per \(type) is \(least), but limit is \(limit)")
            }
        }
        for entry in item.map("max").entries {
            guard let most = quantity(entry.value) else { continue }
            let limit = quantity(amounts.limits[entry.key])
            if type == "PersistentVolumeClaim" {
                if let asked = quantity(amounts.requests[entry.key]), most < asked {
                    faults.append("maximum \(entry.key) usage per \(type) is \(most), but request is \(asked)")
                }
            } else if limit.map({ most < $0 }) ?? true {
                faults.append(
                    "maximum \(entry.key) usage per \(type) is \(most), but \(limit.map { "limit is \($0)" } ?? "no limit is specified")"
                )
            }
        }
        for entry in item.map("maxLimitRequestRatio").entries {
            guard let most = quantity(entry.value), let limit = quantity(amounts.limits[entry.key]),
                let request = quantity(amounts.requests[entry.key]), request.nanos > 0
            else { continue }
            // limit / request > most, without division.
            let (left, leftOver) = limit.nanos.multipliedReportingOverflow(by: 1_000_000_000)
            let (right, rightOver) = request.nanos.multipliedReportingOverflow(by: most.nanos)
            if leftOver || (!rightOver && left > right) {
                faults.append(
                    "\(entry.key) max limit to request ratio per \(type) is \(most), but provided limit \(limit) is beyond it for request \(request)"
                )
            }
        }
    }
}
