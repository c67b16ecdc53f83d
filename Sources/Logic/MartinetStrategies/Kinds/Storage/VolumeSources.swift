import MartinetSchema

/// What a volume can be made of: those sorts that pods and PersistentVolumes share, and what both check of each.
enum VolumeSources {
    /// One sort of volume.
    struct Sort {
        let name: String
        /// What upstream calls the field where it finds fault inside it, and where it finds it beside another.
        let inside: String
        let beside: String
        /// Whether it is looked at though another sort is set too.
        var standsBeside = false
        let check: @Sendable (Part) -> Void

        init(
            _ name: String, inside: String? = nil, beside: String? = nil, _ check: @escaping @Sendable (Part) -> Void
        ) {
            self.name = name
            self.inside = inside ?? name
            self.beside = beside ?? name
            self.check = check
        }
    }

    /// Exactly one sort is set; only the first is looked at. The sort that it is.
    @discardableResult
    static func exactlyOne(of sorts: [Sort], in volume: Part) -> String? {
        var found: String?
        // Of thirty sorts one is set: what is set is asked once.
        let set = volume.setFields
        for sort in sorts where set.contains(sort.name) && volume[sort.name].isSet {
            if let found, !sort.standsBeside {
                volume.named(sort.beside).forbidden("may not be set beside \(found)")
            } else {
                found = sort.name
                sort.check(volume[sort.name].at(volume.place.member(sort.inside)))
            }
        }
        if found == nil { volume.required("must have a source") }
        return found
    }

    static func needs(_ names: String...) -> @Sendable (Part) -> Void {
        { source in for name in names { source[name].mustBeSet() } }
    }

