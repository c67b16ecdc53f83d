import MartinetAPI
import MartinetSchema

struct EndpointsRules: KindRules {
    var allowsCreateOnUpdate: Bool { true }

    func validate(_ object: Object, _ checker: inout Checker) {
        for (index, subset) in Endpoints(object: object).subsets.enumerated() {
            let path = "subsets[\(index)]"
            if subset.addresses.isEmpty, subset.notReadyAddresses.isEmpty {
                checker.required(path, "must have addresses or notReadyAddresses")
            }
            for (list, name) in [
                (subset.addresses, "addresses"), (subset.notReadyAddresses, "notReadyAddresses"),
            ] {
                for (position, address) in list.enumerated() {
                    let place = "\(path).\(name)[\(position)]"
                    if !Names.isIP(address.ip) { checker.invalid(place + ".ip", "must be an IP address") }
                    ServiceRules.endpointAddress(address.ip, place + ".ip", &checker)
                    if !address.hostname.isEmpty {
                        checker.invalid(place + ".hostname", Names.dnsLabel(address.hostname))
                    }
                    if let node = address.nodeName { checker.invalid(place + ".nodeName", Names.dnsSubdomain(node)) }
                }
            }
            for (position, port) in subset.ports.enumerated() {
                let place = "\(path).ports[\(position)]"
                if port.name.isEmpty {
                    if subset.ports.count > 1 { checker.required(place + ".name") }
                } else {
                    checker.invalid(place + ".name", Names.dnsLabel(port.name))
                }
                checker.invalid(place + ".port", Names.portNumber(Int64(port.port)))
                if let name = port.appProtocol { checker.invalid(place + ".appProtocol", Names.qualifiedName(name)) }
            }
        }
    }
}

struct EndpointSliceRules: KindRules {
    func validate(_ object: Object, _ checker: inout Checker) {
        let slice = EndpointSlice(object: object)
        if slice.addressType.isEmpty { checker.required("addressType") }
        var names: Set<String> = []
        for (index, port) in slice.ports.enumerated() {
            let path = "ports[\(index)]"
            let name = port.name ?? ""
            if !name.isEmpty { checker.invalid(path + ".name", Names.dnsLabel(name)) }
            if !names.insert(name).inserted { checker.duplicate(path + ".name", name) }
            if let number = port.port { checker.invalid(path + ".port", Names.portNumber(Int64(number))) }
            if let text = port.appProtocol { checker.invalid(path + ".appProtocol", Names.qualifiedName(text)) }
        }
        for (index, endpoint) in slice.endpoints.enumerated() {
            check(endpoint, slice.addressType, "endpoints[\(index)]", &checker)
        }
    }

    private func domain(_ name: String, _ path: String, _ checker: inout Checker) {
        if name.isEmpty { return checker.required(path) }
        let text = name.hasSuffix(".") ? String(name.dropLast()) : name
        let faults = Names.dnsSubdomain(text)
        if !faults.isEmpty { return checker.invalid(path, faults) }
        if !text.contains(".") { checker.invalid(path, "should be a domain with at least two labels") }
        for label in text.split(separator: ".") { checker.invalid(path, Names.dnsLabel(String(label))) }
    }

    private func check(_ endpoint: Endpoint, _ type: String, _ path: String, _ checker: inout Checker) {
        for (index, address) in endpoint.addresses.enumerated() {
            let place = "\(path).addresses[\(index)]"
            switch type {
            case "IPv4", "IPv6":
                // An address of the other family is the list's fault, anything else the element's.
                if Names.isIP(address), Names.isIPv6(address) != (type == "IPv6") {
                    checker.invalid(path + ".addresses", "must be \(type) addresses")
                }
                ServiceRules.endpointAddress(address, place, &checker)
            case "FQDN": self.domain(address, place, &checker)
            default: break
            }
        }
        if let node = endpoint.nodeName { checker.invalid(path + ".nodeName", Names.dnsSubdomain(node)) }
        if let name = endpoint.hostname { checker.invalid(path + ".hostname", Names.dnsLabel(name)) }
        guard let hints = endpoint.hints else { return }
        var (zones, nodes): (Set<String>, Set<String>) = ([], [])
        for (index, zone) in hints.forZones.enumerated() where !zones.insert(zone.name).inserted {
            checker.duplicate("\(path).hints.forZones[\(index)].name", zone.name)
        }
        for (index, node) in hints.forNodes.enumerated() {
            let place = "\(path).hints.forNodes[\(index)].name"
            if !nodes.insert(node.name).inserted { checker.duplicate(place, node.name) }
            if !node.name.isEmpty { checker.invalid(place, Names.dnsSubdomain(node.name)) }
        }
    }

    func validateUpdate(_ object: Object, old: Object, _ checker: inout Checker) {
        if EndpointSlice(object: object).addressType != EndpointSlice(object: old).addressType {
            checker.invalid("addressType", "is immutable")
        }
    }
}
