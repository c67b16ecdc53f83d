import MartinetSchema

struct PersistentVolumeClaimRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    private static let classAnnotation = "volume.beta.kubernetes.io/storage-class"

    func prepareForCreate(_ object: inout Object) {
        object.edit("status") { $0[field: "phase"] = .string("Pending") }
        object.edit("spec") { Self.sources(&$0, wasUsed: false) }
    }

    func prepareForUpdate(_ object: inout Object, old: Object) {
        let before = old.inner("spec")
        let wasUsed = before[field: "dataSource"] != nil || before[field: "dataSourceRef"] != nil
        object.edit("spec") { Self.sources(&$0, wasUsed: wasUsed) }
    }

    /// `dataSource` and `dataSourceRef` say the same; what the elder cannot say is dropped from it.
    private static func sources(_ spec: inout Object, wasUsed: Bool) {
        if case .object(let reference) = spec[field: "dataSourceRef"], !reference.text("namespace").isEmpty, !wasUsed {
            spec[field: "dataSourceRef"] = nil
        }
        if !wasUsed, spec[field: "dataSourceRef"] == nil, case .object(let source) = spec[field: "dataSource"] {
            let (group, kind) = (source.text("apiGroup"), source.text("kind"))
            let isKnown =
                (group.isEmpty && kind == "PersistentVolumeClaim")
                || (group == "snapshot.storage.k8s.io" && kind == "VolumeSnapshot")
            if !isKnown { spec[field: "dataSource"] = nil }
        }
        func copy(_ from: String, _ to: String) {
            guard case .object(let source) = spec[field: from], spec[field: to] == nil else { return }
            var target = spec.inner(to)
            for name in ["apiGroup", "kind", "name"] { target[field: name] = source[field: name] }
            spec[field: to] = .object(target)
        }
        copy("dataSource", "dataSourceRef")
        if spec.inner("dataSourceRef").text("namespace").isEmpty { copy("dataSourceRef", "dataSource") }
    }

    func validateCreate(_ new: Part) { ClaimRules.spec(new.spec, old: nil) }

    func validateUpdate(_ new: Part, _ old: Part) {
        ClaimRules.spec(new.spec, old: old.spec)
        let (annotations, before) = (new.metadata.annotations, old.metadata.annotations)
        let (now, then) = (annotations.text(key: Self.classAnnotation), before.text(key: Self.classAnnotation))
        let (name, oldName) = (new.spec.storageClassName, old.spec.storageClassName)
        var ignored: Set<String> = []
        if old.spec.volumeName.isEmpty { ignored.insert("volumeName") }
        if let then, !oldName.isSet, name.isSet, name.text == then, now == nil || now == then {
            ignored.insert("storageClassName")
        } else {
            if now ?? "" != then ?? "" {
                new.metadata.named("annotations").named(Self.classAnnotation).invalid("may not change")
            }
            if name.isSet, !oldName.isSet, then == nil || name.text == then { ignored.insert("storageClassName") }
        }
        let isBound = new.status.phase.text == "Bound"
        if isBound { ignored.insert("volumeAttributesClassName") }
        if fixed(new.spec, ignored, sized: isBound) != fixed(old.spec, ignored, sized: isBound) {
            new.spec.forbidden(
                "may not change, but for the storage that a bound claim asks for and its attributes' class")
        }
        sizes(new, old)
        new.spec.volumeMode.at(new.place.member("volumeMode")).mustNotChange(since: old.spec.volumeMode)
        if old.status.currentVolumeAttributesClassName.isSet, new.spec.volumeAttributesClassName.isEmpty,
            old.spec.volumeAttributesClassName.value != new.spec.volumeAttributesClassName.value
        {
            new.spec.volumeAttributesClassName.forbidden("may not be taken away")
        }
    }

    /// The spec without what may change.
    private func fixed(_ spec: Part, _ ignored: Set<String>, sized: Bool) -> Object? {
        guard var object = spec.object else { return nil }
        for name in ignored { object[field: name] = nil }
        if sized {
            object.edit("resources") { resources in
                guard case .map(var requests) = resources[field: "requests"] else { return }
                requests["storage"] = nil
                resources[field: "requests"] = .map(requests)
            }
        }
        return object.semantics
    }

    private func sizes(_ new: Part, _ old: Part) {
        func size(_ claim: Part) -> Quantity { claim.spec.resources.requests.quantity(key: "storage") ?? Quantity(0) }
        let granted = old.status.capacity.quantity(key: "storage") ?? Quantity(0)
        if size(new) < size(old), size(new) <= granted {
            new.spec.resources.requests.named("storage").forbidden("must not become less than status.capacity")
        }
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        if new.metadata.resourceVersion.isEmpty { new.named("resourceVersion").required() }
        if new.spec.accessModes.count == 0 { new.named("Spec").named("accessModes").required() }
        for (_, amount) in new.status.capacity.pairs where amount.quantity.value < 0 {
            amount.invalid("must not be negative")
        }
        let statuses = new.status.allocatedResourceStatuses
        for (name, state) in statuses.pairs {
            resource(name, at: statuses)
            let known = [
                "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizePending",
                "NodeResizeInProgress", "NodeResizeInfeasible",
            ]
            if !known.contains(state.text) { state.at(statuses.place).unsupported(known) }
        }
        let amounts = new.status.allocatedResources
        for (name, amount) in amounts.pairs where resource(name, at: amounts) {
            amount.nonNegativeQuantity()
        }
    }

    @discardableResult
    private func resource(_ name: String, at part: Part) -> Bool {
        let faults = Form.qualifiedName.faults(name)
        part.invalid(faults)
        guard faults.isEmpty else { return false }
        if ResourceNames.isNative(name), name != "storage" {
            part.add(.notSupported, "\(name) is not storage")
            return false
        }
        return true
    }

    func warn(_ new: Part, _ old: Part?) {
        let annotations = new.metadata.annotations
        if annotations.has(key: Self.classAnnotation) { annotations.keyed(Self.classAnnotation).warn("is deprecated") }
        ClaimRules.warn(new.spec)
    }
}
