package import MartinetAPI
import MartinetSchema

/// What pods may ask and this node does not do: refused by name, never ignored.
package enum Unsupported {
    /// The first field of the pod that cannot be honoured, with a word on it; nil where there is none.
    package static func field(of pod: Pod) -> String? {
        let spec = pod.spec
        for (asked, name) in [
            (spec.hostUsers == false, "spec.hostUsers: false"),
            (!(spec.runtimeClassName ?? "").isEmpty, "spec.runtimeClassName"),
            (!spec.resourceClaims.isEmpty, "spec.resourceClaims"),
            (spec.os?.name == "windows", "spec.os.name: windows"),
            (spec.resources != nil, "spec.resources"),
            (spec.securityContext?.seLinuxOptions != nil, "spec.securityContext.seLinuxOptions"),
            (spec.securityContext?.windowsOptions != nil, "spec.securityContext.windowsOptions"),
            (needsModule(spec.securityContext?.appArmorProfile), "spec.securityContext.appArmorProfile"),
            (
                spec.securityContext?.seccompProfile?.type == "Localhost",
                "spec.securityContext.seccompProfile.type: Localhost"
            ),
        ] where asked {
            return name
        }
        for volume in spec.volumes {
            if let found = field(of: volume) { return "spec.volumes[\(volume.name)].\(found)" }
        }
        for container in Array(spec.initContainers) + Array(spec.containers) {
            if let found = field(of: container, in: spec) { return "spec.containers[\(container.name)].\(found)" }
        }
        return nil
    }

    /// The same of a container that came later; what it is configured from would have to be followed from then on.
    package static func field(ofEphemeral container: Container, in pod: Pod) -> String? {
        let isConfigured = container.env.contains {
            $0.valueFrom?.configMapKeyRef != nil || $0.valueFrom?.secretKeyRef != nil
        }
        let found =
            isConfigured || !container.envFrom.isEmpty ? "env from other objects" : field(of: container, in: pod.spec)
        return found.map { "spec.ephemeralContainers[\(container.name)].\($0)" }
    }

    private static func needsModule(_ profile: AppArmorProfile?) -> Bool {
        profile.map { $0.type != "Unconfined" } ?? false
    }

    private static let volumeSources: Set<String> = [
        "name", "emptyDir", "hostPath", "configMap", "secret", "downwardAPI", "projected",
    ]

    private static func field(of volume: Volume) -> String? {
        let object = volume.object
        for index in 0..<object.count {
            let name = object.type.field(Int(object.entry(at: index).slot)).name
            if !volumeSources.contains(name) { return name }
        }
        if let medium = volume.emptyDir?.medium, !["", "Memory"].contains(medium) {
            return "emptyDir.medium: \(medium)"
        }
        for source in volume.projected?.sources ?? [] {
            if source.clusterTrustBundle != nil { return "projected.sources.clusterTrustBundle" }
            if source.podCertificate != nil { return "projected.sources.podCertificate" }
        }
        return nil
    }

    private static func field(of container: Container, in spec: PodSpec) -> String? {
        let security = container.securityContext
        for (asked, name) in [
            (!container.volumeDevices.isEmpty, "volumeDevices"),
            (!container.resources.claims.isEmpty, "resources.claims"),
            (security?.seLinuxOptions != nil, "securityContext.seLinuxOptions"),
            (security?.windowsOptions != nil, "securityContext.windowsOptions"),
            (needsModule(security?.appArmorProfile), "securityContext.appArmorProfile"),
            (security?.seccompProfile?.type == "Localhost", "securityContext.seccompProfile.type: Localhost"),
            (
                container.restartPolicyRules.contains { $0.action == "RestartAllContainers" },
                "restartPolicyRules.action: RestartAllContainers"
            ),
        ] where asked {
            return name
        }
        for name in Array(container.resources.limits.keys) + Array(container.resources.requests.keys)
        where !["cpu", "memory", "ephemeral-storage"].contains(name) {
            return "resources: \(name)"
        }
        for mount in container.volumeMounts {
            if mount.recursiveReadOnly == "Enabled" { return "volumeMounts[\(mount.name)].recursiveReadOnly: Enabled" }
            if mount.mountPropagation == "Bidirectional", security?.privileged != true {
                return "volumeMounts[\(mount.name)].mountPropagation: Bidirectional"
            }
        }
        for variable in container.env where variable.valueFrom?.fileKeyRef != nil {
            return "env[\(variable.name)].valueFrom.fileKeyRef"
        }
        for (name, probe) in [
            ("startupProbe", container.startupProbe), ("readinessProbe", container.readinessProbe),
            ("livenessProbe", container.livenessProbe),
        ] {
            let scheme = probe?.httpGet?.scheme.uppercased() ?? ""
            if !["", "HTTP", "HTTPS"].contains(scheme) { return "\(name).httpGet.scheme: \(scheme)" }
            if scheme == "HTTPS",
                probe?.httpGet?.httpHeaders.contains(where: { $0.name.lowercased() == "host" }) == true
            {
                return "\(name).httpGet.httpHeaders: Host with the scheme HTTPS"
            }
        }
        return nil
    }
}
