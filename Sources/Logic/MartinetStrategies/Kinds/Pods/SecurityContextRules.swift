import MartinetSchema

/// As whom, and with which rights, containers run.
enum SecurityContextRules {
    static func pod(_ spec: Part, _ options: PodOptions) {
        let context = spec.securityContext
        for name in ["fsGroup", "runAsUser", "runAsGroup"] { context[name].identity() }
        for group in context.supplementalGroups.items { group.identity() }
        if spec.hostPID.isTrue, spec.shareProcessNamespace.isTrue {
            context.named("shareProcessNamespace").invalid("may not be true where hostPID is")
        }
        sysctls(context.sysctls, spec, options)
        context.fsGroupChangePolicy.ifSet(oneOf: "Always", "OnRootMismatch")
        seccomp(context.seccompProfile)
        WindowsRules.options(context.windowsOptions)
        appArmor(context.appArmorProfile)
        context.supplementalGroupsPolicy.ifSet(oneOf: "Merge", "Strict")
        if options.allowsAnySELinuxPolicy {
            context.seLinuxChangePolicy.ifSet(oneOf: "MountOption", "Recursive")
        } else {
            context.seLinuxChangePolicy.ifSet(oneOf: "Recursive")
        }
    }

    static func container(_ context: Part, hostUsers: Bool) {
        guard context.isSet else { return }
        context.runAsUser.identity()
        context.runAsGroup.identity()
        context.procMount.ifSet(oneOf: "Default", "Unmasked")
        if hostUsers, context.procMount.text == "Unmasked" {
            context.procMount.invalid("may be Unmasked only where hostUsers is false")
        }
        seccomp(context.seccompProfile)
        if context.allowPrivilegeEscalation.isSet, !context.allowPrivilegeEscalation.isTrue {
            if context.privileged.isTrue { context.invalid("may not be privileged without allowPrivilegeEscalation") }
            for capability in context.capabilities["add"].strings where capability == "CAP_SYS_ADMIN" {
                context.invalid("may not add CAP_SYS_ADMIN without allowPrivilegeEscalation")
            }
        }
        WindowsRules.options(context.windowsOptions)
        appArmor(context.appArmorProfile)
    }

    // MARK: - Profiles

    private static func seccomp(_ profile: Part) {
        guard profile.isSet else { return }
        profile["type"].mustBeOneOf("Localhost", "RuntimeDefault", "Unconfined")
        let local = profile.localhostProfile
        if profile["type"].text == "Localhost" {
            if local.isSet { local.descendingPath() } else { local.required("must be set where type is Localhost") }
        } else if local.isSet {
            local.invalid("may be set only where type is Localhost")
        }
    }

    private static func appArmor(_ profile: Part) {
        guard profile.isSet else { return }
        let local = profile.localhostProfile
        switch profile["type"].text {
        case "Localhost":
            guard local.isSet else { return local.required("must be set where type is Localhost") }
            let trimmed = local.text.trimmingWhitespace
            if trimmed != local.text {
                local.invalid("must not begin or end with white space")
            } else if trimmed.isEmpty {
                local.required("must be set where type is Localhost")
            }
            local.atMost(bytes: 4095)
        case "RuntimeDefault", "Unconfined":
            if local.isSet { local.invalid("may be set only where type is Localhost") }
        default: profile["type"].mustBeOneOf("Localhost", "RuntimeDefault", "Unconfined")
        }
    }

    // MARK: - Kernel parameters

    private static func sysctls(_ sysctls: Part, _ spec: Part, _ options: PodOptions) {
        var seen: Set<String> = []
        for sysctl in sysctls.items {
            let name = sysctl.name
            if name.mustBeSet() {
                if !isSysctl(name.text) {
                    name.invalid("must be letters, digits, '-' and '_', in parts joined by '.' or '/'")
                } else if seen.contains(name.text) {
                    name.duplicate()
                }
            }
            if !options.allowsHostSysctls { hostSysctl(sysctl, spec) }
            seen.insert(name.text)
        }
    }

