package import MartinetAPI
import MartinetSchema

/// What pods may ask and this node does not do: refused by name, never ignored.
package enum Unsupported {
    /// The first field of the pod that cannot be honoured, with a word on it; nil where there is none.
    package static func field(of pod: Pod) -> String? {
        let spec = pod.spec
        for (asked, name) in [
            (!spec.ephemeralContainers.isEmpty, "spec.ephemeralContainers"),
            (spec.hostUsers == false, "spec.hostUsers: false"),
            (!(spec.runtimeClassName ?? "").isEmpty, "spec.runtimeClassName"),
            (!spec.resourceClaims.isEmpty, "spec.resourceClaims"),
            (spec.os?.name == "windows", "spec.os.name: windows"),
            (spec.resources != nil, "spec.resources"),
            (spec.shareProcessNamespace == true, "spec.shareProcessNamespace"),
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
        for sysctl in spec.securityContext?.sysctls ?? [] where !safeSysctls.contains(sysctl.name) {
            return "spec.securityContext.sysctls: \(sysctl.name) is not in the safe set"
        }
        for volume in spec.volumes {
            if let found = field(of: volume) { return "spec.volumes[\(volume.name)].\(found)" }
        }
        for container in Array(spec.initContainers) + Array(spec.containers) {
            if let found = field(of: container, in: spec) { return "spec.containers[\(container.name)].\(found)" }
        }
        return nil
    }

    /// Settings of a namespace of the pod's own, which cannot harm others.
    static let safeSysctls: Set<String> = [
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
    ]

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
            if probe?.grpc != nil { return "\(name).grpc" }
            if probe?.httpGet?.scheme.uppercased() == "HTTPS" { return "\(name).httpGet.scheme: HTTPS" }
        }
        for (name, handler) in [
            ("lifecycle.postStart", container.lifecycle?.postStart),
            ("lifecycle.preStop", container.lifecycle?.preStop),
        ] {
            if handler?.httpGet?.scheme.uppercased() == "HTTPS" { return "\(name).httpGet.scheme: HTTPS" }
        }
        return nil
    }
}
