import MartinetSchema

struct EndpointsRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    func validateCreate(_ new: Part) { for subset in new.subsets.items { validate(subset: subset) } }

    func validateUpdate(_ new: Part, _ old: Part) {
        // What was faulty before may stay as it is.
        if new.subsets.value != old.subsets.value { validateCreate(new) }
    }

    private func validate(subset: Part) {
        if subset.addresses.count == 0, subset.notReadyAddresses.count == 0 {
            subset.required("must have addresses or notReadyAddresses")
        }
        for address in subset.addresses.items + subset.notReadyAddresses.items {
            address.ip.form(.ip)
            address.hostname.ifText(form: .dnsLabel)
            address.nodeName.ifSet(form: .dnsSubdomain)
            address.ip.reachableIP()
        }
        for port in subset.ports.items {
            if !port.name.isEmpty {
                port.name.form(.dnsLabel)
            } else if subset.ports.count > 1 {
                port.name.required("must be set where there are several ports")
            }
            port.port.mustBePort()
            port.protocol.mustBeOneOf("SCTP", "TCP", "UDP")
            port.appProtocol.ifSet(form: .qualifiedName)
        }
    }

    func warn(_ new: Part, _ old: Part?) {
        new.report.warn("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")
        for address in new.subsets.items.flatMap({ $0.addresses.items + $0.notReadyAddresses.items }) {
            address.ip.warnOfUnusualAddress()
        }
    }
}

struct EndpointSliceRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .form }

    /// A name for labels that nothing reads any more.
    func prepareForCreate(_ object: inout Object) { object.edit("endpoints") { $0[field: "deprecatedTopology"] = nil } }
    func prepareForUpdate(_ object: inout Object, old: Object) { prepareForCreate(&object) }

    func setDefaults(_ object: inout Object) {
        object.edit("ports") { port in
            port.setDefault("name", .string(""))
            port.setDefault("protocol", .string("TCP"))
        }
    }

    func validateCreate(_ new: Part) {
        frame(new)
        endpoints(new)
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        frame(new)
        if new.endpoints.value != old.endpoints.value { endpoints(new) }
        new.addressType.mustNotChange(since: old.addressType)
    }

    private func frame(_ slice: Part) {
        slice.addressType.mustBeOneOf("FQDN", "IPv4", "IPv6")
        if slice.ports.count > 20_000 { return slice.ports.tooMany(20_000) }
        var names: Set<String> = []
        for port in slice.ports.items {
            port.name.ifText(form: .dnsLabel)
            if !names.insert(port.name.text).inserted { port.name.duplicate() }
            if port.protocol.isSet { port.protocol.oneOf("SCTP", "TCP", "UDP") } else { port.protocol.required() }
            port.appProtocol.ifSet(form: .qualifiedName)
        }
    }

    private func endpoints(_ slice: Part) {
        if slice.endpoints.count > 1000 { return slice.endpoints.tooMany(1000) }
        for endpoint in slice.endpoints.items {
            let addresses = endpoint.addresses
            if addresses.mustBeSet() { addresses.atMost(items: 100) }
            for address in addresses.items { self.address(address, in: addresses, slice.addressType.text) }
            endpoint.nodeName.ifSet(form: .dnsSubdomain)
            let topology = endpoint.deprecatedTopology
            if topology.count > 16 { topology.tooMany(16) }
            topology.mustBeLabels()
            endpoint.hostname.ifSet(form: .dnsLabel)
            hints(endpoint.hints)
        }
    }

    private func address(_ address: Part, in list: Part, _ type: String) {
        switch type {
        case "IPv4", "IPv6":
            let faults = (type == "IPv4" ? Form.ip : .canonicalIP).faults(address.text)
            guard faults.isEmpty else { return address.invalid(faults) }
            if Addresses.isIPv6(address.text) != (type == "IPv6") { list.invalid("must be \(type) addresses") }
            address.reachableIP()
        case "FQDN": address.qualifiedDomain(labels: 2)
        default: break
        }
    }

    private func hints(_ hints: Part) {
        for (list, form) in [(hints.forZones, Form.labelValue), (hints.forNodes, .dnsSubdomain)] {
            if list.count > 8 { return list.tooMany(8) }
            var seen: Set<String> = []
            for item in list.items {
                if !seen.insert(item.name.text).inserted { item.name.duplicate() }
                item.name.form(form)
            }
        }
    }

    func warn(_ new: Part, _ old: Part?) {
        for address in new.endpoints.items.flatMap({ $0.addresses.items }) { address.warnOfUnusualAddress() }
        if old == nil, new.addressType.text == "FQDN" { new.addressType.warn("FQDN is deprecated") }
    }
}

extension Part {
    /// A domain of at least so many labels; a dot may follow the last one.
    func qualifiedDomain(labels: Int) {
        guard mustBeSet() else { return }
        let domain = text.hasSuffix(".") ? String(text.dropLast()) : text
        let faults = Form.dnsSubdomain.faults(domain)
        if !faults.isEmpty { return invalid(faults.joined(separator: "; ")) }
        let parts = domain.split(separator: ".")
        if parts.count < labels { return invalid("must be a domain of at least \(labels) labels") }
        for part in parts where !Form.dnsLabel.faults(String(part)).isEmpty {
            return invalid("must be labels of at most 63 bytes")
        }
    }
}
