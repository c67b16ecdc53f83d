import MartinetAPI
import MartinetSchema

/// The volumes of a pod: their names, one source each, and what the common sources need.
enum VolumeRules {
    /// - Returns: the volumes by name, for the mounts to be checked against.
    static func validate(
        _ volumes: ViewList<Volume>, at path: String, _ checker: inout Checker
    ) -> [String: Volume] {
        var known: [String: Volume] = [:]
        for (index, volume) in volumes.enumerated() {
            let place = "\(path)[\(index)]"
            if !volume.name.isEmpty {
                let faults = Names.dnsLabel(volume.name)
                checker.invalid(place + ".name", faults)
                if faults.isEmpty, known[volume.name] != nil { checker.duplicate(place + ".name", volume.name) }
            }
            source(volume, place, &checker)
            // What is broken is not there to be mounted.
            if !checker.hasErrors(at: place) { known[volume.name] = volume }
        }
        return known
    }

    private static func source(_ volume: Volume, _ path: String, _ checker: inout Checker) {
        let names = (0..<volume.object.count).map { volume.object.entry(at: $0).slot }
            .map { volume.object.type.field(Int($0)).name }.filter { $0 != "name" }
        if names.isEmpty { return checker.required(path, "must specify a volume type") }
        // Upstream looks at the sources in an order of its own; any order tells the client the same.
        for name in names.dropFirst() {
            checker.drop { $0.field.hasPrefix("\(path).\(name).") }
            // Upstream misspells one of them.
            let spelled = name == "downwardAPI" ? "downwarAPI" : name
            checker.forbidden("\(path).\(spelled)", "may not specify more than 1 volume type")
        }
        let place = "\(path).\(names[0])"
        if let secret = volume.secret, names[0] == "secret" {
            if secret.secretName.isEmpty { checker.required(place + ".secretName") }
            mode(secret.defaultMode, place + ".defaultMode", &checker)
            items(secret.items, place + ".items", &checker)
        }
        if let config = volume.configMap, names[0] == "configMap" {
            if config.name.isEmpty { checker.required(place + ".name") }
            mode(config.defaultMode, place + ".defaultMode", &checker)
            items(config.items, place + ".items", &checker)
        }
        if let downward = volume.downwardAPI, names[0] == "downwardAPI" {
            mode(downward.defaultMode, place + ".defaultMode", &checker)
            for file in downward.items { self.downward(file, place, &checker) }
        }
        if let host = volume.hostPath, names[0] == "hostPath" {
            if host.path.split(separator: "/").contains("..") {
                checker.invalid(place + ".path", "must not contain '..'")
            }
        }
        if let empty = volume.emptyDir, names[0] == "emptyDir", let text = empty.sizeLimit, let size = Quantity(text),
            size.nanos < 0
        {
            checker.forbidden(place + ".sizeLimit", "must not be negative")
        }
        if let ephemeral = volume.ephemeral, names[0] == "ephemeral",
            let template = ephemeral.volumeClaimTemplate, template.spec.resources.requests["storage"] == nil
        {
            checker.required(place + ".volumeClaimTemplate.spec.resources[storage]")
        }
        if let projected = volume.projected, names[0] == "projected" { self.projected(projected, place, &checker) }
        if let nfs = volume.nfs, names[0] == "nfs", !nfs.path.isEmpty, !nfs.path.hasPrefix("/") {
            checker.invalid(place + ".path", "must be an absolute path")
        }
    }

    private static func mode(_ mode: Int32?, _ path: String, _ checker: inout Checker) {
        if let mode, mode < 0 || mode > 0o777 { checker.invalid(path, "must be between 0 and 0777") }
    }

    private static func items(_ items: ViewList<KeyToPath>, _ path: String, _ checker: inout Checker) {
        for (index, item) in items.enumerated() {
            let place = "\(path)[\(index)]"
            if !item.path.isEmpty { descendingPath(item.path, place + ".path", &checker) }
            mode(item.mode, place + ".mode", &checker)
        }
    }

    private static func descendingPath(_ text: String, _ path: String, _ checker: inout Checker) {
        checker.localPath(text, path)
        if text.hasPrefix(".."), !text.split(separator: "/").contains("..") {
            checker.invalid(path, "must not start with '..'")
        }
    }

    static let fieldPaths: Set<String> = [
        "metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid",
    ]
    static let resources: Set<String> = [
        "limits.cpu", "limits.memory", "limits.ephemeral-storage", "requests.cpu", "requests.memory",
        "requests.ephemeral-storage",
    ]

