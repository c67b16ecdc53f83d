import MartinetAPI
import MartinetSchema

/// What holds of the spec of a pod, and of every template of one.
enum PodSpecRules {
    static func validateTemplate(_ template: PodTemplateSpec, at path: String, _ checker: inout Checker) {
        checker.labels(template.metadata.labels, path + ".metadata.labels")
        checker.annotations(template.metadata.annotations, path + ".metadata.annotations")
        validate(template.spec, at: path + ".spec", isTemplate: true, &checker)
        if !template.spec.ephemeralContainers.isEmpty {
            checker.forbidden(path + ".spec.ephemeralContainers", "not allowed in a template")
        }
    }

    static func validate(_ spec: PodSpec, at path: String, isTemplate: Bool, _ checker: inout Checker) {
        let volumes = VolumeRules.validate(spec.volumes, at: path + ".volumes", &checker)
        let claims = resourceClaims(spec, path + ".resourceClaims", &checker)
        var containers = ContainerRules(volumes: volumes, claims: claims, spec: spec)
        containers.validate(path, &checker)
        checker.labels(spec.nodeSelector, path + ".nodeSelector")
        securityContext(spec, path, &checker)
        dns(spec, path, &checker)
        names(spec, path, &checker)
        for (index, toleration) in spec.tolerations.enumerated() {
            self.toleration(toleration, "\(path).tolerations[\(index)]", &checker)
        }
        for (index, alias) in spec.hostAliases.enumerated() {
            let place = "\(path).hostAliases[\(index)]"
            if !Names.isIP(alias.ip) { checker.invalid(place + ".ip", "must be an IP address") }
            for name in alias.hostnames { checker.invalid(place + ".hostnames", Names.dnsSubdomain(name)) }
        }
        for (index, gate) in spec.readinessGates.enumerated() {
            checker.invalid("\(path).readinessGates[\(index)].conditionType", Names.qualifiedName(gate.conditionType))
        }
        schedulingGates(spec, path + ".schedulingGates", &checker)
        AffinityRules.validate(spec, path, &checker)
        for (name, quantity) in spec.overhead {
            ResourceRules.name(name, "\(path).overhead.limits[\(name)]", inContainer: true, &checker)
            ResourceRules.amount(quantity, name, "\(path).overhead.limits[\(name)]", &checker)
        }
        if let deadline = spec.activeDeadlineSeconds, deadline < 1 || deadline > Int64(Int32.max) {
            checker.invalid(path + ".activeDeadlineSeconds", "must be between 1 and 2147483647")
        }
        if let os = spec.object.type.field(named: "os").flatMap({ spec.object[$0.slot] }), case .object(let os) = os,
            let field = os.type.field(named: "name"), case .string(let name)? = os[field.slot], name != "linux",
            name != "windows"
        {
            checker.notSupported(path + ".os", name, ["linux", "windows"])
        }
    }

    private static func names(_ spec: PodSpec, _ path: String, _ checker: inout Checker) {
        if !spec.serviceAccountName.isEmpty {
            checker.invalid(path + ".serviceAccountName", Names.dnsSubdomain(spec.serviceAccountName))
        }
        if !spec.nodeName.isEmpty { checker.invalid(path + ".nodeName", Names.dnsSubdomain(spec.nodeName)) }
        if !spec.hostname.isEmpty { checker.invalid(path + ".hostname", Names.dnsLabel(spec.hostname)) }
        if !spec.subdomain.isEmpty { checker.invalid(path + ".subdomain", Names.dnsLabel(spec.subdomain)) }
        if !spec.priorityClassName.isEmpty {
            checker.invalid(path + ".priorityClassName", Names.dnsSubdomain(spec.priorityClassName))
        }
        if let name = spec.runtimeClassName { checker.invalid(path + ".runtimeClassName", Names.dnsSubdomain(name)) }
        if let name = spec.hostnameOverride {
            if name.utf8.count > 64 { checker.invalid(path + ".hostnameOverride", "must be no more than 64 bytes") }
            checker.invalid(path + ".hostnameOverride", Names.dnsSubdomain(name))
            if spec.setHostnameAsFQDN == true {
                checker.invalid(path + ".hostnameOverride", "cannot be set with setHostnameAsFQDN")
            }
            if spec.hostNetwork { checker.invalid(path + ".hostnameOverride", "cannot be set with hostNetwork") }
        }
    }

    private static func resourceClaims(_ spec: PodSpec, _ path: String, _ checker: inout Checker) -> Set<String> {
        var seen: Set<String> = []
        for (index, claim) in spec.resourceClaims.enumerated() {
            let place = "\(path)[\(index)]"
            if claim.name.isEmpty {
                // Said by the schema.
            } else if !seen.insert(claim.name).inserted {
                checker.duplicate(place + ".name", claim.name)
            } else {
                checker.invalid(place + ".name", Names.dnsLabel(claim.name))
            }
            let sources = [claim.resourceClaimName, claim.resourceClaimTemplateName].compactMap { $0 }
            if sources.count != 1 { checker.invalid(place, "must name exactly one of a claim and a template") }
            if let name = claim.resourceClaimName {
                checker.invalid(place + ".resourceClaimName", Names.dnsSubdomain(name))
            }
            if let name = claim.resourceClaimTemplateName {
                checker.invalid(place + ".resourceClaimTemplateName", Names.dnsSubdomain(name))
            }
        }
        return seen
    }

    private static func schedulingGates(_ spec: PodSpec, _ path: String, _ checker: inout Checker) {
        var seen: Set<String> = []
        for (index, gate) in spec.schedulingGates.enumerated() {
            checker.invalid("\(path)[\(index)]", Names.qualifiedName(gate.name))
            if !seen.insert(gate.name).inserted { checker.duplicate("\(path)[\(index)]", gate.name) }
        }
    }

