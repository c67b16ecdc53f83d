import MartinetSchema

extension TypeDefaults {
    /// Fields that say one thing twice: a single value, and the list whose first element it is. Where they differ the single
    /// one is right, since older clients know no other.
    static let twinRules: [String: Rule] = [
        "v1.PodStatus": { status in
            let single = status.text("podIP")
            let first = status.parts("podIPs").first
            if single.isEmpty {
                if let first { status.fill("podIP", .string(first.text("ip"))) }
            } else if first?.text("ip") != single {
                status[field: "podIPs"] = status.made("podIPs") { $0[field: "ip"] = .string(single) }.map {
                    .list([$0])
                }
            }
        },
        "v1.NodeSpec": { spec in
            var first: Value?
            if case .list(let values)? = spec[field: "podCIDRs"] { first = values.first }
            let single = spec.text("podCIDR")
            if single.isEmpty {
                if let first { spec[field: "podCIDR"] = first }
            } else if first != .string(single) {
                spec[field: "podCIDRs"] = .list([.string(single)])
            }
        },
    ]
}