    static let hostPath = Sort("hostPath") { source in
        guard source.path.mustBeSet() else { return }
        source.path.withoutBacksteps()
        source["type"].ifSet(
            oneOf: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
    }
    static let gce = Sort("gcePersistentDisk", inside: "persistentDisk") { source in
        source.pdName.mustBeSet()
        source.partition.range(0...255)
    }
    static let aws = Sort("awsElasticBlockStore") { source in
        source.volumeID.mustBeSet()
        source.partition.range(0...255)
    }
    static let nfs = Sort("nfs") { source in
        source.server.mustBeSet()
        source.path.mustBeSet()
        if !source.path.text.hasPrefix("/") { source.path.invalid("must be an absolute path") }
    }
    static let flocker = Sort("flocker") { source in
        let (name, uuid) = (source.datasetName, source.datasetUUID)
        if name.isEmpty, uuid.isEmpty { source.required("must have datasetName or datasetUUID") }
        if !name.isEmpty, !uuid.isEmpty { source.invalid("may not have both datasetName and datasetUUID") }
        if name.text.has("/") { name.invalid("must not hold '/'") }
    }
    static let rbd = Sort("rbd", needs("monitors", "image"))
    static let cephfs = Sort("cephfs", beside: "cephFS", needs("monitors"))
    static let vsphere = Sort("vsphereVolume", needs("volumePath"))
    static let photon = Sort("photonPersistentDisk", needs("pdID"))
    static let portworx = Sort("portworxVolume", needs("volumeID"))
    static let scaleIO = Sort("scaleIO", needs("gateway", "system", "volumeName"))
    static let quobyte = Sort("quobyte") { source in
        if source.registry.isEmpty {
            source.registry.required()
        } else if source.tenant.text.utf8.count >= 65 {
            source.tenant.required("must be less than 65 bytes long")
        } else {
            for address in source.registry.text.split(separator: ",", omittingEmptySubsequences: false)
            where !isHostAndPort(String(address)) {
                source.registry.invalid("must be a host and a port, joined by ':'")
            }
        }
        source.volume.mustBeSet()
    }
    static let fc = Sort("fc") { source in
        let (wwns, wwids) = (source.targetWWNs, source.wwids)
        if wwns.count == 0, wwids.count == 0 { wwns.required("must be set where wwids is not") }
        if wwns.count > 0, wwids.count > 0 { wwns.invalid("may not be set beside wwids") }
        guard wwns.count > 0 else { return }
        if source.lun.isSet { source.lun.range(0...255) } else { source.lun.required("must be set with targetWWNs") }
    }
    /// Of a PersistentVolume; upstream does not mind what else is set there.
    static let persistentFlex = {
        var sort = flex
        sort.standsBeside = true
        return sort
    }()
    static let flex = Sort("flexVolume") { source in
        source.driver.mustBeSet()
        for (key, option) in source.options.pairs {
            let namespace = "." + (key.split(separator: "/", maxSplits: 1).first ?? "").lowercased()
            if namespace.hasSuffix(".kubernetes.io") || namespace.hasSuffix(".k8s.io") {
                option.invalid("must not be one of Kubernetes' own")
            }
        }
    }
    static let azureDisk = Sort("azureDisk") { source in
        source.diskName.mustBeSet()
        source.diskURI.mustBeSet()
        source.cachingMode.ifSet(oneOf: "None", "ReadOnly", "ReadWrite")
        let kind = source.kind
        kind.ifSet(oneOf: "Dedicated", "Managed", "Shared")
        if kind.text == "Managed", !source.diskURI.text.hasPrefix("/subscriptions/") {
            source.diskURI.unsupported(["/subscriptions/…/providers/microsoft.compute/disks/…"])
        }
        if kind.isSet, kind.text != "Managed", !source.diskURI.text.hasPrefix("https://") {
            source.diskURI.unsupported(["https://….blob.core.windows.net/…/….vhd"])
        }
    }

    static func storageOS(_ source: Part) {
        source.volumeName.mustBe(.dnsLabel)
        source.volumeNamespace.ifText(form: .dnsLabel)
        if source.secretRef.isSet { source.secretRef.name.mustBeSet() }
    }

    static func iscsi(_ source: Part) {
        source.targetPortal.mustBeSet()
        if source.iqn.mustBeSet() { qualified(source.iqn, at: source.iqn) }
        source.lun.range(0...255)
        if source.chapAuthDiscovery.isTrue || source.chapAuthSession.isTrue, !source.secretRef.isSet {
            source.secretRef.required("must be set for CHAP authentication")
        }
        // Upstream writes this name in small letters.
        if source.initiatorName.isSet { qualified(source.initiatorName, at: source.named("initiatorname")) }
    }

    /// `iqn.2001-04.com.example:storage`, `eui.` and 16, `naa.` and 32 letters or digits.
    private static func qualified(_ name: Part, at place: Part) {
        func isWord(_ text: Substring, _ count: Int) -> Bool {
            text.utf8.count == count + 4 && text.dropFirst(4).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
        }
        let text = name.text[...]
        let isForm =
            switch text.prefix(3) {
            case "iqn": isIQN(text)
            case "eui": isWord(text, 16)
            case "naa": isWord(text, 32)
            default: false
            }
        if !isForm { name.at(place.place).invalid("must be a qualified name that begins with iqn, eui or naa") }
    }

    private static func isIQN(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "iqn", let colon = parts[2].firstIndex(of: ":") else { return false }
        let date = Array(parts[1].utf8)
        func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
        guard date.count == 7, date[4] == 45, date[0..<4].allSatisfy(isDigit), date[5...].allSatisfy(isDigit) else {
            return false
        }
        let (authority, name) = (parts[2][..<colon], parts[2][colon...].dropFirst())
        return !authority.isEmpty
            && authority.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
            && !name.isEmpty && !name.contains { ",;*&$|".contains($0) || $0.isWhitespace }
    }

    private static func isHostAndPort(_ text: String) -> Bool {
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return false }
            let rest = text[text.index(after: close)...]
            return rest.hasPrefix(":") && !rest.dropFirst().has(":")
        }
        return text.filter { $0 == ":" }.count == 1
    }
}

extension Part {
    /// The name of a CSI driver.
    func mustBeDriverName() {
        guard mustBeSet() else { return }
        atMost(bytes: 63)
        form(.caselessSubdomain)
    }
}