    static func toleration(_ toleration: Toleration, _ path: String, _ checker: inout Checker) {
        if !toleration.key.isEmpty {
            checker.invalid(path + ".key", Names.qualifiedName(toleration.key))
        } else if toleration.operator != "Exists" {
            checker.invalid(path + ".operator", "must be Exists where key is empty")
        }
        if toleration.tolerationSeconds != nil, toleration.effect != "NoExecute" {
            checker.invalid(path + ".effect", "must be NoExecute where tolerationSeconds is set")
        }
        switch toleration.operator {
        case "", "Equal":
            if !Names.labelValue(toleration.value).isEmpty {
                checker.invalid(path + ".operator", "the value is no label's")
            }
        case "Exists":
            if !toleration.value.isEmpty { checker.invalid(path + ".operator", "value must be empty with Exists") }
        default:
            // Said by the schema where it knows the operators.
            checker.drop { $0.field == path + ".operator" && $0.reason == .notSupported }
            checker.notSupported(path + ".operator", toleration.operator, ["Equal", "Exists"])
        }
    }

    private static func securityContext(_ spec: PodSpec, _ path: String, _ checker: inout Checker) {
        guard let context = spec.securityContext else { return }
        let place = path + ".securityContext"
        for (number, name) in [
            (context.fsGroup, "fsGroup"), (context.runAsUser, "runAsUser"), (context.runAsGroup, "runAsGroup"),
        ] { checker.identity(number, "\(place).\(name)") }
        for (index, group) in context.supplementalGroups.enumerated() {
            checker.identity(group, "\(place).supplementalGroups[\(index)]")
        }
        checker.profile(
            context.seccompProfile.map { ($0.type, $0.localhostProfile) }, place + ".seccompProfile", seccomp: true)
        checker.profile(
            context.appArmorProfile.map { ($0.type, $0.localhostProfile) }, place + ".appArmorProfile", seccomp: false)
        var seen: Set<String> = []
        for (index, sysctl) in context.sysctls.enumerated() {
            let name = "\(place).sysctls[\(index)].name"
            if sysctl.name.isEmpty { continue }
            let parts = sysctl.name.split(whereSeparator: { $0 == "." || $0 == "/" }).map(String.init)
            let isForm =
                sysctl.name.utf8.count <= 253 && !parts.isEmpty
                && sysctl.name.utf8.allSatisfy {
                    ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57) || [45, 46, 47, 95].contains($0)
                }
            if !isForm {
                checker.invalid(name, "is no sysctl's name")
            } else if !seen.insert(sysctl.name).inserted {
                checker.duplicate("\(place).sysctls[\(index)].name", sysctl.name)
            }
        }
        if spec.hostPID, spec.shareProcessNamespace == true {
            checker.invalid(path + ".shareProcessNamespace", "and hostPID exclude each other")
        }
    }

    private static func dns(_ spec: PodSpec, _ path: String, _ checker: inout Checker) {
        let place = path + ".dnsConfig"
        let servers = spec.dnsConfig?.nameservers ?? []
        if spec.dnsPolicy == "None" {
            if spec.dnsConfig == nil {
                checker.required(place, "must be set where dnsPolicy is None")
            } else if servers.isEmpty {
                checker.required(place + ".nameservers", "must be set where dnsPolicy is None")
            }
        }
        guard let config = spec.dnsConfig else { return }
        if servers.count > 3 { checker.invalid(place + ".nameservers", "must not have more than 3 addresses") }
        for (index, server) in servers.enumerated() where !Names.isIP(server) {
            checker.invalid("\(place).nameservers[\(index)]", "must be an IP address")
        }
        if config.searches.count > 32 { checker.invalid(place + ".searches", "must not have more than 32 domains") }
        if config.searches.joined(separator: " ").utf8.count > 2048 {
            checker.invalid(place + ".searches", "must not be longer than 2048 bytes")
        }
        for (index, search) in config.searches.enumerated() {
            let text = search.hasSuffix(".") ? String(search.dropLast()) : search
            if search != "." { checker.invalid("\(place).searches[\(index)]", Names.dnsSubdomain(text)) }
        }
        for (index, option) in config.options.enumerated() where option.name.isEmpty {
            checker.required("\(place).options[\(index)]", "must not be empty")
        }
    }
}

extension Checker {
    /// A user's or group's number.
    mutating func identity(_ number: Int64?, _ path: String) {
        if let number, number < 0 || number > Int64(Int32.max) { invalid(path, "must be between 0 and 2147483647") }
    }

    /// A seccomp or AppArmor profile: a file is named where, and only where, the type says so.
    mutating func profile(_ profile: (type: String, local: String?)?, _ path: String, seccomp: Bool) {
        guard let profile else { return }
        let place = path + ".localhostProfile"
        if profile.type == "Localhost" {
            guard let local = profile.local, !local.isEmpty else {
                return required(place, "must be set where type is Localhost")
            }
            if seccomp {
                localPath(local, place)
            } else if local.first?.isWhitespace == true || local.last?.isWhitespace == true {
                invalid(place, "must not have leading or trailing blanks")
            }
        } else if profile.local != nil {
            invalid(place, "can only be set where type is Localhost")
        }
    }

    /// A path below another: relative, and never up.
    mutating func localPath(_ text: String, _ path: String) {
        if text.hasPrefix("/") { invalid(path, "must be a relative path") }
        if text.split(separator: "/").contains("..") { invalid(path, "must not contain '..'") }
    }
}
