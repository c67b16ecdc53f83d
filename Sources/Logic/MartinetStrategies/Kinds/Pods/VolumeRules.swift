import MartinetSchema

/// What holds of the volumes of a pod.
enum VolumeRules {
    private static let fieldPaths: Set<String> = [
        "metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid",
    ]

    /// In the order in which upstream looks at them.
    private static func sorts(_ options: PodOptions) -> [VolumeSources.Sort] {
        [
            .init("emptyDir") { source in
                if source.sizeLimit.quantity < Quantity(0) { source.sizeLimit.forbidden("must not be negative") }
            },
            VolumeSources.hostPath,
            .init("gitRepo") { source in
                source.repository.mustBeSet()
                source.directory.descendingPath()
            },
            VolumeSources.gce, VolumeSources.aws,
            .init("secret") { source in
                source.secretName.mustBeSet()
                files(source)
            },
            VolumeSources.nfs, .init("iscsi", VolumeSources.iscsi),
            .init("glusterfs", VolumeSources.needs("endpoints", "path")), VolumeSources.flocker,
            .init("persistentVolumeClaim", VolumeSources.needs("claimName")), VolumeSources.rbd,
            .init("cinder") { source in
                source.volumeID.mustBeSet()
                if source.secretRef.isSet { source.secretRef.name.mustBeSet() }
            },
            VolumeSources.cephfs, VolumeSources.quobyte,
            .init("downwardAPI", beside: "downwarAPI") { source in
                source.defaultMode.fileMode()
                for file in source.items(named: "items") { downward(file.at(source.place)) }
            },
            VolumeSources.fc, VolumeSources.flex,
            .init("configMap") { source in
                source.name.mustBeSet()
                files(source)
            },
            .init("azureFile", VolumeSources.needs("secretName", "shareName")), VolumeSources.vsphere,
            VolumeSources.photon, VolumeSources.portworx, VolumeSources.azureDisk,
            .init("storageos", VolumeSources.storageOS), .init("projected") { projected($0, options) },
            VolumeSources.scaleIO,
            .init("csi") { source in
                source.driver.mustBeDriverName()
                let secret = source.nodePublishSecretRef
                if secret.isSet, secret.name.mustBeSet() {
                    secret.name.at(source.place.member("name")).form(.dnsSubdomain)
                }
            },
            .init("ephemeral") { source in
                let template = source.volumeClaimTemplate
                guard template.isSet else { return template.required() }
                template.metadata.annotations.mustBeAnnotations()
                template.metadata.labels.mustBeLabels()
                for name in template.metadata.setFields where name != "annotations" && name != "labels" {
                    let place = template.metadata[name]
                    (name == "uid" ? place.renamed("uID", in: template.metadata) : place).forbidden("may not be set")
                }
                ClaimRules.spec(template.spec, old: nil)
            },
            .init("image") { source in
                if options.isPod { source.reference.mustBeSet() }
                source.pullPolicy.mustBeOneOf("Always", "IfNotPresent", "Never")
            },
        ]
    }

    private static let podSorts = sorts(with(isPod: true))
    private static let templateSorts = sorts(with(isPod: false))
    private static func with(isPod: Bool) -> PodOptions {
        var options = PodOptions()
        options.isPod = isPod
        return options
    }

    /// The volumes without faults, by name.
    static func validate(_ volumes: Part, _ metadata: Part?, _ options: PodOptions) -> [String: Part] {
        var found: [String: Part] = [:]
        let items = volumes.items
        let pod = metadata?.name.text ?? ""
        let made = pod.isEmpty ? [] : Set(items.filter({ $0.ephemeral.isSet }).map { "\(pod)-\($0.name.text)" })
        let sorts =
            options.allowsForeignTokenPath ? sorts(options) : options.isPod ? podSorts : templateSorts
        for volume in items {
            let faults = volume.report.errors.count
            let sort = VolumeSources.exactlyOne(of: sorts, in: volume)
            if volume.iscsi.isSet, volume.iscsi.initiatorName.isSet,
                "\(volume.name.text):\(volume.iscsi.targetPortal.text)".utf8.count > 64
            {
                volume.name.invalid("must be less than 64 bytes together with iscsi.targetPortal")
            }
            if sort == "ephemeral", !pod.isEmpty, !volume.name.isEmpty {
                volume.name.invalid(Form.dnsSubdomain.faults("\(pod)-\(volume.name.text)"))
            }
            let isSound = volume.report.errors.count == faults
            volume.name.mustBe(.dnsLabel)
            if found[volume.name.text] != nil { volume.name.duplicate() }
            if isSound { found[volume.name.text] = volume }
            let claim = volume.persistentVolumeClaim.claimName
            if volume.persistentVolumeClaim.isSet, made.contains(claim.text) {
                claim.invalid("must not name a claim that is made for an ephemeral volume")
            }
        }
        return found
    }

    private static func files(_ source: Part) {
        source.defaultMode.fileMode()
        for file in source.items(named: "items") { keyToPath(file) }
    }

    private static func keyToPath(_ file: Part) {
        file.key.mustBeSet()
        file.path.mustBeSet()
        file.path.localPath()
        file.mode.fileMode()
    }

    private static func downward(_ file: Part) {
        file.path.mustBeSet()
        file.path.localPath()
        if file.fieldRef.isSet {
            DownwardRules.field(file.fieldRef, fieldPaths)
            if file.resourceFieldRef.isSet { file.invalid("may not have both fieldRef and resourceFieldRef") }
        } else if file.resourceFieldRef.isSet {
            DownwardRules.resource(file.resourceFieldRef, inVolume: true)
        } else {
            file.required("must have fieldRef or resourceFieldRef")
        }
        file.mode.fileMode()
    }

    // MARK: - Several sources in one volume

    private static func projected(_ volume: Part, _ options: PodOptions) {
        volume.defaultMode.fileMode()
        var paths: Set<String> = []
        func claim(_ path: String) {
            if !path.isEmpty, !paths.insert(path).inserted { volume.invalid("must not have two files at \(path)") }
        }
        for source in volume.sources.items {
            for name in ["secret", "configMap"] where source[name].isSet {
                source[name].name.mustBeSet()
                for file in source[name].items(named: "items") {
                    keyToPath(file)
                    claim(file.path.text)
                }
            }
            for file in source.downwardAPI.items(named: "items") {
                downward(file.at(source.downwardAPI.place))
                claim(file.path.text)
            }
            let token = source.serviceAccountToken
            if token.isSet {
                if token.expirationSeconds.int < 600 { token.expirationSeconds.invalid("must be at least 600") }
                if token.expirationSeconds.int > 1 << 32 { token.expirationSeconds.invalid("must be at most 2^32") }
                // Upstream names the volume's path, not the token's.
                let path = token.path.at(volume.place.member("path"))
                if path.mustBeSet(), !options.allowsForeignTokenPath { path.localPath() }
            }
            if source.setFields.count > 1 { source.forbidden("may have only one source") }
        }
    }
}

extension Part {
    /// The permission bits of a file.
    func fileMode() { ifSet(range: 0...0o777) }

    /// The items of a list field whose name is one of this type's own.
    func items(named name: String) -> [Part] { self[name].items }
}
