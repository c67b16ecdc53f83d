import MartinetSchema

/// What claims, templates of claims and classes say of the devices that are wanted.
struct DeviceClaimRules {
    let compiler: (any ExpressionCompiler)?

    func claim(_ devices: Part) {
        let names = RequestNames(devices)
        devices.requests.set(most: 32, key: { $0.name }) { request($0) }
        devices.constraints.list(most: 32) { constraint in
            requests(constraint.requests, names)
            let (match, distinct) = (constraint.matchAttribute, constraint.distinctAttribute)
            if match.isSet {
                match.mustBeQualifiedAttribute()
            } else if distinct.isSet {
                distinct.mustBeQualifiedAttribute()
            } else {
                constraint.required("must have matchAttribute or distinctAttribute")
            }
        }
        devices.config.list(most: 32) { config in
            requests(config.requests, names)
            configuration(config)
        }
    }

    private func request(_ request: Part) {
        request.name.form(.dnsLabel)
        let (exactly, first) = (request.exactly, request.firstAvailable)
        switch (exactly.isSet, first.count > 0) {
        case (false, false): request.required("must have exactly or firstAvailable")
        case (true, true): request.invalid("may not have both exactly and firstAvailable")
        case (true, false): device(exactly)
        case (false, true):
            first.set(most: 8, key: { $0.name }) { sub in
                sub.name.form(.dnsLabel)
                device(sub)
            }
        }
    }

    private func device(_ request: Part) {
        request.deviceClassName.mustBe(.dnsSubdomain)
        selectors(request.selectors)
        let count = request["count"]
        switch request.allocationMode.text {
        case "All": if count.int != 0 { count.invalid("must not be set where allocationMode is All") }
        case "ExactCount": count.positive()
        default: request.allocationMode.unsupported(["All", "ExactCount"])
        }
        for toleration in request.tolerations.items { DeviceTaints.toleration(toleration) }
    }

    func selectors(_ selectors: Part) {
        selectors.list(most: 32) { selector in
            guard selector.cel.isSet else { return selector.cel.required() }
            let expression = selector.cel.expression
            if expression.text.utf8.count > 10 << 10 { return expression.tooLong(10 << 10) }
            if expression.isEmpty { return expression.invalid("must be an expression") }
            expression.report(compiler?.fault(in: Expression(expression.text, .device)))
        }
    }

    func configuration(_ config: Part) {
        let opaque = config.opaque
        guard opaque.isSet else { return opaque.required() }
        opaque.driver.mustBeDriverName()
        opaque.parameters.rawObject(most: 10 << 10)
    }

    func requests(_ list: Part, _ names: RequestNames) {
        list.set(most: 32, key: { $0 }) { names.check($0) }
    }
}

/// The requests of a claim, and those within them.
struct RequestNames {
    private let names: [String: Set<String>]

    init(_ devices: Part) {
        names = Dictionary(
            devices.requests.items.map { ($0.name.text, Set($0.firstAvailable.items.map({ $0.name.text }))) }
        ) { _, last in last }
    }

    func check(_ name: Part) {
        let parts = name.text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2 else { return name.invalid("must be a request, or a request and one within it") }
        for part in parts { name.invalid(Form.dnsLabel.faults(part)) }
        let inner = names[parts[0]]
        if inner == nil || (parts.count == 2 && inner?.contains(parts[1]) != true) {
            name.invalid("must be the name of a request of the claim")
        }
    }
}

/// Devices that are not for everyone.
enum DeviceTaints {
    private static let effects = ["NoExecute", "NoSchedule", "None"]

    static func toleration(_ toleration: Part) {
        toleration.key.ifText(form: .qualifiedName)
        switch toleration.operator.text {
        case "Exists": if !toleration["value"].isEmpty { toleration["value"].invalid("must be empty with Exists") }
        case "Equal": toleration["value"].form(.labelValue)
        default: toleration.operator.mustBeOneOf("Equal", "Exists")
        }
        if !toleration.effect.isEmpty { toleration.effect.oneOf(effects) }
    }

