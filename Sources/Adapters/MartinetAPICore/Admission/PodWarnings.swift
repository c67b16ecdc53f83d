import MartinetAPI
import MartinetClient
import MartinetSchema

/// Tells who writes a pod, or what makes pods, of fields that do nothing any more and of entries that hide each other.
///
/// Source: kubernetes pkg/api/pod/warnings.go.
struct PodWarnings: AdmissionPlugin {
    let name = "PodWarnings"
    private static let volumes: [(field: String, text: String)] = [
        ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
        ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
        ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
        ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
        ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
        ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
        ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
        ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
        ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
    ]

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.hasListeners, attributes.verb == .create || attributes.verb == .update,
            attributes.resource.subresource.isEmpty,
            let place = PodSecurityAdmission.template(attributes.kind)
        else { return }
        var pod = attributes.object
        for step in place {
            guard let inner = pod.part(step) else { return }
            pod = inner
        }
        guard let spec = pod.part("spec") else { return }
        let prefix = place.map { "\($0)." }.joined()
        for (index, volume) in spec.parts("volumes").enumerated() {
            for (field, text) in PodWarnings.volumes where volume.part(field) != nil {
                attributes.warn("\(prefix)spec.volumes[\(index)].\(field): \(text)")
            }
        }
        warnOfAnnotations(pod, spec, prefix, isTemplate: !place.isEmpty, attributes)
        warnOfRepetition(spec.parts("imagePullSecrets"), "name", "\(prefix)spec.imagePullSecrets", attributes)
        warnOfRepetition(spec.parts("hostAliases"), "ip", "\(prefix)spec.hostAliases", attributes)
        for list in ["initContainers", "containers"] {
            for (index, container) in spec.parts(list).enumerated() {
                warnOfVariables(container, "\(prefix)spec.\(list)[\(index)]", attributes)
            }
        }
    }

    private func warnOfAnnotations(
        _ pod: Object, _ spec: Object, _ prefix: String, isTemplate: Bool, _ attributes: AdmissionAttributes
    ) {
        let annotations = pod.part("metadata")?.map("annotations") ?? Map()
        func warn(_ key: String, _ text: String) {
            guard annotations[key] != nil else { return }
            attributes.warn("\(prefix)metadata.annotations[\(key)]: \(text)")
        }
        let seccomp = "non-functional in v1.27+; use the \"seccompProfile\" field instead"
        let security = spec.part("securityContext")
        if security?.part("seccompProfile") == nil { warn("seccomp.security.alpha.kubernetes.io/pod", seccomp) }
        for container in ["initContainers", "containers"].flatMap({ spec.parts($0) }) {
            let (own, name) = (container.part("securityContext"), container.text("name"))
            if own?.part("seccompProfile") == nil {
                warn("container.seccomp.security.alpha.kubernetes.io/\(name)", seccomp)
            }
            if isTemplate, own?.part("appArmorProfile") == nil, security?.part("appArmorProfile") == nil {
                warn(
                    "container.apparmor.security.beta.kubernetes.io/\(name)",
                    "deprecated since v1.30; use the \"appArmorProfile\" field instead")
            }
        }
    }

    private func warnOfRepetition(
        _ entries: [Object], _ field: String, _ path: String, _ attributes: AdmissionAttributes
    ) {
        var seen: Set<String> = []
        for (index, entry) in entries.enumerated() where !seen.insert(entry.text(field)).inserted {
            attributes.warn("\(path)[\(index)].\(field): duplicate \(field) \"\(entry.text(field))\"")
        }
    }

    /// A variable that is set again may use what it was before; if not, the first is for nothing.
    private func warnOfVariables(_ container: Object, _ path: String, _ attributes: AdmissionAttributes) {
        var seen: Set<String> = []
        for (index, variable) in container.parts("env").enumerated() {
            let (name, value) = (variable.text("name"), variable.text("value"))
            guard !seen.insert(name).inserted else { continue }
            let reference = "$(\(name))"
            guard variable.part("valueFrom") != nil || value == reference || !value.contains(reference) else {
                continue
            }
            attributes.warn(
                "\(path).env[\(index)]: hides previous definition of \"\(name)\", which may be dropped when using apply"
            )
        }
    }
}