    private static func isSysctl(_ text: String) -> Bool {
        func isEnd(_ byte: UInt8) -> Bool { (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) }
        return text.utf8.count <= 253
            && text.utf8.split(omittingEmptySubsequences: false) { $0 == 46 || $0 == 47 }.allSatisfy { part in
                guard let first = part.first, let last = part.last, isEnd(first), isEnd(last) else { return false }
                return part.allSatisfy { isEnd($0) || $0 == 45 || $0 == 95 }
            }
    }

    private static let messageQueues: Set<String> = ["kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem"]

    /// Parameters of the host's own network or memory are the host's.
    static func hostSysctl(_ sysctl: Part, _ spec: Part) {
        let text = sysctl.name.text
        // Slashes and dots change roles where the first separator is a slash.
        let slash = text.utf8.firstIndex(of: 47)
        let dot = text.utf8.firstIndex(of: 46)
        let isSlashed = slash.map { slash in dot.map { slash < $0 } ?? true } ?? false
        let name = isSlashed ? String(text.map { $0 == "/" ? "." : $0 == "." ? "/" : $0 }) : text
        let isNetwork = name.hasPrefix("net.")
        let isMemory =
            messageQueues.contains(name) || name.hasPrefix("kernel.shm") || name.hasPrefix("kernel.msg")
            || name.hasPrefix("fs.mqueue.")
        if spec.hostNetwork.isTrue, isNetwork { sysctl.name.invalid("may not be set on the host's network") }
        if spec.hostIPC.isTrue, isMemory { sysctl.name.invalid("may not be set in the host's IPC") }
    }

    // MARK: - Users of their own

    static func hostUsers(_ spec: Part, _ options: PodOptions) {
        guard !spec.usesHostUsers else { return }
        let why = "may not be set where hostUsers is false"
        if spec.hostNetwork.isTrue, !options.allowsHostNetworkWithUsers { spec.hostNetwork.forbidden(why) }
        // Upstream writes these names with capital letters.
        if spec.hostPID.isTrue { spec.named("HostPID").forbidden(why) }
        if spec.hostIPC.isTrue { spec.named("HostIPC").forbidden(why) }
        guard !options.allowsDevicesWithUsers else { return }
        for container in PodContainers.all(of: spec) where container.volumeDevices.count > 0 {
            container.volumeDevices.forbidden(why)
        }
    }

    // MARK: - Operating systems

    private static let linuxOfPod = [
        "appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls", "runAsUser",
        "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
    ]
    private static let linuxOfContainer = [
        "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
        "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
    ]

    static func linux(_ spec: Part) {
        for context in [spec.securityContext] + PodContainers.all(of: spec).map({ $0.securityContext }) {
            if context.windowsOptions.isSet { context.windowsOptions.forbidden("may not be set for a linux pod") }
        }
    }

    static func windows(_ spec: Part) {
        let why = "may not be set for a windows pod"
        for name in linuxOfPod where spec.securityContext[name].isSet { spec.securityContext[name].forbidden(why) }
        for name in ["hostUsers", "shareProcessNamespace"] where spec[name].isSet { spec[name].forbidden(why) }
        for name in ["hostPID", "hostIPC"] where spec[name].isTrue { spec[name].forbidden(why) }
        for context in PodContainers.all(of: spec).map({ $0.securityContext }) {
            for name in linuxOfContainer where context[name].isSet { context[name].forbidden(why) }
        }
    }

    /// Where one container is a process of the host, all are, and on its network.
    static func hostProcess(_ spec: Part) {
        let pods = spec.securityContext.windowsOptions.hostProcess
        let containers = PodContainers.all(of: spec)
        var count = 0
        for container in containers {
            let own = container.securityContext.windowsOptions.hostProcess
            if pods.isSet, own.isSet, pods.isTrue != own.isTrue {
                container.securityContext.invalid("must not differ from the pod's hostProcess")
            }
            if own.isSet ? own.isTrue : pods.isTrue { count += 1 }
        }
        guard count > 0 else { return }
        if count != containers.count { spec.invalid("must have hostProcess containers only, or none") }
        if !spec.hostNetwork.isTrue { spec.hostNetwork.invalid("must be true for hostProcess containers") }
    }
}

extension Part {
    /// A user's or group's number.
    func identity() { ifSet(range: 0...Int64(Int32.max)) }
}

extension String {
    var trimmingWhitespace: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