    static func taint(_ taint: Part) {
        taint.key.form(.qualifiedName)
        taint["value"].ifText(form: .labelValue)
        taint.effect.mustBeOneOf(effects)
    }

    static func binding(_ part: Part) {
        let (ready, failed) = (part.bindingConditions, part.bindingFailureConditions)
        for list in [ready, failed] {
            list.list(most: 4) { $0.form(.qualifiedName) }
            list.unique()
        }
        for condition in failed.items where ready.strings.contains(condition.text) {
            condition.invalid("must not be in bindingConditions too")
        }
        if ready.count == 0, failed.count > 0 { ready.invalid("must be set where bindingFailureConditions is") }
        if failed.count == 0, ready.count > 0 { failed.invalid("must be set where bindingConditions is") }
    }
}

extension Part {
    /// Each item, unless there are too many of them.
    func list(most: Int, _ check: (Part) -> Void) {
        if count > most { return tooMany(most) }
        for item in items { check(item) }
    }

    /// Each item, unless there are too many of them; and each only once, by its key.
    func set(most: Int, key: (Part) -> Part, _ check: (Part) -> Void) {
        if count > most { return tooMany(most) }
        var seen: Set<String> = []
        for item in items { check(item) }
        for item in items where !seen.insert(key(item).text).inserted { item.duplicate() }
    }

    /// `domain/name` or `name`, of C identifiers.
    func mustBeAttribute(_ name: String) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        func identifier(_ text: String) {
            if text.utf8.count > 32 { tooLong(32) }
            invalid(Form.identifier.faults(text))
        }
        if parts.count == 1 { identifier(parts[0]) }
        guard parts.count == 2 else { return }
        if parts[0].isEmpty {
            invalid("must have a domain before '/'")
        } else {
            if parts[0].utf8.count > 63 { tooLong(63) }
            invalid(Form.caselessSubdomain.faults(parts[0]))
        }
        if parts[1].isEmpty { invalid("must have a name after '/'") } else { identifier(parts[1]) }
    }

    func mustBeQualifiedAttribute() {
        mustBeAttribute(text)
        if !text.has("/") { invalid("must have a domain before '/'") }
    }

    /// A JSON object of at most so many bytes.
    func rawObject(most: Int) {
        if raw.isEmpty || raw == "null" { return required() }
        if raw.utf8.count > most { return tooLong(most) }
        if !raw.hasPrefix("{") { invalid("must be an object") }
    }

    func mustBePoolName() {
        guard mustBeSet() else { return }
        atMost(bytes: 253)
        for part in text.split(separator: "/", omittingEmptySubsequences: false) {
            invalid(Form.dnsSubdomain.faults(String(part)))
        }
    }

    /// Lower case, with hyphens (RFC 9562).
    func mustBeUUID() {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        let isForm =
            groups.map({ $0.utf8.count }) == [8, 4, 4, 4, 12]
            && text.utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) || $0 == 45 }
        if !isForm { invalid("must be a UUID in small letters") }
    }
}

struct DeviceClassRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }
    let compiler: (any ExpressionCompiler)?

    func validate(_ new: Part) {
        let rules = DeviceClaimRules(compiler: compiler)
        rules.selectors(new.spec.selectors)
        new.spec.config.list(most: 32) { rules.configuration($0) }
        let name = new.spec.extendedResourceName
        if name.isSet, !ResourceNames.isExtended(name.text) { name.invalid("must be the name of an extended resource") }
    }
}

struct ResourceClaimTemplateRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }
    let compiler: (any ExpressionCompiler)?

    func validate(_ new: Part) {
        let metadata = new.spec.metadata
        metadata.annotations.mustBeAnnotations()
        metadata.labels.mustBeLabels()
        for name in metadata.setFields where name != "annotations" && name != "labels" {
            // Upstream makes the name out of its own spelling of the field.
            (name == "uid" ? metadata.uid.renamed("uID", in: metadata) : metadata[name]).forbidden("may not be set")
        }
        DeviceClaimRules(compiler: compiler).claim(new.spec.spec.devices)
    }

    func validateUpdate(_ new: Part, _ old: Part) { new.spec.mustNotChange(since: old.spec) }
}