    private static func downward(_ file: DownwardAPIVolumeFile, _ path: String, _ checker: inout Checker) {
        if file.path.isEmpty {
            checker.drop { $0.field.hasPrefix(path + ".items[") && $0.field.hasSuffix(".path") }
            checker.required(path + ".path")
        } else {
            descendingPath(file.path, path + ".path", &checker)
        }
        if let field = file.fieldRef {
            FieldPathRules.field(field, fieldPaths, path + ".fieldRef", &checker)
            if file.resourceFieldRef != nil {
                checker.invalid(path, "fieldRef and resourceFieldRef exclude each other")
            }
        } else if let resource = file.resourceFieldRef {
            FieldPathRules.resource(resource, path + ".resourceFieldRef", inVolume: true, &checker)
        } else {
            checker.required(path, "fieldRef or resourceFieldRef is required")
        }
        mode(file.mode, path + ".mode", &checker)
    }

    private static func projected(_ projected: ProjectedVolumeSource, _ path: String, _ checker: inout Checker) {
        mode(projected.defaultMode, path + ".defaultMode", &checker)
        var paths: Set<String> = []
        for (index, source) in projected.sources.enumerated() {
            let place = "\(path).sources[\(index)]"
            let names = (0..<source.object.count).map {
                source.object.type.field(Int(source.object.entry(at: $0).slot)).name
            }
            if names.isEmpty { checker.required(place, "must specify a source") }
            for name in names.dropFirst() {
                checker.forbidden("\(place).\(name)", "may not specify more than 1 source")
            }
            if let secret = source.secret {
                if secret.name.isEmpty { checker.required(place + ".secret.name") }
                items(secret.items, place + ".secret.items", &checker)
                for item in secret.items where !paths.insert(item.path).inserted {
                    checker.invalid(path, "conflicting paths")
                }
            }
            if let config = source.configMap {
                if config.name.isEmpty { checker.required(place + ".configMap.name") }
                items(config.items, place + ".configMap.items", &checker)
            }
            if let downward = source.downwardAPI {
                for file in downward.items { self.downward(file, place + ".downwardAPI", &checker) }
            }
            if let token = source.serviceAccountToken {
                if let seconds = token.expirationSeconds, seconds < 600 || seconds > 1 << 32 {
                    checker.invalid(place + ".serviceAccountToken.expirationSeconds", "must be between 600 and 2^32")
                }
            }
        }
    }
}

/// What the downward API may name.
enum FieldPathRules {
    static func field(_ field: ObjectFieldSelector, _ known: Set<String>, _ path: String, _ checker: inout Checker) {
        if field.apiVersion.isEmpty { return checker.required(path + ".apiVersion") }
        if field.fieldPath.isEmpty { return checker.required(path + ".fieldPath") }
        if let open = field.fieldPath.firstIndex(of: "["), field.fieldPath.hasSuffix("']") {
            let base = field.fieldPath[..<open]
            let key = String(field.fieldPath[open...].dropFirst(2).dropLast(2))
            switch base {
            case "metadata.annotations": return checker.invalid(path, Names.qualifiedName(key.lowercased()))
            case "metadata.labels": return checker.invalid(path, Names.qualifiedName(key))
            default: return checker.invalid(path, "does not support subscripts")
            }
        }
        let supported = [
            "metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.annotations",
            "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "spec.schedulerName", "status.phase",
            "spec.hostNetwork", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
            "status.nominatedNodeName",
        ]
        if !supported.contains(field.fieldPath) {
            checker.invalid(path + ".fieldPath", "is no field of a pod")
        } else if !known.contains(field.fieldPath) {
            checker.notSupported(path + ".fieldPath", field.fieldPath, known.sorted())
        }
    }

    static func resource(_ resource: ResourceFieldSelector, _ path: String, inVolume: Bool, _ checker: inout Checker) {
        if inVolume, resource.containerName.isEmpty { return checker.required(path + ".containerName") }
        if resource.resource.isEmpty { return }
        let isHuge =
            resource.resource.hasPrefix("limits.hugepages-") || resource.resource.hasPrefix("requests.hugepages-")
        if !VolumeRules.resources.contains(resource.resource), !isHuge {
            checker.notSupported(path + ".resource", resource.resource, VolumeRules.resources.sorted())
        }
        guard let text = resource.divisor, let divisor = Quantity(text), divisor.nanos != 0 else { return }
        let isCPU = resource.resource.hasSuffix(".cpu")
        let allowed: Set<String> =
            isCPU ? ["1m", "1"] : ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"]
        if !allowed.contains(divisor.description) {
            checker.invalid(path + ".divisor", "is none that this resource has")
        }
    }
}
