import MartinetAddresses
import MartinetSchema

/// What is allowed in a pod and yet likely to be a mistake, or will not work for long.
enum PodWarnings {
    /// Labels of nodes that have another name by now.
    static let newLabels: [String: String] = [
        "beta.kubernetes.io/arch": "kubernetes.io/arch", "beta.kubernetes.io/os": "kubernetes.io/os",
        "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
        "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
    ]
    private static let oldLabels = newLabels.merging([
        "app.kubernetes.io/created-by": "nothing",
        "scheduler.alpha.kubernetes.io/preferAvoidPods": "taints and tolerations",
        "node-role.kubernetes.io/master": "node-role.kubernetes.io/control-plane",
    ]) { own, _ in own }
    private static let oldAnnotations = [
        "scheduler.alpha.kubernetes.io/critical-pod", "security.alpha.kubernetes.io/sysctls",
        "security.alpha.kubernetes.io/unsafe-sysctls",
    ]
    private static let oldVolumes = [
        "photonPersistentDisk", "gitRepo", "scaleIO", "flocker", "storageos", "quobyte", "glusterfs", "cephfs", "rbd",
    ]

    static func pod(_ pod: Part) { check(pod, isTemplate: false) }
    static func template(_ template: Part) { check(template, isTemplate: true) }

    private static func check(_ pod: Part, isTemplate: Bool) {
        let (spec, annotations) = (pod.spec, pod.metadata.annotations)
        nodes(spec)
        for key in oldAnnotations where annotations.has(key: key) {
            annotations.keyed(key).warn("has no effect any more")
        }
        volumes(spec)
        for (list, name) in [("hostAliases", "ip"), ("imagePullSecrets", "name")] {
            var seen: Set<String> = []
            for item in spec[list].items where !seen.insert(item[name].text).inserted {
                item[name].warn("is there more than once")
            }
        }
        for secret in spec.imagePullSecrets.items where secret.name.isEmpty { secret.name.warn("is empty") }
        for name in ["memory", "ephemeral-storage"] { fraction(spec.overhead, name) }
        if !spec.securityContext.seccompProfile.isSet,
            annotations.has(key: "seccomp.security.alpha.kubernetes.io/pod")
        {
            annotations.keyed("seccomp.security.alpha.kubernetes.io/pod").warn("has no effect: use seccompProfile")
        }
        for container in PodContainers.all(of: spec) { self.container(container, annotations, spec, isTemplate) }
        ports(spec)
        if spec.terminationGracePeriodSeconds.int < 0 {
            spec.terminationGracePeriodSeconds.warn("must not be negative")
        }
        for kind in ["podAffinity", "podAntiAffinity"] {
            for term in AffinityRules.terms(spec.affinity[kind]) where !term.labelSelector.isSet {
                term.labelSelector.warn("selects nothing: use {} to select every pod")
            }
        }
        for address in spec.dnsConfig.nameservers.items + spec.hostAliases.items.map({ $0.ip }) {
            address.warnOfUnusualAddress()
        }
    }

    private static func nodes(_ spec: Part) {
        for (key, value) in spec.nodeSelector.pairs { oldLabel(key, value) }
        let affinity = spec.affinity.nodeAffinity
        let terms =
            affinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.items.map { ($0, false) }
            + affinity.preferredDuringSchedulingIgnoredDuringExecution.items.map { ($0.preference, true) }
        for (term, isPreferred) in terms { nodeTerm(term, isPreferred: isPreferred) }
        for constraint in spec.topologySpreadConstraints.items {
            oldLabel(constraint.topologyKey.text, constraint.topologyKey)
            if !constraint.labelSelector.isSet { constraint.labelSelector.warn("selects nothing") }
        }
    }

    static func nodeTerm(_ term: Part, isPreferred: Bool) {
        for item in term.matchExpressions.items {
            oldLabel(item.key.text, item.key)
            guard isPreferred else { continue }
            for value in item["values"].items where !Form.labelValue.faults(value.text).isEmpty {
                value.warn("is a value that no label has")
            }
        }
    }

    static func oldLabel(_ key: String, _ part: Part) {
        if let new = oldLabels[key] { part.warn("\(key) is deprecated, use \(new)") }
    }

