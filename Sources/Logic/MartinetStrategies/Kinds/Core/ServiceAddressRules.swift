import MartinetSchema

/// The addresses of a service within its cluster.
enum ServiceAddressRules {
    static func validate(_ spec: Part, _ old: Part?) {
        fields(spec, stored: old?.clusterIPs.strings ?? [])
        guard spec.report.errors.isEmpty else { return }
        let policy = spec.ipFamilyPolicy
        let single = policy.text == "SingleStack" || !policy.isSet
        if let old, !single {
            if spec.clusterIPs.count < old.clusterIPs.count || spec.ipFamilies.count < old.ipFamilies.count {
                policy.invalid("must be SingleStack to give an address of one family up")
            }
        }
        if single {
            for name in ["clusterIPs", "ipFamilies"] where spec[name].count == 2 {
                policy.invalid("must be RequireDualStack or PreferDualStack where there are two \(name)")
            }
        }
        for address in spec.clusterIPs.items.dropFirst(spec.ipFamilies.count).prefix(while: { $0.text != "None" })
        where Addresses.isIPv6(address.text) {
            address.invalid("must be of IPv4: this cluster has no other family")
        }
        guard spec.report.errors.isEmpty else { return }
        if spec.clusterIP.text == "None", spec.selector.count == 0 { return }
        if policy.text == "RequireDualStack" {
            policy.invalid("must not be RequireDualStack: this cluster has one family")
        }
        for family in spec.ipFamilies.items where family.text != "IPv4" {
            family.invalid("must be IPv4: this cluster has no other family")
        }
    }

    /// - Parameter stored: what was accepted once is accepted again.
    private static func fields(_ spec: Part, stored: [String]) {
        let addresses = spec.clusterIPs
        if !spec.clusterIP.isEmpty {
            if addresses.count == 0 {
                addresses.required()
            } else if addresses.strings[0] != spec.clusterIP.text {
                addresses.invalid("must have clusterIP as its first item")
            }
        } else if addresses.count > 0 {
            addresses.invalid("must be empty where clusterIP is")
        }
        var seen: Set<String> = []
        for family in spec.ipFamilies.items {
            family.oneOf("IPv4", "IPv6")
            if !seen.insert(family.text).inserted { family.duplicate() }
        }
        spec.ipFamilyPolicy.ifSet(oneOf: "PreferDualStack", "RequireDualStack", "SingleStack")
        var isBroken = false
        for (index, address) in addresses.items.enumerated() {
            if index == 0, address.text == "None" {
                if addresses.count > 1 {
                    isBroken = true
                    addresses.invalid("may not have others beside None")
                }
                continue
            }
            let faults = stored.contains(address.text) ? [] : Form.ip.faults(address.text)
            if !faults.isEmpty { isBroken = true }
            address.invalid(faults)
        }
        if addresses.count > 2 { addresses.invalid("may have at most 2 items") }
        if isBroken { return }
        if addresses.count > 1, Addresses.isDual(addresses.strings) != true {
            addresses.invalid("must be of two families")
        }
        guard addresses.strings != ["None"] else { return }
        for (address, family) in zip(addresses.items, spec.ipFamilies.strings) {
            let isSix = Addresses.isIPv6(address.text)
            if (family == "IPv4" && isSix) || (family == "IPv6" && !isSix) {
                address.invalid("must be of the family that ipFamilies says, \(family)")
            }
        }
    }

    /// What was given stays; a second family may come and go.
    static func change(_ spec: Part, _ old: Part) {
        guard spec["type"].text != "ExternalName", old["type"].text != "ExternalName" else { return }
        let (wasHeadless, isHeadless) = (old.clusterIPs.strings == ["None"], spec.clusterIPs.strings == ["None"])
        if !(wasHeadless && isHeadless) { first("clusterIPs", spec, old) }
        if !wasHeadless, !isHeadless { first("ipFamilies", spec, old) }
    }

    private static func first(_ name: String, _ spec: Part, _ old: Part) {
        let (now, before) = (spec[name], old[name].strings)
        let items = now.items
        if before.count == items.count {
            for (item, text) in zip(items, before) where item.text != text {
                item.invalid("may not change once it is set")
            }
        } else if let first = items.first {
            if let text = before.first, first.text != text { first.invalid("may not change once it is set") }
            if before.count > items.count, items.count == 1, spec.ipFamilyPolicy.text != "SingleStack" {
                spec.ipFamilyPolicy.invalid("must be SingleStack to give an address of one family up")
            }
        } else {
            now.at(now.place.index(0)).invalid("must be set: it was given to the service")
        }
    }
}
