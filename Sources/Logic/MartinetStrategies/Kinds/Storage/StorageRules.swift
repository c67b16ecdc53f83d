import MartinetSchema

struct StorageClassRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    func validate(_ new: Part) {
        new.provisioner.mustBeProvisioner()
        new.parameters.mustBeParameters(mayBeEmpty: true)
        new.reclaimPolicy.ifText(oneOf: ["Delete", "Retain"])
        if new.volumeBindingMode.isSet {
            new.volumeBindingMode.oneOf("Immediate", "WaitForFirstConsumer")
        } else {
            new.volumeBindingMode.required()
        }
        topologies(new.allowedTopologies)
    }

    private func topologies(_ topologies: Part) {
        // Upstream compares each with as many empty ones as there are terms, and with those before it.
        var seen = [[String: Set<String>]](repeating: [:], count: topologies.count)
        for term in topologies.items {
            var terms: [String: Set<String>] = [:]
            for item in term.matchLabelExpressions.items {
                item["values"].mustBeSet()
                item["values"].unique()
                item.key.form(.qualifiedName)
                if terms[item.key.text] != nil { item.key.duplicate() }
                terms[item.key.text] = Set(item["values"].strings)
            }
            for earlier in seen where earlier == terms { term.matchLabelExpressions.duplicate() }
            seen.append(terms)
        }
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        for name in ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] {
            new[name].mustNotChange(since: old[name])
        }
    }

    func warn(_ new: Part, _ old: Part?) {
        for item in new.allowedTopologies.items.flatMap({ $0.matchLabelExpressions.items }) {
            PodWarnings.oldLabel(item.key.text, item.key)
        }
    }
}

struct VolumeAttributesClassRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    func validate(_ new: Part) {
        new.driverName.mustBeProvisioner()
        new.parameters.mustBeParameters(mayBeEmpty: false)
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        for name in ["driverName", "parameters"] where new[name].value != old[name].value {
            new[name].forbidden("may not change")
        }
    }
}

struct VolumeAttachmentRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .form }

    func prepareForStatusUpdate(_ object: inout Object, old: Object) { object.keepMetadata(of: old) }

    func validate(_ new: Part) {
        let spec = new.spec
        spec.attacher.mustBeDriverName()
        let source = spec.source
        let (name, inline) = (source.persistentVolumeName, source.inlineVolumeSpec)
        if !name.isSet, !inline.isSet {
            source.required("must have persistentVolumeName or inlineVolumeSpec")
        } else if name.isSet, inline.isSet {
            source.forbidden("may not have both persistentVolumeName and inlineVolumeSpec")
        } else if name.isSet {
            name.mustBeSet()
        } else {
            PersistentVolumeRules.spec(inline, name: "", inline: true, old: nil)
        }
        spec.nodeName.form(.dnsSubdomain)
        status(new.status)
        name.ifSet(form: .dnsSubdomain)
    }

    private func status(_ status: Part) {
        let metadata = status.attachmentMetadata
        let size = metadata.pairs.reduce(0) { $0 + $1.key.utf8.count + $1.value.text.utf8.count }
        if size > 256 << 10 { metadata.tooLong(256 << 10) }
        for name in ["attachError", "detachError"] where status[name].isSet {
            status[name]["message"].atMost(bytes: 1024)
            status[name].errorCode.nonNegative()
        }
    }

    func validateUpdate(_ new: Part, _ old: Part) { new.spec.mustNotChange(since: old.spec) }

    func validateStatusUpdate(_ new: Part, _ old: Part) { validate(new) }
}

struct CSINodeRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .form }

    func validate(_ new: Part) {
        var names: Set<String> = []
        for driver in new.spec.drivers.items {
            driver.name.mustBeDriverName()
            driver.nodeID.mustBeSet()
            if driver.nodeID.text.utf8.count > 256 { driver.nodeID.invalid("may be at most 256 bytes long") }
            driver.allocatable["count"].nonNegative()
            if !names.insert(driver.name.text).inserted { driver.name.duplicate() }
            var keys: Set<String> = []
            for key in driver.topologyKeys.items {
                // Upstream names the driver, not its key.
                let key = key.at(driver.place)
                key.mustBeSet()
                if !keys.insert(key.text).inserted { key.duplicate() }
                key.form(.qualifiedName)
            }
        }
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        for before in old.spec.drivers.items {
            for driver in new.spec.drivers.items where driver.name.text == before.name.text {
                let same = ["nodeID", "topologyKeys"].allSatisfy { driver[$0].value == before[$0].value }
                if !same { new.spec.drivers.invalid("may not change the driver \(driver.name.text)") }
            }
        }
    }
}

