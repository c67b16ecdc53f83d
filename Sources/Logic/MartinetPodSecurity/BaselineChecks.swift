import MartinetSchema

/// What keeps a pod from taking over its node by known ways.
enum BaselineChecks {
    static let privileged = PodSecurityCheck(
        "privileged", .baseline, reason: "privileged",
        [
            .init(0) { view in
                view.containers.filter { $0.security("privileged") == .bool(true) }
                    .map { $0.finding("securityContext.privileged", "true", "it must be unset or false") }
            }
        ])

    static let hostNamespaces = PodSecurityCheck(
        "hostNamespaces", .baseline, reason: "host namespaces",
        [
            .init(0) { view in
                ["hostNetwork", "hostPID", "hostIPC"].filter { view.spec[field: $0] == .bool(true) }
                    .map { view.pod.finding($0, "true", "it must be unset or false") }
            }
        ])

    static let hostPaths = PodSecurityCheck(
        "hostPathVolumes", .baseline, reason: "hostPath volumes",
        [
            .init(0) { view in
                view.spec.parts("volumes").enumerated().compactMap { index, volume in
                    guard let hostPath = volume.part("hostPath") else { return nil }
                    return PodSecurityFinding(
                        field: "\(view.pod.path).volumes[\(index)].hostPath",
                        owner: "volume \"\(volume.text("name"))\"", value: "\"\(hostPath.text("path"))\"",
                        remedy: "it must be unset, another source such as emptyDir or persistentVolumeClaim may be used"
                    )
                }
            }
        ])

    static let hostPorts = PodSecurityCheck(
        "hostPorts", .baseline, reason: "hostPort",
        [
            .init(0) { view in
                view.containers.flatMap { container in
                    container.object.parts("ports").enumerated().compactMap { index, port in
                        guard case .int(let number)? = port[field: "hostPort"], number != 0 else { return nil }
                        return container.finding(
                            "ports[\(index)].hostPort", String(number), "it must be unset or 0, a Service may be used")
                    }
                }
            }
        ])

    static let hosts = PodSecurityCheck(
        "hostProbesAndHostLifecycle", .baseline, reason: "probe or lifecycle host",
        [.init(34) { $0.containers.flatMap(namedHosts) }])

