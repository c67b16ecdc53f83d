import MartinetSchema

struct NodeRules: KindRules {
    var keepsStatusOnCreate: Bool { true }
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    func setDefaults(_ object: inout Object) {
        object.edit("status") { status in
            if let capacity = status[field: "capacity"] { status.setDefault("allocatable", capacity) }
        }
    }

    func prepareForCreate(_ object: inout Object) {
        object.edit("spec") { $0[field: "configSource"] = nil }
        object.edit("status") { $0[field: "config"] = nil }
    }

    func prepareForUpdate(_ object: inout Object, old: Object) {
        if old.inner("spec")[field: "configSource"] == nil { object.edit("spec") { $0[field: "configSource"] = nil } }
    }

    func prepareForStatusUpdate(_ object: inout Object, old: Object) {
        if old.inner("status")[field: "config"] == nil { object.edit("status") { $0[field: "config"] = nil } }
    }

    func validate(_ new: Part) {
        taints(new)
        amounts(new.status)
        let swap = new.status.nodeInfo.swap.capacity
        if swap.isSet { swap.at(new.metadata.place.member("nodeSwapStatus").member("capacity")).positive() }
        features(new.status.declaredFeatures)
        let ranges = new.spec.podCIDRs
        for range in ranges.items { range.form(.cidr) }
        if ranges.count > 1 {
            let isDual = Addresses.isDual(networks: ranges.strings)
            if isDual == nil { ranges.add(.internalError, "must be networks") }
            if isDual != true || ranges.count > 2 { ranges.invalid("may hold one network of each family") }
        }
    }

    private func taints(_ node: Part) {
        var seen: Set<String> = []
        // Upstream places a node's taints under its metadata.
        for taint in node.spec.taints.at(node.metadata.place.member("taints")).items {
            taint.key.form(.qualifiedName)
            if !Form.labelValue.faults(taint["value"].text).isEmpty {
                taint["value"].invalid("must be a value that a label can have")
            }
            taint.effect.mustBeOneOf("NoSchedule", "PreferNoSchedule", "NoExecute")
            if !seen.insert("\(taint.effect.text)/\(taint.key.text)").inserted { taint.duplicate() }
        }
    }

    private func amounts(_ status: Part) {
        for list in ["capacity", "allocatable"] {
            for (name, amount) in status[list].pairs {
                ResourceRules.amount(name, amount.at(status[list].place.member(name)))
            }
        }
    }

    private func features(_ features: Part) {
        let items = features.items
        for (index, feature) in items.enumerated() {
            if !Self.isFeature(feature.text) { feature.invalid("must be a feature's name in camel case") }
            guard index > 0 else { continue }
            let before = items[index - 1].text
            if before == feature.text {
                feature.duplicate()
            } else if feature.text.precedes(before) {
                feature.invalid("must come in alphabetical order, after \(before)")
            }
        }
    }

    private static func isFeature(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && parts.enumerated().allSatisfy { index, part in
                guard let first = part.first, part.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
                    return false
                }
                return index == 0 ? first.isUppercase : first.isLetter
            }
    }

    func validateUpdate(_ new: Part, _ old: Part) { change(new, old) }
    func validateStatusUpdate(_ new: Part, _ old: Part) { change(new, old) }

    private func change(_ new: Part, _ old: Part) {
        amounts(new.status)
        features(new.status.declaredFeatures)
        var seen: Set<String> = []
        for address in new.status.addresses.items
        where !seen.insert("\(address["type"].text)/\(address.address.text)").inserted { address.duplicate() }
        let (ranges, before) = (new.spec.podCIDRs, old.spec.podCIDRs.strings)
        if !before.isEmpty {
            if ranges.count != before.count { ranges.forbidden("may not change once it is set") }
            for (range, text) in zip(ranges.strings, before) where range != text && ranges.count == before.count {
                ranges.forbidden("may not change once it is set")
            }
        }
        if !old.spec.providerID.isEmpty, new.spec.providerID.text != old.spec.providerID.text {
            new.spec.providerID.forbidden("may not change once it is set")
        }
        if new.spec.configSource.isSet { source(new.spec.configSource, isStatus: false) }
        for name in ["assigned", "active", "lastKnownGood"] where new.status.config[name].isSet {
            source(new.status.config[name], isStatus: true)
        }
        taints(new)
        if new.spec.externalID.text != old.spec.externalID.text { new.spec.externalID.forbidden("may not change") }
    }

    private func source(_ source: Part, isStatus: Bool) {
        let map = source.configMap
        guard map.isSet else { return source.invalid("must have exactly one reference") }
        for name in ["uid", "resourceVersion"] {
            if isStatus { map[name].mustBeSet() } else if !map[name].isEmpty { map[name].forbidden("may not be set") }
        }
        map.namespace.mustBe(.dnsLabel)
        map.name.mustBe(.dnsSubdomain)
        map.kubeletConfigKey.mustBe(.configKey)
    }

    func warn(_ new: Part, _ old: Part?) {
        if new.spec.configSource.isSet { new.spec.configSource.warn("has no effect any more") }
        if !new.spec.externalID.isEmpty { new.spec.externalID.warn("is deprecated, and nothing uses it") }
        for range in new.spec.podCIDRs.items { range.warnOfUnusualNetwork() }
    }
}