struct CSIDriverRules: KindRules {
    func setDefaults(_ object: inout Object) {
        object.edit("spec") { spec in
            spec.setDefault("attachRequired", .bool(true))
            for name in ["podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount"] {
                spec.setDefault(name, .bool(false))
            }
            spec.setDefault("fsGroupPolicy", .string("ReadWriteOnceWithFSType"))
            let modes: [Value] = if case .list(let modes) = spec[field: "volumeLifecycleModes"] { modes } else { [] }
            if modes.isEmpty { spec[field: "volumeLifecycleModes"] = .list([.string("Persistent")]) }
        }
    }

    func validate(_ new: Part) {
        let spec = new.spec
        // Upstream calls the field so.
        if !spec.attachRequired.isSet { spec.named("attachedRequired").required() }
        for name in ["podInfoOnMount", "storageCapacity", "seLinuxMount"] where !spec[name].isSet {
            spec[name].required()
        }
        spec.fsGroupPolicy.ifSet(oneOf: "File", "None", "ReadWriteOnceWithFSType")
        var audiences: Set<String> = []
        for request in spec.tokenRequests.items {
            guard audiences.insert(request.audience.text).inserted else {
                request.audience.duplicate()
                continue
            }
            request.expirationSeconds.ifSet(range: 600...(1 << 32))
        }
        let modes = spec.volumeLifecycleModes
        for mode in modes.items { mode.at(modes.place).oneOf("Persistent", "Ephemeral") }
        let period = spec.nodeAllocatableUpdatePeriodSeconds
        if period.isSet, period.int < 10 { period.invalid("must be at least 10") }
        if spec.serviceAccountTokenInSecrets.isSet, spec.tokenRequests.count == 0 {
            spec.serviceAccountTokenInSecrets.invalid("must not be set without tokenRequests")
        }
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        new.spec.attachRequired.at(new.spec.place.member("attachedRequired")).mustNotChange(
            since: old.spec.attachRequired)
        new.spec.volumeLifecycleModes.mustNotChange(since: old.spec.volumeLifecycleModes)
    }

    func warn(_ new: Part, _ old: Part?) {
        let requests = new.spec.tokenRequests
        if requests.count > 0, !new.spec.serviceAccountTokenInSecrets.isSet,
            old.map({ $0.spec.tokenRequests.value != requests.value }) ?? true
        {
            new.spec.serviceAccountTokenInSecrets.warn("should be true where there are tokenRequests")
        }
    }
}

struct CSIStorageCapacityRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    func validateCreate(_ new: Part) { validate(new, old: nil) }

    private func validate(_ new: Part, old: Part?) {
        let allowsInvalid = old.map { $0.nodeTopology.isFaulty { $0.mustBeSelector() } } ?? false
        new.nodeTopology.mustBeSelector(allowInvalidValues: allowsInvalid)
        new.storageClassName.form(.dnsSubdomain)
        if new.capacity.isSet { new.capacity.nonNegativeQuantity() }
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        validate(new, old: old)
        new.nodeTopology.mustNotChange(since: old.nodeTopology)
        new.storageClassName.mustNotChange(since: old.storageClassName)
    }

    func warn(_ new: Part, _ old: Part?) {
        for item in new.nodeTopology.matchExpressions.items { PodWarnings.oldLabel(item.key.text, item.key) }
        for (key, value) in new.nodeTopology.matchLabels.pairs { PodWarnings.oldLabel(key, value) }
    }
}

extension Part {
    /// Who makes volumes: a name in whatever case.
    fileprivate func mustBeProvisioner() {
        if mustBeSet() { invalid(Form.qualifiedName.faults(text.lowercased())) }
    }

    fileprivate func mustBeParameters(mayBeEmpty: Bool) {
        if count > 512 { return tooLong(512) }
        var size = 0
        for (key, value) in pairs {
            if key.isEmpty { invalid("must not have an empty key") }
            size += key.utf8.count + value.text.utf8.count
        }
        if size > 256 << 10 { tooLong(256 << 10) }
        if !mayBeEmpty { mustBeSet() }
    }

    /// Checked only where there is some text.
    func ifText(oneOf known: [String]) { if !text.isEmpty { oneOf(known) } }
}

extension Object {
    /// All metadata but what the server writes is that of the older object.
    mutating func keepMetadata(of old: Object) {
        let before = old.inner("metadata")
        edit("metadata") { metadata in
            for name in [
                "deletionTimestamp", "generation", "labels", "annotations", "finalizers", "ownerReferences",
                "managedFields",
            ] { metadata[field: name] = before[field: name] }
        }
    }
}
