import MartinetSchema

/// What makes a pod as harmless as is known how to.
enum RestrictedChecks {
    /// From 1.25 a pod that says that it is for Windows is spared what only Linux knows.
    private static func linuxOnly(_ evaluate: @escaping PodSecurityCheck.Evaluate) -> PodSecurityCheck.Evaluate {
        { $0.isWindows ? [] : evaluate($0) }
    }

    /// From 1.35 a pod with users of its own is spared what is about root.
    private static func sharedUsersOnly(_ evaluate: @escaping PodSecurityCheck.Evaluate) -> PodSecurityCheck.Evaluate {
        { $0.hasOwnUsers ? [] : evaluate($0) }
    }

    static let privilegeEscalation: PodSecurityCheck = {
        let evaluate: PodSecurityCheck.Evaluate = { view in
            view.containers.compactMap { container in
                let value = container.security("allowPrivilegeEscalation")
                guard value != .bool(false) else { return nil }
                return container.finding(
                    "securityContext.allowPrivilegeEscalation", PodView.shown(value), "it must be false")
            }
        }
        return PodSecurityCheck(
            "allowPrivilegeEscalation", .restricted, reason: "allowPrivilegeEscalation != false",
            [.init(8, evaluate), .init(25, linuxOnly(evaluate))])
    }()

    static let capabilities: PodSecurityCheck = {
        let evaluate: PodSecurityCheck.Evaluate = { view in
            let kept = view.containers.compactMap { container -> PodSecurityFinding? in
                let drop = PodView.texts(container.securityPart("capabilities")?[field: "drop"])
                guard !drop.contains("ALL") else { return nil }
                let shown = drop.isEmpty ? "unset" : "[\(drop.map { "\"\($0)\"" }.joined(separator: ", "))]"
                return container.finding("securityContext.capabilities.drop", shown, "it must hold \"ALL\"")
            }
            return kept + BaselineChecks.added(view, allowed: ["NET_BIND_SERVICE"])
        }
        return PodSecurityCheck(
            "capabilities_restricted", .restricted, reason: "unrestricted capabilities",
            replaces: "capabilities_baseline", [.init(22, evaluate), .init(25, linuxOnly(evaluate))])
    }()

    static let procMount = PodSecurityCheck(
        "procMount_restricted", name: "procMount", .restricted, reason: "procMount", replaces: "procMount",
        [.init(35, BaselineChecks.unmasked)])

    private static let volumesAllowed = [
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected",
        "secret",
    ]
    private static let volumesKnown = [
        "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs", "iscsi", "glusterfs", "rbd",
        "flexVolume", "cinder", "cephfs", "flocker", "fc", "azureFile", "vsphereVolume", "quobyte", "azureDisk",
        "photonPersistentDisk", "portworxVolume", "scaleIO", "storageos",
    ]

    static let volumes = PodSecurityCheck(
        "restrictedVolumes", .restricted, reason: "restricted volume types", replaces: "hostPathVolumes",
        [
            .init(0) { view in
                view.spec.parts("volumes").enumerated().compactMap { index, volume in
                    guard !volumesAllowed.contains(where: { volume[field: $0] != nil }) else { return nil }
                    // One that says nothing but its name is an emptyDir.
                    let says = volume.type.fields.contains { $0.name != "name" && volume[$0.slot] != nil }
                    guard says || !volume.extra.isEmpty else { return nil }
                    let source = volumesKnown.first { volume[field: $0] != nil } ?? "unknown"
                    return PodSecurityFinding(
                        field: "\(view.pod.path).volumes[\(index)]", owner: "volume \"\(volume.text("name"))\"",
                        value: source,
                        remedy: "it must be one of \(volumesAllowed.joined(separator: ", "))")
                }
            }
        ])

    static let runAsNonRoot: PodSecurityCheck = {
        let field = "securityContext.runAsNonRoot"
        let evaluate: PodSecurityCheck.Evaluate = { view in
            let explicit = ([view.pod] + view.containers).filter { $0.security("runAsNonRoot") == .bool(false) }
            guard explicit.isEmpty else { return explicit.map { $0.finding(field, "false", "it must be true") } }
            guard view.pod.security("runAsNonRoot") != .bool(true) else { return [] }
            return view.containers.filter { $0.security("runAsNonRoot") == nil }
                .map { $0.finding(field, "unset", "it must be true here or in \(view.pod.path).\(field)") }
        }
        return PodSecurityCheck(
            "runAsNonRoot", .restricted, reason: "runAsNonRoot != true",
            [.init(0, evaluate), .init(35, sharedUsersOnly(evaluate))])
    }()

    static let runAsUser: PodSecurityCheck = {
        let evaluate: PodSecurityCheck.Evaluate = { view in
            ([view.pod] + view.containers).filter { $0.security("runAsUser") == .int(0) }
                .map { $0.finding("securityContext.runAsUser", "0", "it must be unset or another user") }
        }
        return PodSecurityCheck(
            "runAsUser", .restricted, reason: "runAsUser=0",
            [.init(23, evaluate), .init(35, sharedUsersOnly(evaluate))])
    }()

    static let seccomp: PodSecurityCheck = {
        let field = "securityContext.seccompProfile.type"
        let evaluate: PodSecurityCheck.Evaluate = { view in
            let forbidden = BaselineChecks.forbiddenProfiles(view)
            guard forbidden.isEmpty else { return forbidden }
            guard view.pod.securityPart("seccompProfile") == nil else { return [] }
            return view.containers.filter { $0.securityPart("seccompProfile") == nil }
                .map {
                    $0.finding(
                        field, "unset",
                        "it must be \"RuntimeDefault\" or \"Localhost\" here or in \(view.pod.path).\(field)")
                }
        }
        return PodSecurityCheck(
            "seccompProfile_restricted", name: "seccompProfile", .restricted, reason: "seccompProfile",
            replaces: "seccompProfile_baseline", [.init(19, evaluate), .init(25, linuxOnly(evaluate))])
    }()
}
