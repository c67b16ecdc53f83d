import MartinetSchema

/// What a driver offers.
struct ResourceSliceRules: KindRules {

    func validateCreate(_ new: Part) { validate(new.spec, old: nil) }

    func validateUpdate(_ new: Part, _ old: Part) {
        validate(new.spec, old: old.spec)
        new.spec.pool.name.mustNotChange(since: old.spec.pool.name)
        new.spec.driver.mustNotChange(since: old.spec.driver)
        new.spec.nodeName.mustNotChange(since: old.spec.nodeName)
    }

    private func validate(_ spec: Part, old: Part?) {
        spec.driver.mustBeDriverName()
        spec.pool.name.mustBePoolName()
        spec.pool.resourceSliceCount.positive()
        spec.pool.generation.nonNegative()
        if spec.nodeSelector.isSet, spec.nodeSelector.nodeSelectorTerms.count != 1 {
            spec.nodeSelector.nodeSelectorTerms.invalid("must have exactly one term")
        }
        nodes(spec, ["nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection"])
        if spec.sharedCounters.isSet, spec.devices.isSet {
            spec.invalid("may not have both devices and sharedCounters")
        }
        let devices = spec.devices.items
        let isAdvanced = devices.contains { $0.taints.count > 0 || $0.consumesCounters.count > 0 }
        spec.devices.set(most: isAdvanced ? 64 : 128, key: { $0.name }) { device in
            let before = old?.devices.items.first { $0.name.text == device.name.text }
            self.device(device, before, perDevice: spec.perDeviceNodeSelection.isTrue)
        }
        spec.sharedCounters.set(most: 8, key: { $0.name }) { set in
            set.name.mustBe(.dnsLabel)
            counters(set.counters)
        }
    }

    /// Exactly one way to say which nodes.
    private func nodes(_ part: Part, _ names: [String]) {
        var found = 0
        for name in names where part[name].isSet {
            let field = part[name]
            switch name {
            case "nodeName":
                if field.isEmpty { field.invalid("must not be empty") } else { field.form(.dnsSubdomain) }
                found += field.isEmpty ? 0 : 1
            case "nodeSelector":
                AffinityRules.nodeSelector(field, allowInvalidValues: false)
                found += 1
            default:
                if !field.isTrue { field.invalid("must be true, or not be set") }
                found += field.isTrue ? 1 : 0
            }
        }
        let list = names.joined(separator: ", ")
        if found == 0 { part.required("must have one of \(list)") }
        if found > 1 { part.invalid("may have only one of \(list)") }
    }

    private func counters(_ counters: Part) {
        guard counters.mustBeSet() else { return }
        if counters.count > 32 { return counters.tooMany(32) }
        for (key, _) in counters.pairs { counters.invalid(Form.dnsLabel.faults(key)) }
    }

    private func device(_ device: Part, _ old: Part?, perDevice: Bool) {
        device.name.form(.dnsLabel)
        if device.attributes.count + device.capacity.count > 32 {
            device.invalid("may have at most 32 attributes and capacities")
        }
        if device.attributes.count > 48 { device.invalid("may have at most 48 values of attributes") }
        for (key, attribute) in device.attributes.pairs {
            device.attributes.mustBeAttribute(key)
            self.attribute(attribute)
        }
        for (key, capacity) in device.capacity.pairs {
            device.capacity.mustBeAttribute(key)
            guard capacity.requestPolicy.isSet else { continue }
            if device.allowMultipleAllocations.isTrue {
                policy(capacity.requestPolicy, most: capacity["value"].quantity)
            } else {
                capacity.requestPolicy.forbidden("may be set only where allowMultipleAllocations is true")
            }
        }
        if old.map({ $0.taints.value != device.taints.value }) ?? true {
            device.taints.list(most: 16) { DeviceTaints.taint($0) }
        }
        device.consumesCounters.set(most: 2, key: { $0.counterSet }) { consumption in
            consumption.counterSet.mustBe(.dnsLabel)
            counters(consumption.counters)
        }
        let own = ["nodeName", "nodeSelector", "allNodes"]
        if perDevice {
            nodes(device, own)
        } else if own.contains(where: { device[$0].isSet }) {
            device.invalid("may say which nodes only where perDeviceNodeSelection is true")
        }
        DeviceTaints.binding(device)
    }

