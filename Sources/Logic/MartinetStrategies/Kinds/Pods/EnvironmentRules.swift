import MartinetNearMiss
import MartinetSchema

/// Where a container's variables come from.
enum EnvironmentRules {
    private static let fieldPaths: Set<String> = [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
        "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
    ]

    static func variables(_ variables: Part) {
        for variable in variables.items {
            variable.name.mustBe(.environmentName)
            let from = variable.valueFrom
            guard from.isSet else { continue }
            if from.fieldRef.isSet { DownwardRules.field(from.fieldRef, fieldPaths) }
            if from.resourceFieldRef.isSet { DownwardRules.resource(from.resourceFieldRef, inVolume: false) }
            for name in ["configMapKeyRef", "secretKeyRef"] where from[name].isSet {
                from[name].name.form(.dnsSubdomain)
                from[name].key.mustBe(.configKey)
            }
            if from.fileKeyRef.isSet {
                from.fileKeyRef.key.mustBe(.environmentName)
                from.fileKeyRef.volumeName.mustBe(.dnsLabel)
                if from.fileKeyRef.path.mustBeSet() { from.fileKeyRef.path.withoutBacksteps() }
            }
            let sources = from.setFields.count
            if sources == 0 {
                from.invalid("must have a source")
            } else if !variable["value"].isEmpty {
                from.invalid("may not be set beside value")
            } else if sources > 1 {
                from.invalid("may have only one source")
            }
        }
    }

    static func sources(_ sources: Part) {
        for source in sources.items {
            source.prefix.ifText(form: .environmentName)
            var count = 0
            for name in ["configMapRef", "secretRef"] where source[name].isSet {
                count += 1
                let reference = source[name].name
                if reference.mustBeSet() { reference.invalid(Form.dnsSubdomain.faults(prefix: reference.text)) }
            }
            // Upstream names the list, not its item.
            if count == 0 { sources.invalid("must name a configMapRef or a secretRef") }
            if count > 1 { sources.invalid("may have only one source") }
        }
    }
}

/// What the downward API may name.
enum DownwardRules {
    /// Fields of a pod that have a name of their own there.
    private static let known: Set<String> = [
        "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid",
        "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "spec.schedulerName", "status.phase",
        "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs", "spec.host",
    ]
    private static let resources: Set<String> = [
        "limits.cpu", "limits.memory", "limits.ephemeral-storage", "requests.cpu", "requests.memory",
        "requests.ephemeral-storage",
    ]
    private static let byteDivisors: Set<String> = [
        "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
    ]

    /// `metadata.labels['app']` for `metadata.labels.app`, and the nearest field for anything else.
    private static func meant(_ path: String) -> String? {
        for name in ["metadata.labels", "metadata.annotations"] where path.hasPrefix(name + ".") {
            return "\(name)['\(path.dropFirst(name.count + 1))']"
        }
        return NearMiss.suggestion(for: path, among: known.sorted())
    }

    static func field(_ reference: Part, _ allowed: Set<String>) {
        let (version, path) = (reference.apiVersion, reference.fieldPath)
        guard version.mustBeSet(), path.mustBeSet() else { return }
        if version.text != "v1" { return path.invalid("is known of apiVersion v1 only") }
        if path.text.hasSuffix("']"), let open = path.text.range(of: "['") {
            let key = String(path.text[open.upperBound...].dropLast(2))
            switch path.text[..<open.lowerBound] {
            case "metadata.annotations": reference.invalid(Form.qualifiedName.faults(key.lowercased()))
            case "metadata.labels": reference.invalid(Form.qualifiedName.faults(key))
            default: path.invalid("may have a subscript only after metadata.labels and metadata.annotations")
            }
        } else if !known.contains(path.text) {
            let meant = Self.meant(path.text).map { ", did you mean \"\($0)\"?" }
            path.add(.invalid, "must be a field of a pod, not \(path.found)\(meant ?? "")")
        } else {
            let name = path.text == "spec.host" ? "spec.nodeName" : path.text
            if !allowed.contains(name) { path.unsupported(allowed.sorted()) }
        }
    }

    static func resource(_ reference: Part, inVolume: Bool) {
        let name = reference.resource.text
        let isHuge = name.hasPrefix("limits.hugepages-") || name.hasPrefix("requests.hugepages-")
        if inVolume, reference.containerName.isEmpty {
            reference.containerName.required()
        } else if reference.resource.mustBeSet(), !resources.contains(name), !isHuge {
            reference.resource.unsupported(resources.sorted())
        }
        let divisor = reference.divisor.quantity
        guard divisor.nanos != 0 else { return }
        switch name {
        case "limits.cpu", "requests.cpu":
            if !["1m", "1"].contains(divisor.description) { reference.divisor.invalid("must be 1m or 1") }
        case _ where resources.contains(name) || isHuge:
            if !byteDivisors.contains(divisor.description) {
                reference.divisor.invalid("must be one of \(byteDivisors.sorted().joined(separator: ", "))")
            }
        default: break
        }
    }
}

extension String {
    /// The first place of a text within this one.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
