import MartinetAddresses
import MartinetSchema

struct NetworkPolicyRules: KindRules {

    func setDefaults(_ object: inout Object) {
        object.edit("spec") { spec in
            let types: [Value] = if case .list(let types) = spec[field: "policyTypes"] { types } else { [] }
            guard types.isEmpty else { return }
            let egress: [Value] = if case .list(let rules) = spec[field: "egress"] { rules } else { [] }
            spec[field: "policyTypes"] = .list([.string("Ingress")] + (egress.isEmpty ? [] : [.string("Egress")]))
        }
    }

    func validateCreate(_ new: Part) { validate(new.spec, old: nil) }
    func validateUpdate(_ new: Part, _ old: Part) { validate(new.spec, old: old.spec) }

    private static func peers(_ spec: Part) -> [Part] {
        spec.ingress.items.flatMap({ $0.from.items }) + spec.egress.items.flatMap({ $0.to.items })
    }

    private func validate(_ spec: Part, old: Part?) {
        let allowsInvalid = old.map { $0.podSelector.isFaulty { $0.mustBeSelector() } } ?? false
        let known = Set(
            (old.map(Self.peers) ?? []).map({ $0.ipBlock }).flatMap { [$0.cidr.text] + $0.except.strings })
        spec.podSelector.mustBeSelector(allowInvalidValues: allowsInvalid)
        for port in spec.ingress.items.flatMap({ $0.ports.items }) + spec.egress.items.flatMap({ $0.ports.items }) {
            self.port(port)
        }
        for peer in Self.peers(spec) {
            let selectors = [peer.podSelector, peer.namespaceSelector].filter({ $0.isSet })
            for selector in selectors { selector.mustBeSelector(allowInvalidValues: allowsInvalid) }
            if peer.ipBlock.isSet { block(peer.ipBlock, known) }
            if selectors.isEmpty, !peer.ipBlock.isSet { peer.required("must have a peer") }
            if !selectors.isEmpty, peer.ipBlock.isSet { peer.forbidden("may not have selectors beside ipBlock") }
        }
        if spec.policyTypes.count > 2 { return spec.policyTypes.invalid("may have at most 2 items") }
        for type in spec.policyTypes.items { type.oneOf("Ingress", "Egress") }
    }

    private func port(_ port: Part) {
        port.protocol.ifSet(oneOf: "TCP", "UDP", "SCTP")
        let end = port.endPort
        switch port.port.value {
        case .int(let number):
            port.port.mustBePort()
            guard end.isSet else { return }
            if end.int < number { end.invalid("must be at least port, \(number)") }
            end.mustBePort()
        case .string:
            if end.isSet { end.invalid("may not be set where port is a name") }
            port.port.form(.portName)
        default: if end.isSet { end.invalid("may not be set where port is not") }
        }
    }

    private func block(_ block: Part, _ known: Set<String>) {
        guard block.cidr.mustBeSet() else { return }
        func check(_ range: Part) { if !known.contains(range.text) { range.form(.cidr) } }
        check(block.cidr)
        guard let whole = block.cidr.text.lenientNetwork else { return }
        for range in block.except.items {
            check(range)
            guard let part = range.text.lenientNetwork else { continue }
            if !whole.contains(part.address) || whole.prefix >= part.prefix {
                range.invalid("must lie within \(block.cidr.text), and be smaller")
            }
        }
    }

    func warn(_ new: Part, _ old: Part?) {
        for block in Self.peers(new.spec).map({ $0.ipBlock }) where block.isSet {
            for range in [block.cidr] + block.except.items { range.warnOfUnusualNetwork() }
        }
    }
}

extension String {
    /// A network, read as leniently as Go once did.
    fileprivate var lenientNetwork: IPNetwork? {
        let parts = split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = Addresses.lenient(String(parts[0])), let prefix = Int(parts[1]),
            prefix >= 0, prefix <= address.family.byteCount * 8
        else { return nil }
        return IPNetwork(address, prefix: prefix)
    }
}

struct IPAddressRules: KindRules {
    var nameForm: Form { .canonicalIP }
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    func validate(_ new: Part) {
        let parent = new.spec.parentRef
        guard parent.isSet else { return parent.required() }
        parent.group.ifText(form: .dnsSubdomain)
        parent.resource.mustBe(.pathSegment)
        parent.name.mustBe(.pathSegment)
        parent.namespace.ifText(form: .pathSegment)
    }

    func validateUpdate(_ new: Part, _ old: Part) { new.spec.parentRef.mustNotChange(since: old.spec.parentRef) }
}

struct ServiceCIDRRules: KindRules {

    func prepareForStatusUpdate(_ object: inout Object, old: Object) { object.keepMetadata(of: old) }

    func validateCreate(_ new: Part) { ranges(new.spec.cidrs) }

    private func ranges(_ ranges: Part) {
        guard ranges.mustBeSet() else { return }
        if ranges.count > 2 { return ranges.invalid("may have at most 2 items") }
        for range in ranges.items { range.form(.canonicalCIDR) }
        if ranges.count == 2, Addresses.isDual(networks: ranges.strings) == false {
            ranges.invalid("must be of two families")
        }
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        let (now, before) = (new.spec.cidrs, old.spec.cidrs)
        if now.count == before.count {
            for (range, old) in zip(now.items, before.items) { range.mustNotChange(since: old) }
        } else if before.count == 1, now.count == 2 {
            now.items[0].mustNotChange(since: before.items[0])
            ranges(now)
        } else {
            now.invalid("may not change, but for a second family")
        }
    }
}