struct ResourceClaimRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }
    let compiler: (any ExpressionCompiler)?

    func prepareForStatusUpdate(_ object: inout Object, old: Object) { object.keepMetadata(of: old) }

    func validateCreate(_ new: Part) { DeviceClaimRules(compiler: compiler).claim(new.spec.devices) }

    func validateUpdate(_ new: Part, _ old: Part) { new.spec.mustNotChange(since: old.spec) }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        let (status, before) = (new.status, old.status)
        let (allocation, reserved) = (status.allocation, status.reservedFor)
        reserved.set(most: 256, key: { $0.uid }) { user in
            for name in ["resource", "name", "uid"] { user[name].mustBeSet() }
        }
        let allocated = Set(allocation.devices.results.items.map(Self.identity))
        var seen: Set<String> = []
        for device in status.devices.items { self.device(device, allocated) }
        for device in status.devices.items where !seen.insert(Self.identity(device)).inserted { device.duplicate() }
        if reserved.count > 0 {
            if !allocation.isSet {
                reserved.forbidden("may not be set before there is an allocation")
            } else if new.metadata.deletionTimestamp.isSet,
                !Set(reserved.items.map({ $0.uid.text })).isSubset(of: before.reservedFor.items.map({ $0.uid.text }))
            {
                reserved.forbidden("may gain nobody while the claim is being deleted")
            }
        }
        if allocation.isSet, before.allocation.isSet {
            allocation.mustNotChange(since: before.allocation)
        } else if allocation.isSet {
            self.allocation(allocation, RequestNames(new.spec.devices))
        }
    }

    private static func identity(_ device: Part) -> String {
        ["driver", "pool", "device", "shareID"].map { device[$0].text }.joined(separator: "/")
    }

    private func allocation(_ allocation: Part, _ names: RequestNames) {
        allocation.devices.results.list(most: 32) { result in
            names.check(result.request)
            result.driver.mustBeDriverName()
            result.pool.mustBePoolName()
            result.device.form(.dnsLabel)
            DeviceTaints.binding(result)
            if result.shareID.isSet { result.shareID.mustBeUUID() }
        }
        let rules = DeviceClaimRules(compiler: compiler)
        allocation.devices.config.list(most: 64) { config in
            config.source.mustBeOneOf("FromClaim", "FromClass")
            rules.requests(config.requests, names)
            rules.configuration(config)
        }
        if allocation.nodeSelector.isSet {
            AffinityRules.nodeSelector(allocation.nodeSelector, allowInvalidValues: false)
        }
    }

    private func device(_ device: Part, _ allocated: Set<String>) {
        device.driver.mustBeDriverName()
        device.pool.mustBePoolName()
        device.device.form(.dnsLabel)
        if device.shareID.isSet { device.shareID.mustBeUUID() }
        if !allocated.contains(Self.identity(device)) { device.invalid("must be a device that is allocated") }
        device.conditions.atMost(items: 8)
        device.conditions.mustBeConditions()
        if !device.data.raw.isEmpty { device.data.rawObject(most: 10 << 10) }
        let network = device.networkData
        network.interfaceName.atMost(bytes: 256)
        network.hardwareAddress.atMost(bytes: 128)
        network.ips.set(most: 16, key: { $0 }) { address in
            let parts = address.text.split(separator: "/", omittingEmptySubsequences: false)
            let ip = String(parts.first ?? "")
            let isForm =
                parts.count == 2 && Form.canonicalIP.faults(ip).isEmpty
                && Int(parts[1]).map { (0...(ip.has(":") ? 128 : 32)).contains($0) && String($0) == parts[1] }
                    == true
            if !isForm { address.invalid("must be an address with the length of its network's prefix") }
        }
    }
}
