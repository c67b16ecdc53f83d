import MartinetAPI
import MartinetClient
import MartinetPodSecurity
import MartinetSchema
import MartinetStrategies

/// Pods may do what the labels of their namespace let them.
///
/// Source: the PodSecurity admission controller (KEP-2579).
struct PodSecurityAdmission: AdmissionPlugin {
    let name = "PodSecurity"
    private let settings: AdmissionSettings.PodSecurity
    /// Everything else that is done to a pod leaves alone what it may do.
    private static let ignoredSubresources: Set<String> = [
        "exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status",
    ]

    init(_ settings: AdmissionSettings.PodSecurity) { self.settings = settings }

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.verb == .create || attributes.verb == .update else { return }
        if attributes.concerns("Namespace") { return try checkNamespace(attributes, registry) }
        guard let place = PodSecurityAdmission.template(attributes.kind) else { return }
        let isPod = attributes.concerns("Pod")
        let subresource = attributes.resource.subresource
        if isPod ? PodSecurityAdmission.ignoredSubresources.contains(subresource) : !subresource.isEmpty { return }
        let namespace = attributes.resource.namespace ?? ""
        if settings.exemptNamespaces.contains(namespace) {
            return attributes.annotate("pod-security.kubernetes.io/exempt", "namespace")
        }
        if settings.exemptUsers.contains(attributes.identity.user) {
            return attributes.annotate("pod-security.kubernetes.io/exempt", "user")
        }
        let stored = registry.stored(ResourceName(version: "v1", plural: "namespaces", name: namespace))
        let labels = stored?.object.metadata.labels
        let (policy, faults) = PodSecurityPolicy.read({ labels?[$0] }, defaults: settings.defaults)
        if faults.isEmpty, policy.isFullyPrivileged { return }
        if isPod, let old = attributes.old, !PodSecurityAdmission.isSignificant(attributes.object, old) { return }
        var pod = attributes.object
        for step in place {
            guard let inner = pod.part(step) else { return }
            pod = inner
        }
        let runtimeClass = pod.part("spec")?.text("runtimeClassName") ?? ""
        if settings.exemptRuntimeClasses.contains(runtimeClass) {
            return attributes.annotate("pod-security.kubernetes.io/exempt", "runtimeClass")
        }
        for fault in faults {
            attributes.annotate(
                "pod-security.kubernetes.io/error", "\(fault.label): \(fault.value.debugDescription) \(fault.message)")
        }
        try evaluate(pod, at: place.joined(separator: "."), policy, isEnforced: isPod, attributes)
    }

    private func evaluate(
        _ pod: Object, at path: String, _ policy: PodSecurityPolicy, isEnforced: Bool, _ attributes: AdmissionAttributes
    ) throws(APIError) {
        var known: [PodSecurityTarget: [PodSecurityViolation]] = [:]
        func violations(_ target: PodSecurityTarget) -> [PodSecurityViolation] {
            if let found = known[target] { return found }
            let found = PodSecurity.violations(of: pod, at: path, against: target)
            known[target] = found
            return found
        }
        let audited = violations(policy.audit)
        if !audited.isEmpty {
            attributes.annotate(
                "pod-security.kubernetes.io/audit-violations",
                "would violate PodSecurity \"\(policy.audit)\": \(PodSecurity.text(audited))")
        }
        if isEnforced {
            attributes.annotate("pod-security.kubernetes.io/enforce-policy", policy.enforce.description)
            let refused = violations(policy.enforce)
            guard refused.isEmpty else {
                throw attributes.forbidden("violates PodSecurity \"\(policy.enforce)\": \(PodSecurity.text(refused))")
            }
        }
        let warned = violations(policy.warn)
        if !warned.isEmpty {
            attributes.warn("would violate PodSecurity \"\(policy.warn)\": \(PodSecurity.text(warned))")
        }
    }

    /// Where the pod is in an object of a kind; nil where there is none.
    static func template(_ kind: Kind) -> [String]? {
        switch (kind.group, kind.name) {
        case ("", "Pod"): []
        case ("", "PodTemplate"): ["template"]
        case ("", "ReplicationController"), ("batch", "Job"): ["spec", "template"]
        case ("apps", "Deployment"), ("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("apps", "DaemonSet"),
            ("extensions", "Deployment"), ("extensions", "ReplicaSet"), ("extensions", "DaemonSet"):
            ["spec", "template"]
        case ("batch", "CronJob"): ["spec", "jobTemplate", "spec", "template"]
        default: nil
        }
    }

    /// Whether a change of a pod is one that the checks could look at otherwise than before.
    private static func isSignificant(_ pod: Object, _ old: Object) -> Bool {
        func containers(_ pod: Object, _ list: String) -> [Object] { pod.part("spec")?.parts(list) ?? [] }
        for list in ["containers", "initContainers"] {
            let (now, before) = (containers(pod, list), containers(old, list))
            guard now.count == before.count else { return true }
            if zip(now, before).contains(where: { $0.text("image") != $1.text("image") }) { return true }
        }
        let before = containers(old, "ephemeralContainers")
        return containers(pod, "ephemeralContainers").contains { container in
            let same = before.first { $0.text("name") == container.text("name") }
            return same?.text("image") != container.text("image")
        }
    }

    // MARK: - Namespaces

    private func checkNamespace(_ attributes: AdmissionAttributes, _ registry: Registry) throws(APIError) {
        guard attributes.resource.subresource.isEmpty else { return }
        let metadata = attributes.object.metadata
        func read(_ object: Object) -> (policy: PodSecurityPolicy, faults: [PodSecurityPolicy.Fault]) {
            let labels = object.metadata.labels
            return PodSecurityPolicy.read({ labels[$0] }, defaults: settings.defaults)
        }
        let (policy, faults) = read(attributes.object)
        let old = attributes.old.map(read)
        // What was wrong before may stay so.
        guard faults.isEmpty || faults == old?.faults else {
            let errors = faults.map { fault in
                FieldError(
                    .invalid, "metadata.labels[\(fault.label)]",
                    "Invalid value: \(fault.value.debugDescription): \(fault.message)", origin: "podSecurity")
            }
            throw APIError.invalid(attributes.kind, metadata.name, errors)
        }
        if let old {
            guard policy.enforce != old.policy.enforce, policy.enforce.level != .privileged else { return }
            if policy.enforce.version == old.policy.enforce.version,
                policy.enforce.level <= old.policy.enforce.level
            {
                return
            }
        }
        if settings.exemptNamespaces.contains(metadata.name) { return warnExempt(attributes, policy) }
        guard old != nil else { return }
        let pods = registry.objects(ResourceName(version: "v1", plural: "pods", namespace: metadata.name))
        let exempt = settings.exemptRuntimeClasses
        let warnings = PodSecurity.warnings(pods: pods, namespace: metadata.name, target: policy.enforce) { pod in
            exempt.contains(pod.part("spec")?.text("runtimeClassName") ?? "")
        }
        for warning in warnings { attributes.warn(warning) }
    }

    private func warnExempt(_ attributes: AdmissionAttributes, _ policy: PodSecurityPolicy) {
        guard !policy.isFullyPrivileged, !policy.isEquivalent(to: settings.defaults) else { return }
        let metadata = attributes.object.metadata
        let modes = PodSecurityPolicy.Mode.allCases.filter { mode in
            policy[mode].level != .privileged
                && (metadata.labels[mode.levelLabel] != nil || metadata.labels[mode.versionLabel] != nil)
        }
        let text = modes.map { "\($0.rawValue)=\(policy[$0])" }.joined(separator: ", ")
        attributes.warn(
            "namespace \"\(metadata.name)\" is exempt from Pod Security, and the policy (\(text)) will be ignored")
    }
}