    private func attribute(_ attribute: Part) {
        let (text, version) = (attribute["string"], attribute.version)
        if text.isSet { text.atMost(bytes: 64) }
        if version.isSet {
            if !Self.isVersion(version.text) { version.invalid("must be a semantic version, such as 1.2.3") }
            version.atMost(bytes: 64)
        }
        let count = ["bool", "int", "string", "version"].filter { attribute[$0].isSet }.count
        if count == 0 { attribute.invalid("must have a value") }
        if count > 1 { attribute.invalid("may have only one value") }
    }

    /// `1.2.3-rc.1+build` (semver.org)
    private static func isVersion(_ text: String) -> Bool {
        func isNumber(_ text: Substring) -> Bool {
            !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber } && (text == "0" || !text.hasPrefix("0"))
        }
        func isWord(_ text: Substring) -> Bool {
            !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
        var rest = text[...]
        if let plus = rest.firstIndex(of: "+") {
            let build = rest[rest.index(after: plus)...].split(separator: ".", omittingEmptySubsequences: false)
            guard build.allSatisfy(isWord) else { return false }
            rest = rest[..<plus]
        }
        if let dash = rest.firstIndex(of: "-") {
            let words = rest[rest.index(after: dash)...].split(separator: ".", omittingEmptySubsequences: false)
            let areWords = words.allSatisfy { isWord($0) && (isNumber($0) || !$0.allSatisfy({ $0.isNumber })) }
            guard areWords else { return false }
            rest = rest[..<dash]
        }
        let numbers = rest.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 3 && numbers.allSatisfy(isNumber)
    }

    // MARK: - Capacity in parts

    private func policy(_ policy: Part, most: Quantity) {
        let (values, range) = (policy.validValues, policy.validRange)
        if values.count > 0, range.isSet { return policy.forbidden("may not have both validValues and validRange") }
        guard values.count > 0 || range.isSet else { return }
        guard policy.default.isSet else { return policy.default.required() }
        let standard = policy.default.quantity
        if range.isSet { self.range(range, standard, most) } else { self.values(values, standard, most) }
    }

    private func values(_ values: Part, _ standard: Quantity, _ most: Quantity) {
        let items = values.items
        for (before, item) in zip(items, items.dropFirst()) where before.quantity > item.quantity {
            item.invalid("must be in ascending order")
        }
        if values.count > 10 {
            values.tooMany(10)
        } else {
            var seen: Set<Int64> = []
            for item in items where item.quantity > most { item.invalid("must be at most the capacity, \(most)") }
            for item in items where !seen.insert(item.quantity.value).inserted { item.duplicate() }
        }
        if values.count > 10 || !items.contains(where: { $0.quantity == standard }) {
            values.invalid("must hold the default, \(standard)")
        }
    }

    private func range(_ range: Part, _ standard: Quantity, _ most: Quantity) {
        guard range.min.isSet else { return range.min.required() }
        let low = range.min.quantity
        if low > most { range.min.invalid("must be at most the capacity, \(most)") }
        if standard < low { range.min.invalid("must be at most the default, \(standard)") }
        if range.max.isSet {
            let high = range.max.quantity
            if low > high { range.max.invalid("must be at least min, \(low)") }
            if high > most { range.max.invalid("must be at most the capacity, \(most)") }
            if standard > high { range.max.invalid("must be at least the default, \(standard)") }
        }
        guard range.step.isSet else { return }
        let step = range.step.quantity
        if low + step > most { range.step.invalid("must lead to at most the capacity, \(most)") }
        for value in [standard] + (range.max.isSet ? [range.max.quantity] : []) {
            let (distance, overflow) = value.value.subtractingReportingOverflow(low.value)
            if overflow || step.value == 0 || distance % step.value != 0 {
                range.step.invalid("must lead from min to \(value)")
            }
        }
    }
}