    private static func volumes(_ spec: Part) {
        for volume in spec.volumes.items {
            for name in oldVolumes where volume[name].isSet { volume[name].warn("is deprecated") }
            if volume.ephemeral.volumeClaimTemplate.isSet { ClaimRules.warn(volume.ephemeral.volumeClaimTemplate.spec) }
            for name in ["configMap", "secret", "downwardAPI"] {
                overlaps(volume, volume[name]["items"].items.map { ($0.path.text, "") })
            }
            var paths: [(String, String)] = []
            for source in volume.projected.sources.items {
                if source.setFields.isEmpty { volume.warn("projects a source that is empty") }
                for name in ["configMap", "secret", "downwardAPI"] {
                    paths += source[name]["items"].items.map { ($0.path.text, "\(name) \(source[name].found)") }
                }
                if source.serviceAccountToken.isSet { paths.append((source.serviceAccountToken.path.text, "token")) }
            }
            overlaps(volume, paths)
        }
    }

    private static func overlaps(_ volume: Part, _ paths: [(path: String, source: String)]) {
        var seen: [String] = []
        for (path, _) in paths {
            var path = path
            while path.hasSuffix("/") { path.removeLast() }
            if path.isEmpty { continue }
            for (index, other) in seen.enumerated()
            where other == path || other.hasPrefix(path + "/") || path.hasPrefix(other + "/") {
                volume.report.warn("\(volume.place.text): the files \(path) and \(other) overlap (\(index))")
            }
            seen.append(path)
        }
    }

    private static func fraction(_ list: Part, _ name: String) {
        guard let amount = list.quantity(key: name), amount.milliValue % 1000 != 0 else { return }
        list.keyed(name).warn("a fraction of a byte, \(amount), makes no sense")
    }

    private static func container(_ container: Part, _ annotations: Part, _ spec: Part, _ isTemplate: Bool) {
        let context = container.securityContext
        let seccomp = "container.seccomp.security.alpha.kubernetes.io/" + container.name.text
        if !context.seccompProfile.isSet, annotations.has(key: seccomp) {
            annotations.keyed(seccomp).warn("has no effect: use seccompProfile")
        }
        let appArmor = PodAnnotationRules.appArmor + container.name.text
        if isTemplate, !context.appArmorProfile.isSet, annotations.has(key: appArmor),
            !spec.securityContext.appArmorProfile.isSet
        {
            annotations.keyed(appArmor).warn("is deprecated: use appArmorProfile")
        }
        for list in ["limits", "requests"] {
            for name in ["memory", "ephemeral-storage"] { fraction(container.resources[list], name) }
        }
        var seen: Set<String> = []
        for variable in container.env.items where !seen.insert(variable.name.text).inserted {
            let reference = "$(\(variable.name.text))"
            let value = variable["value"].text
            if variable.valueFrom.isSet || value == reference || !value.contains(reference) {
                variable.warn("hides an earlier \(variable.name.found)")
            }
        }
    }

    private static func ports(_ spec: Part) {
        var known: [String: [Part]] = [:]
        var names: Set<String> = []
        for port in PodContainers.all(of: spec).flatMap({ $0.ports.items }) {
            if !port.hostIP.isEmpty, port.hostPort.int == 0 { port.warn("has a hostIP without a hostPort") }
            let key = "\(port.containerPort.int)/\(port.protocol.text)"
            for other in known[key] ?? [] where !spec.report.isFullOfWarnings {
                let (mine, theirs) = (port.hostPort.int, other.hostPort.int)
                let isSame = port.hostIP.text == other.hostIP.text && mine == theirs
                let isPartly = mine == theirs && port.hostIP.isEmpty != other.hostIP.isEmpty
                if isSame || mine == 0 || theirs == 0 || isPartly { port.warn("duplicates \(other.place.text)") }
            }
            known[key, default: []].append(port)
            if !port.name.isEmpty, !names.insert(port.name.text).inserted { port.name.warn("is there more than once") }
        }
    }
}

extension Part {
    /// Addresses that are valid and written as nobody writes them.
    func warnOfUnusualAddress() {
        guard let address = Addresses.lenient(text) else { return }
        if address.description != text { warn("is better written \(address)") }
    }

    func warnOfUnusualNetwork() {
        guard Form.cidr.faults(text).isEmpty, let network = IPNetwork(text) else { return }
        if network.description != text { warn("is better written \(network)") }
    }
}