    private static func namedHosts(_ container: PodView.Part) -> [PodSecurityFinding] {
        let lifecycle = container.object.part("lifecycle")
        var handlers: [(path: String, handler: Object?)] = []
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            handlers.append((probe, container.object.part(probe)))
        }
        for hook in ["postStart", "preStop"] { handlers.append(("lifecycle.\(hook)", lifecycle?.part(hook))) }
        var findings: [PodSecurityFinding] = []
        for (path, handler) in handlers {
            for action in ["httpGet", "tcpSocket"] {
                guard let host = handler?.part(action)?.text("host"), !host.isEmpty else { continue }
                findings.append(
                    container.finding(
                        "\(path).\(action).host", "\"\(host)\"", "it must be unset, which means the pod's own address"))
            }
        }
        return findings
    }

    static let windowsHostProcess = PodSecurityCheck(
        "windowsHostProcess", .baseline, reason: "hostProcess",
        [
            .init(0) { view in
                ([view.pod] + view.containers)
                    .filter { $0.securityPart("windowsOptions")?[field: "hostProcess"] == .bool(true) }
                    .map {
                        $0.finding("securityContext.windowsOptions.hostProcess", "true", "it must be unset or false")
                    }
            }
        ])

    static let capabilitiesAllowed = [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
        "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    ]

    static let capabilities = PodSecurityCheck(
        "capabilities_baseline", .baseline, reason: "non-default capabilities",
        [
            .init(0) { view in
                added(view, allowed: capabilitiesAllowed)
            }
        ])

    /// What is added beyond what may be.
    static func added(_ view: PodView, allowed: [String]) -> [PodSecurityFinding] {
        view.containers.compactMap { container in
            let names = PodView.texts(container.securityPart("capabilities")?[field: "add"])
            let bad = names.filter { !allowed.contains($0) }.map { "\"\($0)\"" }.joined(separator: ", ")
            guard !bad.isEmpty else { return nil }
            return container.finding(
                "securityContext.capabilities.add", "[\(bad)]",
                "it may only hold \(allowed.joined(separator: ", "))")
        }
    }

    static let procMount = PodSecurityCheck(
        "procMount", .baseline, reason: "procMount",
        [.init(0, unmasked), .init(35) { $0.hasOwnUsers ? [] : unmasked($0) }])

    @Sendable static func unmasked(_ view: PodView) -> [PodSecurityFinding] {
        view.containers.compactMap { container in
            guard let value = container.security("procMount"), value != .string("Default") else { return nil }
            return container.finding(
                "securityContext.procMount", PodView.shown(value), "it must be unset or \"Default\"")
        }
    }

    static let appArmor = PodSecurityCheck(
        "appArmorProfile", .baseline, reason: "forbidden AppArmor profile",
        [
            .init(0) { view in
                let types = ["RuntimeDefault", "Localhost"]
                let fields = ([view.pod] + view.containers).compactMap { part -> PodSecurityFinding? in
                    guard let profile = part.securityPart("appArmorProfile"), !types.contains(profile.text("type"))
                    else { return nil }
                    return part.finding(
                        "securityContext.appArmorProfile.type", "\"\(profile.text("type"))\"",
                        "it must be unset, \"RuntimeDefault\" or \"Localhost\"")
                }
                let prefix = "container.apparmor.security.beta.kubernetes.io/"
                return fields
                    + annotations(view, where: { $0.hasPrefix(prefix) }) {
                        $0.isEmpty || $0 == "runtime/default" || $0.hasPrefix("localhost/")
                    }
            }
        ])

    private static func annotations(
        _ view: PodView, where isMeant: (String) -> Bool, allowed: (String) -> Bool
    ) -> [PodSecurityFinding] {
        view.annotations.entries.compactMap { entry in
            guard isMeant(entry.key), case .string(let text) = entry.value, !allowed(text) else { return nil }
            return PodSecurityFinding(
                field: "metadata.annotations[\(entry.key)]", owner: "", value: "\"\(text)\"",
                remedy: "it must be unset, \"runtime/default\" or begin with \"localhost/\"")
        }
    }

    static let seLinux: PodSecurityCheck = {
        let before31 = ["container_t", "container_init_t", "container_kvm_t"]
        return PodSecurityCheck(
            "seLinuxOptions", .baseline, reason: "seLinuxOptions",
            [
                .init(0) { seLinuxFindings($0, before31) },
                .init(31) { seLinuxFindings($0, before31 + ["container_engine_t"]) },
            ])
    }()

    private static func seLinuxFindings(_ view: PodView, _ types: [String]) -> [PodSecurityFinding] {
        ([view.pod] + view.containers).flatMap { part -> [PodSecurityFinding] in
            guard let options = part.securityPart("seLinuxOptions") else { return [] }
            var findings: [PodSecurityFinding] = []
            let type = options.text("type")
            if !type.isEmpty, !types.contains(type) {
                findings.append(
                    part.finding(
                        "securityContext.seLinuxOptions.type", "\"\(type)\"",
                        "it must be unset or one of \(types.joined(separator: ", "))"))
            }
            for name in ["user", "role"] where !options.text(name).isEmpty {
                findings.append(
                    part.finding(
                        "securityContext.seLinuxOptions.\(name)", "\"\(options.text(name))\"", "it must be unset"))
            }
            return findings
        }
    }

    static let profiles = ["RuntimeDefault", "Localhost"]

    static let seccomp = PodSecurityCheck(
        "seccompProfile_baseline", name: "seccompProfile", .baseline, reason: "seccompProfile",
        [
            .init(0) { view in
                // Before there was a field, annotations said it.
                let names = Set(
                    ["seccomp.security.alpha.kubernetes.io/pod"]
                        + view.containers.map { "container.seccomp.security.alpha.kubernetes.io/\($0.name)" })
                return annotations(view, where: names.contains) {
                    $0 == "runtime/default" || $0 == "docker/default" || $0.hasPrefix("localhost/")
                }
            },
            .init(19, forbiddenProfiles),
        ])

    /// Profiles that are said and are none of those that confine.
    @Sendable static func forbiddenProfiles(_ view: PodView) -> [PodSecurityFinding] {
        ([view.pod] + view.containers).compactMap { part in
            guard let profile = part.securityPart("seccompProfile"), !profiles.contains(profile.text("type"))
            else { return nil }
            return part.finding(
                "securityContext.seccompProfile.type", "\"\(profile.text("type"))\"",
                "it must be \"RuntimeDefault\" or \"Localhost\"")
        }
    }

    static let sysctls: PodSecurityCheck = {
        let v0 = [
            "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
            "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start",
        ]
        let v27 = v0 + ["net.ipv4.ip_local_reserved_ports"]
        let v29 =
            v27 + [
                "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
                "net.ipv4.tcp_keepalive_probes",
            ]
        let v32 = v29 + ["net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"]
        let forms = [(0, v0), (27, v27), (29, v29), (32, v32)].map { since, allowed in
            PodSecurityCheck.Form(since) { view in
                let sysctls = view.spec.part("securityContext")?.parts("sysctls") ?? []
                return sysctls.enumerated().compactMap { index, sysctl in
                    let name = sysctl.text("name")
                    guard !allowed.contains(name) else { return nil }
                    return view.pod.finding(
                        "securityContext.sysctls[\(index)].name", "\"\(name)\"",
                        "it must be one of \(allowed.joined(separator: ", "))")
                }
            }
        }
        return PodSecurityCheck("sysctls", .baseline, reason: "forbidden sysctls", forms)
    }()
}
