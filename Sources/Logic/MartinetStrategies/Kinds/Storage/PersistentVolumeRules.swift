import MartinetSchema

struct PersistentVolumeRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .form }

    private static let mountOptions = "volume.beta.kubernetes.io/mount-options"

    /// In the order in which upstream looks at them.
    private static let sorts: [VolumeSources.Sort] = [
        VolumeSources.hostPath, VolumeSources.gce, VolumeSources.aws,
        .init("glusterfs") { source in
            source.endpoints.mustBeSet()
            source.path.mustBeSet()
            let namespace = source.endpointsNamespace
            if namespace.isSet {
                if namespace.isEmpty { namespace.invalid("must not be empty") } else { namespace.form(.dnsLabel) }
            }
        },
        VolumeSources.flocker, VolumeSources.nfs, VolumeSources.rbd, VolumeSources.quobyte, VolumeSources.cephfs,
        .init("iscsi") { source in
            VolumeSources.iscsi(source)
            if source.secretRef.isSet { source.secretRef.name.mustBeSet() }
        },
        .init("cinder") { source in
            source.volumeID.mustBeSet()
            if source.secretRef.isSet { VolumeSources.needs("name", "namespace")(source.secretRef) }
        },
        VolumeSources.fc, VolumeSources.persistentFlex,
        .init("azureFile") { source in
            VolumeSources.needs("secretName", "shareName")(source)
            if source.secretNamespace.isSet { source.secretNamespace.mustBeSet() }
        },
        VolumeSources.vsphere, VolumeSources.photon, VolumeSources.portworx, VolumeSources.azureDisk,
        VolumeSources.scaleIO,
        .init("local") { source in if source.path.mustBeSet() { source.path.withoutBacksteps() } },
        .init("storageos") { source in
            VolumeSources.storageOS(source)
            if source.secretRef.isSet { source.secretRef.namespace.mustBeSet() }
        },
        .init("csi") { source in
            source.driver.mustBeDriverName()
            source.volumeHandle.mustBeSet()
            for name in [
                "controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef",
                "nodeExpandSecretRef",
            ] where source[name].isSet {
                source[name].name.mustBe(.dnsSubdomain)
                source[name].namespace.mustBe(.dnsLabel)
            }
        },
    ]

    /// - Parameter inline: nil for a PersistentVolume; else the volume is part of a VolumeAttachment.
    static func spec(_ spec: Part, name: String, inline: Bool, old: Part?) {
        let why = "may not be set in an inline volume"
        if inline {
            for name in ["claimRef", "capacity"] where spec[name].isSet { spec[name].forbidden(why) }
            if !spec.csi.isSet { spec.csi.required() }
        }
        spec.accessModes.mustBeSet()
        ClaimRules.modes(spec.accessModes)
        if !inline { capacity(spec.capacity) }
        let policy = spec.persistentVolumeReclaimPolicy
        if !policy.isEmpty {
            if !inline {
                policy.oneOf("Delete", "Recycle", "Retain")
            } else if policy.text != "Retain" {
                policy.forbidden("must be Retain in an inline volume")
            }
        }
        affinity(spec.nodeAffinity, inline: inline, old: old)
        let sort = VolumeSources.exactlyOne(of: sorts, in: spec)
        if sort == "iscsi", spec.iscsi.initiatorName.isSet,
            "\(name):\(spec.iscsi.targetPortal.text)".utf8.count > 64
        {
            spec.iscsi.named("targetportal").invalid("must be less than 64 bytes together with the volume's name")
        }
        if sort == "local", !spec.nodeAffinity.isSet || inline {
            spec.nodeAffinity.required("must be set for local volumes")
        }
        if spec.hostPath.path.text.isRoot, policy.text == "Recycle" {
            policy.forbidden("may not be Recycle for the host's root")
        }
        if !spec.storageClassName.isEmpty {
            if inline { spec.storageClassName.forbidden(why) } else { spec.storageClassName.form(.dnsSubdomain) }
        }
        if inline {
            if spec.volumeMode.isSet, spec.volumeMode.text != "Filesystem" {
                spec.volumeMode.forbidden("must be Filesystem in an inline volume")
            }
        } else {
            spec.volumeMode.ifSet(oneOf: "Block", "Filesystem")
        }
        if spec.volumeAttributesClassName.isSet, !inline {
            spec.volumeAttributesClassName.mustBe(.dnsSubdomain)
            if !spec.csi.isSet { spec.csi.required("must be set where volumeAttributesClassName is") }
        }
    }

    private static func capacity(_ capacity: Part) {
        capacity.mustBeSet()
        if !capacity.has(key: "storage") || capacity.count > 1 {
            capacity.add(.notSupported, "must hold storage, and nothing else")
        }
        for (_, amount) in capacity.pairs {
            if amount.quantity.value < 0 { amount.invalid("must be a valid amount") }
            amount.positiveQuantity()
        }
    }

    private static func affinity(_ affinity: Part, inline: Bool, old: Part?) {
        guard affinity.isSet else { return }
        if inline { return affinity.forbidden("may not be set in an inline volume") }
        guard affinity["required"].isSet else { return affinity["required"].required() }
        AffinityRules.nodeSelector(
            affinity["required"],
            allowInvalidValues: old?.nodeAffinity["required"].hasInvalidNodeLabelValues ?? false)
    }

    func prepareForCreate(_ object: inout Object) { object.edit("status") { $0[field: "phase"] = .string("Pending") } }

    func validate(_ new: Part) {
        let spec = new.spec
        let supportsOptions = [
            "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "nfs", "rbd", "quobyte", "iscsi", "cinder",
            "cephfs", "azureFile", "vsphereVolume", "azureDisk", "csi",
        ].contains { spec[$0].isSet }
        if !supportsOptions, new.metadata.annotations.has(key: Self.mountOptions) {
            new.metadata.annotations.named(Self.mountOptions).forbidden("this sort of volume has no mount options")
        }
    }

    func validateCreate(_ new: Part) { Self.spec(new.spec, name: new.metadata.name.text, inline: false, old: nil) }

    func validateUpdate(_ new: Part, _ old: Part) {
        // Upstream looks at the whole of it twice.
        for _ in 0..<2 { Self.spec(new.spec, name: new.metadata.name.text, inline: false, old: old.spec) }
        MetadataRules.validate(new.metadata, form: nameForm, isNamespaced: false)
        MetadataRules.finalizerNames(new.metadata)
        if source(new.spec, like: old.spec) != source(old.spec, like: old.spec) {
            new.spec.named("persistentvolumesource").forbidden("may not change once the volume is made")
        }
        new.spec.volumeMode.at(new.place.member("volumeMode")).mustNotChange(since: old.spec.volumeMode)
        let (affinity, before) = (new.spec.nodeAffinity, old.spec.nodeAffinity)
        if before.isSet, !Self.isRenewed(affinity, before) {
            affinity.at(new.place.member("nodeAffinity")).invalid("may change only from old labels to new ones")
        }
        if old.spec.volumeAttributesClassName.isSet, !new.spec.volumeAttributesClassName.isSet {
            new.spec.volumeAttributesClassName.forbidden("may not be taken away")
        }
    }

    /// Whether nothing but old labels became new ones.
    private static func isRenewed(_ new: Part, _ old: Part) -> Bool {
        func keys(_ affinity: Part) -> [String] {
            affinity["required"].nodeSelectorTerms.items.flatMap({ $0.matchExpressions.items }).map({ $0.key.text })
        }
        return renewed(new) == renewed(old)
            && zip(keys(new), keys(old)).allSatisfy { $0 == $1 || PodWarnings.newLabels[$1] == $0 }
    }

    private static func renewed(_ affinity: Part) -> Object? {
        guard var object = affinity.object else { return nil }
        object.edit("required.nodeSelectorTerms.matchExpressions") { expression in
            let key = expression.text("key")
            expression[field: "key"] = .string(PodWarnings.newLabels[key] ?? key)
        }
        return object.semantics
    }

    /// Only the source; a secret for expansion may come later.
    private func source(_ spec: Part, like old: Part) -> [String: Value] {
        var source: [String: Value] = [:]
        for sort in Self.sorts { source[sort.name] = spec[sort.name].value }
        if old.csi.isSet, !old.csi.controllerExpandSecretRef.isSet, case .object(var csi) = source["csi"] {
            csi[field: "controllerExpandSecretRef"] = nil
            source["csi"] = .object(csi)
        }
        return source
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        if new.metadata.resourceVersion.isEmpty { new.named("resourceVersion").required() }
    }

    func warn(_ new: Part, _ old: Part?) {
        for key in ["volume.beta.kubernetes.io/storage-class", Self.mountOptions]
        where new.metadata.annotations.has(key: key) { new.metadata.annotations.keyed(key).warn("is deprecated") }
        if new.spec.persistentVolumeReclaimPolicy.text == "Recycle" {
            new.spec.persistentVolumeReclaimPolicy.warn("Recycle is deprecated")
        }
        for term in new.spec.nodeAffinity["required"].nodeSelectorTerms.items {
            PodWarnings.nodeTerm(term, isPreferred: false)
        }
        for name in ["cephfs", "photonPersistentDisk", "scaleIO", "storageos", "glusterfs", "rbd"]
        where new.spec[name].isSet { new.spec[name].warn("is deprecated") }
    }
}

extension String {
    /// Whether a path means the root of its file system.
    fileprivate var isRoot: Bool {
        var depth = 0
        for part in split(separator: "/") where part != "." { depth = part == ".." ? max(0, depth - 1) : depth + 1 }
        return hasPrefix("/") && depth == 0
    }
}
